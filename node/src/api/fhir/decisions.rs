//! "May they?" in FHIR: `$consent-decision`, and the hook `patient-consent-consult`. Both go the way of `/v1/decisions`:
//! the answer is a numbered access, with a receipt on disk before it leaves.

use super::{Resource, audit_events, consents, metadata, patient};
use crate::api::App;
use crate::api::problem::{Code, Problem};
use crate::api::request::{Body, Hospital};
use crate::api::requester;
use crate::custodian::{Ask, Decided};
use amanah_fhir::consult::reply::{HOOK, Reply, operation_definition, services};
use amanah_fhir::consult::{Asker, Consult, of_hook, of_parameters};
use amanah_ledger::crypto::PublicKey;
use amanah_ledger::document::Action;
use amanah_ledger::document::party::Handle;
use amanah_ledger::engine::Requester;
use amanah_ledger::state::State as Ledger;
use axum::Json;
use axum::extract::State;
use serde_json::Value;
use std::collections::BTreeSet;
use std::sync::Arc;

/// What goes out to somebody is seen by them and disclosed to them.
const ACTIONS: [Action; 2] = [Action::Access, Action::Disclose];

pub(in crate::api) async fn consent_decision(
    State(app): State<Arc<App>>,
    _: Hospital,
    body: Body,
) -> Result<Resource, Problem> {
    let parameters: Value = body.json()?;
    let reply = decide(&app, of_parameters(&parameters, &app.chain)?).await?;
    Ok(Resource(reply.parameters()))
}

pub(in crate::api) async fn definition(State(app): State<Arc<App>>) -> Resource {
    Resource(operation_definition(&app.place.base, metadata::DATE))
}

pub(in crate::api) async fn cds_services() -> Json<Value> {
    Json(services())
}

pub(in crate::api) async fn patient_consent_consult(
    State(app): State<Arc<App>>,
    _: Hospital,
    body: Body,
) -> Result<Json<Value>, Problem> {
    let call: Value = body.json()?;
    if call.get("hook").is_some_and(|hook| hook.as_str() != Some(HOOK)) {
        return Err(Problem::with_detail(Code::BodyNotUnderstood, format!("hook is not {HOOK}")));
    }
    let reply = decide(&app, of_hook(&call, &app.chain)?).await?;
    Ok(Json(reply.cards(&app.place.base, &app.place.display)))
}

async fn decide(app: &App, consult: Consult) -> Result<Reply, Problem> {
    if !app.ledger.is_caught_up() {
        return Err(Code::CatchingUp.into());
    }
    let Consult { patient, asker, purpose, items, ignored } = consult;
    let requester = requester(app, app.ledger.head().tip.state(), asker)?;
    let name = patient::known(app, patient)?;
    let decided = app.custodian.record(move |desk, now, head| {
        let Some(relationship) = desk.patient(&name) else { return Ok(Err(Code::PatientUnknown.into())) };
        let ask = |action| Ask {
            relationship,
            requester: requester.clone(),
            purpose: purpose.clone(),
            action,
            items: items.clone(),
        };
        Ok(desk.decide_together(now, head, ACTIONS.map(ask))?.map_err(Problem::from))
    });
    Ok(reply(app, &decided.await??, ignored))
}

fn reply(app: &App, decided: &Decided, ignored: usize) -> Reply {
    let Decided { decision, entry, height } = decided;
    let relationship = &entry.body.relationship;
    let ids = |keys: BTreeSet<PublicKey>| keys.iter().map(|key| consents::id(relationship, key)).collect();
    let deciding = decision.items.iter().filter(|item| item.outcome == decision.outcome);
    Reply {
        decision: decision.outcome,
        effect: decision.effect,
        code: decision.reason.code,
        access: audit_events::code(app, entry),
        event: audit_events::id(&entry.body),
        height: height.0,
        consents: ids(deciding.filter_map(|item| item.reason.consent).collect()),
        considered: ids(decision.considered.iter().map(|one| one.consent).collect()),
        obligations: decision.obligations.clone(),
        ignored,
    }
}

/// Whoever asks, as the ledger and the directories know them. This hospital vouches for its own staff by itself.
fn requester(app: &App, ledger: &Ledger, asker: Asker) -> Result<Requester, Problem> {
    match asker {
        Asker::Member(name) => {
            Ok(Requester { member: requester::member_or_id(ledger, &name)?.member, practitioner: None })
        }
        Asker::Practitioner { member, handle } => {
            let member = requester::member_or_id(ledger, &member)?;
            let is_ours = member.member == app.member && app.staff.iter().any(|known| known.handle == handle);
            let handle = Handle::try_from(handle.as_str()).ok().filter(|_| is_ours);
            let needed = "a practitioner of another member is named by what that member has signed about them, \
                an identifier of urn:amanah:directory-entry";
            let handle = handle.ok_or_else(|| Problem::with_detail(Code::RequesterUnknown, needed))?;
            Ok(Requester { member: member.member, practitioner: Some(handle) })
        }
        Asker::Entry(text) => {
            let signed = requester::entry(&text)?;
            let member = requester::member_or_id(ledger, &signed.entry.member.to_string())?;
            requester::vouched(app, member, signed)
        }
    }
}
