//! Who knows what is final and lacks the blocks.

use crate::solo::{Solo, certificate, chain, finalize, nullify};
use amanah_consensus::Message;
use amanah_ledger::crypto::Digest;

#[test]
fn who_lags_behind_is_no_less_patient_than_the_others() {
    let mut solo = Solo::new();
    let chain = chain(40);
    solo.hear(1, Message::Certificate(certificate(finalize(40, &chain[39]))));
    solo.skip_own_views();
    let view = solo.view();
    for peer in 1..4 {
        solo.hear(peer, Message::BlockRequest(Digest::ZERO));
    }
    solo.work(7);
    solo.wait(1_049);
    assert!(!solo.said(nullify(view)));
    solo.wait(1);
    assert!(solo.said(nullify(view)), "2Δ: the blocks are missing here only");
}
