//! Where a liar works: what it knows, its key, and the way out for what it makes up.

use super::library::Library;
use super::{Adversary, Deeds, Letter};
use crate::sim::members;
use crate::sim::random::Random;
use crate::sim::scheme::Scheme;
use amanah_consensus::message::{BlockBytes, Justification, Message, Proposal, Vote};
use amanah_ledger::certificate::{BlockVote, VoteContent};
use amanah_ledger::committee::{Committee, ValidatorIndex};
use amanah_ledger::crypto::Digest;
use amanah_ledger::position::{Epoch, View};
use amanah_node::peer_message::PeerMessage;
use std::collections::BTreeSet;

/// One way to lie. By default nothing is changed.
pub(super) trait Lie {
    /// Everything that the member's process sends, once for each receiver: what goes out instead.
    fn send(&mut self, _desk: &mut Desk<'_>, letter: Letter) -> Vec<Letter> {
        vec![letter]
    }

    /// Everything that arrives; whether the member's own process hears it too.
    fn hear(&mut self, _desk: &mut Desk<'_>, _from: usize, _message: &PeerMessage) -> bool {
        true
    }

    /// A tenth of a second has gone by.
    fn tick(&mut self, _desk: &mut Desk<'_>) {}

    /// Whether a start of the process finds no vote log.
    fn forgets(&mut self) -> bool {
        false
    }
}

/// What all liars of a run share.
pub(super) struct Common {
    pub(super) chain: Digest,
    pub(super) committee: Committee,
    pub(super) scheme: Scheme,
    pub(super) liars: BTreeSet<usize>,
    pub(super) random: Random,
    pub(super) library: Library,
    pub(super) deeds: Deeds,
    /// Letters beside those that a process sends, by sender.
    pub(super) outbox: Vec<(usize, Letter)>,
    /// Members that stop and start again.
    pub(super) restarts: Vec<usize>,
}

/// One liar's place at this moment.
pub(super) struct Desk<'a> {
    /// The member.
    pub(super) me: usize,
    /// The view of its process.
    pub(super) view: View,
    /// Its clock.
    pub(super) now_ms: u64,
    pub(super) adversary: Adversary,
    pub(super) common: &'a mut Common,
}

impl Desk<'_> {
    /// It managed to do it.
    pub(super) fn did(&mut self) {
        self.common.deeds.did(self.adversary);
    }

    pub(super) fn index(&self) -> ValidatorIndex {
        index(self.me)
    }

    /// All members that do not lie.
    pub(super) fn honest(&self) -> Vec<usize> {
        (0..self.common.committee.n()).filter(|member| !self.common.liars.contains(member)).collect()
    }

    pub(super) fn others(&self) -> Vec<usize> {
        (0..self.common.committee.n()).filter(|member| *member != self.me).collect()
    }

    /// Some of these members, each with this chance.
    pub(super) fn some_of(&mut self, members: Vec<usize>, per_mille: u64) -> BTreeSet<usize> {
        members.into_iter().filter(|_| self.common.random.chance(per_mille)).collect()
    }

    pub(super) fn is_leading(&self) -> bool {
        self.common.library.leader(self.view, self.common.committee.n()) == Some(self.me)
    }

    /// A vote under its own key.
    pub(super) fn vote(&self, content: VoteContent) -> Vote {
        self.common.sign(self.me, content)
    }

    pub(super) fn post(&mut self, to: usize, message: Message) {
        self.post_any(to, PeerMessage::Consensus(message));
    }

    pub(super) fn post_any(&mut self, to: usize, message: PeerMessage) {
        self.common.outbox.push((self.me, Letter::new(to, message)));
    }

    pub(super) fn post_all(&mut self, message: &Message) {
        for to in self.others() {
            self.post(to, message.clone());
        }
    }

    pub(super) fn digest(&mut self) -> Digest {
        self.common.digest()
    }

    /// A proposal of its own for a block it built.
    pub(super) fn proposal(
        &mut self,
        view: View,
        parent_view: View,
        block: (Digest, BlockBytes),
        justification: Justification,
    ) -> Proposal {
        let (digest, bytes) = block;
        self.common.library.made(digest, bytes.clone());
        let vote = BlockVote { epoch: Epoch(0), view, parent_view, block: digest };
        Proposal { vote: self.vote(VoteContent::Notarize(vote)), block: bytes, justification }
    }
}

impl Common {
    /// A vote under the key of a liar.
    pub(super) fn sign(&self, liar: usize, content: VoteContent) -> Vote {
        let key = members::consensus(liar);
        let signature = self.scheme.sign(&key.seed, key.public, &content.signing_bytes(&self.chain));
        Vote { content, signer: index(liar), signature }
    }

    pub(super) fn digest(&mut self) -> Digest {
        let mut bytes = [0; 32];
        for chunk in bytes.chunks_exact_mut(8) {
            chunk.copy_from_slice(&self.random.next().to_le_bytes());
        }
        Digest(bytes)
    }
}

/// The place of a member in the committee.
pub(super) fn index(member: usize) -> ValidatorIndex {
    ValidatorIndex(u8::try_from(member).expect("a committee has at most 31 members"))
}
