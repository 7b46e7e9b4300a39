use crate::fixture::{Network, network, patient};
use crate::transaction::{RevokeProof, SignedTransaction};
use crate::{chain::ExecutedBlock, crypto::Signer};

fn after_first_grant(network: &Network) -> ExecutedBlock {
    network.next(&network.tip, &[network.grant(0, &patient(1))])
}

#[test]
fn a_grant_is_found_where_it_was_applied_with_the_signature_of_the_consents_key() {
    let network = network();
    let first = after_first_grant(&network);
    let (item, signature) = first.block().granted(&patient(1).id(), 1).unwrap();
    assert_eq!(*item, network.item(0, &patient(1)));
    assert_eq!(*signature, patient(1).key.sign(&item.signing_bytes(&network.chain)));
    assert_eq!(first.block().granted(&patient(1).id(), 2), None);
    assert_eq!(first.block().granted(&patient(2).id(), 1), None);
}

#[test]
fn an_item_that_failed_beside_one_that_was_applied_is_no_grant() {
    let network = network();
    let first = after_first_grant(&network);
    let again = (network.item(0, &patient(1)), &patient(1));
    let other = (network.item(0, &patient(2)), &patient(2));
    let second = network.next(&first, &[network.grants(0, &[again, other])]);
    assert_eq!(second.block().granted(&patient(1).id(), 1), None);
    assert_eq!(second.block().granted(&patient(2).id(), 1).map(|(item, _)| *item), Some(other.0));
}

#[test]
fn the_proof_of_a_revocation_is_found_and_that_of_another_consent_is_not() {
    let network = network();
    let grants = [network.grant(0, &patient(1)), network.grant(1, &patient(2))];
    let first = network.next(&network.tip, &grants);
    let second = network.next(&first, &[network.revoke(&patient(1)), network.revoke_by_slip(&patient(2))]);
    let SignedTransaction::Revoke { proof, .. } = network.revoke(&patient(1)) else { panic!() };
    assert_eq!(second.block().revoked(&patient(1).id()), Some(&proof));
    assert_eq!(second.block().revoked(&patient(2).id()), Some(&RevokeProof::Slip(patient(2).secret)));
    assert_eq!(second.block().revoked(&patient(3).id()), None);
    assert_eq!(first.block().revoked(&patient(1).id()), None);
}
