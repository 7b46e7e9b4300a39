//! Cases that others wrote, run through the FHIR reader and the engine: every outcome that their source states, except
//! those that are known to be wrong there. They lie outside this repository; where they are not, a line says so.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a scenario that cannot go on fails, with the place and the answer"
)]

mod consents;

use amanah_fhir::request::RequestError;
use amanah_fhir::resolve::Resolver;
use amanah_fhir::{answer, consent, data_use, date, request, windows};
use amanah_ledger::engine::windows::{CivilDay, Days, Permitted};
use amanah_ledger::engine::{EmergencyPolicy, EmergencyRefusal, Moment, Outcome, Policy, evaluate};
use amanah_ledger::genesis::DefaultPolicy;
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::{env, fs};

/// Outcomes that their own authors call wrong, beside those that the records themselves mark.
const KNOWN_WRONG: [(&str, &str); 1] = [("mii-011", "upstream calls ignoring this refusal a bug")];

fn folder() -> PathBuf {
    let beside = || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../shared/cases");
    env::var_os("AMANAH_CASES").map_or_else(beside, PathBuf::from)
}

fn records(file: &str) -> Vec<Value> {
    let text = fs::read_to_string(folder().join(file)).unwrap();
    text.lines().filter(|line| !line.trim().is_empty()).map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// Right, wrong, or known to be wrong at its source.
#[derive(Default)]
struct Row {
    right: usize,
    defects: Vec<String>,
    wrong: Vec<String>,
}

#[derive(Default)]
struct Table(BTreeMap<String, Row>);

impl Table {
    fn add(&mut self, record: &Value, outcome: Result<(), String>) {
        let id = record["id"].as_str().unwrap_or("?").to_owned();
        let row = self.0.entry(record["source"].as_str().unwrap_or("?").to_owned()).or_default();
        let known = KNOWN_WRONG.iter().find(|(known, _)| *known == id).map(|(_, why)| *why);
        match (outcome, record["defect"].as_str().or(known)) {
            (Ok(()), _) => row.right += 1,
            (Err(_), Some(why)) => row.defects.push(format!("{id}: {why}")),
            (Err(why), None) => row.wrong.push(format!("{id}: {why}")),
        }
    }

    fn print(&self) {
        println!("{:<24} {:>7} {:>6} {:>7} {:>6}", "source", "records", "right", "defects", "wrong");
        for (source, Row { right, defects, wrong }) in &self.0 {
            let all = right + defects.len() + wrong.len();
            println!("{source:<24} {all:>7} {right:>6} {:>7} {:>6}", defects.len(), wrong.len());
        }
        for line in self.0.values().flat_map(|row| row.defects.iter()) {
            println!("  defect {line}");
        }
        for line in self.0.values().flat_map(|row| row.wrong.iter()) {
            println!("  WRONG {line}");
        }
    }
}

fn policy() -> Policy {
    let emergency = EmergencyPolicy { refusal: EmergencyRefusal::Reviewed, hours: 24, review_hours: 72 };
    Policy::offline(DefaultPolicy::Deny, emergency, Vec::new())
}

fn resolver(record: &Value) -> Resolver {
    let file: Map<String, Value> = ["resolve", "patients"]
        .into_iter()
        .filter(|key| record[*key].is_object())
        .map(|key| (key.to_owned(), record[key].clone()))
        .collect();
    Resolver::read(&file).unwrap()
}

/// The answer to one request, as `amanah policy eval` prints it.
fn decided(record: &Value, request: &Value) -> Result<Value, String> {
    let resolver = resolver(record);
    let as_of = date::moment(record["as_of"].as_str().unwrap()).unwrap();
    let request = match request::read(request, &resolver, as_of) {
        Err(RequestError::Purposes(_)) => return any_purpose(record, request),
        read => read.map_err(|error| error.to_string())?,
    };
    let resources = consent::newest(record["consents"].as_array().unwrap().clone()).map_err(|e| e.to_string())?;
    let consents: Vec<_> = resources
        .iter()
        .enumerate()
        .map(|(number, resource)| consent::read(resource, number, &resolver).map_err(|error| error.to_string()))
        .collect::<Result<_, _>>()?;
    let policy = policy();
    let answered = evaluate(&consents, &request.question, as_of, &policy);
    Ok(answer::json(&answered, &request, &consents, &policy))
}

/// Some sources permit what any of several purposes permits; one purpose is one request here.
fn any_purpose(record: &Value, request: &Value) -> Result<Value, String> {
    let context = if request.get("context").is_some() { &request["context"] } else { request };
    let key = if context.get("purposeOfUse").is_some() { "purposeOfUse" } else { "purpose" };
    let mut answers = Vec::new();
    for purpose in context[key].as_array().unwrap() {
        let mut one = context.clone();
        one[key] = purpose.clone();
        answers.push(decided(record, &one)?);
    }
    let rank = |answer: &Value| ["permit", "deny", "no-consent"].iter().position(|d| answer["decision"] == *d);
    Ok(answers.into_iter().min_by_key(rank).unwrap())
}

fn check_decision(record: &Value) -> Result<(), String> {
    let answer = decided(record, &record["request"])?;
    let mut allowed = vec![record["expected"].clone()];
    allowed.extend(record["equivalent"].as_array().cloned().unwrap_or_default());
    if !allowed.contains(&answer["decision"]) {
        return Err(format!("{} instead of {}: {}", answer["decision"], record["expected"], answer["reasons"]));
    }
    let ours = obligations(&answer["obligations"]);
    let theirs = obligations(&record["obligations"]);
    let is_met = match record["obligations_match"].as_str() {
        Some("exact") => ours == theirs,
        Some("superset") => theirs.is_subset(&ours),
        _ => true,
    };
    if !is_met {
        return Err(format!("obligations {ours:?} instead of {theirs:?}"));
    }
    match record["expected_content_total"].as_u64() {
        Some(total) => {
            let items = answer["items"].as_array().unwrap();
            let permitted = items.iter().filter(|item| item["decision"] == "permit").count();
            if permitted as u64 == total { Ok(()) } else { Err(format!("{permitted} entries instead of {total}")) }
        }
        None => Ok(()),
    }
}

/// Obligations without the order of their codes.
fn obligations(list: &Value) -> BTreeSet<String> {
    let mut sorted = list.clone();
    for obligation in sorted.as_array_mut().into_iter().flatten() {
        for codes in obligation["parameters"].as_object_mut().into_iter().flat_map(|all| all.values_mut()) {
            if let Some(codes) = codes.as_array_mut() {
                codes.sort_by_key(ToString::to_string);
            }
        }
    }
    sorted.as_array().into_iter().flatten().map(ToString::to_string).collect()
}

fn check_use(record: &Value) -> Result<(), String> {
    let parts = ["data_use_consented", "research_purpose", "ontology_parents"];
    let file: Map<String, Value> = parts.into_iter().map(|key| (key.to_owned(), record[key].clone())).collect();
    let asked = data_use::read(&Value::Object(file)).map_err(|error| error.to_string())?;
    let answer = asked.data_use.permits(&asked.purpose, Moment(0));
    let expected = match record["expected"].as_str().unwrap() {
        "permit" => Outcome::Permit,
        "deny" => Outcome::Deny,
        "abstain" => Outcome::Review,
        other => panic!("{other} is no outcome"),
    };
    if answer.outcome == expected { Ok(()) } else { Err(format!("{:?}: {:?}", answer.outcome, answer.findings)) }
}

fn check_windows(record: &Value) -> Result<(), String> {
    let stated = json!({
        "required": record["required_codes"],
        "gates": record["gate_codes"],
        "retroactive": record["retro_modifier_of"],
    });
    let requirement = windows::requirement(&stated).map_err(|error| error.to_string())?;
    let consents: Vec<_> =
        record["consents"].as_array().unwrap().iter().map(|one| windows::consent(one).unwrap()).collect();
    let today = record["today"].as_str().and_then(date::moment).map_or(CivilDay(0), windows::day_of);
    let permitted = requirement.permitted(&consents, today);
    let got = said(&permitted, record["expected_kind"].as_str().unwrap());
    if got == record["expected"] { Ok(()) } else { Err(format!("{got} instead of {}", record["expected"])) }
}

/// What the source's test looks at. It looks at pieces only if all that are required are there.
fn said(permitted: &Permitted, kind: &str) -> Value {
    let list = |days: &[Days]| -> Value {
        days.iter().map(|one| json!([windows::written(one.from), windows::written(one.until)])).collect()
    };
    match kind {
        "periods_by_code" => permitted.by_code.iter().map(|(code, days)| (code.clone(), list(days))).collect(),
        "patient" => json!(if permitted.windows.is_empty() { "excluded" } else { "included" }),
        "window" => list(&permitted.windows),
        other => panic!("{other} is not looked at"),
    }
}

/// HL7's R4 examples say at the root neither permit nor deny, with one exception; to read them would be a guess.
fn check_import(name: &str, resource: &Value) -> Result<(), String> {
    let read = consent::read(resource, 0, &Resolver::default());
    let is_refused = matches!(read, Err(consent::Refusal::RootType));
    let has_type = resource["provision"]["type"].is_string();
    if is_refused != has_type { Ok(()) } else { Err(format!("{name} was read: {}", read.is_ok())) }
}

/// The hook as SHARES publishes it, without the consents, which lie on a server.
fn check_hook(name: &str, hook: &Value) -> Result<(), String> {
    let entries = hook["context"]["content"]["entry"].as_array().map_or(0, Vec::len);
    let record = json!({ "as_of": "2024-01-01", "consents": [] });
    let answer = decided(&record, hook)?;
    let is_right = answer["decision"] == "no-consent" && answer["items"].as_array().unwrap().len() == entries;
    if is_right { Ok(()) } else { Err(format!("{name}: {answer}")) }
}

fn files(dir: &str, prefix: &str) -> Vec<(String, Value)> {
    let mut found: Vec<(String, Value)> = fs::read_dir(folder().join(dir))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.file_name().unwrap().to_string_lossy().starts_with(prefix))
        .map(|path| {
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            (name, serde_json::from_str(&fs::read_to_string(&path).unwrap()).unwrap())
        })
        .collect();
    found.sort_by(|one, other| one.0.cmp(&other.0));
    found
}

#[test]
fn cases_of_others_have_the_outcome_that_they_state() {
    if !folder().join("INDEX.md").is_file() {
        println!("conformance: NOT CHECKED, {} is not there", folder().display());
        return;
    }
    let mut table = Table::default();
    for record in records("decisions.ndjson") {
        table.add(&record, check_decision(&record));
    }
    for record in records("duos/duo-decisions.ndjson") {
        table.add(&record, check_use(&record));
    }
    for record in records("mii-torch/consent-periods.ndjson") {
        table.add(&record, check_windows(&record));
    }
    for (name, resource) in files("hl7-fhir-r4-examples", "Consent-") {
        let record = json!({ "id": name, "source": "hl7-fhir-r4-examples" });
        table.add(&record, check_import(&name, &resource));
    }
    for (name, hook) in files("asushares", "example-request-") {
        let record = json!({ "id": name, "source": "asushares" });
        table.add(&record, check_hook(&name, &hook));
    }
    table.print();
    assert!(table.0.values().all(|row| row.wrong.is_empty()), "see the lines marked WRONG");
    assert!(table.0.values().map(|row| row.right).sum::<usize>() > 140, "too few records were read");
}
