//! `amanah policy eval`: what consents say to a request, and a data use to a research purpose.

use super::{consents, moment, newest, read, refused, unreadable};
use crate::args::EvalArgs;
use crate::exit::Exit;
use crate::failure::{Failure, Fallible};
use crate::output::Report;
use amanah_fhir::request::{self, RequestError};
use amanah_fhir::resolve::Resolver;
use amanah_fhir::{answer, consent, data_use};
use amanah_ledger::engine::{EmergencyPolicy, EmergencyRefusal, Moment, Policy, evaluate};
use serde_json::{Map, Value};
use std::path::Path;

/// How long an override lasts and when it is reviewed, outside any network.
const EMERGENCY: EmergencyPolicy = EmergencyPolicy { refusal: EmergencyRefusal::Reviewed, hours: 24, review_hours: 72 };

pub(super) fn run(arguments: &EvalArgs) -> Fallible<Report> {
    let as_of = moment(&arguments.at)?;
    let within = arguments.duo.as_deref().map(|path| data_use_of(path, as_of)).transpose()?;
    let decided = arguments.request.as_deref().map(|path| decide(arguments, path, as_of)).transpose()?;
    match (decided, within) {
        (Some(decided), None) => Ok(report(decided)),
        (None, Some(within)) => Ok(report(within)),
        (Some(decided), Some(within)) => Ok(report(joined(decided, within))),
        (None, None) => {
            let detail = "there is nothing to decide: neither --request nor --duo";
            Err(Failure::new(Exit::Usage, 255, detail, "amanah policy eval --help"))
        }
    }
}

fn decide(arguments: &EvalArgs, path: &Path, as_of: Moment) -> Fallible<Map<String, Value>> {
    let mut resolver = match &arguments.resolve {
        None => Resolver::default(),
        Some(path) => {
            let file = read(path)?;
            let fields = file.as_object().ok_or_else(|| unreadable(path, "it is no JSON object"))?;
            Resolver::read(fields).map_err(|error| unreadable(path, &error.to_string()))?
        }
    };
    let mut resources = consents(&arguments.consents, &mut resolver)?;
    let request = request::read(&read(path)?, &resolver, as_of).map_err(|error| not_understood(path, &error))?;
    resources.extend(request.consents.clone());
    let resources = newest(resources)?;
    let one = |(number, resource): (usize, &Value)| {
        consent::read(resource, number, &resolver).map_err(|refusal| refused(resource, &refusal))
    };
    let consents = resources.iter().enumerate().map(one).collect::<Fallible<Vec<_>>>()?;
    let refusal = if arguments.honour_refusals { EmergencyRefusal::Honoured } else { EmergencyRefusal::Reviewed };
    let emergency = EmergencyPolicy { refusal, ..EMERGENCY };
    let policy = Policy::offline(arguments.default.into(), emergency, Vec::new());
    let answered = evaluate(&consents, &request.question, as_of, &policy);
    Ok(object(answer::json(&answered, &request, &consents, &policy)))
}

fn data_use_of(path: &Path, as_of: Moment) -> Fallible<Map<String, Value>> {
    let asked = data_use::read(&read(path)?).map_err(|error| not_understood(path, &error))?;
    Ok(object(answer::use_json(&asked.data_use.permits(&asked.purpose, as_of))))
}

fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(fields) => fields,
        _ => Map::new(),
    }
}

fn not_understood(path: &Path, error: &RequestError) -> Box<Failure> {
    let detail = format!("{} is not understood: {error}", path.display());
    let fix = match error {
        RequestError::Purposes(_) => "ask once for each purpose",
        RequestError::ItemsAndQuery => "ask for items, or make a query, in a request of its own",
        RequestError::NotObject(_)
        | RequestError::Key { .. }
        | RequestError::Form { .. }
        | RequestError::Missing(_) => "look at the examples in docs/reference/policy-eval.md",
    };
    Failure::new(Exit::Usage, 253, detail, fix)
}

/// The graver answer stands for both, and data is released only if both release it: neither a default nor an emergency
/// makes a use of what is outside.
fn joined(mut decided: Map<String, Value>, within: Map<String, Value>) -> Map<String, Value> {
    let gravity = |fields: &Map<String, Value>| {
        let order = ["permit", "review", "no-consent", "deny"];
        order.iter().position(|decision| fields.get("decision").is_some_and(|own| own == decision))
    };
    if gravity(&within) > gravity(&decided) {
        decided.insert("decision".to_owned(), within.get("decision").cloned().unwrap_or_default());
    }
    if within.get("effect").is_none_or(|effect| effect != "permit") {
        decided.insert("effect".to_owned(), "deny".into());
        decided.insert("obligations".to_owned(), Value::Array(Vec::new()));
        decided.remove("emergency");
    }
    decided.insert("data_use".to_owned(), Value::Object(within));
    decided
}

fn report(fields: Map<String, Value>) -> Report {
    let is_permitted = fields.get("effect").is_some_and(|effect| effect == "permit");
    let exit = if is_permitted { Exit::Ok } else { Exit::Denied };
    let text = text(&fields);
    Report { exit, fields, text }
}

/// The answer as people read it: what is done, what the consents say and why, and what goes with it.
fn text(fields: &Map<String, Value>) -> String {
    let word = |value: &Value, key: &str| value[key].as_str().unwrap_or_default().to_owned();
    let list = |key: &str| fields.get(key).and_then(Value::as_array).cloned().unwrap_or_default();
    let whole = Value::Object(fields.clone());
    let mut lines =
        vec![format!("{}   the consents say: {}", word(&whole, "effect").to_uppercase(), word(&whole, "decision"))];
    if let Some(emergency) = fields.get("emergency") {
        lines.push(format!(
            "  emergency: the consents are overridden until {}; the patient is told, review by {}",
            word(emergency, "until"),
            word(emergency, "review_due")
        ));
    }
    lines.extend(list("reasons").iter().map(|reason| format!("  because {}", word(reason, "text"))));
    let uses = fields.get("data_use").and_then(|within| within["reasons"].as_array()).cloned().unwrap_or_default();
    lines.extend(uses.iter().map(|reason| format!("  because {}", word(reason, "text"))));
    for item in list("items") {
        let name = item["reference"].as_str().or_else(|| item["class"]["code"].as_str()).unwrap_or_default();
        lines.push(format!("  {:<11} {name}", word(&item, "decision")));
    }
    for obligation in list("obligations") {
        let parameters = obligation.get("parameters").map_or_else(String::new, |all| format!(" {all}"));
        lines.push(format!("  must {}{parameters}", word(&obligation["id"], "code")));
    }
    for one in list("considered") {
        let says: Vec<&str> = one["says"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        let says = if says.is_empty() { String::new() } else { format!(", says {}", says.join(", ")) };
        lines.push(format!("  looked at {}: {}{says}", word(&one, "consent"), word(&one, "state")));
        for part in one["not_understood"].as_array().into_iter().flatten().filter_map(Value::as_str) {
            lines.push(format!("    not understood: {part}"));
        }
    }
    lines.join("\n")
}
