//! A question that comes to a hospital's desk in FHIR, as the desk decides it and writes it down: a call of the hook
//! `patient-consent-consult` as LEAP and SHARES publish it, or the Parameters of `$consent-decision`, which say the same.
//!
//! Deviations from what `amanah policy eval` makes of such a call, because the answer is an access with a receipt:
//! - patient and requester must be of this network, the purpose one of its vocabulary;
//! - kinds of data and content that comes along are the items of the access; where neither is named, all kinds that
//!   presets name are, without what is sensitive;
//! - a scope is what the purpose belongs to, or the call is refused; consents do not come along: the desk has its own.

pub mod reply;

use crate::import::{MEMBER, PRACTITIONER};
use crate::patient::Patient;
use crate::request::{self, RequestError};
use crate::resolve::Resolver;
use amanah_ledger::codec::BoundedVec;
use amanah_ledger::crypto::Digest;
use amanah_ledger::document::Class;
use amanah_ledger::engine::{Asked, ITEMS_MAX, Identifier, Identifiers, Item, Moment, Record};
use amanah_ledger::preset::{Preset, Selection};
use amanah_ledger::vocabulary::{Code, Coding, Kind, Vocabulary, system};
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;

/// System of what a member has signed about one of its practitioners: a SignedDirectoryEntry in hexadecimal.
pub const ENTRY: &str = "urn:amanah:directory-entry";

/// Who asks, as a call names them.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Asker {
    /// A whole organisation, by name or id.
    Member(String),
    /// A person there.
    Practitioner {
        /// The organisation, by name or id.
        member: String,
        /// Their name there.
        handle: String,
    },
    /// A person by what their organisation has signed about them.
    Entry(String),
}

/// What somebody asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Consult {
    /// About whom.
    pub patient: Patient,
    /// Who.
    pub asker: Asker,
    /// Why.
    pub purpose: Code,
    /// For which data; at least one, each once.
    pub items: BoundedVec<Item, ITEMS_MAX>,
    /// How many keys of the call say nothing here.
    pub ignored: usize,
}

/// Why a call cannot be decided. Names places, never what stands there.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ConsultError {
    /// Not of the form that such a call has.
    #[error(transparent)]
    Form(#[from] RequestError),
    /// A parameter that the operation does not have.
    #[error("parameter[{0}] is none of: patient, requester, purpose, class, scope, content")]
    Parameter(usize),
    /// The patient has no name that a hospital here has given.
    #[error(
        "the patient has none of: Patient/P-…, an identifier of urn:amanah:patient, urn:amanah:mrn:HOSPITAL, urn:amanah:relationship:CHAIN"
    )]
    Patient,
    /// Nobody is named who asks, or several who are not one.
    #[error(
        "whoever asks is one member or practitioner, by an identifier of urn:amanah:member, urn:amanah:practitioner:MEMBER or urn:amanah:directory-entry"
    )]
    Asker,
    /// No purpose, or none of the vocabulary.
    #[error("the purpose is not one of the vocabulary, as a code of v3-ActReason")]
    Purpose,
    /// A scope that the purpose does not belong to.
    #[error("the scope is not the one that the purpose belongs to")]
    Scope,
    /// Data that the vocabulary does not know.
    #[error("it asks for a kind of data that the vocabulary does not have")]
    Data,
    /// More than a receipt holds.
    #[error("it asks for more than {ITEMS_MAX} kinds of data, or has more categories or labels than one record holds")]
    TooMuch,
    /// Consents came along.
    #[error("consents come along, and this hospital decides by those that it holds")]
    Consents,
}

/// Reads a call of the hook.
///
/// # Errors
/// Says what keeps it from being decided.
pub fn of_hook(call: &Value, chain: &Digest) -> Result<Consult, ConsultError> {
    if call.get("context").and_then(|context| context.get("patientId")).is_none() {
        return Err(RequestError::Missing("context.patientId").into());
    }
    // Nothing that the call itself brings changes whom it names.
    let request = request::read(call, &Resolver::default(), Moment(0))?;
    if !request.consents.is_empty() {
        return Err(ConsultError::Consents);
    }
    let purpose = request.question.purpose.as_ref().ok_or(ConsultError::Purpose)?;
    let purpose = Some(&purpose.code).filter(|_| purpose.system == system::PURPOSE);
    let purpose =
        purpose.and_then(|code| Vocabulary::v1().code_of(Kind::Purpose, code)).ok_or(ConsultError::Purpose)?;
    let scope = match Class::of(Vocabulary::v1(), &purpose) {
        Class::PatientPrivacy => "patient-privacy",
        Class::Research => "research",
    };
    if request.question.classes.as_ref().is_some_and(|scopes| !scopes.contains(&Kind::Scope.coding(scope))) {
        return Err(ConsultError::Scope);
    }
    Ok(Consult {
        patient: Patient::of_names(&request.question.patient, chain).ok_or(ConsultError::Patient)?,
        asker: asker(&request.question.asker.names)?,
        purpose,
        items: items(&request.kinds, &request.question.asked)?,
        ignored: request.ignored.len(),
    })
}

/// Reads the Parameters of `$consent-decision`.
///
/// # Errors
/// Says what keeps them from being decided.
pub fn of_parameters(parameters: &Value, chain: &Digest) -> Result<Consult, ConsultError> {
    let form = || RequestError::Form { place: "it".to_owned(), expected: "a resource Parameters" };
    let is_parameters = parameters.get("resourceType").and_then(Value::as_str) == Some("Parameters");
    let list = parameters.get("parameter").and_then(Value::as_array).filter(|_| is_parameters).ok_or_else(form)?;
    let mut context: Map<String, Value> = Map::new();
    for (number, parameter) in list.iter().enumerate() {
        let name = match parameter.get("name").and_then(Value::as_str) {
            Some("patient") => "patientId",
            Some("requester") => "actor",
            Some("purpose") => "purposeOfUse",
            Some("class") => "class",
            Some("scope") => "scope",
            Some("content") => "content",
            _ => return Err(ConsultError::Parameter(number)),
        };
        let fields = parameter.as_object().ok_or(ConsultError::Parameter(number))?;
        let mut values = fields.iter().filter(|(key, _)| key.starts_with("value") || *key == "resource");
        let (Some((_, value)), None) = (values.next(), values.next()) else {
            return Err(ConsultError::Parameter(number));
        };
        match context.get_mut(name) {
            Some(Value::Array(several)) if name != "content" => several.push(value.clone()),
            Some(_) => return Err(ConsultError::Parameter(number)),
            None if name == "content" => drop(context.insert(name.to_owned(), value.clone())),
            None => drop(context.insert(name.to_owned(), json!([value]))),
        }
    }
    of_hook(&json!({ "context": context }), chain)
}

/// The one who asks. A person may come with the organisation that they belong to, under the same name.
fn asker(names: &Identifiers) -> Result<Asker, ConsultError> {
    let known = names.iter().filter_map(|name| match name {
        Identifier::Assigned { system, value } if system == MEMBER => Some(Asker::Member(value.clone())),
        Identifier::Assigned { system, value } if system == ENTRY => Some(Asker::Entry(value.clone())),
        Identifier::Assigned { system, value } => {
            let member = system.strip_prefix(PRACTITIONER)?.to_owned();
            Some(Asker::Practitioner { member, handle: value.clone() })
        }
        Identifier::Reference(_) => None,
    });
    let known: Vec<Asker> = known.collect::<BTreeSet<_>>().into_iter().collect();
    match known.as_slice() {
        [one] => Ok(one.clone()),
        [Asker::Member(place), Asker::Practitioner { member, handle }] if place == member => {
            Ok(Asker::Practitioner { member: member.clone(), handle: handle.clone() })
        }
        _ => Err(ConsultError::Asker),
    }
}

fn items(kinds: &[Coding], asked: &Asked) -> Result<BoundedVec<Item, ITEMS_MAX>, ConsultError> {
    let mut all = BTreeSet::new();
    for kind in kinds {
        all.extend(of_kind(kind)?);
    }
    let records = match asked {
        Asked::Query(query) => &query.along,
        Asked::Records(records) => records,
    };
    for record in records {
        all.insert(of_record(record)?);
    }
    if all.is_empty() {
        all.extend(Selection { presets: [Preset::Everything].into(), ..Selection::default() }.items());
    }
    BoundedVec::try_from(Vec::from_iter(all)).map_err(|_too_many| ConsultError::TooMuch)
}

fn code(text: &str) -> Result<Code, ConsultError> {
    Code::try_from(text).map_err(|_too_long| ConsultError::Data)
}

/// A kind of resource, or a category of one.
fn of_kind(kind: &Coding) -> Result<Vec<Item>, ConsultError> {
    let vocabulary = Vocabulary::v1();
    let Coding { system, code: text } = kind;
    if system == system::RESOURCE_TYPE && vocabulary.knows(Kind::Type, text) {
        return Ok(vec![Item { of: code(text)?, categories: BoundedVec::new(), labels: BoundedVec::new() }]);
    }
    let types = vocabulary.types_of(kind);
    if types.is_empty() {
        return Err(ConsultError::Data);
    }
    let of_type = |of: &&str| {
        let categories = BoundedVec::try_from(vec![code(text)?]).map_err(|_too_many| ConsultError::TooMuch)?;
        Ok(Item { of: code(of)?, categories, labels: BoundedVec::new() })
    };
    types.iter().map(of_type).collect()
}

/// A record that came along, by what consents can speak about: its type, its categories and its labels.
fn of_record(record: &Record) -> Result<Item, ConsultError> {
    let vocabulary = Vocabulary::v1();
    let of = record.of.as_ref().filter(|of| vocabulary.knows(Kind::Type, &of.code)).ok_or(ConsultError::Data)?;
    let is_category =
        |one: &&Coding| one.system == Kind::Category.system(&one.code) && vocabulary.knows(Kind::Category, &one.code);
    let is_label = |one: &&Coding| one.system == vocabulary.label_kind(&one.code).system(&one.code);
    let categories: Vec<Code> =
        record.categories.iter().flatten().filter(is_category).map(|one| code(&one.code)).collect::<Result<_, _>>()?;
    let labels: Vec<Code> =
        record.labels.iter().filter(is_label).map(|one| code(&one.code)).collect::<Result<_, _>>()?;
    Ok(Item {
        of: code(&of.code)?,
        categories: BoundedVec::try_from(categories).map_err(|_too_many| ConsultError::TooMuch)?,
        labels: BoundedVec::try_from(labels).map_err(|_too_many| ConsultError::TooMuch)?,
    })
}

#[cfg(test)]
mod tests;
