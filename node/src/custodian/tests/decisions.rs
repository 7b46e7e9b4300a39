use super::*;
use amanah_ledger::access::Event;
use amanah_ledger::document::{Effect, Root};
use amanah_ledger::engine::{Outcome, ReasonCode, Standing};

fn answer(decided: &Decided) -> (Outcome, Effect, ReasonCode) {
    (decided.decision.outcome, decided.decision.effect, decided.decision.reason.code)
}

const PERMITTED: (Outcome, Effect, ReasonCode) = (Outcome::Permit, Effect::Permit, ReasonCode::Permitted);
const NOT_COVERED: (Outcome, Effect, ReasonCode) = (Outcome::Deny, Effect::Deny, ReasonCode::NotCovered);
const NO_CONSENT: (Outcome, Effect, ReasonCode) = (Outcome::NoConsent, Effect::Deny, ReasonCode::NoConsent);

#[test]
fn a_grant_of_labs_answers_labs_and_nothing_else() {
    let mut cedar = Cedar::new();
    let (patient, other) = (cedar.patient(1), cedar.patient(2));
    let request = patient.grant(0, member_ref(&cedar.genesis, 1), "labs");
    let consent = request.item.consent;
    cedar.grant_final(request);
    let (qamar, rawda) = (cedar.member(1), cedar.member(2));
    let clinician = Requester { practitioner: Some("dr.haddad".try_into().unwrap()), ..qamar.clone() };

    let permit = cedar.ask(&patient, qamar.clone(), "labs", "TREAT");
    assert_eq!(answer(&permit), PERMITTED);
    assert_eq!(permit.decision.reason.consent, Some(consent));
    assert_eq!(permit.height, cedar.ledger.tip.header().height);
    assert_eq!(answer(&cedar.ask(&patient, clinician, "labs", "TREAT")), PERMITTED);
    let notes = cedar.ask(&patient, qamar.clone(), "notes", "TREAT");
    assert_eq!(answer(&notes), NOT_COVERED);
    assert_eq!(notes.decision.reason.consent, Some(consent));
    assert_eq!(answer(&cedar.ask(&patient, qamar.clone(), "labs,notes", "TREAT")), NOT_COVERED);
    assert_eq!(answer(&cedar.ask(&patient, qamar.clone(), "labs", "HRESCH")), NO_CONSENT);
    assert_eq!(answer(&cedar.ask(&patient, rawda, "labs", "TREAT")), NO_CONSENT);
    assert_eq!(answer(&cedar.ask(&other, qamar, "labs", "TREAT")), NO_CONSENT);
}

#[test]
fn two_grants_add_up_and_revoking_one_leaves_the_other() {
    let mut cedar = Cedar::new();
    let patient = cedar.patient(1);
    let qamar = member_ref(&cedar.genesis, 1);
    cedar.grant_final(patient.grant(0, qamar.clone(), "labs"));
    cedar.grant_final(patient.grant(1, qamar, "meds"));
    let who = cedar.member(1);
    assert_eq!(answer(&cedar.ask(&patient, who.clone(), "labs,meds", "TREAT")), PERMITTED);
    cedar.desk.revoke(cedar.now, &cedar.ledger.tip, patient.revoke_by_key(0)).unwrap().unwrap();
    cedar.pass(10);
    assert_eq!(answer(&cedar.ask(&patient, who.clone(), "meds", "TREAT")), PERMITTED);
    let labs = cedar.ask(&patient, who, "labs", "TREAT");
    assert_ne!(labs.decision.effect, Effect::Permit);
}

#[test]
fn a_revoked_consent_and_one_whose_time_is_over_say_so() {
    let mut cedar = Cedar::new();
    let patient = cedar.patient(1);
    let qamar = member_ref(&cedar.genesis, 1);
    cedar.grant_final(patient.request(0, patient.document(0, qamar, "labs", UnixMs(TEN.0 + HOUR_MS))));
    let who = cedar.member(1);
    assert_eq!(answer(&cedar.ask(&patient, who.clone(), "labs", "TREAT")), PERMITTED);
    cedar.now = UnixMs(TEN.0 + HOUR_MS + 1000);
    let expired = cedar.ask(&patient, who.clone(), "labs", "TREAT");
    assert_eq!(answer(&expired).2, ReasonCode::Expired);
    assert_eq!(expired.decision.effect, Effect::Deny);

    let second = cedar.patient(2);
    let qamar = member_ref(&cedar.genesis, 1);
    cedar.grant_final(second.grant(0, qamar, "labs"));
    cedar.desk.revoke(cedar.now, &cedar.ledger.tip, second.revoke_by_key(0)).unwrap().unwrap();
    cedar.pass(10);
    let revoked = cedar.ask(&second, who, "labs", "TREAT");
    assert_eq!(answer(&revoked).2, ReasonCode::Revoked);
    assert_eq!(revoked.decision.reason.consent, Some(second.secret.consent_key(0).public_key()));
}

#[test]
fn a_consent_in_force_whose_document_is_gone_fails_closed() {
    let mut cedar = Cedar::new();
    let patient = cedar.patient(1);
    cedar.grant_final(patient.grant(0, member_ref(&cedar.genesis, 1), "labs"));
    let who = cedar.member(1);
    assert_eq!(answer(&cedar.ask(&patient, who.clone(), "labs", "TREAT")), PERMITTED);
    assert!(cedar.desk.erase_documents(&patient.key()));
    cedar.desk.sync().unwrap();
    cedar.power_cut();
    let decided = cedar.ask(&patient, who, "labs", "TREAT");
    assert_eq!(answer(&decided), (Outcome::Deny, Effect::Deny, ReasonCode::Incident));
    assert!(cedar.desk.held_consents(&patient.key()).unwrap().unwrap().is_empty());
}

#[test]
fn a_revocation_that_only_this_node_has_seen_is_enforced_across_a_power_cut() {
    let mut cedar = Cedar::new();
    let patient = cedar.patient(1);
    cedar.grant_final(patient.grant(0, member_ref(&cedar.genesis, 1), "labs"));
    let who = cedar.member(1);
    let accepted = cedar.desk.revoke(cedar.now, &cedar.ledger.tip, patient.revoke_by_slip(0)).unwrap().unwrap();
    accepted.verify(&patient.chain, &Ed25519).unwrap();
    cedar.desk.sync().unwrap();
    cedar.power_cut();
    assert!(cedar.ledger.tip.state().consent(&accepted.consent).unwrap().is_active());
    let decided = cedar.ask(&patient, who, "labs", "TREAT");
    assert_eq!(answer(&decided).2, ReasonCode::Revoked);
    let Event::Decision(receipt) = &decided.entry.body.event else { panic!("{decided:?}") };
    assert_eq!(receipt.considered[0].standing, Standing::RevocationPending);
}

#[test]
fn a_receipt_that_was_answered_survives_a_power_cut_and_the_log_goes_on_without_gaps() {
    let mut cedar = Cedar::new();
    let patient = cedar.patient(1);
    let who = cedar.member(1);
    for _ in 0..3 {
        cedar.ask(&patient, who.clone(), "labs", "TREAT");
    }
    cedar.power_cut();
    cedar.ask(&patient, who, "labs", "TREAT");
    let page = cedar.desk.log(&patient.key(), 1).unwrap().unwrap();
    assert_eq!(page.total, 5);
    let mut previous = Digest::ZERO;
    for (number, entry) in (1..).zip(&page.entries) {
        assert_eq!((entry.body.number, entry.body.previous), (number, previous));
        entry.verify(&patient.chain, &Ed25519).unwrap();
        previous = entry.digest(&patient.chain);
    }
    assert_eq!(cedar.desk.log(&patient.key(), 4).unwrap().unwrap().entries.len(), 2);
}

#[test]
fn times_along_a_log_never_fall_though_the_clock_does() {
    let mut cedar = Cedar::new();
    let patient = cedar.patient(1);
    let who = cedar.member(1);
    cedar.now = TEN.plus_ms(60_000);
    let later = cedar.ask(&patient, who.clone(), "labs", "TREAT").entry.body.time;
    cedar.now = TEN;
    cedar.power_cut();
    assert!(cedar.ask(&patient, who, "labs", "TREAT").entry.body.time >= later);
}

#[test]
fn what_is_an_access_and_a_disclosure_is_refused_by_a_refusal_of_either_and_leaves_one_receipt() {
    let mut cedar = Cedar::new();
    let patient = cedar.patient(1);
    let qamar = member_ref(&cedar.genesis, 1);
    let until = UnixMs(TEN.0 + 30 * DAY_MS);
    let about = |index, effect, action| {
        let mut document = patient.document(index, qamar.clone(), "conditions", until);
        let Root::Rule(root) = &mut document.root else { panic!("a wish has a root rule") };
        (root.effect, root.actions) = (effect, BoundedVec::try_from(vec![action]).unwrap());
        document
    };
    let who = cedar.member(1);
    let together = |cedar: &mut Cedar| {
        let ask = |action| Ask { action, ..question(&patient, who.clone(), "conditions", "TREAT") };
        let asks = [Action::Access, Action::Disclose].map(ask);
        let decided = cedar.desk.decide_together(cedar.now, &cedar.ledger.tip, asks).unwrap().unwrap();
        let Event::Decision(receipt) = &decided.entry.body.event else { panic!("a decision") };
        (decided.decision.reason.code, receipt.action, decided.entry.body.number)
    };
    assert_eq!(together(&mut cedar), (ReasonCode::NoConsent, Action::Access, 2));
    cedar.grant_final(patient.request(0, about(0, Effect::Permit, Action::Disclose)));
    assert_eq!(together(&mut cedar), (ReasonCode::Permitted, Action::Disclose, 3));
    cedar.grant_final(patient.request(1, about(1, Effect::Permit, Action::Access)));
    assert_eq!(together(&mut cedar), (ReasonCode::Permitted, Action::Access, 4));
    cedar.grant_final(patient.request(2, about(2, Effect::Deny, Action::Disclose)));
    assert_eq!(together(&mut cedar), (ReasonCode::Denied, Action::Disclose, 5));
}
