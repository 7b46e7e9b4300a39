//! Only a certificate of the block's own committee, or a final child, makes a block final.

use super::*;
use crate::certificate::BlockVote;
use crate::committee::ValidatorIndex;
use crate::crypto::{Ed25519, Signer as _};
use crate::fixture::{Network, digest, network, patient};
use crate::position::{Epoch, View};

/// A tip whose state is another than its header says, for rules that no act reaches yet.
pub(crate) fn with_state(tip: &Tip, state: State) -> Tip {
    Tip { state, ..tip.clone() }
}

fn certificate(network: &Network, content: VoteContent) -> Certificate {
    let message = content.signing_bytes(&network.chain);
    let sign = |at: u8| (ValidatorIndex(at), network.members[usize::from(at)].consensus.sign(&message));
    Certificate::assemble(content, 4, &(0..3).map(sign).collect())
}

#[test]
fn a_finalization_of_the_block_by_a_quorum_makes_it_final() {
    let network = network();
    let block = network.next(&network.tip, &[network.grant(0, &patient(1))]);
    let final_block = block.clone().certify(network.finalization(&block), &Ed25519).unwrap();
    assert_eq!(final_block.digest(), block.digest());
    assert!(final_block.finalization().is_some());
}

#[test]
fn no_other_certificate_does() {
    let network = network();
    let block = network.next(&network.tip, &[network.grant(0, &patient(1))]);
    let refused = |certificate| block.clone().certify(certificate, &Ed25519).unwrap_err();
    let vote = BlockVote { epoch: Epoch(0), view: View(1), parent_view: View(0), block: *block.digest() };
    assert_eq!(refused(certificate(&network, VoteContent::Notarize(vote))), NotFinal::OtherContent);
    let nullify = VoteContent::Nullify { epoch: Epoch(0), view: View(1) };
    assert_eq!(refused(certificate(&network, nullify)), NotFinal::OtherContent);
    let other_block = VoteContent::Finalize(BlockVote { block: digest("other"), ..vote });
    assert_eq!(refused(certificate(&network, other_block)), NotFinal::OtherContent);
    let other_epoch = VoteContent::Finalize(BlockVote { epoch: Epoch(1), ..vote });
    assert_eq!(refused(certificate(&network, other_epoch)), NotFinal::OtherContent);
    let too_few = network.finalization_by(&block, 0..2);
    assert_eq!(refused(too_few), NotFinal::Certificate(CertificateError::TooFew { got: 2, need: 3 }));
    let mut forged = network.finalization(&block);
    forged.signers = network.finalization_by(&block, 1..4).signers;
    assert_eq!(refused(forged), NotFinal::Certificate(CertificateError::Signature));
}

#[test]
fn a_run_is_final_with_its_last_block() {
    let network = network();
    let first = network.next(&network.tip, &[network.grant(0, &patient(1))]);
    let second = network.next(&first, &[network.grant(0, &patient(2))]);
    let third = network.next(&second, &[network.grant(0, &patient(3))]);
    let blocks = vec![first.clone(), second.clone(), third.clone()];
    let run = FinalBlock::run(blocks, network.finalization(&third), &Ed25519).unwrap();
    let heights: Vec<_> = run.iter().map(|block| block.header().height.0).collect();
    assert_eq!(heights, [1, 2, 3]);
    let certified: Vec<_> = run.iter().map(|block| block.finalization().is_some()).collect();
    assert_eq!(certified, [false, false, true]);
    let gap = FinalBlock::run(vec![first, third.clone()], network.finalization(&third), &Ed25519);
    assert_eq!(gap.unwrap_err(), NotFinal::NotTheParent);
    assert!(FinalBlock::run(Vec::new(), network.finalization(&third), &Ed25519).is_err());
}
