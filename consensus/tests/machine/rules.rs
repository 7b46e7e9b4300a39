//! The rules one by one, on one machine driven by hand.

use crate::solo::{GENESIS, Solo, block, block_vote, bytes, certificate, nullify, vote};
use crate::toy::{GENESIS_MS, POISON, ToyBlock, ToySigner, genesis};
use amanah_consensus::message::{Justification, Proposal, Status, SyncResponse};
use amanah_consensus::{Alarm, Effect, EvidenceKind, Message, Record, To, Vote};
use amanah_ledger::certificate::VoteContent;
use amanah_ledger::codec::BoundedVec;
use amanah_ledger::committee::ValidatorIndex;
use amanah_ledger::crypto::{Digest, Signer};
use amanah_ledger::position::{Epoch, Height, View};
use amanah_ledger::time::UnixMs;

#[test]
fn r0_any_certificate_of_a_later_view_moves_us_and_none_moves_us_back() {
    let mut solo = Solo::new();
    let unknown = block(40, GENESIS(), 0, &[1]);
    solo.hear(2, Message::Certificate(certificate(VoteContent::Notarize(block_vote(40, 0, &unknown)))));
    assert_eq!(solo.view(), 41, "without the block");
    solo.hear(2, Message::Certificate(certificate(nullify(30))));
    assert_eq!(solo.view(), 41);
    // Refinement 15: what was jumped over is asked for.
    let views = solo.sent.iter().filter_map(|(_, message)| match message {
        Message::CertificateRequest { views, .. } => Some(views.len()),
        _ => None,
    });
    assert!(views.max().is_some_and(|most| most >= 37));
}

#[test]
fn r0_two_of_four_votes_are_no_certificate() {
    let mut solo = Solo::new();
    // A view ahead, in which we have no vote of our own to add.
    let (before, view) = (solo.view(), solo.view() + 1);
    for signer in [1, 2] {
        solo.hear(signer, Message::Vote(vote(signer, nullify(view))));
        solo.hear(signer, Message::Vote(vote(signer, nullify(view))));
    }
    assert_eq!(solo.view(), before);
    let mut short = certificate(nullify(view));
    short.signatures = BoundedVec::try_from(short.signatures[..2].to_vec()).expect("few");
    solo.hear(1, Message::Certificate(short));
    assert_eq!(solo.view(), before);
    solo.hear(3, Message::Vote(vote(3, nullify(view))));
    assert_eq!(solo.view(), view + 1);
}

#[test]
fn r2_a_justified_valid_timely_block_is_notarized_and_logged_with_the_vote() {
    let mut solo = Solo::new();
    let view = solo.view();
    let proposed = block(view, GENESIS(), solo.now, &[1]);
    solo.propose(0, &proposed, None);
    assert!(solo.has_notarized(view, 0, &proposed));
    assert!(solo.log.contains(&Record::Block(bytes(&proposed))));
    // R2: the leader's second block gets no vote, and is proof against it.
    let second = block(view, GENESIS(), solo.now, &[2]);
    let content = VoteContent::Notarize(block_vote(view, 0, &second));
    solo.hear(solo.leader(), Message::Vote(vote(solo.leader(), content)));
    assert!(!solo.has_notarized(view, 0, &second));
    let is_proof = |effect: &Effect| matches!(effect, Effect::Evidence(e) if e.kind == EvidenceKind::DoubleNotarize);
    assert!(solo.effects.iter().any(is_proof));
}

#[test]
fn r2_after_a_restart_the_vote_of_the_view_stands() {
    let mut solo = Solo::new();
    let view = solo.view();
    let proposed = block(view, GENESIS(), solo.now, &[1]);
    solo.propose(0, &proposed, None);
    assert!(solo.has_notarized(view, 0, &proposed));
    let mut again = Solo::resumed(solo.log.clone(), solo.now);
    assert_eq!(again.view(), view, "where it voted");
    let other = block(view, GENESIS(), solo.now, &[2]);
    again.propose(0, &other, None);
    assert!(!again.has_notarized(view, 0, &other));
    // It repeats what it signed.
    let repeats = again.sent.iter().any(|(_, message)| {
        matches!(message, Message::Bundle(bundle)
            if bundle.votes.iter().any(|v| v.content == VoteContent::Notarize(block_vote(view, 0, &proposed))))
    });
    assert!(repeats);
}

#[test]
fn after_a_restart_two_others_complete_the_quorum_with_what_one_signed_before() {
    let mut solo = Solo::new();
    let view = solo.view();
    let proposed = block(view, GENESIS(), solo.now, &[1]);
    solo.propose(0, &proposed, None);
    let mut again = Solo::resumed(solo.log.clone(), solo.now);
    let content = VoteContent::Notarize(block_vote(view, 0, &proposed));
    again.hear(1, Message::Vote(vote(1, content)));
    assert_eq!(again.view(), view, "two of four");
    again.hear(2, Message::Vote(vote(2, content)));
    assert_eq!(again.view(), view + 1);
}

#[test]
fn amendment_1_a_body_that_is_not_the_block_is_no_verdict_over_it() {
    let mut solo = Solo::new();
    let view = solo.view();
    let (good, garbage) = (block(view, GENESIS(), solo.now, &[1]), block(view, GENESIS(), solo.now, &[POISON]));
    let content = VoteContent::Notarize(block_vote(view, 0, &good));
    let skips = (1..view).rev().map(|skipped| certificate(nullify(skipped))).collect::<Vec<_>>();
    let justification = Justification { skips: BoundedVec::try_from(skips).expect("few"), ..Justification::default() };
    let vote = vote(solo.leader(), content);
    let proposal = Box::new(Proposal { vote, block: bytes(&garbage), justification });
    solo.hear(solo.leader(), Message::Proposal(proposal));
    assert!(!solo.has_notarized(view, 0, &good));
    solo.wait(200);
    assert!(solo.asked_for(good.digest()));
    // An answer that is another block does not help; the right one does.
    solo.hear(3, Message::BlockResponse { digest: good.digest(), block: bytes(&garbage) });
    assert!(!solo.has_notarized(view, 0, &good));
    solo.hear(3, Message::BlockResponse { digest: good.digest(), block: bytes(&good) });
    assert!(solo.has_notarized(view, 0, &good));
}

#[test]
fn amendment_2_a_block_refused_in_one_view_is_welcome_where_it_belongs() {
    let mut solo = Solo::new();
    let view = solo.view();
    let elsewhere = block(view - 1, GENESIS(), solo.now, &[1]);
    solo.propose(0, &elsewhere, None);
    assert!(!solo.has_notarized(view, 0, &elsewhere), "proposed for another view");
    // The others certify it; it is judged, valid, and finalized as any other.
    let content = block_vote(view + 3, 0, &elsewhere);
    solo.hear(2, Message::Certificate(certificate(VoteContent::Finalize(content))));
    assert!(solo.effects.iter().any(|effect| matches!(effect, Effect::Finalized { .. })));
    assert!(solo.machine.standing().signing, "no alarm");
}

#[test]
fn r3_nothing_is_given_up_without_work_and_a_refusal_is_remembered() {
    let mut solo = Solo::new();
    let view = solo.view();
    let poisoned = block(view, GENESIS(), solo.now, &[POISON]);
    solo.propose(0, &poisoned, None);
    solo.hear(solo.leader(), Message::Vote(vote(solo.leader(), nullify(view))));
    solo.wait(60_000);
    assert!(!solo.said(nullify(view)), "idle");
    solo.work(7);
    assert!(solo.said(nullify(view)), "at once");
}

#[test]
fn r3_t_l_gives_up_a_view_without_proposal_after_grace_and_two_delta() {
    let mut solo = Solo::new();
    let view = solo.view();
    solo.wait(5_000);
    for peer in 1..4 {
        solo.hear(peer, Message::BlockRequest(Digest::ZERO));
    }
    solo.work(7);
    solo.wait(1_049);
    assert!(!solo.said(nullify(view)));
    solo.wait(1);
    assert!(solo.said(nullify(view)));
    assert!(solo.effects.contains(&Effect::OfferPending { to: To::All }), "R11");
}

#[test]
fn r3_amendment_10_work_that_went_away_disarms_the_timer() {
    let mut solo = Solo::new();
    let view = solo.view();
    solo.work(7);
    solo.wait(500);
    solo.app.mempool.clear();
    solo.wait(60_000);
    assert!(!solo.said(nullify(view)));
}

#[test]
fn r3_t_a_gives_up_a_view_whose_proposal_gets_no_certificate() {
    let mut solo = Solo::new();
    let view = solo.view();
    let proposed = block(view, GENESIS(), solo.now, &[1]);
    solo.propose(0, &proposed, None);
    solo.wait(1_499);
    assert!(!solo.said(nullify(view)));
    solo.wait(1);
    assert!(solo.said(nullify(view)));
}

#[test]
fn work_needs_f_plus_1_others_and_their_hints_grow_old() {
    let status = |solo: &Solo| Status {
        epoch: Epoch(0),
        view: View(solo.view()),
        final_view: View(0),
        final_height: Height(0),
        final_block: genesis().digest,
        time: UnixMs(solo.now),
        echo: None,
        has_work: true,
    };
    let mut solo = Solo::new();
    let view = solo.view();
    solo.hear(1, Message::Status(status(&solo)));
    solo.wait(60_000);
    assert!(!solo.said(nullify(view)), "one may lie");
    assert!(solo.effects.contains(&Effect::AskPending { from: ValidatorIndex(1) }));
    solo.hear(2, Message::Status(status(&solo)));
    solo.wait(14_000);
    assert!(!solo.said(nullify(view)), "the first hint is a minute old");
    for peer in 1..4 {
        solo.hear(peer, Message::Status(status(&solo)));
    }
    solo.wait(1_050);
    assert!(solo.said(nullify(view)));
}

#[test]
fn r4_a_notarized_block_is_finalized_once_it_is_held_and_valid() {
    let mut solo = Solo::new();
    let view = solo.view();
    let theirs = block(view, GENESIS(), solo.now, &[1]);
    let content = block_vote(view, 0, &theirs);
    solo.hear(1, Message::Certificate(certificate(VoteContent::Notarize(content))));
    assert!(!solo.said(VoteContent::Finalize(content)), "not held");
    solo.wait(130);
    assert!(solo.asked_for(theirs.digest()));
    solo.hear(1, Message::BlockResponse { digest: theirs.digest(), block: bytes(&theirs) });
    assert!(solo.said(VoteContent::Finalize(content)), "unchained: we are in a later view");
    let logged = Record::Certificate(certificate(VoteContent::Notarize(content)));
    assert!(solo.log.contains(&logged) && solo.log.contains(&Record::Block(bytes(&theirs))), "refinement 3");
}

#[test]
fn r4_the_notarization_is_logged_with_the_vote_also_when_the_view_was_entered_otherwise() {
    let mut solo = Solo::new();
    let view = solo.view();
    let theirs = block(view, GENESIS(), solo.now, &[1]);
    solo.propose(0, &theirs, None);
    solo.hear(1, Message::Certificate(certificate(nullify(view))));
    let content = block_vote(view, 0, &theirs);
    let notarization = certificate(VoteContent::Notarize(content));
    solo.hear(2, Message::Certificate(notarization.clone()));
    assert!(solo.said(VoteContent::Finalize(content)), "we did not give it up ourselves");
    assert!(solo.log.contains(&Record::Certificate(notarization)));
}

#[test]
fn r10_what_is_open_is_repeated_as_it_was_signed_until_it_is_answered() {
    let mut solo = Solo::new();
    let view = solo.view();
    solo.work(1);
    solo.propose(0, &block(view, GENESIS(), solo.now, &[1]), None);
    solo.wait(1_500);
    let given: Vec<Vote> = solo
        .log
        .iter()
        .filter_map(|record| match record {
            Record::Voted(vote) => Some(*vote),
            _ => None,
        })
        .collect();
    assert_eq!(given.len(), 2, "Notarize, then Nullify");
    let repeats = |solo: &Solo| {
        let is_repeat = |m: &Message| matches!(m, Message::Bundle(bundle) if *bundle.votes == given[..]);
        solo.sent.iter().filter(|(to, message)| *to == To::All && is_repeat(message)).count()
    };
    solo.wait(60_000);
    assert!((6..=10).contains(&repeats(&solo)), "2, 4, 8, 10, 10… seconds: {}", repeats(&solo));
    solo.hear(1, Message::Certificate(certificate(nullify(view))));
    let answered = repeats(&solo);
    solo.wait(60_000);
    assert_eq!(repeats(&solo), answered);
}

#[test]
fn r4_a_view_given_up_is_not_finalized_by_the_machine_either() {
    let mut solo = Solo::new();
    let view = solo.view();
    solo.work(7);
    solo.wait(2_000);
    assert!(solo.said(nullify(view)));
    let late = block(view, GENESIS(), solo.now, &[1]);
    solo.propose(0, &late, None);
    assert!(solo.has_notarized(view, 0, &late), "R2 allows it: it may serve as a parent");
    let content = block_vote(view, 0, &late);
    solo.hear(1, Message::Certificate(certificate(VoteContent::Notarize(content))));
    solo.wait(10_000);
    assert!(!solo.said(VoteContent::Finalize(content)));
}

#[test]
fn r5_ancestors_are_fetched_and_finalized_in_height_order_each_once() {
    let mut solo = Solo::new();
    let view = solo.view();
    let first = block(view, GENESIS(), solo.now, &[1]);
    let second = block(view + 1, (first.digest(), 1), solo.now + 1, &[2]);
    let third = block(view + 2, (second.digest(), 2), solo.now + 2, &[3]);
    let finalize =
        |view, parent, block| Message::Certificate(certificate(VoteContent::Finalize(block_vote(view, parent, block))));
    solo.hear(1, finalize(view + 2, view + 1, &third));
    for wanted in [&third, &second, &first] {
        solo.wait(200);
        assert!(solo.asked_for(wanted.digest()));
        solo.hear(2, Message::BlockResponse { digest: wanted.digest(), block: bytes(wanted) });
    }
    solo.hear(1, finalize(view, 0, &first));
    let finalized: Vec<Vec<Digest>> = solo
        .effects
        .iter()
        .filter_map(|effect| match effect {
            Effect::Finalized { blocks, .. } => Some(blocks.iter().map(|block| block.digest).collect()),
            _ => None,
        })
        .collect();
    assert_eq!(finalized, [vec![first.digest(), second.digest(), third.digest()]]);
    assert_eq!(solo.machine.standing().blocks_held, 0);
}

#[test]
fn r6_a_formed_certificate_goes_to_those_who_did_not_show_it() {
    let mut solo = Solo::new();
    let view = solo.view();
    solo.hear(1, Message::Vote(vote(1, nullify(view + 1))));
    for signer in 1..4 {
        solo.hear(signer, Message::Vote(vote(signer, nullify(view))));
    }
    let receivers: Vec<To> = solo
        .sent
        .iter()
        .filter(|(_, m)| matches!(m, Message::Certificate(c) if c.content == nullify(view)))
        .map(|(to, _)| *to)
        .collect();
    assert_eq!(receivers, [2, 3].map(|i| To::One(ValidatorIndex(i))), "the first is in a later view already");
}

#[test]
fn r8_a_certified_block_that_we_judge_invalid_stops_the_signing() {
    let mut solo = Solo::new();
    let view = solo.view();
    let poisoned = block(view, GENESIS(), solo.now, &[POISON]);
    solo.propose(0, &poisoned, None);
    assert!(solo.machine.standing().signing, "one liar is no alarm");
    solo.hear(1, Message::Certificate(certificate(VoteContent::Notarize(block_vote(view, 0, &poisoned)))));
    let alarm = Alarm::CertifiedInvalid { view: View(view), block: poisoned.digest() };
    assert!(solo.effects.contains(&Effect::Alarm(alarm)));
    assert!(!solo.machine.standing().signing);
    let before = solo.log.len();
    solo.work(7);
    solo.wait(60_000);
    assert_eq!(solo.log.len(), before, "nothing is signed any more");
}

#[test]
fn certificates_that_exclude_each_other_stop_the_signing() {
    let mut solo = Solo::new();
    let view = solo.view();
    let content = block_vote(view, 0, &block(view, GENESIS(), solo.now, &[1]));
    solo.hear(1, Message::Certificate(certificate(nullify(view))));
    solo.hear(1, Message::Certificate(certificate(VoteContent::Finalize(content))));
    assert!(solo.effects.contains(&Effect::Alarm(Alarm::Fork { view: View(view) })));
    assert!(!solo.machine.standing().signing);
}

#[test]
fn an_empty_block_on_a_final_parent_is_refused_and_its_proposer_told() {
    let mut solo = Solo::new();
    let view = solo.view();
    let first = block(view, GENESIS(), solo.now, &[1]);
    solo.propose(0, &first, None);
    let content = block_vote(view, 0, &first);
    solo.hear(1, Message::Certificate(certificate(VoteContent::Notarize(content))));
    let finalization = certificate(VoteContent::Finalize(content));
    solo.hear(1, Message::Certificate(finalization.clone()));
    while solo.leader() == 0 {
        let view = solo.view();
        solo.hear(1, Message::Certificate(certificate(nullify(view))));
    }
    let (leader, now) = (solo.leader(), solo.view());
    solo.sent.clear();
    let padding = block(now, (first.digest(), 1), solo.now + 1, &[]);
    solo.propose(view, &padding, Some(finalization.clone()));
    solo.wait(5_000);
    assert!(!solo.has_notarized(now, view, &padding));
    assert!(solo.sent.contains(&(To::One(ValidatorIndex(leader)), Message::Certificate(finalization))));
    assert!(!solo.said(nullify(now)), "padding does not burn an idle view");
}

#[test]
fn a_proposal_below_the_newest_final_block_is_refused_and_its_proposer_told() {
    let mut solo = Solo::new();
    let view = solo.view();
    let first = block(view, GENESIS(), solo.now, &[1]);
    solo.propose(0, &first, None);
    let finalization = certificate(VoteContent::Finalize(block_vote(view, 0, &first)));
    solo.hear(1, Message::Certificate(finalization.clone()));
    while solo.leader() == 0 {
        let view = solo.view();
        solo.hear(1, Message::Certificate(certificate(nullify(view))));
    }
    let (leader, now) = (solo.leader(), solo.view());
    solo.sent.clear();
    let outdated = block(now, GENESIS(), solo.now, &[2]);
    let vote = vote(leader, VoteContent::Notarize(block_vote(now, 0, &outdated)));
    let proposal = Proposal { vote, block: bytes(&outdated), justification: Justification::default() };
    solo.hear(leader, Message::Proposal(Box::new(proposal)));
    assert!(!solo.has_notarized(now, 0, &outdated));
    assert!(solo.sent.contains(&(To::One(ValidatorIndex(leader)), Message::Certificate(finalization))));
}

#[test]
fn an_empty_block_waits_until_its_parent_was_certified_for_delta() {
    let mut solo = Solo::new();
    let view = solo.view();
    let first = block(view, GENESIS(), solo.now, &[1]);
    solo.propose(0, &first, None);
    let notarization = certificate(VoteContent::Notarize(block_vote(view, 0, &first)));
    solo.hear(1, Message::Certificate(notarization.clone()));
    if solo.leader() == 0 {
        let view = solo.view();
        solo.hear(1, Message::Certificate(certificate(nullify(view))));
    }
    let repair = block(solo.view(), (first.digest(), 1), solo.now + 1, &[]);
    let at = solo.view();
    solo.propose(view, &repair, Some(notarization));
    solo.wait(499);
    assert!(!solo.has_notarized(at, view, &repair));
    solo.wait(1);
    assert!(solo.has_notarized(at, view, &repair));
}

#[test]
fn t2_a_block_from_the_future_waits_and_t3_an_old_one_is_refused() {
    let mut solo = Solo::new();
    let view = solo.view();
    let early = block(view, GENESIS(), solo.now + 900, &[1]);
    solo.propose(0, &early, None);
    solo.wait(399);
    assert!(!solo.has_notarized(view, 0, &early));
    solo.wait(1);
    assert!(solo.has_notarized(view, 0, &early));
    let mut solo = Solo::new();
    let (view, waits) = (solo.view(), 500 + 1_500);
    let mut late = block(view, GENESIS(), solo.now - 1, &[1]);
    solo.wait(waits);
    late.time = UnixMs(solo.now - waits - 1);
    solo.propose(0, &late, None);
    assert!(!solo.has_notarized(view, 0, &late));
    solo.work(7);
    assert!(solo.said(nullify(view)), "refused, so the view is given up at once");
}

#[test]
fn the_depth_bound_admits_only_empty_blocks_above_it() {
    let mut solo = Solo::new();
    let (mut parent, mut parent_view) = (GENESIS(), 0);
    let start = solo.now;
    for height in 1..=16 {
        let view = solo.view();
        let next = block(view, parent, start - 900 + height, &[height]);
        let content = VoteContent::Notarize(block_vote(view, parent_view, &next));
        solo.hear(1, Message::Certificate(certificate(content)));
        solo.wait(130);
        solo.hear(1, Message::BlockResponse { digest: next.digest(), block: bytes(&next) });
        (parent, parent_view) = ((next.digest(), height), view);
    }
    assert_eq!(solo.machine.standing().blocks_held, 16);
    while solo.leader() == 0 {
        let view = solo.view();
        solo.hear(1, Message::Certificate(certificate(nullify(view))));
    }
    let view = solo.view();
    let full = block(view, parent, solo.now, &[99]);
    solo.propose(parent_view, &full, None);
    assert!(!solo.has_notarized(view, parent_view, &full), "a seventeenth waits");
    loop {
        let view = solo.view();
        solo.hear(1, Message::Certificate(certificate(nullify(view))));
        if solo.leader() != 0 {
            break;
        }
    }
    let view = solo.view();
    let empty = block(view, parent, solo.now, &[]);
    solo.propose(parent_view, &empty, None);
    solo.wait(600);
    assert!(solo.has_notarized(view, parent_view, &empty), "an empty one does not");
}

#[test]
fn votes_far_ahead_and_by_others_leave_no_trace() {
    let mut solo = Solo::new();
    let view = solo.view();
    for ahead in 9..200 {
        for signer in 1..4 {
            solo.hear(signer, Message::Vote(vote(signer, nullify(view + ahead))));
        }
    }
    assert_eq!(solo.view(), view, "views so far ahead are believed by certificate only");
    for signer in 1..4 {
        solo.hear(3, Message::Vote(vote(signer, nullify(view))));
        solo.hear(9, Message::Vote(vote(signer, nullify(view))));
    }
    assert_eq!(solo.view(), view, "a vote counts on its signer's stream only");
}

#[test]
fn after_three_bad_signatures_a_peer_is_not_heard_until_it_may_again() {
    let mut solo = Solo::new();
    let view = solo.view();
    let forged = Vote { signature: ToySigner(2).sign(b"something else"), ..vote(1, nullify(view)) };
    for _ in 0..3 {
        solo.hear(1, Message::Vote(forged));
    }
    let everything = |solo: &mut Solo| {
        for signer in 1..4 {
            solo.hear(signer, Message::Vote(vote(signer, nullify(view))));
        }
    };
    everything(&mut solo);
    assert_eq!(solo.view(), view, "its good vote is not looked at");
    solo.wait(5_000);
    everything(&mut solo);
    assert_eq!(solo.view(), view + 1);
}

#[test]
fn answers_to_one_peer_are_bounded() {
    let mut solo = Solo::new();
    for _ in 0..1_000 {
        solo.hear(1, Message::BlockRequest(Digest([9; 32])));
    }
    let served = solo.effects.iter().filter(|effect| matches!(effect, Effect::ServeBlock { .. })).count();
    assert!((10..=16).contains(&served), "{served}");
    solo.hear(2, Message::BlockRequest(Digest([9; 32])));
    let others = solo.effects.iter().filter(|e| matches!(e, Effect::ServeBlock { to: ValidatorIndex(2), .. }));
    assert_eq!(others.count(), 1, "one greedy peer takes nothing from another");
}

#[test]
fn a_seal_block_is_proposed_again_and_ends_the_epoch() {
    let mut solo = Solo::new();
    let view = solo.view();
    let seal = ToyBlock { seal: 1, ..block(view, GENESIS(), solo.now, &[]) };
    solo.propose(0, &seal, None);
    assert!(solo.has_notarized(view, 0, &seal), "not padding: refinement 6");
    let notarization = certificate(VoteContent::Notarize(block_vote(view, 0, &seal)));
    solo.hear(1, Message::Certificate(notarization.clone()));
    let was_ours = solo.leader() == 0;
    while solo.leader() == 0 {
        let view = solo.view();
        solo.hear(1, Message::Certificate(certificate(nullify(view))));
    }
    let again = solo.view();
    solo.propose(view, &seal, Some(notarization));
    assert!(solo.has_notarized(again, view, &seal), "the same digest, another view");
    let proposed_again = solo.sent.iter().any(|(_, m)| matches!(m, Message::Proposal(p) if *p.block == *seal.bytes()));
    assert_eq!(proposed_again, was_ours);
    solo.hear(1, Message::Certificate(certificate(VoteContent::Finalize(block_vote(again, view, &seal)))));
    assert!(solo.log.contains(&Record::EpochClosed(Epoch(0))));
    assert!(solo.effects.contains(&Effect::EpochClosed { epoch: Epoch(0), block: seal.digest() }));
    assert!(!solo.machine.standing().signing);
    let resumed = Solo::resumed(solo.log.clone(), solo.now);
    assert!(!resumed.machine.standing().signing, "never again, not even after a restart");
}

#[test]
fn whoever_answers_a_sync_request_with_nothing_is_not_asked_for_ever() {
    let mut solo = Solo::new();
    // We know that something far ahead is final, and two peers say that they have it.
    let far = block(500, (Digest::ZERO, 499), solo.now, &[1]);
    solo.hear(3, Message::Certificate(certificate(VoteContent::Finalize(block_vote(500, 499, &far)))));
    let status = |solo: &Solo| Status {
        epoch: Epoch(0),
        view: View(501),
        final_view: View(500),
        final_height: Height(500),
        final_block: far.digest(),
        time: UnixMs(solo.now),
        echo: None,
        has_work: false,
    };
    let asked = |solo: &Solo, peer: u8| {
        let is_question = |(to, message): &&(To, Message)| {
            *to == To::One(ValidatorIndex(peer)) && matches!(message, Message::SyncRequest { .. })
        };
        solo.sent.iter().filter(is_question).count()
    };
    solo.hear(1, Message::Status(status(&solo)));
    solo.hear(2, Message::Status(status(&solo)));
    assert_eq!((asked(&solo, 1), asked(&solo, 2)), (1, 0));
    for _ in 0..20 {
        solo.hear(1, Message::SyncResponse(SyncResponse::default()));
    }
    assert_eq!((asked(&solo, 1), asked(&solo, 2)), (1, 1), "the other has its turn");
}

#[test]
fn whoever_answers_a_sync_request_with_little_does_not_keep_the_next_question_to_itself() {
    let mut solo = Solo::new();
    let mut parent = GENESIS();
    let chain: Vec<_> = (1..=20)
        .map(|view| {
            let block = block(view, parent, GENESIS_MS + view, &[view]);
            parent = (block.digest(), view);
            (bytes(&block), Some(certificate(VoteContent::Finalize(block_vote(view, view - 1, &block)))))
        })
        .collect();
    let status = Status {
        epoch: Epoch(0),
        view: View(501),
        final_view: View(500),
        final_height: Height(500),
        final_block: Digest::ZERO,
        time: UnixMs(solo.now),
        echo: None,
        has_work: false,
    };
    solo.hear(1, Message::Status(status));
    solo.hear(2, Message::Status(status));
    let mut asked = [0, 0, 0, 0];
    for one in chain {
        let question = solo.sent.drain(..).find_map(|(to, message)| match (to, message) {
            (To::One(peer), Message::SyncRequest { .. }) => Some(peer.0),
            _ => None,
        });
        let peer = question.expect("somebody is asked");
        asked[usize::from(peer)] += 1;
        // As late as an answer may come: what honest ones send at once must not wait for a liar's crumbs.
        solo.now += 3_900;
        solo.hear(peer, Message::SyncResponse(SyncResponse::collect([one])));
    }
    assert_eq!(solo.machine.standing().final_height, Height(20));
    assert_eq!(asked, [0, 10, 10, 0]);
}
