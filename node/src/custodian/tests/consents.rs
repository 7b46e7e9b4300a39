use super::super::{GrantError, RevokeError};
use super::*;
use amanah_ledger::transaction::Relay;

fn batches(sent: &[SignedTransaction]) -> Vec<usize> {
    let len = |tx: &SignedTransaction| match tx {
        SignedTransaction::Grants { batch, .. } => Some(batch.items.len()),
        SignedTransaction::Revoke { .. } | SignedTransaction::Anchor { .. } => None,
        other => panic!("{other:?}"),
    };
    sent.iter().filter_map(len).collect()
}

fn grants(sent: Vec<SignedTransaction>) -> Vec<SignedTransaction> {
    sent.into_iter().filter(|tx| matches!(tx, SignedTransaction::Grants { .. })).collect()
}

fn revocations(sent: &[SignedTransaction]) -> Vec<SignedTransaction> {
    sent.iter().filter(|tx| matches!(tx, SignedTransaction::Revoke { .. })).cloned().collect()
}

fn version(cedar: &Cedar, patient: &Patient, index: u32) -> Option<u32> {
    cedar.ledger.tip.state().consent(&patient.secret.consent_key(index).public_key()).map(|leaf| leaf.version)
}

#[test]
fn grants_share_a_batch_but_never_two_of_one_patient() {
    let mut cedar = Cedar::new();
    let (one, two) = (cedar.patient(1), cedar.patient(2));
    let qamar = member_ref(&cedar.genesis, 1);
    cedar.grant(one.grant(0, qamar.clone(), "labs")).unwrap();
    cedar.grant(one.grant(1, qamar.clone(), "meds")).unwrap();
    cedar.grant(two.grant(0, qamar, "labs")).unwrap();
    assert_eq!(batches(&cedar.sends()), [] as [usize; 0], "others may still join");
    cedar.now = cedar.now.plus_ms(5);
    let sent = cedar.sends();
    assert_eq!(batches(&sent), [2, 1]);
    cedar.ledger.block(cedar.now, &sent);
    for (patient, index) in [(&one, 0), (&one, 1), (&two, 0)] {
        assert_eq!(version(&cedar, patient, index), Some(1));
    }
}

#[test]
fn grants_that_come_while_a_batch_is_on_its_way_share_the_next_one() {
    let mut cedar = Cedar::new();
    let qamar = member_ref(&cedar.genesis, 1);
    let patients: Vec<Patient> = (1..=4).map(|seed| cedar.patient(seed)).collect();
    cedar.grant(patients[0].grant(0, qamar.clone(), "labs")).unwrap();
    cedar.now = cedar.now.plus_ms(5);
    let first = cedar.sends();
    assert_eq!(batches(&first), [1], "a lone grant waits for nobody");
    for patient in &patients[1..3] {
        cedar.grant(patient.grant(0, qamar.clone(), "labs")).unwrap();
        cedar.now = cedar.now.plus_ms(20);
        assert_eq!(batches(&cedar.sends()), [] as [usize; 0], "a batch is on its way");
    }
    cedar.ledger.block(cedar.now, &first);
    let second = cedar.sends();
    assert_eq!(batches(&second), [2], "it is final: those behind it go together");
    cedar.grant(patients[3].grant(0, qamar, "labs")).unwrap();
    cedar.now = cedar.now.plus_ms(99);
    assert_eq!(batches(&cedar.sends()), [] as [usize; 0]);
    cedar.now = cedar.now.plus_ms(1);
    assert_eq!(batches(&cedar.sends()), [1], "nobody waits for ever behind a batch that does not become final");
}

#[test]
fn a_grant_is_sent_until_it_is_final_also_after_a_power_cut_and_applied_once() {
    let mut cedar = Cedar::new();
    let patient = cedar.patient(1);
    let request = patient.grant(0, member_ref(&cedar.genesis, 1), "labs");
    cedar.grant(request.clone()).unwrap();
    cedar.now = cedar.now.plus_ms(10);
    let lost = grants(cedar.sends());
    assert_eq!(batches(&lost), [1]);
    cedar.now = cedar.now.plus_ms(1_000);
    assert_eq!(batches(&cedar.sends()), [] as [usize; 0], "it is on its way");
    cedar.now = cedar.now.plus_ms(2_000);
    assert_eq!(batches(&cedar.sends()), [1], "it is sent again");
    cedar.power_cut();
    let again = grants(cedar.sends());
    assert_eq!(batches(&again), [1]);
    assert_eq!(cedar.ledger.block(cedar.now, &again), 1);
    assert_eq!(cedar.ledger.block(cedar.now, &lost), 0, "the same item is not applied a second time");
    cedar.now = cedar.now.plus_ms(10_000);
    assert_eq!(batches(&cedar.sends()), [] as [usize; 0], "what is final is not sent");
    cedar.power_cut();
    assert_eq!(batches(&cedar.sends()), [] as [usize; 0]);
    let held = cedar.desk.held_consents(&patient.key()).unwrap().unwrap();
    assert_eq!(held.as_slice(), [request.into_held()]);
}

#[test]
fn a_grant_nobody_applied_in_time_is_given_up() {
    let mut cedar = Cedar::new();
    let patient = cedar.patient(1);
    let request = patient.grant(0, member_ref(&cedar.genesis, 1), "labs");
    let submit_by = request.item.submit_by;
    cedar.grant(request).unwrap();
    cedar.now = cedar.now.plus_ms(10);
    cedar.sends();
    let other = cedar.patient(2);
    cedar.now = submit_by.plus_ms(1);
    cedar.desk.revoke(cedar.now, &cedar.ledger.tip, other.revoke_by_key(9)).unwrap().unwrap();
    let sent = revocations(&cedar.sends());
    assert_eq!(cedar.ledger.block(cedar.now, &sent), 1);
    cedar.now = cedar.now.plus_ms(60_000);
    assert_eq!(batches(&cedar.sends()), [] as [usize; 0]);
}

#[test]
fn what_the_ledger_would_refuse_is_refused_at_once() {
    let mut cedar = Cedar::new();
    let patient = cedar.patient(1);
    let qamar = member_ref(&cedar.genesis, 1);
    let good = patient.grant(0, qamar.clone(), "labs");
    let mut odd = good.clone();
    odd.item.submit_by = UnixMs(odd.item.submit_by.0 + 1);
    assert_eq!(cedar.grant(odd), Err(GrantError::SubmitBy));
    let mut far = good.clone();
    far.item.submit_by = UnixMs(TEN.0 + 49 * HOUR_MS);
    assert_eq!(cedar.grant(far), Err(GrantError::SubmitBy));
    let mut second = good.clone();
    second.item.version = 2;
    assert_eq!(cedar.grant(second), Err(GrantError::NotNext));
    cedar.grant(good.clone()).unwrap();
    assert_eq!(cedar.grant(good.clone()), Ok(()), "the same again leaves no second trace");
    let other = patient.grant(0, qamar, "meds");
    assert_eq!(cedar.grant(other.clone()), Err(GrantError::EarlierPending));
    cedar.pass(10);
    assert_eq!(cedar.grant(good), Ok(()), "the same again, now that it is final");
    assert_eq!(cedar.grant(other.clone()), Err(GrantError::NotNext));
    cedar.desk.revoke(cedar.now, &cedar.ledger.tip, patient.revoke_by_key(0)).unwrap().unwrap();
    assert_eq!(cedar.grant(other), Err(GrantError::Revoked));
    assert_eq!(cedar.desk.held_consents(&patient.key()).unwrap().unwrap().len(), 1);
}

#[test]
fn a_relationship_holds_no_more_consents_than_a_decision_looks_at_and_a_revoked_one_makes_room() {
    let mut cedar = Cedar::new();
    let patient = cedar.patient(1);
    let qamar = member_ref(&cedar.genesis, 1);
    let most = u32::try_from(amanah_ledger::engine::CONSENTS_MAX).unwrap();
    for index in 0..most {
        cedar.grant(patient.grant(index, qamar.clone(), "labs")).unwrap();
    }
    let one_more = patient.grant(most, qamar, "labs");
    assert_eq!(cedar.grant(one_more.clone()), Err(GrantError::TooMany), "those on their way count");
    cedar.now = cedar.now.plus_ms(10);
    let sent = grants(cedar.sends());
    assert_eq!(cedar.ledger.block(cedar.now, &sent), sent.len());
    assert_eq!(version(&cedar, &patient, most - 1), Some(1));
    assert_eq!(cedar.grant(one_more.clone()), Err(GrantError::TooMany));
    cedar.desk.revoke(cedar.now, &cedar.ledger.tip, patient.revoke_by_key(0)).unwrap().unwrap();
    let revoked = revocations(&cedar.sends());
    assert_eq!(cedar.ledger.block(cedar.now, &revoked), 1);
    assert_eq!(cedar.grant(one_more), Ok(()));
}

#[test]
fn a_revocation_is_sent_until_it_is_final_also_after_a_power_cut() {
    let mut cedar = Cedar::new();
    let patient = cedar.patient(1);
    cedar.grant_final(patient.grant(0, member_ref(&cedar.genesis, 1), "labs"));
    let revoke = patient.revoke_by_slip(0);
    let accepted = cedar.desk.revoke(cedar.now, &cedar.ledger.tip, revoke.clone()).unwrap().unwrap();
    assert_eq!(accepted.wire_id, revoke.wire_id());
    cedar.desk.sync().unwrap();
    assert_eq!(revocations(&cedar.sends()), std::slice::from_ref(&revoke));
    cedar.power_cut();
    let sent = revocations(&cedar.sends());
    assert_eq!(sent, std::slice::from_ref(&revoke));
    assert_eq!(revocations(&cedar.sends()), [], "not at once again");
    cedar.now = cedar.now.plus_ms(2_000);
    assert_eq!(revocations(&cedar.sends()), std::slice::from_ref(&revoke));
    cedar.ledger.block(cedar.now, &sent);
    cedar.now = cedar.now.plus_ms(60_000);
    assert_eq!(revocations(&cedar.sends()), []);
    let again = cedar.desk.revoke(cedar.now, &cedar.ledger.tip, revoke).unwrap().unwrap();
    again.verify(&patient.chain, &Ed25519).unwrap();
    assert_eq!(revocations(&cedar.sends()), [], "what is final needs no sending");
}

#[test]
fn a_revocation_of_a_consent_nobody_knows_is_relayed_in_this_hospitals_name() {
    let mut cedar = Cedar::new();
    let stranger = Patient::new(9, &cedar.genesis);
    let accepted = cedar.desk.revoke(cedar.now, &cedar.ledger.tip, stranger.revoke_by_key(0)).unwrap().unwrap();
    let sent = revocations(&cedar.sends());
    let SignedTransaction::Revoke { relay: Some(Relay { member, .. }), .. } = sent[0] else { panic!("{sent:?}") };
    assert_eq!(member, cedar.id());
    assert_eq!(sent[0].wire_id(), accepted.wire_id);
    assert_eq!(cedar.ledger.block(cedar.now, &sent), 1);
    assert_eq!(version(&cedar, &stranger, 0), Some(0));
}

#[test]
fn a_slip_opens_its_own_lock_only() {
    let mut cedar = Cedar::new();
    let patient = cedar.patient(1);
    let unknown = cedar.desk.revoke(cedar.now, &cedar.ledger.tip, patient.revoke_by_slip(0)).unwrap();
    assert_eq!(unknown, Err(RevokeError::DoesNotOpen));
    let request = patient.grant(0, member_ref(&cedar.genesis, 1), "labs");
    cedar.grant(request).unwrap();
    cedar.desk.revoke(cedar.now, &cedar.ledger.tip, patient.revoke_by_slip(0)).unwrap().unwrap();
    let SignedTransaction::Revoke { consent, .. } = patient.revoke_by_slip(0) else { unreachable!() };
    let proof = RevokeProof::Slip([7; 32]);
    let wrong = SignedTransaction::Revoke { consent, proof, relay: None };
    assert_eq!(cedar.desk.revoke(cedar.now, &cedar.ledger.tip, wrong).unwrap(), Err(RevokeError::DoesNotOpen));
}
