//! `amanah hospital`: the desk of a hospital, speaking to its own node.

mod requests;

use crate::args::{CheckArgs, HospitalCommand, PatientCommand};
use crate::client::{Body, Method, Node};
use crate::commands::grant::{read_purpose, read_what};
use crate::commands::revoke::read_label;
use crate::exit::Exit;
use crate::failure::{Failure, Fallible};
use crate::network::Network;
use crate::output::Report;
use crate::settings::Settings;
use crate::who::{self, Who};
use amanah_ledger::codec;
use amanah_ledger::label::LabelKind;
use amanah_ledger::preset::Selection;
use serde_json::{Map, Value, json};

pub(crate) async fn run(command: HospitalCommand, settings: &Settings) -> Fallible<Report> {
    let (member, key) = settings.hospital()?;
    let network = Network::of_home(&settings.home)?;
    let node = network.member(&member)?.node()?.with_bearer(key);
    match command {
        HospitalCommand::Patient(PatientCommand::Link { mrn, code }) => link(&mrn, &code, &node).await,
        HospitalCommand::Check(arguments) => check(arguments, &network, &node, settings).await,
        HospitalCommand::Request(arguments) => requests::ask(arguments, &network, &node, settings).await,
        HospitalCommand::Requests => requests::list(&node).await,
        HospitalCommand::Withdraw { request } => requests::withdraw(&request, &node).await,
    }
}

/// Ties the wallet that shows `code` to the record `mrn`.
pub(crate) async fn link(mrn: &str, code: &str, node: &Node) -> Fallible<Report> {
    let digits: String = code.chars().filter(char::is_ascii_digit).collect();
    let body = Body::Json(json!({ "mrn": mrn, "code": digits }));
    let answer: Value = node.json(Method::Post, "/v1/patients", body).await?;
    let relationship = answer["relationship"].as_str().unwrap_or_default().to_owned();
    let text = format!("Linked: the wallet's owner is {relationship} here.");
    Ok(Report::ok(json!({ "relationship": relationship, "mrn": mrn }), text))
}

async fn check(arguments: CheckArgs, network: &Network, node: &Node, settings: &Settings) -> Fallible<Report> {
    let prefix = read_label(&arguments.patient, LabelKind::Relationship)?;
    let what = read_what(&arguments.what)?;
    let purpose = read_purpose(&arguments.why)?;
    let requester = named(&who::resolve(&arguments.requester, network, &settings.home).await?);
    let body = json!({ "patient": prefix.to_string(), "requester": requester, "items": names(&what),
        "purpose": purpose.as_str() });
    let answer: Map<String, Value> = node.json(Method::Post, "/v1/decisions", Body::Json(body)).await?;
    report(answer, node)
}

/// Somebody, as the node is told: with what vouches for a person.
fn named(who: &Who) -> Value {
    match who {
        Who::Member(member) => json!({ "member": member.name() }),
        Who::Practitioner(member, entry) => {
            json!({ "member": member.name(), "entry": hex::encode(codec::encode(entry.as_ref())) })
        }
    }
}

/// Kinds of data, as the node is told.
fn names(what: &Selection) -> Vec<String> {
    let presets = what.presets.iter().map(|preset| preset.name().to_owned());
    presets.chain(what.named.iter().map(ToString::to_string)).collect()
}

fn report(answer: Map<String, Value>, node: &Node) -> Fallible<Report> {
    let word = |name: &str| answer.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    let (effect, code, access) = (word("effect"), word("code"), word("access"));
    let exit = match effect.as_str() {
        "permit" => Exit::Ok,
        "deny" => Exit::Denied,
        _ => {
            let detail = format!("{} answers neither permit nor deny", node.name());
            return Err(Failure::new(Exit::NotVerified, 801, detail, "treat it as a deny"));
        }
    };
    let text = format!("{}: {code}   recorded for the patient as {access}", effect.to_uppercase());
    Ok(Report { exit, fields: answer, text })
}
