//! `provision`, element by element, each as a part of a document's rule. What is not known here is refused: left out of
//! a permit it would make that wider than its author meant.

use super::people::{Named, named};
use super::{ImportError, unix_ms};
use crate::datatype::{Coding, PARTICIPATION_TYPE, Reference, system_of};
use crate::fields::Fields;
use amanah_ledger::codec::BoundedVec;
use amanah_ledger::document::rule::{LABELS_MAX, TYPES_MAX};
use amanah_ledger::document::{
    Action, Actor, Class, DataScope, Effect, Period, RULE_DEPTH_MAX, RULES_MAX, Rule, RuleBody, TypeScope,
};
use amanah_ledger::engine::Span;
use amanah_ledger::time::UnixMs;
use amanah_ledger::vocabulary::{Code, Kind, Vocabulary, system};
use serde::Deserialize;
use serde_json::Value;

/// What R4 has and no hospital enforces yet.
const NOT_YET: [(&str, &str); 3] =
    [("dataPeriod", "a period of data"), ("data", "naming single records or authors"), ("code", "clinical codes")];

/// Reads the provisions of one consent.
pub(super) struct Reader<'a> {
    pub(super) resource: &'a Value,
    pub(super) who: &'a dyn Fn(&Named) -> Option<Actor>,
    pub(super) class: Class,
}

impl Reader<'_> {
    /// When the consent holds, its root, and the rules below it in pre-order.
    pub(super) fn tree(&self, provision: &Value) -> Result<(Span, RuleBody, Vec<Rule>), ImportError> {
        check_filled(provision, "provision")?;
        let mut fields = Fields::of(provision, "provision")?;
        let effect = effect(&mut fields)?.ok_or(ImportError::Missing("provision.type"))?;
        let period = period(&mut fields)?;
        let root = self.body(&mut fields, effect)?;
        if root.purposes.is_empty() {
            return Err(ImportError::Missing("provision.purpose"));
        }
        let mut rules = Vec::new();
        self.below(&mut fields, effect, 1, &mut rules)?;
        fields.finish()?;
        Ok((period, root, rules))
    }

    fn below(
        &self,
        above: &mut Fields<'_>,
        effect_above: Effect,
        depth: u8,
        rules: &mut Vec<Rule>,
    ) -> Result<(), ImportError> {
        for (place, provision) in above.list("provision").unwrap_or_default() {
            if depth > RULE_DEPTH_MAX || rules.len() >= RULES_MAX {
                return Err(ImportError::Nesting);
            }
            let mut fields = Fields::of(provision, &place)?;
            let effect = effect(&mut fields)?.unwrap_or(effect_above.opposite());
            let period = part_period(&mut fields)?;
            let body = RuleBody { period, ..self.body(&mut fields, effect)? };
            rules.push(Rule { depth, body });
            self.below(&mut fields, effect, depth + 1, rules)?;
            fields.finish()?;
        }
        Ok(())
    }

    /// All of a provision but its effect, its period and what stands below it.
    fn body(&self, fields: &mut Fields<'_>, effect: Effect) -> Result<RuleBody, ImportError> {
        skip_id(fields)?;
        for (element, what) in NOT_YET {
            if fields.take(element).is_some() {
                return Err(ImportError::NotYet { place: fields.place(element), what });
            }
        }
        Ok(RuleBody {
            effect,
            actors: each(fields, "actor", |actor, place| self.actor(actor, place))?,
            purposes: each(fields, "purpose", |purpose, place| self.purpose(purpose, place))?,
            actions: each(fields, "action", action)?,
            period: None,
            data: data(fields)?,
        })
    }

    fn actor(&self, actor: &Value, place: &str) -> Result<Actor, ImportError> {
        let mut fields = Fields::of(actor, place)?;
        skip_id(&mut fields)?;
        let role = fields.take("role").ok_or_else(|| ImportError::Form(fields.place("role")))?;
        for coding in codings(role, &fields.place("role"))? {
            let is_recipient = coding.system == PARTICIPATION_TYPE && matches!(coding.code.as_str(), "IRCP" | "PRCP");
            if !is_recipient {
                let what = "an actor other than whoever receives the data";
                return Err(ImportError::NotYet { place: coding.place, what });
            }
        }
        let place = fields.place("reference");
        let written = fields.take("reference").ok_or_else(|| ImportError::Form(place.clone()))?;
        fields.finish()?;
        let mut parts = Fields::of(written, &place)?;
        for part in ["id", "reference", "type", "identifier", "display"] {
            parts.take(part);
        }
        parts.finish()?;
        let reference = Reference::deserialize(written).map_err(|_form| ImportError::Form(place.clone()))?;
        let named = named(&reference, self.resource);
        named.and_then(|named| (self.who)(&named)).ok_or(ImportError::Nobody(place))
    }

    fn purpose(&self, purpose: &Value, place: &str) -> Result<Code, ImportError> {
        let Coded { system, code, .. } = coding(purpose, place)?;
        let vocabulary = Vocabulary::v1();
        if system != system::PURPOSE || !vocabulary.knows(Kind::Purpose, &code) {
            return Err(ImportError::Code(place.to_owned()));
        }
        let code = bounded(&code, place)?;
        if Class::of(vocabulary, &code) == self.class { Ok(code) } else { Err(ImportError::Class(place.to_owned())) }
    }
}

/// A code with where it stands.
struct Coded {
    place: String,
    system: String,
    code: String,
}

/// A Coding. What people read beside the code is kept with the resource and decides nothing.
fn coding(value: &Value, place: &str) -> Result<Coded, ImportError> {
    let mut fields = Fields::of(value, place)?;
    for part in ["id", "system", "version", "code", "display", "userSelected"] {
        fields.take(part);
    }
    fields.finish()?;
    let read = Coding::deserialize(value).map_err(|_form| ImportError::Form(place.to_owned()))?;
    let (Some(system), Some(code)) = (read.system, read.code) else { return Err(ImportError::Code(place.to_owned())) };
    Ok(Coded { place: place.to_owned(), system: system_of(&system), code })
}

/// The codes of a CodeableConcept; at least one.
fn codings(value: &Value, place: &str) -> Result<Vec<Coded>, ImportError> {
    let mut fields = Fields::of(value, place)?;
    skip_id(&mut fields)?;
    fields.take("text");
    let list = fields.list("coding").ok_or_else(|| ImportError::Code(place.to_owned()))?;
    fields.finish()?;
    list.into_iter().map(|(place, one)| coding(one, &place)).collect()
}

/// One act, by one code or by several that mean it.
fn action(value: &Value, place: &str) -> Result<Action, ImportError> {
    let mut meant = None;
    for Coded { place, system, code } in codings(value, place)? {
        let one = match code.as_str() {
            "access" => Action::Access,
            "use" => Action::Use,
            "disclose" => Action::Disclose,
            "correct" => Action::Correct,
            "collect" => Action::Collect,
            _ => return Err(ImportError::Code(place)),
        };
        if system != system::ACTION || meant.is_some_and(|other| other != one) {
            return Err(ImportError::Code(place));
        }
        meant = Some(one);
    }
    meant.ok_or_else(|| ImportError::Code(place.to_owned()))
}

fn data(fields: &mut Fields<'_>) -> Result<DataScope, ImportError> {
    let types: BoundedVec<TypeScope, TYPES_MAX> = each(fields, "class", kind)?;
    let labels: BoundedVec<Code, LABELS_MAX> = each(fields, "securityLabel", label)?;
    Ok(DataScope { types, labels, ..DataScope::default() })
}

/// A kind of resource, or a category of the one kind that has it.
fn kind(value: &Value, place: &str) -> Result<TypeScope, ImportError> {
    let Coded { system, code, .. } = coding(value, place)?;
    let vocabulary = Vocabulary::v1();
    if vocabulary.knows(Kind::Type, &code) && system == Kind::Type.system(&code) {
        return Ok(TypeScope { of: bounded(&code, place)?, category: None });
    }
    match vocabulary.types_of_category(&code) {
        [of] if system == Kind::Category.system(&code) => {
            Ok(TypeScope { of: bounded(of, place)?, category: Some(bounded(&code, place)?) })
        }
        _ => Err(ImportError::Code(place.to_owned())),
    }
}

fn label(value: &Value, place: &str) -> Result<Code, ImportError> {
    let Coded { system, code, .. } = coding(value, place)?;
    let vocabulary = Vocabulary::v1();
    let kinds = [Kind::Confidentiality, Kind::Sensitivity];
    let is_known = kinds.into_iter().any(|kind| vocabulary.knows(kind, &code) && system == kind.system(&code));
    if is_known { bounded(&code, place) } else { Err(ImportError::Code(place.to_owned())) }
}

fn bounded(code: &str, place: &str) -> Result<Code, ImportError> {
    Code::try_from(code).map_err(|_length| ImportError::Code(place.to_owned()))
}

/// Every alternative of an element, in the order that documents have.
fn each<T: Ord, const MAX: usize>(
    fields: &mut Fields<'_>,
    element: &'static str,
    read: impl Fn(&Value, &str) -> Result<T, ImportError>,
) -> Result<BoundedVec<T, MAX>, ImportError> {
    let place = fields.place(element);
    let list = fields.list(element).unwrap_or_default();
    let mut items = list.into_iter().map(|(place, one)| read(one, &place)).collect::<Result<Vec<T>, _>>()?;
    items.sort();
    items.dedup();
    BoundedVec::try_from(items).map_err(|_many| ImportError::TooMany(place))
}

fn effect(fields: &mut Fields<'_>) -> Result<Option<Effect>, ImportError> {
    let place = fields.place("type");
    match fields.read::<String>("type", "a code")?.as_deref() {
        None => Ok(None),
        Some("permit") => Ok(Some(Effect::Permit)),
        Some("deny") => Ok(Some(Effect::Deny)),
        Some(_) => Err(ImportError::Code(place)),
    }
}

fn period(fields: &mut Fields<'_>) -> Result<Span, ImportError> {
    let place = fields.place("period");
    let Some(period) = fields.take("period") else { return Ok(Span::ALWAYS) };
    let mut parts = Fields::of(period, &place)?;
    skip_id(&mut parts)?;
    let start = moment(&mut parts, "start")?;
    let end = moment(&mut parts, "end")?;
    parts.finish()?;
    Ok(Span { from: start.and_then(|span| span.from), until: end.and_then(|span| span.until) })
}

fn moment(parts: &mut Fields<'_>, end: &'static str) -> Result<Option<Span>, ImportError> {
    let place = parts.place(end);
    let written: Option<String> = parts.read(end, "a date")?;
    written.map(|text| crate::date::span(&text).ok_or(ImportError::Form(place))).transpose()
}

/// When a rule below the root holds. A document says both ends of it, in whole seconds.
fn part_period(fields: &mut Fields<'_>) -> Result<Option<Period>, ImportError> {
    let place = fields.place("period");
    let span = period(fields)?;
    match (span.from, span.until) {
        (None, None) => Ok(None),
        (Some(from), Some(until)) => {
            let until = unix_ms(until.0);
            Ok(Some(Period { from: UnixMs(unix_ms(from.0)), until: UnixMs(until - until % 1000) }))
        }
        (Some(_), None) | (None, Some(_)) => {
            Err(ImportError::NotYet { place, what: "a rule below the root with one end of its time" })
        }
    }
}

fn skip_id(fields: &mut Fields<'_>) -> Result<(), ImportError> {
    fields.read::<String>("id", "an id")?;
    Ok(())
}

/// FHIR knows no empty element: an empty list of actors is not everybody.
fn check_filled(value: &Value, place: &str) -> Result<(), ImportError> {
    let is_empty = match value {
        Value::Null => true,
        Value::Array(list) => list.is_empty(),
        Value::Object(fields) => fields.is_empty(),
        Value::String(text) => text.is_empty(),
        Value::Bool(_) | Value::Number(_) => false,
    };
    if is_empty {
        return Err(ImportError::Form(place.to_owned()));
    }
    match value {
        Value::Array(list) => {
            list.iter().enumerate().try_for_each(|(number, one)| check_filled(one, &format!("{place}[{number}]")))
        }
        Value::Object(fields) => {
            fields.iter().try_for_each(|(name, one)| check_filled(one, &format!("{place}.{name}")))
        }
        _ => Ok(()),
    }
}
