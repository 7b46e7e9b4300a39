//! What leaves, what is kept around it, and what cannot be said in R4.

use super::*;
use crate::import::tests::{clinic, place, who};
use crate::mark::MARK;
use amanah_ledger::compose::{Wish, compose};
use amanah_ledger::time::{DAY_MS, UnixMs};

const FROM: UnixMs = UnixMs(20_779 * DAY_MS);

fn treatment() -> (Value, ConsentDocument, Map<String, Value>) {
    let purpose = json!([{ "system": system::PURPOSE, "code": "TREAT", "display": "for treatment" }]);
    let end = json!({ "end": "2027-01-31" });
    let resource = clinic(json!({ "type": "permit", "purpose": purpose, "period": end }));
    let imported = import::read(&resource, &who).unwrap();
    let mut given = resource.clone();
    given["provision"]["period"] = json!({ "start": "2026-11-22", "end": "2027-01-31" });
    let terms = import::read(&given, &who).unwrap().as_given().unwrap();
    (resource, write(place(), terms).unwrap(), imported.kept)
}

#[test]
fn everything_around_the_provision_comes_out_as_it_came_in() {
    let (resource, document, kept) = treatment();
    let out = export(&document, Status::Active, Some(&kept)).unwrap();
    for (element, value) in resource.as_object().unwrap() {
        if element != "provision" {
            assert_eq!(&out[element], value, "{element}");
        }
    }
    assert_eq!(out["provision"]["purpose"], resource["provision"]["purpose"], "with the words beside its codes");
    assert_eq!(out["provision"]["period"], json!({ "start": "2026-11-22T00:00:00Z", "end": "2027-01-31T23:59:59Z" }));
    assert_eq!(out["extension"][0]["url"], MARK);
    let back = import::read(&out, &who).unwrap();
    assert_eq!(back.mark, Some(Mark::of(&document)));
    assert_eq!(back.kept.get("extension"), None, "the mark does not pile up");
    let twice = export(&document, Status::Active, Some(&back.kept)).unwrap();
    assert_eq!(twice, out);
}

#[test]
fn extensions_of_others_stay_beside_the_mark() {
    let (mut resource, document, _) = treatment();
    let theirs = json!({ "url": "urn:example:ward", "valueString": "7" });
    resource["extension"] = json!([theirs]);
    let kept = import::read(&resource, &who).unwrap().kept;
    let out = export(&document, Status::Active, Some(&kept)).unwrap();
    assert_eq!((out["extension"].as_array().unwrap().len(), &out["extension"][0]), (2, &theirs));
    assert_eq!(import::read(&out, &who).unwrap().kept["extension"], json!([theirs]));
}

#[test]
fn a_mark_that_was_changed_is_refused() {
    let (_, document, kept) = treatment();
    let out = export(&document, Status::Active, Some(&kept)).unwrap();
    let refused = |change: &dyn Fn(&mut Value)| {
        let mut changed = out.clone();
        change(&mut changed);
        import::read(&changed, &who).unwrap_err().to_string()
    };
    let expected = "extension[0] is not as this program writes it";
    assert_eq!(refused(&|one| one["extension"][0]["extension"][0]["valueString"] = "x".into()), expected);
    assert_eq!(refused(&|one| one["extension"][0]["note"] = "x".into()), expected);
    assert_eq!(refused(&|one| one["extension"][0]["extension"] = json!([])), expected);
    let two = |one: &mut Value| {
        let mark = one["extension"][0].clone();
        one["extension"] = json!([mark, mark]);
    };
    assert_eq!(refused(&two), "extension is not as this program writes it");
}

#[test]
fn what_was_kept_and_says_something_else_is_not_written() {
    let (_, document, mut kept) = treatment();
    kept["provision"]["purpose"][0]["code"] = "HPAYMT".into();
    assert_eq!(export(&document, Status::Active, Some(&kept)), Err(ExportError::Differs));
    kept.remove("provision");
    assert_eq!(export(&document, Status::Active, Some(&kept)), Err(ExportError::Differs));
}

#[test]
fn a_consent_that_has_ended_says_so() {
    let (_, document, kept) = treatment();
    let out = export(&document, Status::Inactive, Some(&kept)).unwrap();
    assert_eq!(out["status"], "inactive");
    assert!(import::read(&out, &who).is_err(), "and is not given again");
}

#[test]
fn what_r4_has_no_element_for_is_refused_by_name() {
    let Place { chain, custodian, relationship, consent, version } = place();
    let wish = Wish {
        chain,
        custodian: custodian.clone(),
        relationship,
        consent,
        version,
        who: vec![Actor::Member(custodian)],
        what: "labs".parse().unwrap(),
        actions: vec![amanah_ledger::document::Action::Access],
        purpose: "TREAT".try_into().unwrap(),
        from: FROM,
        until: FROM.plus_ms(DAY_MS),
        supersedes: Vec::new(),
    };
    let left_out = ExportError::NotSayable("data that is left out without being refused");
    assert_eq!(export(&compose(wish.clone()).unwrap(), Status::Active, None), Err(left_out));
    let everything = "labs,PSY,SUD,ETH,SEX,HIV,STD,SDV,GDIS,R,V".parse().unwrap();
    let whole = compose(Wish { what: everything, ..wish.clone() }).unwrap();
    let out = export(&whole, Status::Active, None).unwrap();
    assert_eq!(out["provision"]["class"].as_array().unwrap().len(), 2);
    let replaced = Wish { supersedes: vec![amanah_ledger::crypto::PublicKey([7; 32])], ..wish };
    let refusal = export(&compose(replaced).unwrap(), Status::Active, None).unwrap_err();
    assert_eq!(refusal.to_string(), "FHIR R4 has no element for replacing consents of the ledger");
}
