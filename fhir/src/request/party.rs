//! Who: the patient, the custodian and whoever asks, by references and identifiers.

use crate::datatype::{Identifier, Reference};
use crate::fields::{Fields, RequestError};
use crate::resolve::{Resolver, identifier};
use amanah_ledger::engine::{Agent, Asker, HeldRole, Identifiers, Moment};
use serde::Deserialize;
use serde_json::Value;

const PARTY: &str = "a reference, a Reference or an Identifier";

/// Whether a text is a reference such as `Patient/7` or the address of a resource.
pub(super) fn is_reference(text: &str) -> bool {
    let Some(of) = crate::resolve::type_in(text) else { return false };
    of.starts_with(|first: char| first.is_ascii_uppercase()) && of.chars().all(|c| c.is_ascii_alphabetic())
}

/// One party: `"Organization/7"`, `{"reference": …}`, `{"identifier": …}` or `{"system": …, "value": …}`, the value of
/// which may be a reference.
fn reference(value: &Value) -> Option<Reference> {
    let to = |text: &str| Reference { reference: Some(text.to_owned()), ..Reference::default() };
    if let Some(text) = value.as_str() {
        return is_reference(text).then(|| to(text));
    }
    if value.get("value").is_some() {
        let identifier = Identifier::deserialize(value).ok()?;
        let alone = identifier.value.as_deref().filter(|value| identifier.system.is_none() && is_reference(value));
        let named = alone.map(to);
        return Some(named.unwrap_or_else(|| Reference { identifier: Some(identifier), ..Reference::default() }));
    }
    let reference = Reference::deserialize(value).ok()?;
    (reference.reference.is_some() || reference.identifier.is_some()).then_some(reference)
}

/// References to one party, which may have several names.
pub(super) fn references(list: Vec<(String, &Value)>) -> Result<Vec<Reference>, RequestError> {
    let one = |(place, value): (String, &Value)| reference(value).ok_or(RequestError::Form { place, expected: PARTY });
    list.into_iter().map(one).collect()
}

/// The party under a key, with every organisation that it is a part of.
pub(super) fn one(
    fields: &mut Fields<'_>,
    key: &'static str,
    resolver: &Resolver,
) -> Result<Option<Identifiers>, RequestError> {
    let place = fields.place(key);
    let Some(list) = fields.list(key) else { return Ok(None) };
    let names: Identifiers = references(list)?.iter().flat_map(|one| resolver.chain(one)).collect();
    if names.is_empty() { Err(RequestError::Form { place, expected: PARTY }) } else { Ok(Some(names)) }
}

/// `requester{identifiers, organisations, practitioner, roles, groups, device, agent}`, and `actor[]` for short.
pub(super) fn asker(fields: &mut Fields<'_>, resolver: &Resolver, as_of: Moment) -> Result<Asker, RequestError> {
    let mut asker = Asker::default();
    for actor in references(fields.list("actor").unwrap_or_default())? {
        add(&mut asker, &actor, resolver, as_of);
    }
    let Some(value) = fields.take("requester") else { return Ok(asker) };
    let mut fields = Fields::of(value, "requester")?;
    for identified in fields.read::<Vec<Identifier>>("identifiers", "a list of Identifiers")?.unwrap_or_default() {
        asker.names.extend(identifier(&identified));
    }
    for key in ["reference", "organisations", "practitioner", "device"] {
        for party in references(fields.list(key).unwrap_or_default())? {
            add(&mut asker, &party, resolver, as_of);
        }
    }
    let roles = fields.list("roles").map_or(Ok(Vec::new()), |list| super::codes(list, |_| String::new()))?;
    asker.roles.extend(roles.into_iter().map(|code| HeldRole { code, at: None }));
    for group in references(fields.list("groups").unwrap_or_default())? {
        asker.groups.extend(resolver.names(&group));
    }
    if let Some(agent) = fields.take("agent") {
        let agent = self::agent(agent, resolver)?;
        asker.names.extend(agent.names.iter().cloned());
        asker.agent = Some(agent);
    }
    fields.finish()?;
    Ok(asker)
}

fn add(asker: &mut Asker, party: &Reference, resolver: &Resolver, as_of: Moment) {
    asker.names.extend(resolver.chain(party));
    if let Some((names, roles)) = resolver.practitioner_role(party, as_of) {
        asker.names.extend(names);
        asker.roles.extend(roles);
    }
}

fn agent(value: &Value, resolver: &Resolver) -> Result<Agent, RequestError> {
    let mut fields = Fields::of(value, "requester.agent")?;
    let mut names = Identifiers::new();
    for key in ["reference", "identifiers"] {
        for party in references(fields.list(key).unwrap_or_default())? {
            names.extend(resolver.names(&party));
        }
    }
    let version = fields.read::<String>("version", "a text")?;
    fields.finish()?;
    if names.is_empty() {
        Err(RequestError::Missing("requester.agent.identifiers"))
    } else {
        Ok(Agent { names, version })
    }
}
