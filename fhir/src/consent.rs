//! A FHIR Consent, R4 or R5, as the engine evaluates it; or by name why it is not read.
//!
//! Nothing is guessed: an R4 consent must say at its root what it does (`provision.type`), an R5 consent what holds
//! where no provision speaks (`decision`).

use crate::datatype::{CodeableConcept, Coding, Period, Reference};
use crate::provision::{Reader, effect, objects, period};
use crate::resolve::{Resolver, element, type_of};
use amanah_ledger::document::{DOCUMENT_BYTES_MAX, Effect, RULE_DEPTH_MAX, RULES_MAX};
use amanah_ledger::engine::{self, ConsentRoot, ConsentStanding, Identifiers, Moment, Rule, Span};
use amanah_ledger::mutant::{Mutant, lacks};
use amanah_ledger::vocabulary::{self, Vocabulary, system};
use serde_json::{Map, Value};
use std::collections::BTreeSet;

/// The extension that names what a resource replaces.
pub(crate) const REPLACES: &str = "http://hl7.org/fhir/StructureDefinition/replaces";

/// Categories of consents, in the code system that FHIR has for them.
const CATEGORY: &str = "http://terminology.hl7.org/CodeSystem/consentcategorycodes";

/// Why a consent is not read. A consent that is refused could have refused something, so nothing is decided without it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// Not a Consent.
    #[error("it is no Consent")]
    NotConsent,
    /// It has no status that FHIR knows.
    #[error("its status {0:?} is none that a Consent has")]
    Status(String),
    /// Something in it changes the meaning of the rest.
    #[error("{0} changes what the rest means")]
    Modifier(String),
    /// It is about nobody.
    #[error("it names no patient")]
    Patient,
    /// R4 without a type at the root.
    #[error("provision.type at its root is missing: whether it permits or refuses would be a guess")]
    RootType,
    /// R5 without a base decision.
    #[error("decision is missing: what holds where no provision speaks would be a guess")]
    Decision,
    /// Neither permit nor deny.
    #[error("{0}.type is neither \"permit\" nor \"deny\"")]
    Type(String),
    /// When it holds cannot be read.
    #[error("{0} is no period")]
    Period(String),
    /// Not of the form that FHIR gives it.
    #[error("{0} has not the form that FHIR gives it")]
    Malformed(String),
    /// Nested too deep.
    #[error("its provisions are nested deeper than {RULE_DEPTH_MAX} levels")]
    Depth,
    /// Too many provisions.
    #[error("it has more than {RULES_MAX} provisions")]
    Rules,
    /// Too long.
    #[error("its provisions are longer than {DOCUMENT_BYTES_MAX} bytes")]
    Bytes,
    /// The same consent twice, and nothing says which is newer.
    #[error("it stands here in two versions, and nothing says which is newer")]
    TwoVersions,
}

/// Reads a Consent. `number` names one that has no id.
///
/// # Errors
/// Says by name what keeps it from being read.
pub fn read(resource: &Value, number: usize, resolver: &Resolver) -> Result<engine::Consent, Refusal> {
    let fields = resource.as_object().filter(|_| type_of(resource) == Some("Consent")).ok_or(Refusal::NotConsent)?;
    let resolver = &resolver.with_contained(resource);
    let standing = standing(fields)?;
    let patient = patient(resource, resolver)?;
    let mut consent = engine::Consent {
        id: id(resource, number),
        vocabulary: Vocabulary::v2(),
        standing,
        since: since(resource),
        authority: authority(resource, &patient, resolver),
        patient,
        custodians: custodians(resource, resolver),
        classes: Some(classes(resource)),
        period: Span::ALWAYS,
        supersedes: supersedes(resource),
        root: ConsentRoot::Decision(Effect::Deny),
        rules: Vec::new(),
        obligations: Vec::new(),
    };
    match tree(fields, resolver) {
        Ok((period, root, rules)) => Ok(engine::Consent { period, root, rules, ..consent }),
        // What is not in force refuses nothing, however it is written.
        Err(_) if standing != ConsentStanding::InForce => {
            consent.standing = ConsentStanding::Never;
            Ok(consent)
        }
        Err(refusal) => Err(refusal),
    }
}

/// Each consent once, in its newest version.
///
/// # Errors
/// When two versions stand here and nothing says which is newer.
pub fn newest(resources: Vec<Value>) -> Result<Vec<Value>, Refusal> {
    let mut kept: Vec<Value> = Vec::new();
    for resource in resources {
        let id = resource.get("id").and_then(Value::as_str).map(str::to_owned);
        let same =
            kept.iter_mut().find(|other| id.is_some() && other.get("id").and_then(Value::as_str) == id.as_deref());
        let Some(other) = same else {
            kept.push(resource);
            continue;
        };
        if *other == resource {
            continue;
        }
        let (one, two) = (age(other).ok_or(Refusal::TwoVersions)?, age(&resource).ok_or(Refusal::TwoVersions)?);
        match one.partial_cmp(&two).filter(|order| order.is_ne()) {
            Some(order) if order.is_lt() => *other = resource,
            Some(_) => {}
            None => return Err(Refusal::TwoVersions),
        }
    }
    Ok(kept)
}

/// A number that grows with the version.
fn age(resource: &Value) -> Option<(bool, i64)> {
    let meta = resource.get("meta")?;
    let version = meta.get("versionId").and_then(Value::as_str).and_then(|version| version.parse().ok());
    let updated = meta.get("lastUpdated").and_then(Value::as_str).and_then(crate::date::moment);
    version.map(|version| (true, version)).or_else(|| updated.map(|moment| (false, moment.0)))
}

fn id(resource: &Value, number: usize) -> String {
    match resource.get("id").and_then(Value::as_str) {
        Some(id) => format!("Consent/{id}"),
        None => format!("Consent#{number}"),
    }
}

/// Step 1: only `active` is in force.
fn standing(fields: &Map<String, Value>) -> Result<ConsentStanding, Refusal> {
    let status = fields.get("status").and_then(Value::as_str).unwrap_or_default();
    match status {
        "active" => Ok(ConsentStanding::InForce),
        "inactive" => Ok(ConsentStanding::Ended),
        "draft" | "proposed" | "rejected" | "entered-in-error" | "not-done" | "unknown" => Ok(ConsentStanding::Never),
        other => Err(Refusal::Status(other.to_owned())),
    }
}

/// R4 says `patient`, R5 `subject`.
fn patient(resource: &Value, resolver: &Resolver) -> Result<Identifiers, Refusal> {
    let reference = element::<Reference>(resource, "patient").or_else(|| element(resource, "subject"));
    let names = reference.map(|reference| resolver.names(&reference)).unwrap_or_default();
    if names.is_empty() { Err(Refusal::Patient) } else { Ok(names) }
}

/// R4 says `organization`, R5 `controller`.
fn custodians(resource: &Value, resolver: &Resolver) -> Vec<Identifiers> {
    let named = |name: &str| element::<Vec<Reference>>(resource, name).unwrap_or_default();
    let all = named("organization").into_iter().chain(named("controller"));
    all.map(|reference| resolver.names(&reference)).filter(|names| !names.is_empty()).collect()
}

/// R4's scope, and the categories. R5 has no scope: there a consent is about privacy unless its category says otherwise.
fn classes(resource: &Value) -> BTreeSet<vocabulary::Coding> {
    let scope = element::<CodeableConcept>(resource, "scope");
    let says_scope = scope.is_some();
    let categories = element::<Vec<CodeableConcept>>(resource, "category").unwrap_or_default();
    let concepts = scope.into_iter().chain(categories);
    let mut all: BTreeSet<_> =
        concepts.flat_map(|concept| concept.coding.iter().filter_map(Coding::known).collect::<Vec<_>>()).collect();
    if !says_scope && all.iter().all(|code| code.system != system::SCOPE) {
        let scope = all.iter().find_map(scope_of_category).unwrap_or("patient-privacy");
        all.insert(vocabulary::Coding::new(system::SCOPE, scope));
    }
    all
}

/// The scope that a category other than privacy means.
fn scope_of_category(category: &vocabulary::Coding) -> Option<&'static str> {
    let is_coded = [CATEGORY, system::ACT_CODE].contains(&category.system.as_str());
    match category.code.to_ascii_lowercase().as_str() {
        "research" | "rsdid" | "rsreid" if is_coded => Some("research"),
        "acd" | "dnr" | "hcd" | "polst" if is_coded => Some("adr"),
        _other => None,
    }
}

/// When it was given, for the order among those that replace each other.
fn since(resource: &Value) -> u64 {
    let given = ["dateTime", "date"].iter().find_map(|name| resource.get(*name).and_then(Value::as_str));
    let moment = given.and_then(crate::date::moment).map_or(0, |moment: Moment| moment.0);
    u64::try_from(moment).unwrap_or(0)
}

fn supersedes(resource: &Value) -> BTreeSet<String> {
    let extensions = resource.get("extension").and_then(Value::as_array).into_iter().flatten();
    let replaced = extensions.filter(|one| one.get("url").and_then(Value::as_str) == Some(REPLACES));
    let named = replaced.filter_map(|one| {
        let reference = element::<Reference>(one, "valueReference").and_then(|reference| reference.reference);
        reference.or_else(|| element(one, "valueUri")).or_else(|| element(one, "valueCanonical"))
    });
    named.collect()
}

/// Until when those who gave it may: a related person as long as the relation holds, everybody else for good.
fn authority(resource: &Value, patient: &Identifiers, resolver: &Resolver) -> Span {
    let named = |name: &str| element::<Vec<Reference>>(resource, name).unwrap_or_default();
    let givers: Vec<Reference> = named("performer").into_iter().chain(named("grantor")).collect();
    let related = |giver: &Reference| {
        let person = resolver.get(giver).filter(|person| type_of(person) == Some("RelatedPerson"))?;
        Some(authority_of(person, patient, resolver))
    };
    let spans: Option<Vec<Span>> = givers.iter().map(related).collect();
    match spans.unwrap_or_default().split_first() {
        None => Span::ALWAYS,
        Some((first, others)) => others.iter().fold(*first, |all, one| Span {
            from: all.from.max(one.from),
            until: [all.until, one.until].into_iter().flatten().min(),
        }),
    }
}

const NEVER: Span = Span { from: Some(Moment(i64::MAX)), until: Some(Moment(i64::MIN)) };

fn authority_of(person: &Value, patient: &Identifiers, resolver: &Resolver) -> Span {
    let of = element::<Reference>(person, "patient").map(|of| resolver.names(&of)).unwrap_or_default();
    let is_theirs = !of.is_disjoint(patient);
    let is_active = element::<bool>(person, "active") != Some(false);
    let period = person.get("period").map_or(Some(Span::ALWAYS), |_| element::<Period>(person, "period")?.span());
    period.filter(|_| is_theirs && is_active).unwrap_or(NEVER)
}

type Tree = (Span, ConsentRoot, Vec<Rule>);

/// When it holds and what it says.
fn tree(fields: &Map<String, Value>, resolver: &Resolver) -> Result<Tree, Refusal> {
    if let Some(place) = modifier(fields).filter(|_| !lacks(Mutant::ModifierIgnored)) {
        return Err(Refusal::Modifier(place));
    }
    let provision = fields.get("provision");
    let bytes = provision.map_or(0, |provision| provision.to_string().len());
    if bytes > DOCUMENT_BYTES_MAX && !lacks(Mutant::LimitsUnchecked) {
        return Err(Refusal::Bytes);
    }
    let mut reader = Reader { resolver, rules: 0 };
    match fields.get("decision") {
        Some(decision) => r5(fields, decision, &mut reader),
        None => r4(fields, &mut reader),
    }
}

fn r5(fields: &Map<String, Value>, decision: &Value, reader: &mut Reader<'_>) -> Result<Tree, Refusal> {
    let decision = match decision.as_str() {
        Some("permit") => Effect::Permit,
        Some("deny") => Effect::Deny,
        _ => return Err(Refusal::Decision),
    };
    let rules = match fields.get("provision").filter(|provision| !provision.is_null()) {
        Some(provisions) => reader.below(provisions, "provision", decision, 1)?,
        None => Vec::new(),
    };
    Ok((frame_period(fields.get("period"), "period")?, ConsentRoot::Decision(decision), rules))
}

fn r4(fields: &Map<String, Value>, reader: &mut Reader<'_>) -> Result<Tree, Refusal> {
    let is_r5 = ["subject", "controller", "grantor", "grantee"].iter().any(|name| fields.contains_key(*name));
    let missing = if is_r5 { Refusal::Decision } else { Refusal::RootType };
    let roots = fields
        .get("provision")
        .filter(|provision| !provision.is_null())
        .map(|provision| objects(provision, "provision"))
        .transpose()?;
    let [root] = roots.unwrap_or_default()[..] else { return Err(missing) };
    let guess = lacks(Mutant::RootTypeGuessed).then_some(Effect::Permit);
    let effect = effect(root, "provision")?.or(guess).ok_or(missing)?;
    let rules = match root.get("provision") {
        Some(provisions) => reader.below(provisions, "provision.provision", effect, 1)?,
        None => Vec::new(),
    };
    let mut own = root.clone();
    // The root's period is the consent's.
    let period = frame_period(own.remove("period").as_ref(), "provision.period")?;
    Ok((period, ConsentRoot::Rule(reader.rule(&own, "provision", effect)), rules))
}

fn frame_period(value: Option<&Value>, place: &str) -> Result<Span, Refusal> {
    value.map_or(Ok(Span::ALWAYS), |value| period(value).ok_or_else(|| Refusal::Period(place.to_owned())))
}

/// The first element that changes the meaning of others.
fn modifier(fields: &Map<String, Value>) -> Option<String> {
    if fields.contains_key("implicitRules") {
        return Some("implicitRules".to_owned());
    }
    fields.iter().find_map(|(name, value)| modifier_in(name, value))
}

fn modifier_in(place: &str, value: &Value) -> Option<String> {
    match value {
        Value::Object(fields) => fields.iter().find_map(|(name, value)| modifier_in(&format!("{place}.{name}"), value)),
        Value::Array(list) => {
            let is_one = place.rsplit('.').next() == Some("modifierExtension") && !list.is_empty();
            if is_one { Some(place.to_owned()) } else { list.iter().find_map(|one| modifier_in(place, one)) }
        }
        _ => None,
    }
}
