//! One machine driven by hand: validator 0, the test plays the others.

use crate::network::{CHAIN, Network};
use crate::toy::{GENESIS_MS, Padding, ToyBlock, ToyLedger, ToySigner, ToyVerifier, genesis};
use amanah_consensus::limits::INLINE_SKIPS_MAX;
use amanah_consensus::message::{Justification, Proposal, Status};
use amanah_consensus::{
    BlockBytes, Config, Effect, Floor, Input, Machine, Message, Output, Record, StartError, To, Vote,
};
use amanah_ledger::certificate::{BlockVote, Certificate, VoteContent};
use amanah_ledger::codec::BoundedVec;
use amanah_ledger::committee::ValidatorIndex;
use amanah_ledger::crypto::{Digest, Signer};
use amanah_ledger::position::{Epoch, Height, View};
use amanah_ledger::time::UnixMs;
use std::sync::Arc;

pub(crate) struct Solo {
    pub(crate) machine: Machine,
    pub(crate) app: ToyLedger,
    pub(crate) now: u64,
    pub(crate) log: Vec<Record>,
    pub(crate) sent: Vec<(To, Message)>,
    pub(crate) effects: Vec<Effect>,
    pub(crate) next_wake: Option<u64>,
}

pub(crate) fn vote(signer: u8, content: VoteContent) -> Vote {
    let signature = ToySigner(signer).sign(&content.signing_bytes(&CHAIN));
    Vote { content, signer: ValidatorIndex(signer), signature }
}

pub(crate) fn certificate(content: VoteContent) -> Certificate {
    let votes = (1..4).map(|signer| (ValidatorIndex(signer), vote(signer, content).signature)).collect();
    Certificate::assemble(content, 4, &votes)
}

pub(crate) fn block_vote(view: u64, parent_view: u64, block: &ToyBlock) -> BlockVote {
    BlockVote { epoch: Epoch(0), view: View(view), parent_view: View(parent_view), block: block.digest() }
}

pub(crate) fn nullify(view: u64) -> VoteContent {
    VoteContent::Nullify { epoch: Epoch(0), view: View(view) }
}

pub(crate) fn bytes(block: &ToyBlock) -> BlockBytes {
    BlockBytes::try_from(block.bytes()).expect("small")
}

/// A block with these transactions, proposed in `view` on `parent` (its digest and height).
pub(crate) fn block(view: u64, parent: (Digest, u64), time: u64, txs: &[u64]) -> ToyBlock {
    ToyBlock {
        epoch: Epoch(0),
        height: Height(parent.1 + 1),
        view: View(view),
        parent: parent.0,
        time: UnixMs(time),
        seal: 0,
        txs: BoundedVec::try_from(txs.to_vec()).expect("few"),
        padding: Padding::new(),
    }
}

pub(crate) const GENESIS: fn() -> (Digest, u64) = || (genesis().digest, 0);

/// A chain of final blocks, one a view.
pub(crate) fn chain(length: u64) -> Vec<ToyBlock> {
    let mut parent = GENESIS();
    let next = |view| {
        let next = block(view, parent, GENESIS_MS + view, &[view]);
        parent = (next.digest(), view);
        next
    };
    (1..=length).map(next).collect()
}

/// The statement that the block of `view` in such a chain is final.
pub(crate) fn finalize(view: u64, block: &ToyBlock) -> VoteContent {
    VoteContent::Finalize(block_vote(view, view - 1, block))
}

/// Somebody says to know this much as final.
pub(crate) fn status_of(solo: &Solo, view: u64, final_block: Digest) -> Message {
    Message::Status(Status {
        epoch: Epoch(0),
        view: View(view + 1),
        final_view: View(view),
        final_height: Height(view),
        final_block,
        time: UnixMs(solo.now),
        echo: None,
        has_work: false,
    })
}

impl Solo {
    /// Started, in a view that somebody else leads: views that validator 0 leads are given up first.
    pub(crate) fn new() -> Self {
        Self::resumed(Vec::new(), GENESIS_MS).under_another_leader()
    }

    /// The same with a rule left out.
    #[cfg(feature = "mutants")]
    pub(crate) fn without(mutant: Option<amanah_consensus::Mutant>) -> Self {
        Self::start(Config { mutant, ..Network::config(4, 0) }, Vec::new(), GENESIS_MS).under_another_leader()
    }

    pub(crate) fn resumed(records: Vec<Record>, now: u64) -> Self {
        Self::start(Network::config(4, 0), records, now)
    }

    pub(crate) fn start(config: Config, records: Vec<Record>, now: u64) -> Self {
        Self::try_start(config, records, now).expect("its own log")
    }

    pub(crate) fn try_resumed(records: Vec<Record>, now: u64) -> Result<Self, StartError> {
        Self::try_start(Network::config(4, 0), records, now)
    }

    fn try_start(config: Config, records: Vec<Record>, now: u64) -> Result<Self, StartError> {
        let mut app = ToyLedger::new();
        let floor = Floor { epoch_start: genesis(), head: genesis(), finalization: None };
        let signer = Box::new(ToySigner(0));
        let started =
            Machine::start(config, Some(signer), Arc::new(ToyVerifier), floor, records.clone(), now, &mut app);
        let (machine, output) = started?;
        let (sent, effects) = (Vec::new(), Vec::new());
        let mut solo = Self { machine, app, now, log: records, sent, effects, next_wake: None };
        solo.perform(output);
        Ok(solo)
    }

    /// Gives up views by certificate until somebody else leads.
    pub(crate) fn under_another_leader(mut self) -> Self {
        self.skip_own_views();
        self
    }

    /// Gives up views by certificate until somebody else leads.
    pub(crate) fn skip_own_views(&mut self) {
        while self.leader() == 0 {
            let view = self.view();
            self.hear(1, Message::Certificate(certificate(nullify(view))));
        }
    }

    pub(crate) fn perform(&mut self, output: Output) {
        let votes = output.after_sync.iter().any(|out| matches!(out.message, Message::Vote(_) | Message::Proposal(_)));
        assert!(!votes || output.needs_sync(), "no vote leaves before it is durable");
        self.log.extend(output.records);
        self.sent.extend(output.after_sync.into_iter().map(|out| (out.to, out.message)));
        self.effects.extend(output.effects);
        self.next_wake = output.next_wake;
    }

    pub(crate) fn input(&mut self, input: Input) {
        let output = self.machine.step(self.now, input, &mut self.app);
        self.perform(output);
    }

    pub(crate) fn hear(&mut self, from: u8, message: Message) {
        self.input(Input::Message { from: ValidatorIndex(from), message });
    }

    /// Lets time pass, waking the machine when it asked for it.
    pub(crate) fn wait(&mut self, ms: u64) {
        let end = self.now + ms;
        while let Some(at) = self.next_wake.filter(|at| *at <= end) {
            self.now = at;
            self.input(Input::Wake);
        }
        self.now = end;
    }

    pub(crate) fn work(&mut self, tx: u64) {
        self.app.mempool.insert(tx);
        self.input(Input::WorkChanged);
    }

    pub(crate) fn view(&self) -> u64 {
        self.machine.standing().view.0
    }

    pub(crate) fn leader(&self) -> u8 {
        self.machine.standing().leader.0
    }

    /// The leader proposes `block`, with an honest justification.
    pub(crate) fn propose(&mut self, parent_view: u64, block: &ToyBlock, parent: Option<Certificate>) {
        let view = self.view();
        let content = VoteContent::Notarize(block_vote(view, parent_view, block));
        let skips = (parent_view + 1..view).rev().take(INLINE_SKIPS_MAX).map(|skipped| certificate(nullify(skipped)));
        let skips = BoundedVec::try_from(skips.collect::<Vec<_>>()).expect("as many as fit");
        let justification = Justification { parent, skips, last_final: None };
        let vote = vote(self.leader(), content);
        self.hear(self.leader(), Message::Proposal(Box::new(Proposal { vote, block: bytes(block), justification })));
    }

    pub(crate) fn said(&self, content: VoteContent) -> bool {
        let is_it = |message: &Message| matches!(message, Message::Vote(vote) if vote.content == content);
        self.sent.iter().any(|(to, message)| *to == To::All && is_it(message))
    }

    pub(crate) fn has_notarized(&self, view: u64, parent_view: u64, block: &ToyBlock) -> bool {
        self.said(VoteContent::Notarize(block_vote(view, parent_view, block)))
    }

    pub(crate) fn asked_for(&self, digest: Digest) -> bool {
        self.sent.iter().any(|(_, message)| *message == Message::BlockRequest(digest))
    }
}
