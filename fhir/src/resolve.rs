//! What references lead to: the resources that came with a question, and the identifiers of its patients.

use crate::datatype::{CodeableConcept, Identifier, Period, Reference, system_of};
use amanah_ledger::engine::{self, Group, HeldRole, Identifiers, Membership, Moment, Span};
use amanah_ledger::mutant::{Mutant, lacks};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// Most organisations above one another, and most groups inside one another, that are followed.
const DEPTH_MAX: usize = 8;

/// Resources by reference, and identifiers of patients by reference.
#[derive(Debug, Clone, Default)]
pub struct Resolver {
    resources: BTreeMap<String, Value>,
    patients: BTreeMap<String, Vec<Identifier>>,
}

/// What is no list of resources.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ResolveError {
    /// Another key than `resolve` and `patients`.
    #[error("{0:?} is neither \"resolve\" nor \"patients\"")]
    Key(String),
    /// A resource that is no object with a `resourceType`.
    #[error("{0} leads to nothing that is a resource")]
    Resource(String),
    /// Identifiers that are none.
    #[error("{0} has something that is no identifier")]
    Patient(String),
}

/// A reference without its history.
fn bare(reference: &str) -> &str {
    reference.split("/_history/").next().unwrap_or(reference)
}

/// An identifier as the engine compares it. An OID is one with `urn:oid:` before it and without.
pub(crate) fn identifier(written: &Identifier) -> Option<engine::Identifier> {
    let value = written.value.as_deref().filter(|value| !value.is_empty())?;
    let system = system_of(written.system.as_deref().unwrap_or_default());
    let is_oid = value.contains('.') && value.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    if system == "urn:ietf:rfc:3986" && is_oid {
        return Some(engine::Identifier::assigned(&system, &format!("urn:oid:{value}")));
    }
    Some(engine::Identifier::assigned(&system, value))
}

/// Reads one element of a resource, if it is there and has the right form.
pub(crate) fn element<T: DeserializeOwned>(resource: &Value, name: &str) -> Option<T> {
    resource.get(name).and_then(|value| T::deserialize(value).ok())
}

impl Resolver {
    /// Reads `{"resolve": {reference: resource}, "patients": {reference: identifiers}}`; either may be missing.
    ///
    /// # Errors
    /// When it is something else.
    pub fn read(file: &Map<String, Value>) -> Result<Self, ResolveError> {
        let mut resolver = Self::default();
        for (key, value) in file {
            let entries = value.as_object().into_iter().flatten();
            match key.as_str() {
                "resolve" => {
                    for (reference, resource) in entries {
                        resolver.add(reference, resource)?;
                    }
                }
                "patients" => {
                    for (reference, identifiers) in entries {
                        // One identifier stands for a list of it.
                        let one = || Identifier::deserialize(identifiers).map(|one| vec![one]);
                        let read = if identifiers.is_object() { one() } else { Vec::deserialize(identifiers) };
                        let read = read.map_err(|_form| ResolveError::Patient(reference.clone()))?;
                        resolver.patients.insert(bare(reference).to_owned(), read);
                    }
                }
                other => return Err(ResolveError::Key(other.to_owned())),
            }
        }
        Ok(resolver)
    }

    /// Adds a resource.
    ///
    /// # Errors
    /// When it is none.
    pub fn add(&mut self, reference: &str, resource: &Value) -> Result<(), ResolveError> {
        if type_of(resource).is_none() {
            return Err(ResolveError::Resource(reference.to_owned()));
        }
        self.resources.insert(bare(reference).to_owned(), resource.clone());
        Ok(())
    }

    /// The same, with what a resource contains; its references begin with `#`.
    pub(crate) fn with_contained(&self, resource: &Value) -> Self {
        let mut resolver = self.clone();
        for contained in resource.get("contained").and_then(Value::as_array).into_iter().flatten() {
            if let (Some(id), Some(_)) = (contained.get("id").and_then(Value::as_str), type_of(contained)) {
                resolver.resources.insert(format!("#{id}"), contained.clone());
            }
        }
        resolver
    }

    pub(crate) fn get(&self, reference: &Reference) -> Option<&Value> {
        self.resources.get(bare(reference.reference.as_deref()?))
    }

    /// Every known name of what a reference means: itself, the identifier it carries, and those of the resource.
    pub(crate) fn names(&self, reference: &Reference) -> Identifiers {
        let mut names = Identifiers::new();
        names.extend(reference.identifier.as_ref().and_then(identifier));
        let Some(written) = reference.reference.as_deref() else { return names };
        // A contained resource has no name outside.
        if !written.starts_with('#') {
            names.insert(engine::Identifier::reference(bare(written)));
        }
        names.extend(self.patients.get(bare(written)).into_iter().flatten().filter_map(identifier));
        if let Some(resource) = self.get(reference) {
            names.extend(names_in(resource));
        }
        names
    }

    /// References of the patients that one of these names belongs to.
    pub(crate) fn names_of_patient(&self, names: &Identifiers) -> Identifiers {
        let mut all = names.clone();
        for (reference, identifiers) in &self.patients {
            let own: Identifiers = identifiers.iter().filter_map(identifier).collect();
            let reference = engine::Identifier::reference(reference);
            if !own.is_disjoint(names) || names.contains(&reference) {
                all.extend(own);
                all.insert(reference);
            }
        }
        all
    }

    /// The names of a party and of every organisation it is a part of.
    pub(crate) fn chain(&self, reference: &Reference) -> Identifiers {
        let mut names = self.names(reference);
        let mut at = reference.clone();
        for _ in 0..DEPTH_MAX {
            let above = self.get(&at).filter(|resource| type_of(resource) == Some("Organization"));
            let Some(above) = above.and_then(|resource| element::<Reference>(resource, "partOf")) else { break };
            if lacks(Mutant::SubUnitsUnknown) {
                break;
            }
            names.extend(self.names(&above));
            at = above;
        }
        names
    }

    /// A person in a role at a place, if the reference leads to that and it holds now.
    pub(crate) fn practitioner_role(
        &self,
        reference: &Reference,
        as_of: Moment,
    ) -> Option<(Identifiers, Vec<HeldRole>)> {
        let role = self.get(reference).filter(|resource| type_of(resource) == Some("PractitionerRole"))?;
        let is_active = element::<bool>(role, "active").unwrap_or(true);
        let period = role.get("period").map_or(Some(Span::ALWAYS), |_| element::<Period>(role, "period")?.span());
        if !is_active || !period.is_some_and(|period| period.contains(as_of)) {
            return None;
        }
        let mut names = Identifiers::new();
        names.extend(element::<Reference>(role, "practitioner").iter().flat_map(|person| self.names(person)));
        let place = element::<Reference>(role, "organization").map(|place| self.chain(&place));
        names.extend(place.iter().flatten().cloned());
        let codes = element::<Vec<CodeableConcept>>(role, "code").unwrap_or_default();
        let codes = codes.iter().flat_map(|concept| concept.coding.iter().filter_map(crate::datatype::Coding::known));
        Some((names, codes.map(|code| HeldRole { code, at: place.clone() }).collect()))
    }

    /// The group that a reference leads to; `None` if it leads to something that is no group.
    pub(crate) fn group(&self, reference: &Reference) -> Option<Group> {
        let is_group = |of: &str| matches!(of, "Group" | "CareTeam");
        let says = reference.of.as_deref().or_else(|| type_in(reference.reference.as_deref()?));
        let resource = self.get(reference);
        let of = resource.and_then(type_of).or(says)?;
        is_group(of).then(|| Group {
            names: self.names(reference),
            members: resource.and_then(|resource| self.members(resource, DEPTH_MAX)),
        })
    }

    /// Members with their times; `None` if they cannot be told one by one.
    fn members(&self, group: &Value, depth: usize) -> Option<Vec<Membership>> {
        let is_readable = group.get("modifierExtension").is_none() && depth > 0;
        if !is_readable {
            return None;
        }
        match type_of(group)? {
            "Group" => self.group_members(group, depth),
            "CareTeam" => self.team_members(group, depth),
            _ => None,
        }
    }

    fn group_members(&self, group: &Value, depth: usize) -> Option<Vec<Membership>> {
        let is_described = element::<bool>(group, "actual") == Some(false)
            || matches!(element::<String>(group, "membership").as_deref(), Some("definitional" | "conceptual"));
        if is_described {
            return None;
        }
        if element::<bool>(group, "active") == Some(false) {
            return Some(Vec::new());
        }
        let mut members = Vec::new();
        for member in group.get("member").and_then(Value::as_array).into_iter().flatten() {
            if element::<bool>(member, "inactive") != Some(true) {
                members.extend(self.member(member, "entity", Span::ALWAYS, depth)?);
            }
        }
        Some(members)
    }

    fn team_members(&self, team: &Value, depth: usize) -> Option<Vec<Membership>> {
        if element::<String>(team, "status").is_some_and(|status| status != "active") {
            return Some(Vec::new());
        }
        let period = span_of(team, "period")?;
        let mut members = Vec::new();
        for participant in team.get("participant").and_then(Value::as_array).into_iter().flatten() {
            members.extend(self.member(participant, "member", period, depth)?);
        }
        Some(members)
    }

    /// One entry of a group: somebody, or another group with all of its own.
    fn member(&self, entry: &Value, name: &str, within: Span, depth: usize) -> Option<Vec<Membership>> {
        if entry.get("modifierExtension").is_some() {
            return None;
        }
        let of_entry = if entry.get("coveragePeriod").is_some() { "coveragePeriod" } else { "period" };
        let period = meet(within, span_of(entry, of_entry)?);
        let reference = element::<Reference>(entry, name)?;
        let inner = self.get(&reference).filter(|one| matches!(type_of(one), Some("Group" | "CareTeam")));
        let Some(inner) = inner else { return Some(vec![Membership { who: self.names(&reference), period }]) };
        let members = self.members(inner, depth.saturating_sub(1))?;
        let own = |member: Membership| Membership { period: meet(member.period, period), ..member };
        Some(members.into_iter().map(own).collect())
    }
}

/// A period of a resource: always if there is none, `None` if it cannot be read.
fn span_of(resource: &Value, name: &str) -> Option<Span> {
    resource.get(name).map_or(Some(Span::ALWAYS), |_| element::<Period>(resource, name)?.span())
}

fn meet(one: Span, other: Span) -> Span {
    let until = match (one.until, other.until) {
        (Some(one), Some(other)) => Some(one.min(other)),
        (one, other) => one.or(other),
    };
    Span { from: one.from.max(other.from), until }
}

/// What kind of resource it is.
pub(crate) fn type_of(resource: &Value) -> Option<&str> {
    resource.get("resourceType").and_then(Value::as_str)
}

/// The type that a reference such as `Group/7` names.
pub(crate) fn type_in(reference: &str) -> Option<&str> {
    let mut parts = bare(reference).rsplit('/');
    let _id = parts.next()?;
    parts.next()
}

/// What a resource calls itself.
fn names_in(resource: &Value) -> Identifiers {
    let own = element::<Vec<Identifier>>(resource, "identifier").unwrap_or_default();
    own.iter().filter_map(identifier).collect()
}
