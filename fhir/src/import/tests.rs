//! What becomes of a consent from elsewhere, element by element, and what of it is refused with which path.

use super::*;
use crate::export::{Status, export};
use crate::scene::{kind, label, purpose, scope};
use amanah_ledger::codec::{self, BoundedVec};
use amanah_ledger::compose::{Place, write};
use amanah_ledger::crypto::{Digest, PublicKey};
use amanah_ledger::document::{Action, ConsentDocument, Effect, MemberRef, PractitionerRef, Root};
use amanah_ledger::genesis::{Cover, DefaultPolicy, PurposeLimit};
use amanah_ledger::member::MemberId;
use serde_json::json;

/// 2026-11-22.
const NOW: UnixMs = UnixMs(20_779 * DAY_MS);

fn member(name: &str) -> MemberRef {
    let id = MemberId(Digest([name.as_bytes()[0]; 32]));
    MemberRef { id, name: name.try_into().unwrap(), display: format!("Hospital {name}").as_str().try_into().unwrap() }
}

/// Everybody on this network: Cedar, Qamar, and Dr. Haddad at Cedar.
pub(crate) fn who(named: &Named) -> Option<Actor> {
    let of = |text: &str| {
        ["cedar", "qamar"].map(member).into_iter().find(|one| text == one.name.as_str() || text == one.id.to_string())
    };
    match named {
        Named::Member(text) => of(text).map(Actor::Member),
        Named::Practitioner { member, handle } if handle == "dr.haddad" => {
            let (handle, display) = (handle.as_str().try_into().ok()?, "Dr. Omar Haddad".try_into().ok()?);
            Some(Actor::Practitioner(PractitionerRef { member: of(member)?, handle, display }))
        }
        Named::Practitioner { .. } => None,
    }
}

pub(crate) fn parameters() -> Parameters {
    let limit = |purpose: &str, days_max| PurposeLimit { purpose: purpose.try_into().unwrap(), days_max };
    Parameters {
        anchor_grid_ms: 2000,
        cover: Cover::Off,
        new_leaves_per_day_max: 100,
        emergency_hours: 24,
        review_hours: 72,
        default_policy: DefaultPolicy::Deny,
        purpose_limits: BoundedVec::try_from(vec![limit("TREAT", 366), limit("HPAYMT", 30)]).unwrap(),
    }
}

/// A consent as a clinic's software might write it: treatment, and all around it that R4 has room for.
pub(crate) fn clinic(provision: Value) -> Value {
    json!({
        "resourceType": "Consent",
        "id": "front-desk-4711",
        "meta": { "profile": ["https://clinic.example/StructureDefinition/consent"] },
        "text": { "status": "generated", "div": "<div>Treatment</div>" },
        "identifier": [{ "system": "https://clinic.example/consents", "value": "4711" }],
        "status": "active",
        "scope": { "coding": [scope("patient-privacy")] },
        "category": [{ "coding": [{ "system": "http://loinc.org", "code": "59284-0", "display": "Consent" }] }],
        "patient": { "reference": "Patient/88", "display": "Layla" },
        "dateTime": "2026-10-03T08:15:00+03:00",
        "performer": [{ "reference": "Patient/88" }],
        "organization": [{ "reference": "Organization/1" }],
        "sourceAttachment": { "contentType": "text/plain", "data": "c2lnbmVkCg==", "title": "form" },
        "policy": [{ "uri": "https://clinic.example/policies/privacy" }],
        "provision": provision,
    })
}

fn treatment() -> Value {
    json!({ "type": "permit", "purpose": [purpose("TREAT")] })
}

pub(crate) fn place() -> Place {
    let key = |byte| PublicKey([byte; 32]);
    Place { chain: Digest([9; 32]), custodian: member("qamar"), relationship: key(1), consent: key(2), version: 1 }
}

fn given(resource: &Value) -> ConsentDocument {
    let imported = read(resource, &who).unwrap_or_else(|why| panic!("{why}: {resource}"));
    write(place(), imported.given(NOW, &parameters()).unwrap()).unwrap_or_else(|why| panic!("{why}: {resource}"))
}

fn root(document: &ConsentDocument) -> &RuleBody {
    match &document.root {
        Root::Rule(root) => root,
        Root::Decision(_) => panic!("an import has a root rule"),
    }
}

#[test]
fn what_a_consent_leaves_open_is_open_and_is_said() {
    let document = given(&clinic(treatment()));
    let said = root(&document);
    assert_eq!((said.effect, said.actors.len(), said.actions.len()), (Effect::Permit, 0, 0));
    assert!(said.data.is_whole_record() && document.rules.is_empty());
    assert_eq!((document.period.from, document.period.until), (NOW, NOW.plus_ms(366 * DAY_MS)));
    assert_eq!(
        document.sentence.as_str(),
        "Anyone may do anything with everything in the record that Hospital qamar (qamar) holds about you, for your \
         treatment, from Sun 22 Nov 2026, 00:00:00 UTC until Tue 23 Nov 2027, 00:00:00 UTC. You can end this consent at \
         any time."
    );
    let imported = read(&clinic(treatment()), &who).unwrap();
    assert!(imported.names_nobody() && imported.names_no_end());
    assert_eq!(imported.custodians, Custodians::Unknown);
}

#[test]
fn without_an_end_the_shortest_of_its_purposes_longest_times_holds() {
    let both = json!({ "type": "permit", "purpose": [purpose("TREAT"), purpose("HPAYMT")] });
    assert_eq!(given(&clinic(both)).period.until, NOW.plus_ms(30 * DAY_MS));
}

#[test]
fn a_start_that_is_over_is_now_and_an_end_counts_to_its_last_second() {
    let during = |start: &str, end: &str| {
        let mut provision = treatment();
        provision["period"] = json!({ "start": start, "end": end });
        given(&clinic(provision)).period
    };
    let day = |number: u64| UnixMs(number * DAY_MS);
    assert_eq!(during("2020", "2026-12-01").from, NOW);
    assert_eq!(during("2020", "2026-12-01").until, UnixMs(day(20_789).0 - 1000));
    assert_eq!(during("2026-11-30T00:00:00.001Z", "2026-12-01").from, UnixMs(day(20_787).0 + 1000));
}

#[test]
fn every_element_that_is_enforced_becomes_a_part_of_the_rule() {
    let document = given(&clinic(json!({
        "type": "permit",
        "actor": [actor("urn:amanah:member", "cedar"), actor("urn:amanah:practitioner:cedar", "dr.haddad")],
        "action": [{ "coding": [action("use")] }, { "text": "read", "coding": [action("access")] }],
        "purpose": [{ "system": "http://hl7.org/fhir/v3/ActReason", "code": "TREAT", "display": "treatment" }],
        "class": [kind("Condition"), category("laboratory")],
        "securityLabel": [label("N"), label("HIV")],
        "provision": [{ "purpose": [purpose("TREAT")], "securityLabel": [label("PSY")] }],
    })));
    let said = root(&document);
    assert_eq!(said.actors.len(), 2);
    assert_eq!(said.actions.as_slice(), [Action::Access, Action::Use]);
    let types: Vec<_> = said.data.types.iter().map(|one| (one.of.as_str(), one.category.is_some())).collect();
    assert_eq!(types, [("Condition", false), ("Observation", true)]);
    assert_eq!(said.data.labels.iter().map(codec::BoundedString::as_str).collect::<Vec<_>>(), ["HIV", "N"]);
    assert_eq!((document.rules.len(), document.rules[0].body.effect), (1, Effect::Deny), "the opposite of the root");
}

fn actor(system: &str, value: &str) -> Value {
    let role = json!({ "coding": [participation("IRCP")] });
    json!({ "role": role, "reference": { "identifier": { "system": system, "value": value } } })
}

fn participation(code: &str) -> Value {
    json!({ "system": "http://terminology.hl7.org/CodeSystem/v3-ParticipationType", "code": code })
}

fn action(code: &str) -> Value {
    json!({ "system": "http://terminology.hl7.org/CodeSystem/consentaction", "code": code })
}

fn category(code: &str) -> Value {
    json!({ "system": "http://terminology.hl7.org/CodeSystem/observation-category", "code": code })
}

/// The treatment consent with one more element at a place is refused, by this sentence.
#[track_caller]
fn refused(place: &str, value: Value, expected: &str) {
    let mut resource = clinic(json!({
        "type": "permit",
        "actor": [actor("urn:amanah:member", "cedar")],
        "purpose": [purpose("TREAT")],
        "provision": [{ "purpose": [purpose("COC")] }],
    }));
    let (above, element) = place.rsplit_once('/').unwrap();
    resource.pointer_mut(above).unwrap().as_object_mut().unwrap().insert(element.to_owned(), value);
    assert_eq!(read(&resource, &who).unwrap_err().to_string(), expected, "{place}");
}

#[test]
fn an_unknown_element_of_a_provision_is_refused_with_its_path() {
    let unknown = |path: &str| format!("{path} is not known there, and could change what may be seen");
    refused("/provision/limit", json!(1), &unknown("provision.limit"));
    refused("/provision/extension", json!([{ "url": "urn:x" }]), &unknown("provision.extension"));
    refused("/provision/_type", json!({ "id": "1" }), &unknown("provision._type"));
    refused("/provision/resourceType", json!([kind("Condition")]), &unknown("provision.resourceType"));
    refused("/provision/purpose/0/extension", json!([1]), &unknown("provision.purpose[0].extension"));
    refused("/provision/actor/0/period", json!({ "end": "2027" }), &unknown("provision.actor[0].period"));
    refused("/provision/actor/0/role/use", json!("x"), &unknown("provision.actor[0].role.use"));
    refused("/provision/actor/0/reference/note", json!("x"), &unknown("provision.actor[0].reference.note"));
    refused("/provision/provision/0/limit", json!(1), &unknown("provision.provision[0].limit"));
    refused("/provision/period", json!({ "end": "2027", "until": "2028" }), &unknown("provision.period.until"));
}

#[test]
fn a_modifier_is_refused_wherever_it_stands_and_whatever_it_holds() {
    for (place, path) in [
        ("/modifierExtension", "modifierExtension"),
        ("/implicitRules", "implicitRules"),
        ("/patient/modifierExtension", "patient.modifierExtension"),
        ("/policy/0/modifierExtension", "policy[0].modifierExtension"),
        ("/provision/modifierExtension", "provision.modifierExtension"),
        ("/provision/provision/0/modifierExtension", "provision.provision[0].modifierExtension"),
        ("/provision/actor/0/modifierExtension", "provision.actor[0].modifierExtension"),
    ] {
        let expected = format!("{path} changes what the rest means");
        refused(place, json!([{ "url": "urn:example:not", "valueBoolean": true }]), &expected);
        refused(place, json!({}), &expected);
    }
}

#[test]
fn what_no_hospital_enforces_yet_is_refused_by_name() {
    let not_yet = |path: &str, what: &str| format!("{path}: {what} cannot be enforced yet");
    let period = json!({ "start": "2020", "end": "2021" });
    refused("/provision/dataPeriod", period, &not_yet("provision.dataPeriod", "a period of data"));
    let data = json!([{ "meaning": "instance", "reference": { "reference": "Observation/1" } }]);
    let records = "naming single records or authors";
    refused("/provision/data", data.clone(), &not_yet("provision.data", records));
    refused("/provision/provision/0/data", data, &not_yet("provision.provision[0].data", records));
    refused("/provision/code", json!([{ "text": "x" }]), &not_yet("provision.code", "clinical codes"));
    let role = json!({ "coding": [participation("CST")] });
    let other_side = "an actor other than whoever receives the data";
    refused("/provision/actor/0/role", role, &not_yet("provision.actor[0].role.coding[0]", other_side));
    let half = "a rule below the root with one end of its time";
    let end = json!({ "end": "2027" });
    refused("/provision/provision/0/period", end, &not_yet("provision.provision[0].period", half));
    let mother = json!([{ "reference": "Patient/88" }, { "reference": "RelatedPerson/2" }]);
    let by_another = "a consent that somebody other than the patient gives";
    refused("/performer", mother, &not_yet("performer[1]", by_another));
    let treatment = json!({ "coding": [scope("treatment")] });
    refused("/scope", treatment, &not_yet("scope", "a consent of this scope"));
    let replaces = json!([{ "url": crate::consent::REPLACES, "valueUri": "Consent/1" }]);
    refused("/extension", replaces, &not_yet("extension[0]", "replacing a consent that is not on this ledger"));
}

#[test]
fn what_the_network_does_not_know_is_refused_with_its_path() {
    let code = |path: &str| format!("{path} is no code that this network knows there");
    refused("/provision/purpose", json!([purpose("TREAT"), purpose("NOSUCH")]), &code("provision.purpose[1]"));
    refused("/provision/purpose", json!([{ "code": "TREAT" }]), &code("provision.purpose[0]"));
    refused("/provision/purpose", json!([kind("TREAT")]), &code("provision.purpose[0]"));
    refused("/provision/action", json!([{ "coding": [action("sell")] }]), &code("provision.action[0].coding[0]"));
    refused("/provision/class", json!([kind("Basic")]), &code("provision.class[0]"));
    refused("/provision/securityLabel", json!([purpose("PSY")]), &code("provision.securityLabel[0]"));
    refused("/provision/type", json!("maybe"), &code("provision.type"));
    let nobody = "provision.actor[0].reference names nobody of this network";
    refused("/provision/actor", json!([actor("urn:amanah:member", "ceder")]), nobody);
    refused("/provision/actor", json!([actor("urn:amanah:practitioner:cedar", "dr.nobody")]), nobody);
    let by_reference = json!({ "reference": "Practitioner/7", "display": "Dr. Omar Haddad" });
    refused("/provision/actor/0/reference", by_reference, nobody);
    let research = "provision.purpose[0] does not belong into a consent of this scope";
    refused("/provision/purpose", json!([purpose("HRESCH")]), research);
}

#[test]
fn an_empty_element_is_not_one_that_is_left_out() {
    let form = |path: &str| format!("{path} has not the form that FHIR gives it");
    refused("/provision/actor", json!([]), &form("provision.actor"));
    refused("/provision/actor", Value::Null, &form("provision.actor"));
    refused("/provision/class", json!([{}]), &form("provision.class[0]"));
    refused("/provision/period", json!({ "end": "soon" }), &form("provision.period.end"));
    refused("/provision/purpose", json!("TREAT"), &form("provision.purpose"));
}

#[test]
fn what_is_no_r4_consent_in_force_is_refused() {
    refused("/resourceType", json!("Contract"), "it is no Consent");
    refused("/status", json!("draft"), "status is not \"active\"");
    refused("/decision", json!("permit"), "decision is no element of a Consent of FHIR R4");
    refused("/provision", json!({ "type": "permit" }), "provision.purpose is missing");
    refused("/provision", json!({ "purpose": [purpose("TREAT")] }), "provision.type is missing");
    let over = |period: Value| {
        let mut resource = clinic(treatment());
        resource["provision"]["period"] = period;
        read(&resource, &who).unwrap().given(NOW, &parameters()).unwrap_err()
    };
    assert_eq!(over(json!({ "end": "2026-11-21" })), ImportError::Over);
    assert_eq!(over(json!({ "start": "2027-02", "end": "2027-01" })), ImportError::Over);
    assert_eq!(read(&json!([]), &who).unwrap_err(), ImportError::NotConsent);
}

#[test]
fn who_is_named_is_found_before_the_consent_is_read() {
    let inside = json!({ "role": {}, "reference": { "reference": "#h" } });
    let mut resource = clinic(json!({
        "actor": [actor("urn:amanah:practitioner:cedar", "dr.haddad"), inside],
        "provision": [{ "actor": [actor("urn:amanah:member", "qamar")] }],
    }));
    let identifier = json!([{ "system": "urn:amanah:member", "value": "cedar" }]);
    resource["contained"] = json!([{ "resourceType": "Organization", "id": "h", "identifier": identifier }]);
    let member = |name: &str| Named::Member(name.to_owned());
    let person = Named::Practitioner { member: "cedar".to_owned(), handle: "dr.haddad".to_owned() };
    assert_eq!(people(&resource), [member("cedar"), member("qamar"), person]);
}

/// Every combination of these parts, in and out and in again.
#[test]
fn what_comes_in_goes_out_and_comes_in_as_the_same_bytes() {
    let none = || Value::Null;
    let purposes = [json!([purpose("TREAT")]), json!([purpose("TREAT"), purpose("HPAYMT"), purpose("HOPERAT")])];
    let cedar = actor("urn:amanah:member", "cedar");
    let actors = [none(), json!([cedar]), json!([actor("urn:amanah:practitioner:cedar", "dr.haddad"), cedar])];
    let actions = [none(), json!([{ "coding": [action("access")] }]), json!([{ "coding": [action("disclose")] }])];
    let classes = [none(), json!([kind("Observation")]), json!([category("vital-signs"), kind("Immunization")])];
    let labels = [none(), json!([label("R")]), json!([label("PSY"), label("N")])];
    let window = json!({ "start": "2026-12-01", "end": "2027-01" });
    let nested = [
        none(),
        json!([{ "securityLabel": [label("HIV")] }, { "type": "permit", "actor": [cedar] }]),
        json!([{ "type": "deny", "period": window }]),
    ];
    let periods = [none(), json!({ "end": "2027-01-31" }), json!({ "start": "2026-12-24T10:00:00+03:00" })];
    let mut cases = vec![json!({ "type": "permit" }), json!({ "type": "deny" })];
    for (element, choices) in [
        ("purpose", purposes.to_vec()),
        ("actor", actors.to_vec()),
        ("action", actions.to_vec()),
        ("class", classes.to_vec()),
        ("securityLabel", labels.to_vec()),
        ("provision", nested.to_vec()),
        ("period", periods.to_vec()),
    ] {
        let with = |case: &Value, choice: &Value| {
            let mut case = case.clone();
            if !choice.is_null() {
                case[element] = choice.clone();
            }
            case
        };
        cases = cases.iter().flat_map(|case| choices.iter().map(move |choice| with(case, choice))).collect();
    }
    assert_eq!(cases.len(), 2 * 2 * 729);
    for case in cases {
        let resource = clinic(case);
        let document = given(&resource);
        let kept = read(&resource, &who).unwrap().kept;
        for kept in [Some(&kept), None] {
            let out = export(&document, Status::Active, kept).unwrap_or_else(|why| panic!("{why}: {resource}"));
            let back = read(&out, &who).unwrap();
            let again = write(place(), back.as_given().unwrap()).unwrap();
            assert_eq!(codec::encode(&again), codec::encode(&document), "{resource}");
        }
    }
}
