//! What a hospital asks its patients for.

use super::{named, names};
use crate::args::RequestArgs;
use crate::client::{Body, Method, Node};
use crate::commands::grant::{read_purpose, read_what};
use crate::commands::revoke::{read_label, read_whole_label};
use crate::duration::{self, for_programs};
use crate::failure::Fallible;
use crate::network::Network;
use crate::output::Report;
use crate::settings::Settings;
use crate::who;
use amanah_ledger::label::LabelKind;
use amanah_ledger::time::UnixMs;
use serde::Deserialize;
use serde_json::{Value, json};

/// Where a request stands, as the node says it.
#[derive(Deserialize)]
struct Standing {
    request: String,
    patient: String,
    state: String,
    consent: Option<String>,
    who: Vec<String>,
    what: Vec<String>,
    why: Vec<String>,
    until: UnixMs,
    asked: UnixMs,
    expires: UnixMs,
}

#[derive(Deserialize)]
struct Page {
    requests: Vec<Standing>,
    next: Option<String>,
}

impl Standing {
    fn fields(&self) -> Value {
        json!({ "request": self.request, "patient": self.patient, "state": self.state, "consent": self.consent,
            "who": self.who.join(", "), "what": self.what, "why": self.why.join(", "), "until": for_programs(self.until),
            "asked": for_programs(self.asked), "expires": for_programs(self.expires) })
    }

    fn report(&self, text: String) -> Fallible<Report> {
        Ok(Report::ok(self.fields(), text))
    }
}

/// Asks a patient for a consent.
pub(super) async fn ask(
    arguments: RequestArgs,
    network: &Network,
    node: &Node,
    settings: &Settings,
) -> Fallible<Report> {
    let prefix = read_label(&arguments.patient, LabelKind::Relationship)?;
    let (what, purpose) = (read_what(&arguments.what)?, read_purpose(&arguments.why)?);
    let until = duration::until(&arguments.until, duration::now(), &jiff::tz::TimeZone::system())?;
    let recipient = named(&who::resolve(&arguments.recipient, network, &settings.home).await?);
    let body = json!({ "patient": prefix.to_string(), "recipient": recipient, "items": names(&what),
        "purpose": purpose.as_str(), "until": until.0 });
    let standing: Standing = node.json(Method::Post, "/v1/requests", Body::Json(body)).await?;
    let Standing { request, patient, state, expires, .. } = &standing;
    let text = match state.as_str() {
        "open" => format!("✓ {request} waits for {patient}, until {} at the longest", for_programs(*expires)),
        ended => format!("{request} was asked before: {ended}"),
    };
    standing.report(text)
}

/// Everything that is kept, page after page.
pub(super) async fn list(node: &Node) -> Fallible<Report> {
    let (mut all, mut path) = (Vec::new(), "/v1/requests".to_owned());
    loop {
        let Page { requests, next } = node.json(Method::Get, &path, Body::Empty).await?;
        all.extend(requests);
        let Some(next) = next else { break };
        path = format!("/v1/requests?after={next}");
    }
    let line = |one: &Standing| {
        let Standing { request, patient, state, who, what, why, consent, .. } = one;
        let (who, what, why) = (who.join(", "), what.join(", "), why.join(", "));
        let given = consent.as_ref().map(|consent| format!("  {consent}")).unwrap_or_default();
        format!("{request}  {state:<9} {patient}: {who} · {what} · {why}{given}\n")
    };
    let text = if all.is_empty() { "Nothing is asked for.".to_owned() } else { all.iter().map(line).collect() };
    Ok(Report::ok(json!({ "requests": all.iter().map(Standing::fields).collect::<Vec<_>>() }), text))
}

/// Takes a request back.
pub(super) async fn withdraw(typed: &str, node: &Node) -> Fallible<Report> {
    let label = read_whole_label(typed, LabelKind::Request, "amanah hospital requests   shows the codes")?;
    let path = format!("/v1/requests/{label}/withdraw");
    let standing: Standing = node.json(Method::Post, &path, Body::Empty).await?;
    standing.report(format!("✓ {label} was taken back"))
}
