//! Which blocks a machine holds while they are not final, and how far down it fetches them.

use crate::solo::{GENESIS, Solo, block, block_vote, bytes, certificate, chain, finalize, nullify, status_of};
use crate::toy::{GENESIS_MS, Padding, ToyBlock};
use amanah_consensus::limits::FETCHES_MAX;
use amanah_consensus::message::SyncResponse;
use amanah_consensus::{Effect, Message, To};
use amanah_ledger::certificate::VoteContent;
use amanah_ledger::committee::ValidatorIndex;
use amanah_ledger::position::Height;

#[test]
fn a_part_of_a_line_that_others_may_lack_is_still_here_after_a_restart() {
    let mut solo = Solo::new();
    let (first, mut parent, mut held) = (solo.view(), (GENESIS(), 0), Vec::new());
    // For one block of the line, that of a view which we lead ourselves, we have no vote, and so it is not in our log.
    while held.len() < 2 || solo.leader() == 0 || held.iter().all(|block: &ToyBlock| block.view.0 < first + 2) {
        let (view, (parent_block, parent_view), is_own) = (solo.view(), parent, solo.leader() == 0);
        let block = block(view, parent_block, solo.now + view, &[view]);
        if !is_own {
            solo.propose(parent_view, &block, None);
            assert!(solo.has_notarized(view, parent_view, &block));
            held.push(block.clone());
        }
        solo.hear(1, Message::Certificate(certificate(VoteContent::Notarize(block_vote(view, parent_view, &block)))));
        if is_own {
            solo.wait(200);
            solo.hear(2, Message::BlockResponse { digest: block.digest(), block: bytes(&block) });
        }
        parent = ((block.digest(), parent.0.1 + 1), view);
    }
    for _ in 0..20 {
        let view = solo.view();
        solo.hear(1, Message::Certificate(certificate(nullify(view))));
    }
    let mut again = Solo::resumed(solo.log.clone(), solo.now);
    for _ in 0..20 {
        let view = again.view();
        again.hear(1, Message::Certificate(certificate(nullify(view))));
    }
    for block in held {
        again.hear(2, Message::BlockRequest(block.digest()));
        let answer = Message::BlockResponse { digest: block.digest(), block: bytes(&block) };
        assert!(again.sent.contains(&(To::One(ValidatorIndex(2)), answer)), "nobody else may have it");
    }
}

#[test]
fn a_peer_brings_one_block_far_ahead_however_many_it_has() {
    let mut solo = Solo::new();
    let chain = chain(400);
    for block in chain[200..].iter().rev() {
        solo.hear(1, status_of(&solo, 400, chain[399].digest()));
        let alone = SyncResponse::collect([(bytes(block), Some(certificate(finalize(block.view.0, block))))]);
        solo.hear(1, Message::SyncResponse(alone));
    }
    assert_eq!(solo.machine.holdings().blocks, 1);
    // It is followed down from there all the same.
    for block in chain.iter().rev() {
        if solo.asked_for(block.digest()) {
            solo.hear(2, Message::BlockResponse { digest: block.digest(), block: bytes(block) });
        }
        solo.wait(1_000);
    }
    assert_eq!(solo.machine.standing().final_height, Height(400));
}

#[test]
fn however_many_blocks_are_lacked_few_are_asked_for_at_once_and_all_in_the_end() {
    let mut solo = Solo::resumed(Vec::new(), GENESIS_MS);
    let chain = chain(100);
    for (view, block) in (1..).zip(&chain) {
        solo.hear(1, Message::Certificate(certificate(VoteContent::Notarize(block_vote(view, view - 1, block)))));
        assert!(solo.machine.holdings().fetches <= FETCHES_MAX, "with {view} blocks lacked");
    }
    let open: Vec<_> = chain.iter().filter(|block| solo.asked_for(block.digest())).collect();
    assert_eq!(solo.machine.holdings().fetches, FETCHES_MAX);
    // What is asked for first is here first: nothing that turns up later takes its place.
    for block in open {
        solo.sent.clear();
        solo.wait(10_000);
        assert!(solo.asked_for(block.digest()));
        solo.hear(2, Message::BlockResponse { digest: block.digest(), block: bytes(block) });
    }
    while solo.machine.holdings().blocks < chain.len() {
        solo.sent.clear();
        solo.wait(10_000);
        let asked: Vec<_> = chain.iter().filter(|block| solo.asked_for(block.digest())).collect();
        assert!(!asked.is_empty());
        for block in asked {
            solo.hear(2, Message::BlockResponse { digest: block.digest(), block: bytes(block) });
        }
    }
}

/// Room that a large block takes: twenty are more than a line may hold, nineteen are not.
const LARGE_BYTES: usize = 980_000;

/// A chain of large blocks, one a view.
fn large_chain(length: u64) -> Vec<ToyBlock> {
    let mut parent = GENESIS();
    let next = |view| {
        let padding = Padding::try_from(vec![0; LARGE_BYTES]).expect("less than a block");
        let next = ToyBlock { padding, ..block(view, parent, GENESIS_MS + view, &[view]) };
        parent = (next.digest(), view);
        next
    };
    (1..=length).map(next).collect()
}

/// Shows all blocks of the chain but the first as they are proposed, and what certifies them.
fn show_all_but_the_first(solo: &mut Solo, chain: &[ToyBlock]) {
    for (view, block) in (1..).zip(chain) {
        if view > 1 && solo.leader() != 0 {
            solo.propose(view - 1, block, None);
        }
        solo.hear(1, Message::Certificate(certificate(VoteContent::Notarize(block_vote(view, view - 1, block)))));
        solo.wait(200);
        if view > 1 && solo.asked_for(block.digest()) {
            solo.hear(2, Message::BlockResponse { digest: block.digest(), block: bytes(block) });
        }
    }
}

#[test]
fn no_more_is_made_final_at_once_than_others_can_fetch() {
    let mut solo = Solo::resumed(Vec::new(), GENESIS_MS);
    let chain = large_chain(20);
    show_all_but_the_first(&mut solo, &chain);
    for view in [10, 20] {
        solo.hear(
            1,
            Message::Certificate(certificate(finalize(view, &chain[usize::try_from(view).expect("few") - 1]))),
        );
    }
    assert_eq!(solo.machine.standing().final_height, Height(0));
    solo.wait(1_000);
    assert!(solo.asked_for(chain[0].digest()));
    solo.hear(3, Message::BlockResponse { digest: chain[0].digest(), block: bytes(&chain[0]) });
    let at_once = |effect: &Effect| match effect {
        Effect::Finalized { blocks, .. } => Some(blocks.len()),
        _ => None,
    };
    assert_eq!(solo.effects.iter().filter_map(at_once).collect::<Vec<_>>(), [10, 10]);
}

#[test]
fn what_is_final_far_ahead_is_fetched_from_its_end_no_further_than_one_line_holds() {
    let mut solo = Solo::resumed(Vec::new(), GENESIS_MS);
    let chain = large_chain(60);
    solo.hear(1, Message::Certificate(certificate(finalize(60, &chain[59]))));
    let mut fetched = 0;
    for block in chain.iter().rev() {
        solo.wait(1_000);
        if solo.asked_for(block.digest()) {
            fetched += 1;
            solo.hear(2, Message::BlockResponse { digest: block.digest(), block: bytes(block) });
        }
    }
    assert_eq!(fetched, 20, "the one after nineteen is too much");
    // By height it goes on.
    solo.hear(1, status_of(&solo, 60, chain[59].digest()));
    let answer = (1..).zip(&chain).map(|(view, block)| (bytes(block), Some(certificate(finalize(view, block)))));
    solo.hear(1, Message::SyncResponse(SyncResponse::collect(answer)));
    assert_eq!(solo.machine.standing().final_height, Height(1));
}
