//! What a store says that lacks a record, or has a wrong one.

use super::*;
use crate::custodian::tests::{Cedar, Patient, member_ref};
use crate::custodian::vault::Writes;
use amanah_ledger::codec;
use amanah_ledger::crypto::Signer;

/// A consent in three versions, the first of which is record 1.
fn narrowed_twice() -> (Cedar, Patient) {
    let mut cedar = Cedar::new();
    let patient = cedar.patient(1);
    cedar.grant_final(patient.grant(0, member_ref(&cedar.genesis, 1), "labs,meds"));
    for what in ["labs", "meds"] {
        let present = *cedar.ledger.tip.state().consent(&patient.secret.consent_key(0).public_key()).unwrap();
        cedar.grant_final(patient.amend(0, &present, member_ref(&cedar.genesis, 1), what));
    }
    (cedar, patient)
}

fn replaced_by(cedar: &Cedar, patient: &Patient, number: u64) -> Address {
    let keys = cedar.desk.keys.get(&patient.key()).unwrap();
    Address { folder: keys.folder, kind: Kind::Replaced, number }
}

fn heights(cedar: &Cedar, patient: &Patient) -> Result<Vec<Option<Height>>, StoreError> {
    let page = cedar.desk.steps(&patient.key(), &cedar.ledger.tip, &Steps::All, None, 9)?;
    let since = |step: Step| match step.became {
        Became::Version { since, held, .. } => since.filter(|_| held.is_some()),
        Became::Revoked(height) => Some(height),
    };
    Ok(page.steps.into_iter().map(since).collect())
}

#[test]
fn below_a_leaf_that_was_not_kept_versions_stand_there_without_their_block() {
    let (mut cedar, patient) = narrowed_twice();
    let all = [1, 2, 3].map(|height| Some(Height(height)));
    assert_eq!(heights(&cedar, &patient).unwrap(), all);
    let mut gone = Writes::default();
    gone.remove(replaced_by(&cedar, &patient, 2));
    cedar.desk.write(gone).unwrap();
    assert_eq!(heights(&cedar, &patient).unwrap(), [None, all[1], all[2]]);
    let mut gone = Writes::default();
    gone.remove(replaced_by(&cedar, &patient, 3));
    cedar.desk.write(gone).unwrap();
    assert_eq!(heights(&cedar, &patient).unwrap(), [None, None, all[2]]);
}

#[test]
fn a_leaf_that_does_not_hash_to_what_replaced_it_is_damage_and_no_answer() {
    let (mut cedar, patient) = narrowed_twice();
    let at = replaced_by(&cedar, &patient, 2);
    let leaf = *cedar.ledger.tip.state().consent(&patient.secret.consent_key(0).public_key()).unwrap();
    let mut wrong = Writes::default();
    wrong.put(at, &cedar.desk.keys.get(&patient.key()).unwrap().receipts, &codec::encode(&leaf)).unwrap();
    cedar.desk.write(wrong).unwrap();
    assert!(matches!(heights(&cedar, &patient), Err(StoreError::Damaged)));
}
