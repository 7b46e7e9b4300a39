//! Which consents speak, and how several combine (CE-1 steps 1 and 5).

use super::needs;
use crate::scene::{actor, ask, case, item, kind, label, purpose, r4, r5, scope, with};
use amanah_ledger::mutant::Mutant;
use serde_json::{Value, json};

fn permit() -> Value {
    r5("permit", json!([]))
}

fn refusal() -> Value {
    r5("deny", json!([]))
}

#[test]
fn a_consent_of_somebody_else_says_nothing() {
    let request = ask(json!({ "patient": "Patient/mira" }));
    needs(Mutant::PatientUnchecked, || case([permit()], request.clone()).is("no-consent NO_CONSENT"));
}

#[test]
fn a_consent_about_another_hospitals_records_says_nothing() {
    let at_qamar = with(permit(), json!({ "controller": [{ "reference": "Organization/qamar" }] }));
    let request = |at: &str| ask(json!({ "custodian": at }));
    case([at_qamar.clone()], request("Organization/qamar")).check("permit");
    needs(Mutant::CustodianUnchecked, || case([at_qamar.clone()], request("Organization/rawda")).is("no-consent"));
}

#[test]
fn a_consent_to_care_says_nothing_about_a_request_for_research() {
    let request = |class: &str| ask(json!({ "category": [scope(class)] }));
    case([permit()], request("patient-privacy")).check("permit");
    needs(Mutant::ClassUnchecked, || case([permit()], request("research")).is("no-consent"));
}

#[test]
fn a_consent_without_scope_is_about_privacy_unless_its_category_says_otherwise() {
    let of = |category: Value| with(permit(), json!({ "category": [{ "coding": [category] }] }));
    let request = |class: &str| ask(json!({ "category": [scope(class)] }));
    let document = json!({ "system": "http://loinc.org", "code": "59284-0" });
    case([of(document.clone())], request("patient-privacy")).check("permit");
    case([of(document)], request("research")).check("no-consent");
    let codes = "http://terminology.hl7.org/CodeSystem/consentcategorycodes";
    let study = json!({ "system": codes, "code": "research" });
    case([of(study.clone())], request("research")).check("permit");
    case([of(study)], request("patient-privacy")).check("no-consent");
    case([of(json!({ "system": codes, "code": "dnr" }))], request("patient-privacy")).check("no-consent");
}

#[test]
fn drafts_and_errors_say_nothing() {
    for status in ["draft", "proposed", "entered-in-error", "not-done", "rejected", "unknown"] {
        let never = with(permit(), json!({ "status": status }));
        needs(Mutant::DraftSpeaks, || case([never.clone()], ask(json!({}))).is("no-consent NO_CONSENT"));
    }
}

#[test]
fn an_ended_consent_is_named_and_permits_nothing() {
    let ended = with(permit(), json!({ "status": "inactive" }));
    needs(Mutant::EndedSpeaks, || case([ended.clone()], ask(json!({}))).is("no-consent REVOKED"));
}

#[test]
fn a_consent_holds_from_the_beginning_to_the_end_of_its_time() {
    let period = json!({ "period": { "start": "2026-11-01", "end": "2026-11-22" } });
    let consent = with(permit(), period);
    let on = |at: &'static str| case([consent.clone()], ask(json!({}))).at(at);
    on("2026-11-01T00:00:00Z").check("permit");
    on("2026-10-31T23:59:59Z").check("no-consent NO_CONSENT");
    needs(Mutant::ConsentPeriodIgnored, || on("2026-11-23T00:00:00Z").is("no-consent EXPIRED"));
}

#[test]
fn a_period_that_ends_on_a_day_ends_with_that_day_in_utc() {
    let consent = with(permit(), json!({ "period": { "end": "2026-11-22" } }));
    needs(Mutant::DayEndsAtItsBeginning, || {
        let on = |at: &'static str| case([consent.clone()], ask(json!({}))).at(at);
        on("2026-11-22T23:59:59Z").is("permit") && on("2026-11-23T00:00:00Z").is("no-consent EXPIRED")
    });
}

#[test]
fn a_guardians_consent_ends_with_the_guardians_authority() {
    let given = with(permit(), json!({ "grantor": [{ "reference": "RelatedPerson/maryam" }] }));
    let guardian = |more: Value| {
        let person = json!({ "resourceType": "RelatedPerson", "patient": { "reference": "Patient/layla" } });
        json!({ "resolve": { "RelatedPerson/maryam": with(person, more) } })
    };
    let under = |more: Value| case([given.clone()], ask(json!({}))).resolve(guardian(more));
    under(json!({ "period": { "end": "2027-01-01" } })).check("permit");
    for ended in [
        json!({ "period": { "end": "2026-11-21" } }),
        json!({ "active": false }),
        json!({ "patient": { "reference": "Patient/mira" } }),
    ] {
        needs(Mutant::AuthorityUnchecked, || under(ended.clone()).is("no-consent"));
    }
}

#[test]
fn two_grants_to_one_clinician_both_hold() {
    let only = |what: &str| {
        r4(json!({
            "type": "permit",
            "actor": [actor("IRCP", "Organization/cedar")],
            "purpose": [purpose("TREAT")],
            "class": [kind(what)],
        }))
    };
    let both = || [only("Observation"), only("MedicationRequest")];
    for what in ["Observation/1", "MedicationRequest/1"] {
        case(both(), ask(json!({ "items": [item(json!({ "reference": what }))] }))).check("permit PERMITTED");
    }
    case(both(), ask(json!({ "items": [item(json!({ "reference": "Condition/1" }))] }))).check("deny NOT_COVERED");
}

#[test]
fn a_refusal_prevails_over_another_consents_permit() {
    needs(Mutant::RefusalYields, || case([permit(), refusal()], ask(json!({}))).is("deny DENIED"));
}

#[test]
fn a_consent_that_covers_less_denies_where_no_other_permits() {
    let normal = r4(json!({ "type": "permit", "securityLabel": [label("N")] }));
    let restricted = ask(json!({ "items": [item(json!({ "labels": [label("R")] }))] }));
    needs(Mutant::NotCoveredIsSilent, || case([normal.clone()], restricted.clone()).is("deny NOT_COVERED"));
    case([normal, permit()], restricted).check("permit");
}

#[test]
fn a_consent_given_again_replaces_the_refusal_it_names() {
    let old = with(refusal(), json!({ "id": "old", "date": "2026-01-01" }));
    let names_old = |date: &str| {
        let replaces =
            json!([{ "url": "http://hl7.org/fhir/StructureDefinition/replaces", "valueUri": "Consent/old" }]);
        with(permit(), json!({ "id": "new", "date": date, "extension": replaces }))
    };
    needs(Mutant::ReplacedSpeaks, || case([old.clone(), names_old("2026-06-01")], ask(json!({}))).is("permit"));
    case([old.clone(), names_old("2025-06-01")], ask(json!({}))).check("deny DENIED");
    let strangers = with(names_old("2026-06-01"), json!({ "subject": { "reference": "Patient/mira" } }));
    case([old, strangers], ask(json!({}))).check("deny DENIED");
}
