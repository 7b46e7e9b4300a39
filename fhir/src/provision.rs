//! A provision of a FHIR Consent as a rule of the engine, element by element (CE-1 step 0).
//!
//! Inside a permit an element that is not understood makes the rule fit nothing; of several alternatives those that are
//! understood stand. Inside a refusal such an element is left out, so that the refusal is at least as wide as meant.

use crate::consent::Refusal;
use crate::datatype::{CodeableConcept, Coding, PARTICIPATION_TYPE, Period, Reference};
use crate::resolve::{Resolver, element};
use amanah_ledger::document::{Effect, RULE_DEPTH_MAX, RULES_MAX};
use amanah_ledger::engine::{Actor, Class, Data, Party, Records, Rule, Side, Span};
use amanah_ledger::mutant::{Mutant, lacks};
use amanah_ledger::vocabulary::{self, Kind, Vocabulary};
use serde::Deserialize;
use serde_json::{Map, Value};
use std::collections::BTreeSet;

/// Reads the provisions of one consent and counts them.
pub(crate) struct Reader<'a> {
    pub(crate) resolver: &'a Resolver,
    pub(crate) rules: usize,
}

/// An object, or a list of objects: XML that became JSON leaves out the list around a single element.
pub(crate) fn objects<'a>(value: &'a Value, place: &str) -> Result<Vec<&'a Map<String, Value>>, Refusal> {
    let malformed = || Refusal::Malformed(place.to_owned());
    match value {
        Value::Object(one) => Ok(vec![one]),
        Value::Array(list) => list.iter().map(|one| one.as_object().ok_or_else(malformed)).collect(),
        _ => Err(malformed()),
    }
}

impl Reader<'_> {
    /// Provisions below a rule or base decision with this effect, `depth` levels below the root.
    pub(crate) fn below(
        &mut self,
        provisions: &Value,
        place: &str,
        above: Effect,
        depth: u8,
    ) -> Result<Vec<Rule>, Refusal> {
        let list = objects(provisions, place)?;
        let has_room = depth <= RULE_DEPTH_MAX || list.is_empty() || lacks(Mutant::LimitsUnchecked);
        if !has_room {
            return Err(Refusal::Depth);
        }
        let mut rules = Vec::new();
        for (number, provision) in list.into_iter().enumerate() {
            self.rules += 1;
            if self.rules > RULES_MAX && !lacks(Mutant::LimitsUnchecked) {
                return Err(Refusal::Rules);
            }
            let place = format!("{place}[{number}]");
            let stated = effect(provision, &place)?.filter(|_| !lacks(Mutant::NestedTypeIgnored));
            let effect = stated.unwrap_or(above.opposite());
            let mut rule = self.rule(provision, &place, effect);
            if let Some(below) = provision.get("provision") {
                rule.exceptions = self.below(below, &format!("{place}.provision"), effect, depth.saturating_add(1))?;
            }
            rules.push(rule);
        }
        Ok(rules)
    }

    /// One provision without those below it. Its period counts unless the caller takes it for the consent's.
    pub(crate) fn rule(&self, provision: &Map<String, Value>, place: &str, effect: Effect) -> Rule {
        let mut rule = Rule::bare(effect, place);
        for (name, value) in provision {
            let understood = match name.as_str() {
                // Said elsewhere, or without meaning for the decision.
                "type" | "provision" | "id" | "extension" => true,
                _ if name.starts_with('_') => true,
                "period" => period(value).map(|period| rule.period = period).is_some(),
                "actor" => self.actors(value, effect).map(|actors| rule.actors = actors).is_some(),
                "purpose" => codings(value, effect, |_| Some(Kind::Purpose)).map(|all| rule.purposes = all).is_some(),
                "action" => concepts(value, effect, Some(Kind::Action)).map(|all| rule.actions = all).is_some(),
                _ => self.data(name, value, effect, &mut rule.data),
            };
            if !understood {
                rule.unknown.push(name.clone());
            }
        }
        rule
    }

    fn data(&self, name: &str, value: &Value, effect: Effect, data: &mut Data) -> bool {
        match name {
            "securityLabel" => codings(value, effect, label_kind).map(|all| data.labels = all).is_some(),
            "dataPeriod" => period(value).map(|period| data.period = Some(period)).is_some(),
            "data" => self.records(value, effect).map(|records| data.records = records).is_some(),
            // Beside the other one it would mean both at once.
            "class" | "resourceType" if !data.classes.is_empty() => false,
            "class" | "resourceType" => {
                let class = |of| Class { of, category: None };
                codings(value, effect, class_kind)
                    .map(|all| data.classes = all.into_iter().map(class).collect())
                    .is_some()
            }
            "documentType" => codings(value, effect, |_| None).map(|all| data.documents = all).is_some(),
            "code" => concepts(value, effect, None).map(|all| data.codes = all).is_some(),
            _ => false,
        }
    }

    fn actors(&self, value: &Value, effect: Effect) -> Option<Vec<Actor>> {
        alternatives(value, effect, |actor| self.actor(actor))
    }

    fn actor(&self, actor: &Value) -> Option<Actor> {
        let known = |name: &String| matches!(name.as_str(), "role" | "reference" | "id" | "extension");
        if !actor.as_object()?.keys().all(|name| known(name) || name.starts_with('_')) {
            return None;
        }
        let role = match actor.get("role") {
            None => None,
            Some(role) => Some(CodeableConcept::deserialize(role).ok()?),
        };
        let side = role.as_ref().map_or(Side::Recipient, side);
        let Some(reference) = actor.get("reference") else { return nobody_named(side, role) };
        let reference = Reference::deserialize(reference).ok()?;
        let party = match self.resolver.group(&reference) {
            Some(group) => Party::Group(group),
            None => Party::Named(self.resolver.names(&reference)),
        };
        match &party {
            Party::Named(names) if names.is_empty() => None,
            _ => Some(Actor { side, party }),
        }
    }

    fn records(&self, value: &Value, effect: Effect) -> Option<Vec<Records>> {
        alternatives(value, effect, |data| {
            let names = self.resolver.names(&element::<Reference>(data, "reference")?);
            if names.is_empty() {
                return None;
            }
            match element::<String>(data, "meaning")?.as_str() {
                "instance" => Some(Records::Instance(names)),
                "related" => Some(Records::Related(names)),
                "authoredby" => Some(Records::AuthoredBy(names)),
                _ => None,
            }
        })
    }
}

/// What a provision says it does; `None` if it does not say.
pub(crate) fn effect(provision: &Map<String, Value>, place: &str) -> Result<Option<Effect>, Refusal> {
    match provision.get("type").map(|stated| stated.as_str()) {
        None => Ok(None),
        Some(Some("permit")) => Ok(Some(Effect::Permit)),
        Some(Some("deny")) => Ok(Some(Effect::Deny)),
        Some(_) => Err(Refusal::Type(place.to_owned())),
    }
}

pub(crate) fn period(value: &Value) -> Option<Span> {
    Period::deserialize(value).ok()?.span()
}

/// The alternatives of one element, as far as they are understood. Of a permit what is not understood is left out if
/// something is; of a refusal nothing may be, or it would be narrower than meant.
fn alternatives<T>(value: &Value, effect: Effect, read: impl Fn(&Value) -> Option<T>) -> Option<Vec<T>> {
    let all: Vec<Option<T>> = match value {
        Value::Array(list) => list.iter().map(read).collect(),
        one => vec![read(one)],
    };
    let (given, unread) = (all.len(), all.iter().filter(|one| one.is_none()).count());
    let understood: Vec<T> = all.into_iter().flatten().collect();
    match effect {
        Effect::Permit => (given == 0 || !understood.is_empty()).then_some(understood),
        Effect::Deny => (unread == 0).then_some(understood),
    }
}

/// Codes; one without a system counts in a refusal as of the kind that the element is bound to, and in a permit not.
fn codings(
    value: &Value,
    effect: Effect,
    bound: impl Fn(&str) -> Option<Kind>,
) -> Option<BTreeSet<vocabulary::Coding>> {
    let read = |one: &Value| coding(&Coding::deserialize(one).ok()?, effect, &bound);
    Some(alternatives(value, effect, read)?.into_iter().collect())
}

fn coding(written: &Coding, effect: Effect, bound: impl Fn(&str) -> Option<Kind>) -> Option<vocabulary::Coding> {
    let code = written.code.as_deref()?;
    match effect {
        Effect::Permit => written.known(),
        Effect::Deny => written.known().or_else(|| written.or_of(bound(code)?.system(code))),
    }
}

/// Concepts, by any of their codes.
fn concepts(value: &Value, effect: Effect, bound: Option<Kind>) -> Option<BTreeSet<vocabulary::Coding>> {
    let read = |one: &Value| {
        let concept = CodeableConcept::deserialize(one).ok()?;
        let codes: Vec<_> = concept.coding.iter().filter_map(|one| coding(one, effect, |_| bound)).collect();
        (!codes.is_empty()).then_some(codes)
    };
    Some(alternatives(value, effect, read)?.into_iter().flatten().collect())
}

fn label_kind(code: &str) -> Option<Kind> {
    Some(Vocabulary::v2().label_kind(code))
}

/// Resource types begin with a capital, categories of observations do not.
fn class_kind(code: &str) -> Option<Kind> {
    Some(if code.starts_with(|first: char| first.is_ascii_uppercase()) { Kind::Type } else { Kind::Category })
}

/// The side that an actor's role names (CE-1 step 2).
fn side(role: &CodeableConcept) -> Side {
    let named = |one: &Coding| {
        let known = one.known().filter(|known| known.system == PARTICIPATION_TYPE)?;
        match known.code.as_str() {
            "IRCP" | "PRCP" => Some(Side::Recipient),
            "CST" => Some(Side::Custodian),
            "AUT" => Some(Side::Author),
            _ => None,
        }
    };
    let mut sides = role.coding.iter().filter_map(named);
    let first = sides.next().unwrap_or(Side::Unknown);
    if sides.all(|other| other == first) { first } else { Side::Unknown }
}

/// An actor without a name: everybody on that side, or everybody who holds a role of work.
fn nobody_named(side: Side, role: Option<CodeableConcept>) -> Option<Actor> {
    if side != Side::Unknown {
        return role.map(|_| Actor { side, party: Party::Anyone });
    }
    let codes: BTreeSet<_> = role?.coding.iter().filter_map(Coding::known).collect();
    let is_of_work = !codes.is_empty() && codes.iter().all(|code| code.system != PARTICIPATION_TYPE);
    is_of_work.then_some(Actor { side: Side::Recipient, party: Party::Role { codes, at: None } })
}
