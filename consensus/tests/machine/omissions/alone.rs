//! One validator, driven by hand.

use super::{expect, needs};
use crate::solo::{GENESIS, Solo, block, block_vote, bytes, certificate, nullify, vote};
use crate::toy::POISON;
use amanah_consensus::message::{Justification, Proposal};
use amanah_consensus::{Effect, Input, Message, Mutant, To, Vote};
use amanah_ledger::certificate::{Bitmap, Certificate, VoteContent};
use amanah_ledger::codec::BoundedVec;
use amanah_ledger::committee::ValidatorIndex;
use amanah_ledger::crypto::Signature;

#[test]
fn a_block_refused_in_one_view_is_no_reason_to_stop_when_it_is_certified_in_its_own() {
    needs(Mutant::ProposalFaultCondemnsBlock, "a good block stops the signing", |mutant| {
        let mut solo = Solo::without(mutant);
        let view = solo.view();
        let elsewhere = block(view - 1, GENESIS(), solo.now, &[1]);
        solo.propose(0, &elsewhere, None);
        assert!(!solo.has_notarized(view, 0, &elsewhere), "proposed for another view");
        let content = block_vote(view + 3, 0, &elsewhere);
        solo.hear(2, Message::Certificate(certificate(VoteContent::Notarize(content))));
        expect(solo.machine.standing().signing, "a good block stops the signing")
    });
}

#[test]
fn a_block_beside_its_certified_parent_gets_no_vote() {
    needs(Mutant::HeaderUnchecked, "a vote for a block that is no child of its certified parent", |mutant| {
        let mut solo = Solo::without(mutant);
        let view = solo.view();
        let first = block(view, GENESIS(), solo.now, &[1]);
        solo.propose(0, &first, None);
        let notarization = certificate(VoteContent::Notarize(block_vote(view, 0, &first)));
        solo.hear(1, Message::Certificate(notarization.clone()));
        let mut parent = (view, notarization);
        if solo.leader() == 0 {
            let given_up = solo.view();
            solo.hear(1, Message::Certificate(certificate(nullify(given_up))));
        }
        let now = solo.view();
        parent.0 = view;
        let beside = block(now, GENESIS(), solo.now + 1, &[2]);
        solo.propose(parent.0, &beside, Some(parent.1));
        let is_voted_for = solo.has_notarized(now, view, &beside);
        expect(!is_voted_for, "a vote for a block that is no child of its certified parent")
    });
}

#[test]
fn a_proposal_that_skips_a_notarized_view_without_proof_gets_no_vote() {
    needs(Mutant::SkipsUnproven, "a vote for a second branch", |mutant| {
        let mut solo = Solo::without(mutant);
        let view = solo.view();
        let first = block(view, GENESIS(), solo.now, &[1]);
        solo.propose(0, &first, None);
        solo.hear(1, Message::Certificate(certificate(VoteContent::Notarize(block_vote(view, 0, &first)))));
        if solo.leader() == 0 {
            let given_up = solo.view();
            solo.hear(1, Message::Certificate(certificate(nullify(given_up))));
        }
        let now = solo.view();
        let branch = block(now, GENESIS(), solo.now + 1, &[2]);
        let vote = vote(solo.leader(), VoteContent::Notarize(block_vote(now, 0, &branch)));
        let skips: Vec<_> = (1..view).rev().map(|skipped| certificate(nullify(skipped))).collect();
        let justification =
            Justification { skips: BoundedVec::try_from(skips).expect("few"), ..Justification::default() };
        let proposal = Proposal { vote, block: bytes(&branch), justification };
        solo.hear(solo.leader(), Message::Proposal(Box::new(proposal)));
        expect(!solo.has_notarized(now, 0, &branch), "a vote for a second branch")
    });
}

#[test]
fn a_block_is_asked_of_each_of_its_signers_within_delta() {
    needs(Mutant::BlocksFromAnybody, "one signer is asked while the others wait", |mutant| {
        let mut solo = Solo::without(mutant);
        let view = solo.view();
        let theirs = block(view, GENESIS(), solo.now, &[1]);
        solo.hear(1, Message::Certificate(certificate(VoteContent::Notarize(block_vote(view, 0, &theirs)))));
        solo.wait(500);
        let asked = (1..4u8).filter(|peer| {
            let question = (To::One(ValidatorIndex(*peer)), Message::BlockRequest(theirs.digest()));
            solo.sent.contains(&question)
        });
        expect(asked.count() == 3, "one signer is asked while the others wait")
    });
}

#[test]
fn a_leader_that_gives_up_does_not_wake_an_idle_validator() {
    needs(Mutant::WokenWhileIdle, "an idle view is given up", |mutant| {
        let mut solo = Solo::without(mutant);
        let view = solo.view();
        let poisoned = block(view, GENESIS(), solo.now, &[POISON]);
        solo.propose(0, &poisoned, None);
        solo.hear(solo.leader(), Message::Vote(vote(solo.leader(), nullify(view))));
        solo.wait(60_000);
        let is_idle = !solo.said(nullify(view));
        solo.work(7);
        assert!(solo.said(nullify(view)), "with work it is remembered at once");
        expect(is_idle, "an idle view is given up")
    });
}

/// Repeats of what it said.
fn repeats(solo: &Solo) -> usize {
    let is_repeat = |m: &Message| matches!(m, Message::Bundle(bundle) if !bundle.votes.is_empty());
    solo.sent.iter().filter(|(to, message)| *to == To::All && is_repeat(message)).count()
}

#[test]
fn a_vote_that_a_liar_called_for_is_not_repeated_while_nobody_has_work() {
    needs(Mutant::RepeatedWhileIdle, "a vote is repeated for ever", |mutant| {
        let mut solo = Solo::without(mutant);
        let view = solo.view();
        solo.propose(0, &block(view, GENESIS(), solo.now, &[1]), None);
        solo.wait(1_500);
        assert!(solo.said(nullify(view)), "the leader showed its block to nobody else");
        let before = repeats(&solo);
        solo.wait(600_000);
        let is_quiet = repeats(&solo) == before;
        solo.work(7);
        solo.wait(12_000);
        assert!(repeats(&solo) > before, "with work it is repeated");
        expect(is_quiet, "a vote is repeated for ever")
    });
}

#[test]
fn who_connects_anew_all_the_time_puts_no_repeat_off() {
    needs(Mutant::ConnectionPutsRetryOff, "what is open is never repeated", |mutant| {
        let mut solo = Solo::without(mutant);
        solo.work(7);
        solo.wait(1_050);
        assert!(solo.said(nullify(solo.view())));
        let before = repeats(&solo);
        for _ in 0..100 {
            solo.input(Input::Disconnected(ValidatorIndex(1)));
            solo.input(Input::Connected(ValidatorIndex(1)));
            solo.wait(1_000);
        }
        expect(repeats(&solo) > before + 30, "what is open is never repeated")
    });
}

#[test]
fn an_empty_block_on_a_final_parent_gets_no_vote() {
    needs(Mutant::PaddingAccepted, "a vote for padding", |mutant| {
        let mut solo = Solo::without(mutant);
        let view = solo.view();
        let first = block(view, GENESIS(), solo.now, &[1]);
        solo.propose(0, &first, None);
        let content = block_vote(view, 0, &first);
        let finalization = certificate(VoteContent::Finalize(content));
        solo.hear(1, Message::Certificate(finalization.clone()));
        solo.skip_own_views();
        let now = solo.view();
        let padding = block(now, (first.digest(), 1), solo.now + 1, &[]);
        solo.propose(view, &padding, Some(finalization));
        solo.wait(600);
        expect(!solo.has_notarized(now, view, &padding), "a vote for padding")
    });
}

#[test]
fn a_proposal_forged_by_another_leaves_the_leaders_place_free() {
    needs(Mutant::SlotBeforeSignature, "a forged proposal keeps out the real one", |mutant| {
        let mut solo = Solo::without(mutant);
        let (view, leader) = (solo.view(), solo.leader());
        let forger = (1..4).find(|peer| *peer != leader).expect("three others");
        let forged = block(view, GENESIS(), solo.now, &[13]);
        let content = VoteContent::Notarize(block_vote(view, 0, &forged));
        let bad = Vote { signature: Signature([0; 64]), ..vote(leader, content) };
        let proposal = Proposal { vote: bad, block: bytes(&forged), justification: Justification::default() };
        solo.hear(forger, Message::Proposal(Box::new(proposal.clone())));
        solo.hear(leader, Message::Proposal(Box::new(proposal)));
        let real = block(view, GENESIS(), solo.now, &[1]);
        solo.propose(0, &real, None);
        expect(solo.has_notarized(view, 0, &real), "a forged proposal keeps out the real one")
    });
}

#[test]
fn a_view_given_up_is_never_finalized_also_once_it_is_left() {
    for mutant in [Mutant::FinalizeAfterNullify, Mutant::VotesForgotten] {
        needs(mutant, "Finalize after Nullify", |mutant| {
            let mut solo = Solo::without(mutant);
            let view = solo.view();
            solo.work(7);
            solo.wait(2_000);
            assert!(solo.said(nullify(view)));
            solo.hear(1, Message::Certificate(certificate(nullify(view))));
            let late = block(view, GENESIS(), solo.now, &[1]);
            let content = block_vote(view, 0, &late);
            solo.hear(1, Message::Certificate(certificate(VoteContent::Notarize(content))));
            solo.wait(130);
            solo.hear(1, Message::BlockResponse { digest: late.digest(), block: bytes(&late) });
            solo.wait(10_000);
            expect(!solo.said(VoteContent::Finalize(content)), "Finalize after Nullify")
        });
    }
}

#[test]
fn two_voters_who_repeat_themselves_certify_nothing() {
    needs(Mutant::VotesCountedTwice, "two of four certify", |mutant| {
        let mut solo = Solo::without(mutant);
        let (before, view) = (solo.view(), solo.view() + 1);
        for signer in [1, 2, 1, 2] {
            solo.hear(signer, Message::Vote(vote(signer, nullify(view))));
        }
        expect(solo.view() == before, "two of four certify")
    });
}

#[test]
fn one_signature_three_times_certifies_nothing() {
    needs(Mutant::SignersCountedTwice, "one of four certifies", |mutant| {
        let mut solo = Solo::without(mutant);
        let (before, content) = (solo.view(), nullify(solo.view()));
        let same = vec![vote(1, content).signature; 3];
        let signers = Bitmap::of(4, [ValidatorIndex(1)]);
        let signatures = BoundedVec::try_from(same).expect("few");
        solo.hear(1, Message::Certificate(Certificate { content, signers, signatures }));
        expect(solo.view() == before, "one of four certifies")
    });
}

#[test]
fn a_leader_that_contradicts_itself_stops_nobody() {
    needs(Mutant::EquivocationHalts, "a lie stops the honest", |mutant| {
        let mut solo = Solo::without(mutant);
        let view = solo.view();
        for tx in [1, 2] {
            let said = block(view, GENESIS(), solo.now, &[tx]);
            let content = VoteContent::Notarize(block_vote(view, 0, &said));
            solo.hear(solo.leader(), Message::Vote(vote(solo.leader(), content)));
        }
        assert!(solo.effects.iter().any(|effect| matches!(effect, Effect::Evidence(_))));
        expect(solo.machine.standing().signing, "a lie stops the honest")
    });
}

#[test]
fn a_certified_block_is_fetched_though_the_leader_showed_us_another() {
    needs(Mutant::SlotOverCertificate, "the losing block stays", |mutant| {
        let mut solo = Solo::without(mutant);
        let view = solo.view();
        let (shown, certified) = (block(view, GENESIS(), solo.now, &[1]), block(view, GENESIS(), solo.now, &[2]));
        solo.propose(0, &shown, None);
        assert!(solo.has_notarized(view, 0, &shown));
        let content = block_vote(view, 0, &certified);
        solo.hear(1, Message::Certificate(certificate(VoteContent::Notarize(content))));
        solo.wait(130);
        solo.hear(1, Message::BlockResponse { digest: certified.digest(), block: bytes(&certified) });
        // R4: the certificate is what counts, whatever we notarized ourselves.
        expect(solo.said(VoteContent::Finalize(content)), "the losing block stays")
    });
}

#[test]
fn a_view_with_both_certificates_serves_those_who_know_either() {
    for first in ["Notarization", "Nullification"] {
        let mut seen = Vec::new();
        for mutant in [None, Some(Mutant::FirstCertificateOnly)] {
            let mut solo = Solo::without(mutant);
            let view = solo.view();
            let theirs = block(view, GENESIS(), solo.now, &[1]);
            solo.propose(0, &theirs, None);
            let notarization = certificate(VoteContent::Notarize(block_vote(view, 0, &theirs)));
            let nullification = certificate(nullify(view));
            let known = if first == "Notarization" { &notarization } else { &nullification };
            solo.hear(1, Message::Certificate(known.clone()));
            solo.skip_own_views();
            let now = solo.view();
            // The leader knows the other one, and shows it.
            let (parent_view, next, parent) = if first == "Notarization" {
                (0, block(now, GENESIS(), solo.now + 1, &[2]), None)
            } else {
                (view, block(now, (theirs.digest(), 1), solo.now + 1, &[2]), Some(notarization))
            };
            solo.propose(parent_view, &next, parent);
            seen.push(solo.has_notarized(now, parent_view, &next));
        }
        assert_eq!(seen, [true, false], "knowing the {first} only, with and without the rule");
    }
}
