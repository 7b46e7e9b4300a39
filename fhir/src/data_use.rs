//! Research data use and research purpose, as DUOS writes them (data-use schema version 4) or by codes of the Data Use
//! Ontology.

use crate::fields::{Fields, RequestError};
use amanah_ledger::engine::Moment;
use amanah_ledger::engine::data_use::{Condition, DataUse, ResearchPurpose};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// A file that asks whether a purpose is within a use.
#[derive(Debug, Clone)]
pub struct UseRequest {
    /// What was consented to.
    pub data_use: DataUse,
    /// What is wanted.
    pub purpose: ResearchPurpose,
}

/// Parts of a use or a purpose that DUOS itself leaves to people, with their words.
const TO_JUDGE: [(&str, &str); 14] = [
    ("other", "another use"),
    ("secondaryOther", "another secondary use"),
    ("collaboratorRequired", "collaboration with the first investigators"),
    ("geneticStudiesOnly", "a restriction to genetic studies"),
    ("publicationResults", "a duty to publish"),
    ("publicationMoratorium", "a moratorium on publication"),
    ("controls", "use as controls"),
    ("population", "a study of the general population"),
    ("pediatric", "a restriction to children"),
    ("vulnerablePopulations", "a vulnerable population"),
    ("illegalBehavior", "a study of illegal behaviour"),
    ("sexualDiseases", "a study of sexual diseases or preferences"),
    ("psychologicalTraits", "a study of psychological traits"),
    ("stigmatizeDiseases", "a study of stigmatizing diseases"),
];

/// Reads `{"data_use": …, "research_purpose": …, "ontology_parents": {disease: [what it falls under]}}`.
///
/// # Errors
/// Names what is not understood.
pub fn read(value: &Value) -> Result<UseRequest, RequestError> {
    let mut fields = Fields::of(value, "")?;
    let consented = fields.take("data_use").or_else(|| fields.take("data_use_consented"));
    let consented = consented.ok_or(RequestError::Missing("data_use"))?;
    let purpose = fields.take("research_purpose").ok_or(RequestError::Missing("research_purpose"))?;
    let parents: BTreeMap<String, BTreeSet<String>> =
        fields.read("ontology_parents", "an object of lists of diseases")?.unwrap_or_default();
    // What else a record of cases carries says nothing about the use.
    Ok(UseRequest { data_use: data_use(consented)?, purpose: self::purpose(purpose, &parents)? })
}

/// A part of the schema that is true or false.
fn flag(fields: &mut Fields<'_>, key: &'static str) -> Result<bool, RequestError> {
    Ok(fields.read::<bool>(key, "true or false")?.unwrap_or(false))
}

/// What of this only people can judge.
fn to_judge(fields: &mut Fields<'_>) -> Vec<String> {
    let is_said = |value: &Value| *value != Value::Bool(false) && *value != Value::String(String::new());
    let mut found: Vec<String> = TO_JUDGE
        .iter()
        .filter(|(key, _)| fields.take(key).is_some_and(is_said))
        .map(|(_, words)| (*words).to_owned())
        .collect();
    if fields.take("gender").is_some_and(is_said) {
        found.push("a restriction to one gender".to_owned());
    }
    if fields.take("notHealth").is_some_and(is_said) {
        found.push("a use beyond health".to_owned());
    }
    found
}

fn data_use(value: &Value) -> Result<DataUse, RequestError> {
    let mut fields = Fields::of(value, "data_use")?;
    let mut conditions: Vec<Condition> = to_judge(&mut fields).into_iter().map(Condition::Other).collect();
    for (key, condition) in [
        ("methodsResearch", Condition::NoMethods),
        ("nonProfitUse", Condition::NonProfit),
        ("ethicsApprovalRequired", Condition::EthicsApproval),
    ] {
        if flag(&mut fields, key)? {
            conditions.push(condition);
        }
    }
    if let Some(region) = fields.read::<String>("geographicalRestrictions", "a text")? {
        conditions.push(Condition::Regions([region].into()));
    }
    let mut consented = DataUse {
        general: flag(&mut fields, "generalUse")?,
        health: flag(&mut fields, "hmbResearch")?,
        diseases: fields.read("diseaseRestrictions", "a list of diseases")?.unwrap_or_default(),
        ancestry: flag(&mut fields, "populationOriginsAncestry")?,
        conditions,
    };
    for (place, term) in fields.list("duo").unwrap_or_default() {
        add(&mut consented, term, &place)?;
    }
    fields.finish()?;
    Ok(consented)
}

/// One term of the ontology: `"DUO:0000042"`, or with what it is about,
/// `{"code": "DUO:0000007", "values": ["MONDO:0004979"]}`.
fn add(consented: &mut DataUse, term: &Value, place: &str) -> Result<(), RequestError> {
    let bare = serde_json::json!({ "code": term });
    let mut fields = Fields::of(if term.is_string() { &bare } else { term }, place)?;
    let code = fields.read::<String>("code", "a code")?.ok_or(RequestError::Missing("duo.code"))?;
    let values: BTreeSet<String> = fields.read("values", "a list of texts")?.unwrap_or_default();
    fields.finish()?;
    let number = code.trim_start_matches("http://purl.obolibrary.org/obo/").trim_start_matches("DUO");
    let condition = match number.trim_start_matches([':', '_']) {
        "0000004" | "0000042" => return mark(&mut consented.general),
        "0000006" => return mark(&mut consented.health),
        "0000011" => return mark(&mut consented.ancestry),
        "0000007" => {
            consented.diseases.extend(values);
            return Ok(());
        }
        "0000015" => Condition::NoMethods,
        "0000018" => {
            consented.conditions.push(Condition::NonProfit);
            Condition::NonCommercial
        }
        "0000021" => Condition::EthicsApproval,
        "0000022" => Condition::Regions(values),
        "0000025" => Condition::Until(time_limit(&values, place)?),
        "0000026" => Condition::Users(values),
        "0000027" => Condition::Projects(values),
        "0000028" => Condition::Institutions(values),
        "0000029" => Condition::ReturnResults,
        // That care may use the data takes nothing from research.
        "0000043" => return Ok(()),
        "0000044" => Condition::NoAncestry,
        "0000045" => Condition::NonProfit,
        "0000046" => Condition::NonCommercial,
        _ => Condition::Other(code),
    };
    consented.conditions.push(condition);
    Ok(())
}

fn mark(flag: &mut bool) -> Result<(), RequestError> {
    *flag = true;
    Ok(())
}

/// The end of the last day.
fn time_limit(values: &BTreeSet<String>, place: &str) -> Result<Moment, RequestError> {
    let ends = values.iter().map(|text| crate::date::span(text).and_then(|span| span.until));
    ends.min().flatten().ok_or(RequestError::Form { place: place.to_owned(), expected: "a time limit with its date" })
}

fn purpose(value: &Value, parents: &BTreeMap<String, BTreeSet<String>>) -> Result<ResearchPurpose, RequestError> {
    let mut fields = Fields::of(value, "research_purpose")?;
    let mut judged = to_judge(&mut fields);
    for (key, words) in [
        ("ethicsApprovalRequired", "a need for ethics approval"),
        ("geographicalRestrictions", "a restriction to a region"),
    ] {
        if fields.take(key).is_some_and(|value| *value != Value::Bool(false)) {
            judged.push(words.to_owned());
        }
    }
    let diseases: Vec<String> = fields.read("diseaseRestrictions", "a list of diseases")?.unwrap_or_default();
    let above = |disease: String| {
        let above = parents.get(&disease).cloned().unwrap_or_default();
        (disease, above)
    };
    let purpose = ResearchPurpose {
        general: flag(&mut fields, "generalUse")?,
        health: flag(&mut fields, "hmbResearch")?,
        diseases: diseases.into_iter().map(above).collect(),
        ancestry: flag(&mut fields, "populationOriginsAncestry")?,
        methods: flag(&mut fields, "methodsResearch")?,
        non_profit: fields.read("nonProfitUse", "true or false")?,
        non_commercial: fields.read("nonCommercialUse", "true or false")?,
        ethics_approval: fields.read("ethicsApproval", "true or false")?,
        region: fields.read("region", "a text")?,
        user: fields.read("user", "a text")?,
        project: fields.read("project", "a text")?,
        institution: fields.read("institution", "a text")?,
        to_judge: judged,
    };
    fields.finish()?;
    Ok(purpose)
}
