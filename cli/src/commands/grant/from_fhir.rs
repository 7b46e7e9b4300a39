//! A consent by a FHIR R4 file. What the file says is what is signed, and what it leaves open is said aloud first.

use crate::duration;
use crate::exit::Exit;
use crate::failure::{Failure, Fallible};
use crate::giving::{Draft, Origin, allowed, next_place};
use crate::json_file;
use crate::network::Member;
use crate::settings::Settings;
use crate::wallet::Wallet;
use crate::wallet_state::Relationship;
use crate::who;
use amanah_fhir::import::{self, Custodians, ImportError, Imported, Named};
use amanah_fhir::mark::Mark;
use amanah_ledger::compose::{Place, write};
use amanah_ledger::crypto::Signer;
use amanah_ledger::derive::MISSES_MAX;
use amanah_ledger::document::Actor;
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::Path;

/// Where the page is that says what is taken over.
const PAGE: &str = "docs/consent-model.md says which elements a FHIR consent may have";

/// The resource in a file.
pub(super) fn read(path: &Path) -> Fallible<Value> {
    json_file::read(path, PAGE)
}

/// One consent for each hospital whose records are meant; of an exported consent, itself.
pub(super) async fn drafts(
    resource: &Value,
    records_at: Option<&str>,
    wallet: &Wallet,
    settings: &Settings,
) -> Fallible<Vec<Draft>> {
    let people = people(resource, wallet, settings).await?;
    let imported = import::read(resource, &|named| people.get(named).cloned()).map_err(|why| refused(&why))?;
    if let Some(mark) = &imported.mark {
        return again(&imported, mark, records_at, wallet).map(|draft| vec![draft]);
    }
    let custodians = custodians(&imported, records_at, wallet)?;
    custodians.into_iter().map(|relationship| draft(&imported, relationship, wallet)).collect()
}

/// Everybody whom the file names and the network knows.
async fn people(resource: &Value, wallet: &Wallet, settings: &Settings) -> Fallible<BTreeMap<Named, Actor>> {
    let mut found = BTreeMap::new();
    for named in import::people(resource) {
        let (text, handle) = match &named {
            Named::Member(member) => (member, None),
            Named::Practitioner { member, handle } => (member, Some(handle)),
        };
        let Some(member) = member(text, wallet) else { continue };
        let who = handle.map_or_else(|| member.name().to_owned(), |handle| format!("{handle}@{}", member.name()));
        match who::resolve(&who, &wallet.network, &settings.home).await {
            Ok(who) => {
                found.insert(named, who.actor());
            }
            Err(failure) if failure.exit == Exit::NotFound => {}
            Err(failure) => return Err(failure),
        }
    }
    Ok(found)
}

/// A member by its name or its id.
fn member<'a>(text: &str, wallet: &'a Wallet) -> Option<&'a Member> {
    wallet.network.members.iter().find(|member| member.name() == text || member.id.to_string() == text)
}

/// Whose records it is about: those whom the file names, or whom the command line does where the network cannot tell
/// what the file means.
fn custodians(imported: &Imported, records_at: Option<&str>, wallet: &Wallet) -> Fallible<Vec<Relationship>> {
    let at = |name: &str| wallet.enrolled_at(wallet.network.member(name)?).cloned();
    let named = match &imported.custodians {
        Custodians::Members(names) => names,
        Custodians::Unnamed | Custodians::Unknown => &Vec::new(),
    };
    let meant: Vec<&str> = named.iter().map(|name| member(name, wallet).map_or(name.as_str(), Member::name)).collect();
    match (records_at, &imported.custodians) {
        (Some(name), Custodians::Members(_)) if !meant.contains(&name) => {
            let detail = format!("the file is about the records at {}, not at {name}", meant.join(", "));
            Err(Failure::new(Exit::Usage, 257, detail, "leave --records-at out"))
        }
        (Some(name), _) => Ok(vec![at(name)?]),
        (None, Custodians::Members(_)) => meant.into_iter().map(at).collect(),
        (None, Custodians::Unnamed) => wallet.relationships(),
        (None, Custodians::Unknown) => match wallet.relationships()? {
            // With one hospital there is nothing to mistake.
            all if all.len() == 1 => Ok(all),
            all => {
                let first = all.first().map(|one| wallet.network.name_of(&one.custodian)).unwrap_or_default();
                let detail = "the file's organization is not known by that name here, and you have several hospitals";
                Err(Failure::new(Exit::Usage, 257, detail, format!("say which is meant: --records-at {first}")))
            }
        },
    }
}

fn draft(imported: &Imported, relationship: Relationship, wallet: &Wallet) -> Fallible<Draft> {
    let member = wallet.network.member_by_id(&relationship.custodian)?.clone();
    let terms = imported.given(duration::now(), &wallet.network.genesis.parameters).map_err(|why| refused(&why))?;
    let place = next_place(&member, &relationship, wallet);
    let document = allowed(write(place, terms), wallet, "let provision.period.end be at most DAYS days from now")?;
    let open = [(imported.names_nobody(), "who"), (imported.names_no_end(), "until")];
    let left_open = open.into_iter().filter(|(is_open, _)| *is_open).map(|(_, what)| what).collect();
    let origin = Origin::Fhir { kept: imported.kept.clone(), left_open };
    Ok(Draft { index: relationship.next_index, member, relationship, document, origin })
}

/// The consent that a file was exported from: the same document, to be compared and not to be given twice.
fn again(imported: &Imported, mark: &Mark, records_at: Option<&str>, wallet: &Wallet) -> Fallible<Draft> {
    let elsewhere = |what: &str| {
        let fix = "without its extension urn:amanah:consent the file is a new consent of your own";
        Failure::new(Exit::Conflict, 259, format!("the file is a consent of {what}"), fix)
    };
    if mark.chain != wallet.network.chain {
        return Err(elsewhere("another network"));
    }
    let member = wallet.network.member_by_id(&mark.custodian)?.clone();
    if records_at.is_some_and(|name| name != member.name()) {
        let detail = format!("the file is about the records at {}", member.name());
        return Err(Failure::new(Exit::Usage, 257, detail, "leave --records-at out"));
    }
    let relationship = wallet.enrolled_at(&member)?.clone();
    let secret = wallet.secret(&relationship);
    let mut indices = 0..relationship.next_index.saturating_add(MISSES_MAX);
    let index = indices.find(|index| secret.consent_key(*index).public_key() == mark.consent);
    let Some(index) = index.filter(|_| mark.relationship == secret.key().public_key()) else {
        return Err(elsewhere("another wallet"));
    };
    if !mark.is_of_these_tables() {
        return Err(elsewhere("another version of this program, with other words"));
    }
    let (chain, custodian) = (mark.chain, member.reference.clone());
    let place =
        Place { chain, custodian, relationship: mark.relationship, consent: mark.consent, version: mark.version };
    let terms = imported.as_given().map_err(|why| refused(&why))?;
    let document = allowed(write(place, terms), wallet, "give a new consent that ends within DAYS days")?;
    Ok(Draft { index, member, relationship, document, origin: Origin::Exported })
}

fn refused(why: &ImportError) -> Box<Failure> {
    let fix = match why {
        ImportError::NotConsent | ImportError::NotR4(_) | ImportError::Form(_) | ImportError::Missing(_) => {
            "compare the file with the Consent of FHIR R4 and the profile IHE PCF basic"
        }
        ImportError::Status(_) => "only a consent in force can be given: status \"active\"",
        ImportError::Modifier(_) | ImportError::Lost(_) => "ask for a consent that says the same without it",
        ImportError::Unknown(_) => "take it out if the consent means the same without it; else ask for one that does",
        ImportError::Code(_) | ImportError::Class(_) => PAGE,
        ImportError::NotYet { .. } => "ask for a consent without it, or give one by flags: amanah grant --help",
        ImportError::Nobody(_) => {
            "name a hospital by identifier: system urn:amanah:member, value its name, such as cedar"
        }
        ImportError::TooMany(_) | ImportError::Nesting => "say the same in several consents",
        ImportError::Over => "let it end in the future, after it begins",
        ImportError::Mark(_) => "export the consent again: amanah consent export C-… --fhir FILE",
    };
    Failure::new(Exit::Failed, 256, format!("the FHIR consent is refused: {why}"), fix)
        .state("nothing was signed and nothing was sent")
}
