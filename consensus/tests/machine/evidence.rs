//! Who contradicts itself is named, from votes and from certificates, also after a restart; who does not, never.

use crate::solo::{GENESIS, Solo, block, block_vote, certificate, nullify, vote};
use amanah_consensus::{Alarm, Effect, Evidence, EvidenceKind, Message, Record};
use amanah_ledger::certificate::{Certificate, VoteContent};
use amanah_ledger::committee::ValidatorIndex;
use amanah_ledger::position::View;

/// The accused and how, in the order found.
fn accused(solo: &Solo) -> Vec<(u8, EvidenceKind)> {
    let proof = |effect: &Effect| match effect {
        Effect::Evidence(evidence) => Some((evidence.signer().0, evidence.kind)),
        _ => None,
    };
    solo.effects.iter().filter_map(proof).collect()
}

fn recorded(solo: &Solo) -> Vec<Evidence> {
    let proof = |record: &Record| match record {
        Record::Evidence(votes) => {
            EvidenceKind::of(&votes[0].content, &votes[1].content).map(|kind| Evidence { kind, votes: *votes })
        }
        _ => None,
    };
    solo.log.iter().filter_map(proof).collect()
}

fn signed_by(content: VoteContent, signers: impl Iterator<Item = u8>) -> Certificate {
    let votes = signers.map(|signer| (ValidatorIndex(signer), vote(signer, content).signature)).collect();
    Certificate::assemble(content, 4, &votes)
}

#[test]
fn a_liar_that_tells_each_half_its_own_story_is_found_in_the_others_certificate() {
    let mut solo = Solo::new();
    let view = solo.view();
    let (ours, theirs) = (block(view, GENESIS(), solo.now, &[1]), block(view, GENESIS(), solo.now, &[2]));
    let told_us = VoteContent::Notarize(block_vote(view, 0, &ours));
    solo.hear(2, Message::Vote(vote(2, told_us)));
    assert_eq!(accused(&solo), []);
    let told_them = VoteContent::Notarize(block_vote(view, 0, &theirs));
    solo.hear(1, Message::Certificate(certificate(told_them)));
    assert_eq!(accused(&solo), [(2, EvidenceKind::DoubleNotarize)], "1 and 3 told us nothing else");
    assert_eq!(recorded(&solo).len(), 1);
    assert!(solo.machine.standing().signing, "one liar is no reason to stop");
}

#[test]
fn contradicting_certificates_name_everyone_who_signed_both_and_nobody_else() {
    let mut solo = Solo::new();
    let view = solo.view();
    let content = VoteContent::Finalize(block_vote(view, 0, &block(view, GENESIS(), solo.now, &[1])));
    solo.hear(1, Message::Certificate(signed_by(nullify(view), 1..4)));
    solo.hear(1, Message::Certificate(signed_by(content, [1, 3].into_iter().chain([0]))));
    assert!(solo.effects.contains(&Effect::Alarm(Alarm::Fork { view: View(view) })));
    let expected = [1, 3].map(|signer| (signer, EvidenceKind::NullifyAndFinalize));
    assert_eq!(accused(&solo), expected, "0 signed one of them, 2 the other");
    // Who stopped signing still remembers who is guilty.
    assert_eq!(recorded(&solo).len(), 2);
}

#[test]
fn a_certificate_that_excludes_what_is_final_is_noticed_and_names_its_signers() {
    let mut solo = Solo::new();
    let view = solo.view();
    let (final_block, other) = (block(view, GENESIS(), solo.now, &[1]), block(view, GENESIS(), solo.now, &[2]));
    solo.propose(0, &final_block, None);
    solo.hear(1, Message::Certificate(certificate(VoteContent::Finalize(block_vote(view, 0, &final_block)))));
    assert!(solo.effects.iter().any(|effect| matches!(effect, Effect::Finalized { .. })));
    // Signatures that do not hold stop nobody.
    let content = VoteContent::Finalize(block_vote(view, 0, &other));
    let mut forged = certificate(content);
    let third = block(view, GENESIS(), solo.now, &[3]);
    forged.content = VoteContent::Finalize(block_vote(view, 0, &third));
    solo.hear(3, Message::Certificate(forged));
    assert!(solo.machine.standing().signing && accused(&solo).is_empty());
    solo.hear(1, Message::Certificate(certificate(content)));
    assert!(solo.effects.contains(&Effect::Alarm(Alarm::Fork { view: View(view) })));
    assert_eq!(accused(&solo), [1, 2, 3].map(|signer| (signer, EvidenceKind::DoubleFinalize)));
    assert!(!solo.machine.standing().signing);
}

#[test]
fn a_proof_is_in_the_vote_log_before_anybody_hears_of_it_and_told_again_after_a_restart() {
    let mut solo = Solo::new();
    let tell = |view_ahead: u64, solo: &mut Solo| {
        let view = solo.view() + view_ahead;
        for tx in [1, 2] {
            let lie = VoteContent::Notarize(block_vote(view, 0, &block(view, GENESIS(), solo.now, &[tx])));
            solo.hear(2, Message::Vote(vote(2, lie)));
        }
    };
    tell(0, &mut solo);
    let first = recorded(&solo);
    assert_eq!(first.len(), 1);
    // The ledger takes one proof of a kind, so one is remembered; the next lie is told all the same.
    tell(1, &mut solo);
    assert_eq!(accused(&solo).len(), 2);
    assert_eq!(recorded(&solo), first);
    let mut again = Solo::resumed(solo.log.clone(), solo.now);
    assert_eq!(accused(&again), [(2, EvidenceKind::DoubleNotarize)]);
    tell(2, &mut again);
    assert_eq!(recorded(&again), first, "nothing is remembered twice");
    // A restart of who was told nothing tells nothing.
    let others: Vec<_> = solo.log.into_iter().filter(|record| !matches!(record, Record::Evidence(_))).collect();
    assert_eq!(accused(&Solo::resumed(others, solo.now)), []);
}

#[test]
fn a_stored_proof_that_does_not_hold_stops_the_start() {
    let solo = Solo::new();
    let lie = |tx| VoteContent::Notarize(block_vote(9, 0, &block(9, GENESIS(), solo.now, &[tx])));
    let good = [vote(2, lie(1)), vote(2, lie(2))];
    assert!(Solo::try_resumed(vec![Record::Evidence(good)], solo.now).is_ok());
    let mut unsigned = good;
    unsigned[1].signature.0[0] ^= 1;
    for bad in [unsigned, [good[0], good[0]], [good[0], vote(3, lie(2))]] {
        let refused = Solo::try_resumed(vec![Record::Evidence(bad)], solo.now);
        assert_eq!(refused.err(), Some(amanah_consensus::StartError::Evidence(View(9))));
    }
}
