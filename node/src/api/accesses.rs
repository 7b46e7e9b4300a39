//! An access by its code, for the hospital's own compliance officer: what was asked and answered, signed, with all that
//! the answer rested on. Looking is a matter between the hospital's own systems and its node, which no log counts.

use super::App;
use super::problem::{Code, Problem};
use super::request::{Canonical, Hospital, Query, digits};
use crate::custodian::{Logs, Looked, Place};
use amanah_ledger::exchange::AccessSearch;
use amanah_ledger::label::{Label, LabelKind, LabelPrefix};
use axum::extract::{Path, State};
use serde::Deserialize;
use std::sync::Arc;

/// Entries that are looked at before others are served.
const PIECE: usize = 128;
/// Entries that one request looks through; whoever asks goes on behind them.
pub(crate) const SEARCHED_MAX: usize = 32 * 1024;

/// Where to look.
#[derive(Deserialize)]
pub(super) struct Where {
    patient: Option<String>,
    after: Option<String>,
}

pub(super) async fn read(
    State(app): State<Arc<App>>,
    _: Hospital,
    Path(id): Path<String>,
    Query(Where { patient, after }): Query<Where>,
) -> Result<Canonical<AccessSearch>, Problem> {
    search(&app, &id, patient, after, SEARCHED_MAX).await.map(Canonical)
}

/// Looks through at most `entries_max` entries, whole pieces.
pub(super) async fn search(
    app: &App,
    id: &str,
    patient: Option<String>,
    after: Option<String>,
    entries_max: usize,
) -> Result<AccessSearch, Problem> {
    let code = id.parse::<Label>().ok().filter(|code| code.kind() == LabelKind::Access).ok_or(Code::AccessUnknown)?;
    let mut place = match after {
        None => Place::Start,
        Some(typed) => behind(&typed).ok_or(Code::QueryNotUnderstood)?,
    };
    let patient = patient.map(|typed| typed.parse::<LabelPrefix>()).transpose();
    let patient = patient.map_err(|e| Problem::with_detail(Code::PatientUnknown, e))?;
    let _place = app.searching.acquire().await.map_err(|_never_closed| Code::Stopped)?;
    let logs = match patient {
        None => Logs::All,
        Some(patient) => {
            let found = app.custodian.act(move |desk, _, _| Ok(desk.find(&patient))).await?;
            Logs::Of(found.map_err(|why| Problem::with_detail(Code::PatientUnknown, why))?)
        }
    };
    let mut looked_at = 0;
    loop {
        let from = place;
        let found = app.custodian.act(move |desk, _, head| {
            Ok(match desk.look_for_access(&code, logs, from, PIECE)? {
                Looked::Found(entry) => desk.access_record(*entry, head)?.map(|record| Ok(Box::new(record))),
                Looked::SoFar { relationship, number } => Some(Err((relationship, number))),
                Looked::Nowhere => None,
            })
        });
        looked_at += PIECE;
        let (relationship, number) = match found.await?.ok_or(Code::AccessUnknown)? {
            Ok(record) => return Ok(AccessSearch::Found(record)),
            Err(so_far) => so_far,
        };
        if looked_at >= entries_max {
            return Ok(AccessSearch::NotUpTo { relationship, number });
        }
        place = Place::Behind { log: Label::relationship(&relationship), number };
    }
}

/// `P-….N`: behind entry N of that log.
fn behind(typed: &str) -> Option<Place> {
    let (log, number) = typed.split_once('.')?;
    let log = log.parse::<Label>().ok().filter(|log| log.kind() == LabelKind::Relationship)?;
    Some(Place::Behind { log, number: digits(number, 16)? })
}
