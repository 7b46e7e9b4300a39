//! The checks that a patient's wallet rests on: whatever is shown, it is either refused or true.

use super::Verdict;
use super::truth::{TRUTH, Truth};
use amanah_ledger::codec;
use amanah_ledger::crypto::Ed25519;
use amanah_ledger::proof::{RECEIPT_BYTES_MAX, STATE_PROOF_BYTES_MAX, Shown, StateProof, TransactionReceipt};
use amanah_ledger::receipt_file;

pub(super) fn run(bytes: &[u8]) -> Verdict {
    let Some((first, bytes)) = bytes.split_first() else { return Verdict::Refused };
    let truth = &*TRUTH;
    Verdict::of(match first % 3 {
        0 => is_state_shown(truth, bytes),
        1 => is_transaction_shown(truth, bytes),
        _ => is_receipt_shown(truth, bytes),
    })
}

fn is_state_shown(truth: &Truth, bytes: &[u8]) -> bool {
    let Ok(proof) = codec::decode::<StateProof>(bytes, STATE_PROOF_BYTES_MAX) else { return false };
    let Ok(verified) = proof.verify(&truth.trust, &Ed25519) else { return false };
    assert_eq!(*verified.header(), truth.certified.header, "no other header is final");
    for key in &truth.keys {
        match verified.shown(key) {
            Shown::Leaf(leaf) => assert_eq!(truth.block.tip().state().leaf(key), Some(leaf), "a leaf that is not so"),
            Shown::Absent => assert_eq!(truth.block.tip().state().leaf(key), None, "an absence that is not so"),
            Shown::NotAsked => {}
        }
    }
    true
}

fn is_transaction_shown(truth: &Truth, bytes: &[u8]) -> bool {
    let Ok(receipt) = codec::decode::<TransactionReceipt>(bytes, RECEIPT_BYTES_MAX) else { return false };
    if receipt.verify(&truth.trust, &Ed25519).is_err() {
        return false;
    }
    let at = usize::try_from(receipt.index).expect("a small index");
    let (act, wire, outcomes) = truth.block.transactions().nth(at).expect("a transaction of the block");
    assert_eq!((receipt.act, receipt.bytes), (act, wire), "an act that was not done");
    assert_eq!(receipt.outcomes, *outcomes, "an outcome that was not");
    assert_eq!(receipt.header, truth.certified.header, "a block that is not final");
    true
}

fn is_receipt_shown(truth: &Truth, file: &[u8]) -> bool {
    let Ok(verified) = receipt_file::verify(file, &truth.trust, &Ed25519) else { return false };
    let state = truth.block.tip().state();
    assert_eq!(state.consent(&verified.leaf.consent), Some(&verified.leaf), "a consent that is not so");
    assert_eq!(state.member(&verified.custodian.member), Some(&verified.custodian), "a custodian that is not so");
    assert_eq!((verified.height, verified.time), (truth.certified.header.height, truth.certified.header.time));
    true
}

pub(super) fn seeds() -> Vec<Vec<u8>> {
    let truth = &*TRUTH;
    let states = truth.state_proofs().into_iter().map(|proof| [&[0][..], &codec::encode(&proof)].concat());
    let receipts = truth.receipts().into_iter().map(|receipt| [&[1][..], &codec::encode(&receipt)].concat());
    let file = [&[2][..], truth.receipt_file().as_bytes()].concat();
    states.chain(receipts).chain([file]).collect()
}
