//! `/fhir/r4/Consent/ID/_history/N`: one version of a consent, also one that another has replaced.
//!
//! The newest version is said as it is now, an earlier one as it was while it was the newest: in force.

use super::provenances::version;
use super::{Resource, consents};
use crate::api::App;
use crate::api::problem::{Code, Problem};
use crate::api::request::Hospital;
use crate::custodian::{Became, ConsentNow, StepKind, StepName, Steps};
use amanah_fhir::export::Status;
use amanah_ledger::label::LabelKind;
use axum::extract::{Path, State};
use std::sync::Arc;

pub(in crate::api) async fn read(
    State(app): State<Arc<App>>,
    _: Hospital,
    Path((id, number)): Path<(String, String)>,
) -> Result<Resource, Problem> {
    let (patient, consent) = consents::codes(&id).ok_or(Code::NotFound)?;
    let number = version(&number).filter(|_| consent.kind() == LabelKind::Consent).ok_or(Code::NotFound)?;
    let wanted = Steps::One(StepName { consent, kind: StepKind::Version(number) });
    let found = app.custodian.act(move |desk, _, head| {
        let Some(key) = desk.patient_of(&patient) else { return Ok(None) };
        let newest = desk.consent_of(&key, head, &consent)?;
        let step = desk.steps(&key, head, &wanted, None, 1)?.steps.pop();
        Ok(newest.zip(step))
    });
    let (newest, step) = found.await?.ok_or(Code::NotFound)?;
    let (since, held) = match step.became {
        Became::Version { .. } if newest.version == number => {
            return Ok(Resource(consents::said_as(&app, &id, &newest)?));
        }
        Became::Version { since, held, .. } => (since, held),
        Became::Revoked(_) => return Err(Code::NotFound.into()),
    };
    let unknown = || Problem::with_detail(Code::FhirCannotSay, "which block made it final was not kept here");
    let since = since.ok_or_else(unknown)?;
    let one = ConsentNow { version: number, since, is_ended: false, held: held.map(|held| *held), ..newest };
    Ok(Resource(consents::said_with(&app, &id, &one, |_| Status::Active)?))
}
