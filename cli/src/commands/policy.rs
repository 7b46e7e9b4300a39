//! `amanah policy`: the decision engine by itself, offline, on files.

mod eval;
mod periods;

use crate::args::PolicyCommand;
use crate::exit::Exit;
use crate::failure::{Failure, Fallible};
use crate::json_file;
use crate::output::Report;
use amanah_fhir::consent::{self, Refusal};
use amanah_fhir::date;
use amanah_fhir::resolve::Resolver;
use amanah_ledger::engine::Moment;
use serde_json::Value;
use std::path::{Path, PathBuf};

/// Where files are shown that can be read.
const EXAMPLES: &str = "look at the examples in docs/reference/policy-eval.md";

pub(crate) fn run(command: PolicyCommand) -> Fallible<Report> {
    match command {
        PolicyCommand::Eval(arguments) => eval::run(&arguments),
        PolicyCommand::Periods(arguments) => periods::run(&arguments),
    }
}

/// The JSON in a file.
fn read(path: &Path) -> Fallible<Value> {
    json_file::read(path, EXAMPLES)
}

fn unreadable(path: &Path, why: &str) -> Box<Failure> {
    json_file::unreadable(path, why, EXAMPLES)
}

/// The moment that `--at` means.
fn moment(text: &str) -> Fallible<Moment> {
    let fix = "--at 2026-11-22T09:00:00Z   or a date, which means its first moment in UTC";
    date::moment(text).ok_or_else(|| Failure::new(Exit::Usage, 252, format!("{text:?} is no moment"), fix))
}

/// The Consents in these files, each of which holds one, a list of them, or a Bundle. What else a Bundle holds is what
/// references may lead to.
fn consents(paths: &[PathBuf], resolver: &mut Resolver) -> Fallible<Vec<Value>> {
    let mut found = Vec::new();
    for path in paths {
        let (consents, others) = split(read(path)?);
        for (reference, resource) in others {
            let known = resolver.add(&reference, &resource);
            known.map_err(|error| unreadable(path, &error.to_string()))?;
        }
        if consents.is_empty() {
            return Err(unreadable(path, "it holds no Consent"));
        }
        found.extend(consents);
    }
    Ok(found)
}

fn split(file: Value) -> (Vec<Value>, Vec<(String, Value)>) {
    let is_bundle = file["resourceType"] == "Bundle";
    let entries: Vec<Value> = match file {
        Value::Array(list) => list,
        Value::Object(mut bundle) if is_bundle => match bundle.remove("entry") {
            Some(Value::Array(entries)) => entries.into_iter().map(|mut entry| entry["resource"].take()).collect(),
            _ => Vec::new(),
        },
        one => vec![one],
    };
    let (consents, others): (Vec<_>, Vec<_>) =
        entries.into_iter().partition(|one| !is_bundle || one["resourceType"] == "Consent");
    let named = |one: Value| {
        let reference = format!("{}/{}", one["resourceType"].as_str()?, one["id"].as_str()?);
        Some((reference, one))
    };
    (consents, others.into_iter().filter_map(named).collect())
}

/// A consent that is not read could have refused something: nothing is decided without it.
fn refused(resource: &Value, refusal: &Refusal) -> Box<Failure> {
    let name = resource["id"].as_str().map_or_else(|| "a consent".to_owned(), |id| format!("Consent/{id}"));
    let fix = match refusal {
        Refusal::RootType => "say in provision.type at the root whether the consent permits or refuses",
        Refusal::Decision => "say in decision whether the consent permits or refuses where no provision speaks",
        Refusal::Modifier(_) => "say the same without elements that change what others mean",
        Refusal::TwoVersions => "give the version that holds, or meta.versionId in both",
        Refusal::Depth | Refusal::Rules | Refusal::Bytes => "say the same with fewer and flatter provisions",
        Refusal::NotConsent
        | Refusal::Status(_)
        | Refusal::Patient
        | Refusal::Type(_)
        | Refusal::Period(_)
        | Refusal::Malformed(_) => "compare it with the Consent resource of FHIR R4 or R5",
    };
    Failure::new(Exit::Failed, 254, format!("{name} is refused: {refusal}"), fix).state("nothing was decided")
}

/// Each of these consents once, in its newest version.
fn newest(resources: Vec<Value>) -> Fallible<Vec<Value>> {
    consent::newest(resources.clone()).map_err(|refusal| {
        let twice = |one: &&Value| resources.iter().filter(|other| other["id"] == one["id"]).count() > 1;
        refused(resources.iter().find(twice).unwrap_or(&Value::Null), &refusal)
    })
}
