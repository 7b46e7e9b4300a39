//! `amanah policy periods`: from which days research consents let data be taken.

use super::{consents, moment, newest, read, refused, unreadable};
use crate::args::PeriodsArgs;
use crate::exit::Exit;
use crate::failure::Fallible;
use crate::output::Report;
use amanah_fhir::consent::Refusal;
use amanah_fhir::resolve::Resolver;
use amanah_fhir::windows::{self, WindowError};
use amanah_ledger::engine::windows::{Days, Permitted};
use serde_json::{Value, json};

pub(super) fn run(arguments: &PeriodsArgs) -> Fallible<Report> {
    let today = windows::day_of(moment(&arguments.at)?);
    let requirement = windows::requirement(&read(&arguments.codes)?)
        .map_err(|error| unreadable(&arguments.codes, &error.to_string()))?;
    let resources = newest(consents(&arguments.consents, &mut Resolver::default())?)?;
    let one = |resource: &Value| {
        windows::consent(resource).map_err(|error| match error {
            WindowError::Modifier => refused(resource, &Refusal::Modifier("modifierExtension".to_owned())),
            WindowError::Form => refused(resource, &Refusal::Malformed("it".to_owned())),
            WindowError::Piece(place) => refused(resource, &Refusal::Malformed(place)),
        })
    };
    let consents = resources.iter().map(one).collect::<Fallible<Vec<_>>>()?;
    Ok(report(&requirement.permitted(&consents, today)))
}

fn days(days: &[Days]) -> Vec<Value> {
    days.iter().map(|one| json!([windows::written(one.from), windows::written(one.until)])).collect()
}

fn report(permitted: &Permitted) -> Report {
    let is_open = !permitted.windows.is_empty();
    let by_code: serde_json::Map<String, Value> =
        permitted.by_code.iter().map(|(code, of)| (code.clone(), days(of).into())).collect();
    let fields = json!({
        "decision": if is_open { "permit" } else { "deny" },
        "windows": days(&permitted.windows),
        "by_code": by_code,
        "closed_gates": permitted.closed,
    });
    let mut lines = Vec::new();
    for one in &permitted.windows {
        lines.push(format!("PERMIT   data from {} to {}", windows::written(one.from), windows::written(one.until)));
    }
    if !is_open {
        lines.push("DENY   no day on which everything required is permitted".to_owned());
    }
    lines.extend(permitted.closed.iter().map(|gate| format!("  {gate} does not hold today")));
    let exit = if is_open { Exit::Ok } else { Exit::Denied };
    Report { exit, fields: fields.as_object().cloned().unwrap_or_default(), text: lines.join("\n") }
}
