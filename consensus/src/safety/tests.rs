//! Every order of intents, restarts and floors against a reference that is short enough to be read as the rules.

use super::*;
use crate::application::{BlockFacts, Content};
use crate::book::Certificates;
use crate::certificate::VerifiedCertificate;
use crate::justification::{Justified, justify};
use crate::testing::{CHAIN, Toy, certificate, electorate, notarize};
use amanah_ledger::certificate::BlockVote;
use amanah_ledger::position::Height;
use amanah_ledger::time::UnixMs;
use proptest::prelude::*;
use std::collections::BTreeSet;

const VIEWS: u64 = 4;

/// What a test asks for. Blocks are numbered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ask {
    Notarize(u64, u8),
    Nullify(u64),
    Finalize(u64, u8),
    RaiseFloor(u64),
    Restart,
    Stop,
    Close,
}

fn block_vote(view: u64, block: u8) -> BlockVote {
    BlockVote { epoch: Epoch(0), view: View(view), parent_view: View(0), block: Digest([block; 32]) }
}

/// A proposal with all views below given up: the only way to make a witness is to have the certificates.
fn proposal(view: u64, block: u8) -> JustifiedProposal {
    let electorate = electorate(4, 0);
    let mut book = Certificates::new(Digest::ZERO);
    for skipped in 1..view {
        let content = VoteContent::Nullify { epoch: Epoch(0), view: View(skipped) };
        book.insert(electorate.check(certificate(4, content)).expect("a quorum"), 0);
    }
    let facts = BlockFacts {
        digest: Digest([block; 32]),
        parent: Digest::ZERO,
        epoch: Epoch(0),
        height: Height(1),
        proposed_view: View(view),
        time: UnixMs(1),
        content: Content::Transactions,
    };
    match justify(&book, &block_vote(view, block), &facts, Content::Transactions, Omission::default()) {
        Justified::Proven(proposal) => proposal,
        other => panic!("{other:?}"),
    }
}

fn notarization(view: u64, block: u8) -> VerifiedNotarization {
    let content = VoteContent::Notarize(block_vote(view, block));
    match electorate(4, 0).check(certificate(4, content)) {
        Some(VerifiedCertificate::Notarization(notarization)) => notarization,
        other => panic!("{other:?}"),
    }
}

fn finalization(view: u64) -> VerifiedFinalization {
    let content = VoteContent::Finalize(block_vote(view, 1));
    match electorate(4, 0).check(certificate(4, content)) {
        Some(VerifiedCertificate::Finalization(finalization)) => finalization,
        other => panic!("{other:?}"),
    }
}

/// The rules again, in other words: a set of what was said, and what may not be said beside it.
#[derive(Debug, Default)]
struct Reference {
    said: BTreeSet<(u64, char, u8)>,
    floor: u64,
    is_silent: bool,
    is_closed: bool,
}

impl Reference {
    fn has(&self, view: u64, kind: char) -> bool {
        self.said.iter().any(|(v, k, _)| (*v, *k) == (view, kind))
    }

    fn has_later(&self, view: u64) -> bool {
        self.said.iter().any(|(v, kind, _)| *v > view && *kind != 'F')
    }

    fn may(&self, ask: Ask) -> bool {
        let is_above = |view| view > self.floor && !self.is_silent && !self.is_closed;
        match ask {
            Ask::Notarize(view, _) => is_above(view) && !self.has(view, 'N') && !self.has_later(view),
            Ask::Nullify(view) => {
                is_above(view) && !self.has(view, 'X') && !self.has(view, 'F') && !self.has_later(view)
            }
            Ask::Finalize(view, _) => is_above(view) && !self.has(view, 'F') && !self.has(view, 'X'),
            Ask::RaiseFloor(_) | Ask::Restart | Ask::Stop | Ask::Close => false,
        }
    }

    fn hear(&mut self, ask: Ask) {
        match ask {
            Ask::Notarize(view, block) => self.said.insert((view, 'N', block)),
            Ask::Nullify(view) => self.said.insert((view, 'X', 0)),
            Ask::Finalize(view, block) => self.said.insert((view, 'F', block)),
            Ask::RaiseFloor(_) | Ask::Restart | Ask::Stop | Ask::Close => false,
        };
    }
}

struct Witnesses {
    proposals: Vec<JustifiedProposal>,
    notarizations: Vec<VerifiedNotarization>,
    finalizations: Vec<VerifiedFinalization>,
}

impl Witnesses {
    fn all() -> Self {
        let pairs = || (1..=VIEWS).flat_map(|view| [1, 2].map(|block| (view, block)));
        Self {
            proposals: pairs().map(|(view, block)| proposal(view, block)).collect(),
            notarizations: pairs().map(|(view, block)| notarization(view, block)).collect(),
            finalizations: (1..=VIEWS).map(finalization).collect(),
        }
    }

    fn at(view: u64, block: u8) -> usize {
        usize::try_from(view - 1).expect("small") * 2 + usize::from(block - 1)
    }

    /// Runs `asks`; every answer must be the reference's.
    fn compare(&self, asks: &[Ask]) {
        let electorate = electorate(4, 0);
        let fresh = || Safety::new(Some(Box::new(Toy(0))), &electorate).expect("a registered key");
        let (mut safety, mut reference, mut log) = (fresh(), Reference::default(), Vec::new());
        let mut raised = None;
        for ask in asks {
            let intent = match *ask {
                Ask::Notarize(view, block) => Some(Intent::Notarize(&self.proposals[Self::at(view, block)])),
                Ask::Nullify(view) => Some(Intent::Nullify(View(view))),
                Ask::Finalize(view, block) => Some(Intent::Finalize(&self.notarizations[Self::at(view, block)])),
                Ask::RaiseFloor(view) => {
                    let finalization = &self.finalizations[usize::try_from(view - 1).expect("small")];
                    safety.raise_floor(finalization);
                    raised = raised.max(Some(view));
                    reference.floor = reference.floor.max(view);
                    reference.said.retain(|(said, _, _)| *said > view);
                    None
                }
                Ask::Restart => {
                    safety = fresh();
                    for vote in &log {
                        safety.remember(*vote, &electorate).expect("its own log");
                    }
                    if let Some(view) = raised {
                        safety.raise_floor(&self.finalizations[usize::try_from(view - 1).expect("small")]);
                    }
                    if reference.is_closed {
                        safety.close();
                    }
                    reference.is_silent = false;
                    None
                }
                Ask::Stop => {
                    safety.stop();
                    reference.is_silent = true;
                    None
                }
                Ask::Close => {
                    safety.close();
                    reference.is_closed = true;
                    None
                }
            };
            let Some(intent) = intent else { continue };
            let signed = safety.sign(&intent);
            assert_eq!(signed.is_some(), reference.may(*ask), "{ask:?} in {asks:?}");
            if let Some((vote, record)) = signed {
                assert!(record.must_be_durable() && record == Record::Voted(vote));
                assert!(electorate.check_vote(&vote).is_some(), "what is signed verifies");
                log.push(vote);
                reference.hear(*ask);
            }
        }
    }
}

fn any_ask() -> impl Strategy<Value = Ask> {
    let view = 1..=VIEWS;
    prop_oneof![
        4 => (view.clone(), 1..=2u8).prop_map(|(view, block)| Ask::Notarize(view, block)),
        4 => view.clone().prop_map(Ask::Nullify),
        4 => (view.clone(), 1..=2u8).prop_map(|(view, block)| Ask::Finalize(view, block)),
        1 => view.prop_map(Ask::RaiseFloor),
        2 => Just(Ask::Restart),
        1 => prop_oneof![4 => Just(Ask::Restart), 1 => Just(Ask::Stop), 1 => Just(Ask::Close)],
    ]
}

#[test]
fn a_hundred_thousand_orders_of_asking_get_the_answers_of_the_rules() {
    let witnesses = Witnesses::all();
    let config = ProptestConfig { cases: 100_000, failure_persistence: None, ..ProptestConfig::default() };
    proptest!(config, |(asks in proptest::collection::vec(any_ask(), 1..14))| witnesses.compare(&asks));
}

#[test]
fn r2_a_view_gets_one_notarize_and_never_for_a_second_block() {
    let mut safety = Safety::new(Some(Box::new(Toy(0))), &electorate(4, 0)).expect("a registered key");
    assert!(safety.sign(&Intent::Notarize(&proposal(2, 1))).is_some());
    assert!(safety.sign(&Intent::Notarize(&proposal(2, 2))).is_none());
    assert!(safety.sign(&Intent::Notarize(&proposal(2, 1))).is_none(), "a repeat is the stored vote, not a new one");
    assert!(safety.given(View(2)).notarize.is_some());
}

#[test]
fn r2_a_late_block_is_notarized_after_nullify() {
    let mut safety = Safety::new(Some(Box::new(Toy(0))), &electorate(4, 0)).expect("a registered key");
    assert!(safety.sign(&Intent::Nullify(View(1))).is_some());
    assert!(safety.sign(&Intent::Notarize(&proposal(1, 1))).is_some());
}

#[test]
fn r3_a_finalized_view_is_never_nullified_not_even_after_a_restart() {
    let electorate = electorate(4, 0);
    let mut safety = Safety::new(Some(Box::new(Toy(0))), &electorate).expect("a registered key");
    let (vote, _) = safety.sign(&Intent::Finalize(&notarization(1, 1))).expect("nothing against it");
    assert!(safety.sign(&Intent::Nullify(View(1))).is_none());
    let mut again = Safety::new(Some(Box::new(Toy(0))), &electorate).expect("a registered key");
    again.remember(vote, &electorate).expect("its own log");
    assert!(again.sign(&Intent::Nullify(View(1))).is_none());
    assert!(again.sign(&Intent::Nullify(View(2))).is_some(), "the next view is free");
}

#[test]
fn r4_a_nullified_view_is_never_finalized_not_even_after_a_restart() {
    let electorate = electorate(4, 0);
    let mut safety = Safety::new(Some(Box::new(Toy(0))), &electorate).expect("a registered key");
    let (vote, _) = safety.sign(&Intent::Nullify(View(1))).expect("nothing against it");
    assert!(safety.sign(&Intent::Finalize(&notarization(1, 1))).is_none());
    let mut again = Safety::new(Some(Box::new(Toy(0))), &electorate).expect("a registered key");
    again.remember(vote, &electorate).expect("its own log");
    assert!(again.sign(&Intent::Finalize(&notarization(1, 1))).is_none());
    assert!(again.sign(&Intent::Finalize(&notarization(2, 1))).is_some(), "the next view is free");
}

#[test]
fn a_log_of_another_key_or_against_itself_is_refused() {
    let electorate = electorate(4, 0);
    let mut safety = Safety::new(Some(Box::new(Toy(0))), &electorate).expect("a registered key");
    let foreign = notarize(1, block_vote(1, 1));
    assert_eq!(safety.remember(foreign, &electorate), Err(StartError::ForeignVote(View(1))));
    let mut elsewhere = notarize(0, block_vote(1, 1));
    elsewhere.signature = Toy(0).sign(&elsewhere.content.signing_bytes(&Digest([9; 32])));
    assert_ne!(CHAIN, Digest([9; 32]));
    assert_eq!(safety.remember(elsewhere, &electorate), Err(StartError::ForeignVote(View(1))));
    safety.remember(notarize(0, block_vote(1, 1)), &electorate).expect("its own vote");
    let conflicting = notarize(0, block_vote(1, 2));
    assert_eq!(safety.remember(conflicting, &electorate), Err(StartError::ConflictingVotes(View(1))));
    assert!(matches!(Safety::new(Some(Box::new(Toy(1))), &electorate), Err(StartError::KeyNotRegistered)));
}

#[test]
fn a_log_with_nullify_and_finalize_of_one_view_is_refused_in_either_order() {
    let electorate = electorate(4, 0);
    let nullify = crate::testing::vote(0, VoteContent::Nullify { epoch: Epoch(0), view: View(1) });
    let finalize = crate::testing::vote(0, VoteContent::Finalize(block_vote(1, 1)));
    for [first, second] in [[nullify, finalize], [finalize, nullify]] {
        let mut safety = Safety::new(Some(Box::new(Toy(0))), &electorate).expect("a registered key");
        safety.remember(first, &electorate).expect("its own vote");
        assert_eq!(safety.remember(first, &electorate), Ok(()), "a record twice is one vote");
        assert_eq!(safety.remember(second, &electorate), Err(StartError::ConflictingVotes(View(1))));
    }
}

#[test]
fn without_a_key_nothing_is_signed() {
    let mut safety = Safety::new(None, &electorate(4, 0)).expect("a follower");
    assert!(!safety.has_key() && !safety.is_signing());
    assert!(safety.sign(&Intent::Nullify(View(1))).is_none());
    let mut safety = Safety::new(Some(Box::new(Toy(0))), &electorate(4, 0)).expect("a registered key");
    assert!(safety.has_key() && safety.is_signing());
    safety.stop();
    assert!(safety.has_key() && !safety.is_signing());
}

#[test]
fn votes_are_of_the_epoch_and_witnesses_of_another_are_worth_nothing() {
    let electorate = crate::testing::electorate_in(4, 0, Epoch(3));
    let mut safety = Safety::new(Some(Box::new(Toy(0))), &electorate).expect("a registered key");
    assert!(safety.sign(&Intent::Finalize(&notarization(1, 1))).is_none(), "a Notarization of epoch 0");
    let (vote, _) = safety.sign(&Intent::Nullify(View(1))).expect("nothing against it");
    assert_eq!(vote.content, VoteContent::Nullify { epoch: Epoch(3), view: View(1) });
}

#[cfg(feature = "explore")]
#[test]
fn what_was_said_where_the_floor_is_and_whether_the_key_signs_tell_one_memory_from_another() {
    use std::hash::{DefaultHasher, Hasher as _};
    let name = |safety: &Safety| {
        let mut hasher = DefaultHasher::new();
        safety.fingerprint(&mut hasher);
        hasher.finish()
    };
    let mut safety = Safety::new(Some(Box::new(Toy(0))), &electorate(4, 0)).expect("a registered key");
    let mut names = vec![name(&safety)];
    for intent in [Intent::Nullify(View(1)), Intent::Notarize(&proposal(2, 1)), Intent::Finalize(&notarization(2, 1))] {
        assert!(safety.sign(&intent).is_some());
        names.push(name(&safety));
        assert_eq!(name(&safety.twin(Some(Box::new(Toy(0))))), name(&safety), "a twin remembers the same");
    }
    names.push(name(&safety.twin(None)));
    safety.raise_floor(&finalization(2));
    names.push(name(&safety));
    safety.raise_floor(&finalization(3));
    names.push(name(&safety));
    safety.stop();
    names.push(name(&safety));
    assert_eq!(names.iter().collect::<BTreeSet<_>>().len(), names.len());
}

#[cfg(feature = "mutants")]
#[test]
fn each_mutant_breaks_its_own_rule_and_no_other() {
    use crate::testing::electorate_with;
    let key = || Some(Box::new(Toy(0)) as Box<dyn Signer>);
    for (mutant, breaks) in
        [(Mutant::FinalizeAfterNullify, (true, false)), (Mutant::NullifyAfterFinalize, (false, true))]
    {
        let electorate = electorate_with(4, 0, Some(mutant));
        let mut gave_up = Safety::new(key(), &electorate).expect("a registered key");
        assert!(gave_up.sign(&Intent::Nullify(View(1))).is_some());
        let finalizes = gave_up.sign(&Intent::Finalize(&notarization(1, 1))).is_some();
        let mut finalized = Safety::new(key(), &electorate).expect("a registered key");
        assert!(finalized.sign(&Intent::Finalize(&notarization(1, 1))).is_some());
        let nullifies = finalized.sign(&Intent::Nullify(View(1))).is_some();
        assert_eq!((finalizes, nullifies), breaks);
    }
}
