//! Whom a FHIR consent names: members of the network and people who work there, by the identifiers that they have on
//! the ledger. References such as `Organization/7` mean something in one hospital's system only.

use super::ImportError;
use crate::datatype::{Identifier, Reference};
use crate::resolve::element;
use serde::Deserialize;
use serde_json::Value;

/// Identifiers of members: their name, or their id in hexadecimal.
pub const MEMBER: &str = "urn:amanah:member";
/// Identifiers of people at a member, whose id or name follows.
pub const PRACTITIONER: &str = "urn:amanah:practitioner:";

/// Somebody as the file names them.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Named {
    /// A member, by id or name.
    Member(String),
    /// A person, by the name they have at a member.
    Practitioner {
        /// The member, by id or name.
        member: String,
        /// The name there.
        handle: String,
    },
}

/// Whose records a consent is about, as far as the file says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Custodians {
    /// It does not say.
    Unnamed,
    /// Members of the network.
    Members(Vec<String>),
    /// Organizations that the network does not know by that name.
    Unknown,
}

/// Everybody whom the actors of a consent name, so that they can be looked up before it is read.
pub fn people(resource: &Value) -> Vec<Named> {
    let mut found = Vec::new();
    let mut open: Vec<&Value> = resource.get("provision").into_iter().collect();
    while let Some(provision) = open.pop() {
        let list = |name: &str| provision.get(name).and_then(Value::as_array).into_iter().flatten();
        let references = list("actor").filter_map(|actor| element::<Reference>(actor, "reference"));
        found.extend(references.filter_map(|reference| named(&reference, resource)));
        open.extend(list("provision"));
    }
    found.sort();
    found.dedup();
    found
}

/// Whom a reference means: by the identifier it carries, or by one of the resource it leads to inside this one.
pub(super) fn named(reference: &Reference, resource: &Value) -> Option<Named> {
    let contained = reference.reference.as_deref().and_then(|written| written.strip_prefix('#')).and_then(|id| {
        let all = resource.get("contained").and_then(Value::as_array);
        all.into_iter().flatten().find(|one| one.get("id").and_then(Value::as_str) == Some(id))
    });
    let theirs = contained.and_then(|one| element::<Vec<Identifier>>(one, "identifier")).unwrap_or_default();
    let mut all = reference.identifier.iter().chain(&theirs).filter_map(known);
    let first = all.next()?;
    // Two names for two: that is nobody.
    all.all(|other| other == first).then_some(first)
}

fn known(identifier: &Identifier) -> Option<Named> {
    let (system, value) = (identifier.system.as_deref()?, identifier.value.as_deref()?);
    if system == MEMBER {
        return Some(Named::Member(value.to_owned()));
    }
    let member = system.strip_prefix(PRACTITIONER)?.to_owned();
    Some(Named::Practitioner { member, handle: value.to_owned() })
}

/// R4's `organization`: who manages the consent, and so whose records it is about.
pub(super) fn custodians(resource: &Value) -> Result<Custodians, ImportError> {
    let Some(organizations) = resource.get("organization") else { return Ok(Custodians::Unnamed) };
    let organizations =
        Vec::<Reference>::deserialize(organizations).map_err(|_form| ImportError::Form("organization".to_owned()))?;
    let member = |organization: &Reference| match named(organization, resource)? {
        Named::Member(member) => Some(member),
        Named::Practitioner { .. } => None,
    };
    let members: Option<Vec<String>> = organizations.iter().map(member).collect();
    Ok(members.map_or(Custodians::Unknown, Custodians::Members))
}
