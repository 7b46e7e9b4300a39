use super::*;
use crate::application::{BlockFacts, BuildRequest, Verdict};
use crate::config::{Config, Timing};
use crate::machine::{FinalPoint, Floor};
use crate::message::Message;
use crate::output::Input;
use crate::testing::{CHAIN, Toy, ToyVerifier, certificate, certificate_of, committee, vote};
use amanah_ledger::certificate::{BlockVote, VoteContent};
use amanah_ledger::committee::ValidatorIndex;
use amanah_ledger::crypto::Digest;
use amanah_ledger::position::{Epoch, Height, View};
use amanah_ledger::time::UnixMs;
use std::collections::BTreeSet;
use std::hash::DefaultHasher;
use std::sync::Arc;

/// A ledger without transactions, in which no bytes are a block.
struct Idle;

impl Application for Idle {
    fn open(&self, _bytes: &[u8]) -> Option<BlockFacts> {
        None
    }
    fn judge(&mut self, _digest: &Digest, _bytes: &[u8]) -> Verdict {
        Verdict::Valid
    }
    fn build(&mut self, _request: &BuildRequest) -> Option<Vec<u8>> {
        None
    }
    fn has_work(&self, _tip: &Digest) -> bool {
        false
    }
    fn finalized(&mut self, _blocks: &[Digest]) {}
    fn dropped(&mut self, _blocks: &[Digest]) {}
}

fn machine() -> Machine {
    let committee = committee(4);
    let config = Config::new(CHAIN, Epoch(0), committee, ValidatorIndex(0), Timing::default(), 0);
    let point = FinalPoint {
        digest: Digest([1; 32]),
        height: Height(0),
        time: UnixMs(0),
        content: crate::application::Content::Transactions,
    };
    let floor = Floor { epoch_start: point, head: point, finalization: None };
    let signer: Box<dyn Signer> = Box::new(Toy(0));
    let started = Machine::start(config, Some(signer), Arc::new(ToyVerifier), floor, Vec::new(), 1000, &mut Idle);
    started.expect("a member starts").0
}

fn name(machine: &Machine) -> u64 {
    let mut hasher = DefaultHasher::new();
    machine.fingerprint(&mut hasher);
    hasher.finish()
}

fn hear(machine: &mut Machine, from: u8, message: Message) {
    let input = Input::Message { from: ValidatorIndex(from), message };
    drop(machine.step(1000, input, &mut Idle));
}

fn block_vote(view: u64, block: u8) -> BlockVote {
    BlockVote { epoch: Epoch(0), view: View(view), parent_view: View(0), block: Digest([block; 32]) }
}

fn nullify(view: u64) -> VoteContent {
    VoteContent::Nullify { epoch: Epoch(0), view: View(view) }
}

#[test]
fn two_paths_to_one_state_have_one_fingerprint() {
    let (mut one, mut other) = (machine(), machine());
    assert_eq!(name(&one), name(&other));
    let notarized = VoteContent::Notarize(block_vote(1, 2));
    hear(&mut one, 1, Message::Certificate(certificate(4, nullify(1))));
    hear(&mut one, 2, Message::Certificate(certificate(4, notarized)));
    hear(&mut one, 1, Message::Vote(vote(1, nullify(2))));
    hear(&mut other, 1, Message::Vote(vote(1, nullify(2))));
    hear(&mut other, 3, Message::Certificate(certificate(4, nullify(1))));
    hear(&mut other, 3, Message::Certificate(certificate(4, notarized)));
    // Everything once more, and other signers under words that are known.
    hear(&mut other, 3, Message::Certificate(certificate_of(4, notarized, 1..4)));
    hear(&mut other, 1, Message::Vote(vote(1, nullify(2))));
    assert_eq!(name(&one), name(&other));
    assert_eq!(name(&one), name(&one.twin(Some(Box::new(Toy(0))))));
}

#[test]
fn whatever_a_machine_learns_changes_its_fingerprint() {
    let notarized = VoteContent::Notarize(block_vote(1, 2));
    let finalized = VoteContent::Finalize(block_vote(1, 2));
    let lessons: Vec<(u8, Message)> = vec![
        (1, Message::Vote(vote(1, nullify(1)))),
        (2, Message::Vote(vote(2, nullify(1)))),
        (1, Message::Vote(vote(1, nullify(2)))),
        (1, Message::Vote(vote(1, notarized))),
        (1, Message::Vote(vote(1, VoteContent::Notarize(block_vote(1, 3))))),
        (1, Message::Vote(vote(1, finalized))),
        (1, Message::Certificate(certificate(4, nullify(1)))),
        (1, Message::Certificate(certificate(4, nullify(2)))),
        (1, Message::Certificate(certificate(4, notarized))),
        (1, Message::Certificate(certificate_of(4, notarized, 1..4))),
        (1, Message::Certificate(certificate(4, VoteContent::Notarize(block_vote(1, 3))))),
        (1, Message::Certificate(certificate(4, finalized))),
        (1, Message::Certificate(certificate_of(4, finalized, 1..4))),
        (1, Message::Certificate(certificate_of(4, nullify(1), 1..4))),
        (1, Message::Vote(crate::message::Vote { signer: ValidatorIndex(1), ..vote(2, nullify(1)) })),
    ];
    let count = lessons.len();
    let names: BTreeSet<u64> = lessons
        .into_iter()
        .map(|(from, message)| {
            let mut machine = machine();
            hear(&mut machine, from, message);
            name(&machine)
        })
        .chain([name(&machine())])
        .collect();
    assert_eq!(names.len(), count + 1);
}
