//! All liars of a run: passes what they send and hear through their lies.

use super::desk::{Common, Desk, Lie};
use super::library::Library;
use super::{Adversary, Deeds, Letter, Liar};
use crate::sim::plan::Plan;
use crate::sim::random::Random;
use amanah_consensus::Standing;
use amanah_consensus::message::Message;
use amanah_ledger::chain::Tip;
use amanah_ledger::committee::Committee;
use amanah_ledger::crypto::Verifier;
use amanah_node::peer_message::PeerMessage;
use std::collections::BTreeMap;
use std::sync::Arc;

/// How often liars may act by themselves.
pub(in crate::sim) const TICK_MS: u64 = 100;

/// A lie and its name.
type Named = (Adversary, Box<dyn Lie>);

/// The liars.
pub(in crate::sim) struct Coalition {
    lies: BTreeMap<usize, Vec<Named>>,
    common: Common,
}

/// A liar's process at this moment.
pub(in crate::sim) struct Seat<'a> {
    pub(in crate::sim) member: usize,
    /// Where its process stands, if it runs.
    pub(in crate::sim) standing: Option<Standing>,
    /// Its clock.
    pub(in crate::sim) now_ms: u64,
    /// The newest final tip anywhere.
    pub(in crate::sim) newest: &'a Tip,
}

impl Coalition {
    pub(in crate::sim) fn new(plan: &Plan, committee: &Committee, verifier: Arc<dyn Verifier>, genesis: Tip) -> Self {
        let lies = |liar: &Liar| {
            let lies = liar.lies.iter().filter_map(|adversary| Some((*adversary, adversary.lie()?)));
            (liar.member, lies.collect())
        };
        let common = Common {
            chain: *genesis.chain(),
            committee: committee.clone(),
            scheme: plan.scheme,
            liars: plan.liars.iter().map(|liar| liar.member).collect(),
            random: Random::new(plan.seed, "lies"),
            library: Library::new(verifier, genesis),
            deeds: Deeds::default(),
            outbox: Vec::new(),
            restarts: Vec::new(),
        };
        Self { lies: plan.liars.iter().map(lies).collect(), common }
    }

    pub(in crate::sim) fn is_liar(&self, member: usize) -> bool {
        self.lies.contains_key(&member)
    }

    pub(in crate::sim) fn members(&self) -> Vec<usize> {
        self.lies.keys().copied().collect()
    }

    /// A liar's process sends this; what goes out instead.
    pub(in crate::sim) fn send(&mut self, seat: &Seat<'_>, letter: Letter) -> Vec<Letter> {
        self.common.learn(seat, Some(&letter.message));
        let mut letters = vec![letter];
        for (adversary, lie) in self.lies.get_mut(&seat.member).into_iter().flatten() {
            let mut desk = seat.desk(*adversary, &mut self.common);
            letters = letters.into_iter().flat_map(|letter| lie.send(&mut desk, letter)).collect();
        }
        letters
    }

    /// A liar hears this; whether its own process does too.
    pub(in crate::sim) fn hear(&mut self, seat: &Seat<'_>, from: usize, message: &PeerMessage) -> bool {
        self.common.learn(seat, Some(message));
        let mut is_heard = true;
        for (adversary, lie) in self.lies.get_mut(&seat.member).into_iter().flatten() {
            is_heard &= lie.hear(&mut seat.desk(*adversary, &mut self.common), from, message);
        }
        // What it made up, its own process does not have.
        if let (PeerMessage::Consensus(Message::BlockRequest(digest)), true) = (message, is_heard)
            && let Some(block) = self.common.library.block(digest).cloned()
        {
            let answer = PeerMessage::Consensus(Message::BlockResponse { digest: *digest, block });
            self.common.outbox.push((seat.member, Letter::new(from, answer)));
            return false;
        }
        is_heard
    }

    /// A tenth of a second has gone by.
    pub(in crate::sim) fn tick(&mut self, seat: &Seat<'_>) {
        self.common.learn(seat, None);
        for (adversary, lie) in self.lies.get_mut(&seat.member).into_iter().flatten() {
            lie.tick(&mut seat.desk(*adversary, &mut self.common));
        }
    }

    /// Whether this start finds no vote log.
    pub(in crate::sim) fn forgets(&mut self, member: usize) -> bool {
        let mut forgets = false;
        for (adversary, lie) in self.lies.get_mut(&member).into_iter().flatten() {
            if lie.forgets() {
                self.common.deeds.did(*adversary);
                forgets = true;
            }
        }
        forgets
    }

    /// A member ran two copies of itself that both spoke.
    pub(in crate::sim) fn did(&mut self, adversary: Adversary) {
        self.common.deeds.did(adversary);
    }

    /// What liars want to send beside what their processes do.
    pub(in crate::sim) fn take_outbox(&mut self) -> Vec<(usize, Letter)> {
        std::mem::take(&mut self.common.outbox)
    }

    /// Liars that stop now and start again soon.
    pub(in crate::sim) fn take_restarts(&mut self) -> Vec<usize> {
        std::mem::take(&mut self.common.restarts)
    }

    pub(in crate::sim) fn deeds(&self) -> &Deeds {
        &self.common.deeds
    }
}

impl Common {
    fn learn(&mut self, seat: &Seat<'_>, message: Option<&PeerMessage>) {
        if let Some(standing) = &seat.standing {
            let leader = usize::from(standing.leader.0);
            self.library.learn_leader(standing.view, leader, self.committee.n());
        }
        self.library.learn_tip(seat.newest);
        if let Some(message) = message {
            self.library.learn(message);
        }
    }
}

impl Seat<'_> {
    fn desk<'a>(&self, adversary: Adversary, common: &'a mut Common) -> Desk<'a> {
        let view = self.standing.as_ref().map_or_else(Default::default, |standing| standing.view);
        Desk { me: self.member, view, now_ms: self.now_ms, adversary, common }
    }
}
