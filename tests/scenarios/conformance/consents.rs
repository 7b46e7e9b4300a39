//! Every Consent that HL7 and IHE publish as an example goes out again as the same consent, or is refused with the element
//! that keeps it from being taken over.

use super::{files, folder};
use amanah_fhir::export::{Status, export};
use amanah_fhir::import::{self, ImportError};
use amanah_ledger::codec::BoundedVec;
use amanah_ledger::compose::{Place, write};
use amanah_ledger::crypto::{Digest, PublicKey};
use amanah_ledger::document::{ConsentDocument, MemberRef};
use amanah_ledger::genesis::{Cover, DefaultPolicy, Parameters, PurposeLimit};
use amanah_ledger::member::MemberId;
use amanah_ledger::time::UnixMs;
use serde_json::Value;

/// 2024-01-01: within the periods that the examples name, but for the one that has to be over.
const NOW: UnixMs = UnixMs(1_704_067_200_000);

fn place() -> Place {
    let (name, display) = ("cedar".try_into().unwrap(), "Cedar Hospital".try_into().unwrap());
    Place {
        chain: Digest([1; 32]),
        custodian: MemberRef { id: MemberId(Digest([2; 32])), name, display },
        relationship: PublicKey([3; 32]),
        consent: PublicKey([4; 32]),
        version: 1,
    }
}

fn parameters() -> Parameters {
    let limit = |purpose: &str| PurposeLimit { purpose: purpose.try_into().unwrap(), days_max: 36_500 };
    Parameters {
        anchor_grid_ms: 2000,
        cover: Cover::Off,
        new_leaves_per_day_max: 100,
        emergency_hours: 24,
        review_hours: 72,
        default_policy: DefaultPolicy::Deny,
        purpose_limits: BoundedVec::try_from(["TREAT", "HPAYMT", "HOPERAT", "HRESCH"].map(limit).to_vec()).unwrap(),
    }
}

/// The document, if the resource is taken over.
fn taken(resource: &Value) -> Result<(ConsentDocument, import::Imported), ImportError> {
    let imported = import::read(resource, &|_| None)?;
    let terms = imported.given(NOW, &parameters())?;
    Ok((write(place(), terms).unwrap(), imported))
}

/// Out, in again, and the same to the byte.
fn goes_round(document: &ConsentDocument, imported: &import::Imported) {
    let out = export(document, Status::Active, Some(&imported.kept)).unwrap();
    let again = import::read(&out, &|_| None).unwrap();
    assert_eq!(write(place(), again.as_given().unwrap()).unwrap(), *document);
    assert_eq!(export(document, Status::Active, Some(&again.kept)).unwrap(), out);
}

/// The element that a refusal names.
fn named(why: &ImportError) -> &str {
    match why {
        ImportError::NotConsent => "resourceType",
        ImportError::Status(_) => "status",
        ImportError::Missing(place) => place,
        ImportError::NotR4(place)
        | ImportError::Modifier(place)
        | ImportError::Unknown(place)
        | ImportError::Lost(place)
        | ImportError::Form(place)
        | ImportError::Code(place)
        | ImportError::Nobody(place)
        | ImportError::Class(place)
        | ImportError::TooMany(place)
        | ImportError::Mark(place)
        | ImportError::NotYet { place, .. } => place,
        ImportError::Nesting => "provision",
        ImportError::Over => "provision.period",
    }
}

/// What stands at `provision.actor[0].role`.
fn at<'a>(resource: &'a Value, place: &str) -> Option<&'a Value> {
    let pointer: String = place.split(['.', '[']).map(|step| format!("/{}", step.trim_end_matches(']'))).collect();
    resource.pointer(&pointer)
}

#[test]
fn consents_of_others_go_round_or_are_refused_by_an_element_that_they_have() {
    if !folder().join("INDEX.md").is_file() {
        println!("consents of others: NOT CHECKED, {} is not there", folder().display());
        return;
    }
    let (mut round, mut refused) = (0, 0);
    let sources = [("hl7-fhir-r4-examples", "Consent-"), ("hl7-fhir-r5-examples", "consent-"), ("ihe-pcf", "Consent-")];
    for (source, prefix) in sources {
        for (name, resource) in files(source, prefix) {
            match taken(&resource) {
                Ok((document, imported)) => {
                    goes_round(&document, &imported);
                    round += 1;
                    println!("{source}/{name}: goes round");
                }
                Err(why) => {
                    let is_missing = matches!(why, ImportError::Missing(_));
                    assert_eq!(at(&resource, named(&why)).is_none(), is_missing, "{source}/{name}: {why}");
                    assert!(is_missing || why.to_string().contains(named(&why)), "{source}/{name}: {why}");
                    refused += 1;
                    println!("{source}/{name}: refused: {why}");
                }
            }
        }
    }
    println!("{round} go round, {refused} are refused by name");
    assert!(round > 0 && round + refused >= 45, "too few were read");
}
