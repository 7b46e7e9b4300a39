//! Where consents leave it open: defaults, emergencies, obligations (CE-1 steps 6 to 8).

use super::needs;
use crate::scene::{Case, ask, case, item, label, purpose, r4, r5, said, with};
use amanah_ledger::document::Effect;
use amanah_ledger::engine::{Consent, Duty, EmergencyRefusal, Obligation};
use amanah_ledger::genesis::DefaultPolicy;
use amanah_ledger::mutant::Mutant;
use amanah_ledger::vocabulary::Kind;
use serde_json::{Value, json};

fn effect(case: &Case) -> Effect {
    case.decide().unwrap().answer.effect
}

#[test]
fn the_default_is_reported_beside_what_the_consents_say() {
    let under = |default, more: Value| Case { default, ..case([], ask(more)) };
    let normal = json!({});
    let restricted = json!({ "items": [item(json!({ "labels": [label("R")] }))] });
    let payment = json!({ "purpose": "HPAYMT" });
    for (default, asked, expected) in [
        (DefaultPolicy::Deny, &normal, Effect::Deny),
        (DefaultPolicy::BasicNormal, &normal, Effect::Permit),
        (DefaultPolicy::BasicNormal, &restricted, Effect::Deny),
        (DefaultPolicy::BasicNormal, &payment, Effect::Deny),
        (DefaultPolicy::AllNormal, &payment, Effect::Permit),
        (DefaultPolicy::AllNormal, &restricted, Effect::Deny),
        (DefaultPolicy::BreakGlassOnly, &normal, Effect::Deny),
    ] {
        let case = under(default, asked.clone());
        assert_eq!(effect(&case), expected, "{default:?}: {asked}");
        needs(Mutant::DefaultReplacesOutcome, || case.is("no-consent NO_CONSENT"));
    }
    // A refusal is no matter of defaults.
    let refused = Case { default: DefaultPolicy::AllNormal, ..case([r5("deny", json!([]))], ask(json!({}))) };
    assert_eq!(effect(&refused), Effect::Deny);
}

/// Somebody breaks the glass.
fn emergency(consents: Vec<Value>, attested: bool) -> Case {
    let attestation = json!({ "authority": "attending physician", "at": "2026-11-22T08:59:00Z" });
    let declared = if attested { json!({ "emergency": attestation }) } else { json!({}) };
    case(consents, ask(with(json!({ "purpose": "BTG" }), declared)))
}

#[test]
fn a_declared_emergency_overrides_and_is_never_called_a_permit() {
    let refusal = || vec![r5("deny", json!([]))];
    for consents in [refusal(), vec![]] {
        let outcome = emergency(consents, true).decide().unwrap();
        assert_eq!(outcome.answer.effect, Effect::Permit);
        assert!(["deny", "no-consent"].contains(&outcome.json["decision"].as_str().unwrap()));
        assert_eq!(outcome.json["emergency"]["code"], "PERMIT_OVERRIDE");
        assert_eq!(outcome.json["emergency"]["review_due"], "2026-11-25T09:00:00Z");
        assert_eq!(outcome.json["emergency"]["notify_patient"], true);
    }
    needs(Mutant::EmergencyUnattested, || effect(&emergency(refusal(), false)) == Effect::Deny);
    needs(Mutant::EmergencyUnaudited, || emergency(refusal(), true).is("deny DENIED AUDIT"));
    // Where a consent permits it, nothing is overridden.
    let permitted = emergency(vec![r5("permit", json!([]))], true).decide().unwrap();
    assert_eq!((permitted.answer.effect, permitted.answer.emergency), (Effect::Permit, None));
    // No other purpose overrides.
    let treatment = case(refusal(), with(emergency(vec![], true).request, json!({ "purpose": "ETREAT" })));
    assert_eq!(effect(&treatment), Effect::Deny);
}

#[test]
fn a_patient_may_refuse_breaking_the_glass_where_the_policy_honours_it() {
    let by_name = || r5("permit", json!([{ "purpose": [purpose("BTG")] }]));
    let under = |refusal, consent: Value| Case { refusal, ..emergency(vec![consent], true) };
    assert_eq!(effect(&under(EmergencyRefusal::Reviewed, by_name())), Effect::Permit);
    needs(Mutant::EmergencyRefusalIgnored, || effect(&under(EmergencyRefusal::Honoured, by_name())) == Effect::Deny);
    // A refusal of everything does not name it.
    assert_eq!(effect(&under(EmergencyRefusal::Honoured, r5("deny", json!([])))), Effect::Permit);
    let root = r4(json!({ "type": "deny", "purpose": [purpose("BTG")] }));
    assert_eq!(effect(&under(EmergencyRefusal::Honoured, root)), Effect::Deny);
}

#[test]
fn what_a_consent_asks_of_those_it_permits_goes_with_the_answer() {
    let trial = case([r5("permit", json!([]))], ask(json!({ "purpose": "CLINTRCH" })));
    let decide = || {
        let by_policy = vec![(Kind::Purpose.coding("HRESCH"), Duty::of("NORELINK"))];
        let asks = |consent: &mut Consent| consent.obligations = vec![Obligation::Duty(Duty::of("NOREUSE"))];
        trial.decide_with(by_policy, asks)
    };
    needs(Mutant::ObligationsDropped, || said(decide()) == "permit PERMITTED NORELINK NOREUSE");
    let answer = decide().unwrap().answer;
    assert_eq!(answer.effect_where(|_| true), Effect::Permit);
    let knows_one = |one: &Obligation| one.code().code == "NOREUSE";
    needs(Mutant::UnknownObligationPermits, || answer.effect_where(knows_one) == Effect::Deny);
}

#[test]
fn records_of_substance_use_treatment_leave_with_their_notice() {
    let part_2 = ask(json!({ "items": [item(json!({ "labels": [label("42CFRPart2"), label("R")] }))] }));
    let permitted = case([r5("permit", json!([]))], part_2.clone());
    needs(Mutant::NoticeDropped, || permitted.is("permit PERMITTED NORDSCLCD"));
    let json = permitted.decide().unwrap().json;
    let notice = json["obligations"][0]["parameters"]["notice"].as_str().unwrap();
    assert!(notice.contains("42 CFR part 2 prohibits"), "{notice}");
    // What is refused asks for nothing.
    case([r5("deny", json!([]))], part_2).check("deny DENIED");
}
