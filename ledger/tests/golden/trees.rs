//! Tree nodes, roots, proofs and receipts.

use crate::Golden;
use crate::sample::{certificate, filled, first_block};
use amanah_ledger::block::{Entry, OpenBlock, entry_leaf, tx_root};
use amanah_ledger::certificate::{BlockVote, VoteContent};
use amanah_ledger::leaf::Leaf;
use amanah_ledger::position::{Epoch, View};
use amanah_ledger::proof::{CertifiedHeader, StateProof, TransactionReceipt};
use amanah_ledger::tree::{self, Kind, Tree};
use amanah_ledger::{history, merkle};

#[test]
fn trees_and_proofs() {
    let mut golden = Golden::new("tree nodes, roots, proofs and receipts");
    let state = tree::State::hashing();
    let access = tree::Access::hashing();
    golden.line("state leaf", &state.leaf.of(&filled(1), &filled(2)).0);
    golden.line("state node", &state.node.of(&filled(1), &filled(2)).0);
    golden.line("access leaf", &access.leaf.of(&filled(1), &filled(2)).0);
    golden.line("access node", &access.node.of(&filled(1), &filled(2)).0);
    let day = Tree::<tree::Access>::new().with((0..9u8).map(|n| (filled(n * 3), filled(n))));
    golden.line("access root", &day.root().0);
    for (name, asked) in [("present", 6), ("absent by a leaf", 7), ("absent by nothing", 0x80)] {
        golden.value(&format!("proof {name}"), &day.prove(&filled(asked)));
    }
    let (tip, _, block) = first_block();
    let names: Vec<_> = block
        .body
        .iter()
        .map(|entry: &Entry| (entry.transaction.tx_id(tip.chain()), entry.transaction.wire_id()))
        .collect();
    golden.line("tx leaf", &entry_leaf(&names[0].0, &names[0].1, &block.body[0].outcomes).0);
    golden.line("tx root", &tx_root(&names, &block.body).0);
    golden.line("history leaf", &history::leaf(&filled(1)).0);
    golden.line("history root", &tip.history().root().0);
    golden.line("empty history root", &<merkle::Headers as merkle::Hashing>::empty().0);
    let vote = BlockVote { epoch: Epoch(0), view: View(1), parent_view: View(0), block: *tip.digest() };
    let finalization = certificate(tip.chain(), VoteContent::Finalize(vote));
    let certified = CertifiedHeader { header: tip.header().clone(), finalization };
    let keys: Vec<_> = tip.state().leaves().map(Leaf::key).take(2).collect();
    golden.value("state proof", &StateProof::of(certified.clone(), tip.state(), &keys).unwrap());
    let opened = OpenBlock::of(block).unwrap();
    let receipt = TransactionReceipt {
        act: names[0].0,
        bytes: names[0].1,
        outcomes: opened.block().body[0].outcomes.clone(),
        index: 0,
        path: opened.path(0).unwrap(),
        header: opened.header().clone(),
        history: None,
        certified,
    };
    golden.value("transaction receipt", &receipt);
    golden.compare("trees.txt");
}
