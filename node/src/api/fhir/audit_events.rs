//! `/fhir/r4/AuditEvent`: the accesses of a patient's log, one event each, denials too.
//!
//! The id is the patient's code and the number in their log, with a dot between. Reading it is what `/v1/patients` is: a
//! matter between the hospital's own systems and its node, which the log does not count.

use super::outcome::issue;
use super::search::{Search, refused};
use super::{Resource, consents, organization, patient};
use crate::api::App;
use crate::api::problem::{Code, Problem};
use crate::api::request::{Hospital, digits};
use amanah_fhir::audit_event::{Access, audit_event};
use amanah_fhir::bundle::{Page, searchset};
use amanah_fhir::outcome::{Issue, Severity};
use amanah_fhir::search_date;
use amanah_ledger::access::entry::DecisionReceipt;
use amanah_ledger::access::{EntryBody, Event, LogEntry};
use amanah_ledger::crypto::PublicKey;
use amanah_ledger::engine::Span;
use amanah_ledger::label::{Label, LabelKind};
use axum::extract::{Path, State};
use serde_json::Value;
use std::collections::BTreeSet;
use std::sync::Arc;

/// Parts of a log that one search looks through, each of at most
/// [`LOG_PAGE_ENTRIES_MAX`](amanah_ledger::exchange::LOG_PAGE_ENTRIES_MAX) entries; the next page goes on behind them.
const PARTS_MAX: usize = 8;

/// The id of an access.
pub(super) fn id(entry: &EntryBody) -> String {
    format!("{}.{}", Label::relationship(&entry.relationship), entry.number)
}

/// `A-…`, under which the patient knows it.
pub(super) fn code(app: &App, entry: &LogEntry) -> String {
    Label::access(&entry.digest(&app.chain)).to_string()
}

pub(in crate::api) async fn read(
    State(app): State<Arc<App>>,
    _: Hospital,
    Path(id): Path<String>,
) -> Result<Resource, Problem> {
    let (patient, number) = numbered(&id).ok_or(Code::NotFound)?;
    let found = app.custodian.act(move |desk, _, _| match desk.patient_of(&patient) {
        Some(relationship) => Ok(desk.log(&relationship, number)?.ok()),
        None => Ok(None),
    });
    let page = found.await?.ok_or(Code::NotFound)?;
    let entry = page.entries.iter().find(|entry| entry.body.number == number).ok_or(Code::NotFound)?;
    let Event::Decision(receipt) = &entry.body.event else { return Err(Code::NotFound.into()) };
    Ok(Resource(said(&app, entry, receipt)))
}

fn numbered(id: &str) -> Option<(Label, u64)> {
    let (patient, number) = id.split_once('.')?;
    let label: Label = patient.parse().ok()?;
    let is_whole = label.kind() == LabelKind::Relationship && label.to_string() == patient;
    is_whole.then_some((label, digits(number, 16)?))
}

pub(in crate::api) async fn search(
    State(app): State<Arc<App>>,
    _: Hospital,
    mut search: Search,
) -> Result<Resource, Problem> {
    let name = patient::searched(&app, &mut search)?;
    let dates = search_date::span(&search.every("date"))
        .ok_or_else(|| refused("date is a date or a moment, with eq, ge, gt, le or lt before it".to_owned()))?;
    let count = search.count()?;
    let after = search.one("_after")?.map_or(Some(0), |typed| digits::<u64>(&typed, 16));
    let after = after.ok_or_else(|| refused("_after is the number of an access".to_owned()))?;
    let left_out = search.finish("patient, patient:identifier, date, _count, _after")?;
    let found = app.custodian.act(move |desk, _, _| Ok(desk.patient(&name))).await?;
    let relationship = found.ok_or(Code::PatientUnknown)?;
    let found = look_through(&app, relationship, dates, after, count, left_out).await?;
    let page = Page {
        own: search.address(&app.place.base, "AuditEvent", None),
        next: found.next.map(|next| search.address(&app.place.base, "AuditEvent", Some(&next.to_string()))),
        total: None,
        matches: found.events,
        left_out: found.left_out,
    };
    Ok(Resource(searchset(&app.place.base, &page)))
}

/// What a part of a log has in it.
struct Found {
    events: Vec<Value>,
    left_out: Vec<Issue>,
    /// Behind which number the next page begins.
    next: Option<u64>,
}

/// The accesses behind number `after` that lie within `dates`, until there are `count`. The log is read in parts, and
/// others are served between two of them.
async fn look_through(
    app: &App,
    relationship: PublicKey,
    dates: Span,
    after: u64,
    count: usize,
    left_out: Vec<Issue>,
) -> Result<Found, Problem> {
    let mut found = Found { events: Vec::new(), left_out, next: None };
    let mut last = after;
    for _ in 0..PARTS_MAX {
        let from = last.saturating_add(1);
        let part = app.custodian.act(move |desk, _, _| desk.log(&relationship, from)).await?;
        // Known a moment ago, and forgotten meanwhile.
        let part = part.map_err(|_not_linked| Code::PatientUnknown)?;
        let (Some(end), total) = (part.entries.last(), part.total) else { return Ok(found) };
        let is_last = end.body.number >= total;
        for entry in part.entries.iter() {
            if found.events.len() == count {
                found.next = Some(last);
                return Ok(found);
            }
            last = entry.body.number;
            let is_within = dates.contains(entry.body.time.into());
            match &entry.body.event {
                Event::Decision(receipt) if is_within => found.events.push(said(app, entry, receipt)),
                Event::Gap(gap) => found.left_out.push(lost(gap.from, gap.to)),
                Event::Decision(_) | Event::Enrolment(_) => {}
            }
        }
        if is_last {
            return Ok(found);
        }
    }
    found.next = Some(last);
    Ok(found)
}

/// Entries that the hospital has lost, and says so in the log.
fn lost(from: u64, to: u64) -> Issue {
    let why = format!("entries {from} to {to} of the log were lost here; the patient's own copy may have them");
    issue(&Problem::with_detail(Code::FhirCannotSay, why), Severity::Warning)
}

fn said(app: &App, entry: &LogEntry, receipt: &DecisionReceipt) -> Value {
    let body = &entry.body;
    let ids = named(receipt).iter().map(|consent| consents::id(&body.relationship, consent)).collect::<Vec<_>>();
    audit_event(&Access {
        id: &id(body),
        code: &code(app, entry),
        number: body.number,
        at: body.time,
        patient: &Label::relationship(&body.relationship).to_string(),
        custodian: &organization::known(app, body.custodian),
        requester: &organization::known(app, receipt.requester.member),
        receipt,
        consents: &ids,
    })
}

/// Every consent that the receipt names: in force then, or that its answer rests on.
fn named(receipt: &DecisionReceipt) -> BTreeSet<PublicKey> {
    let resting = receipt.item_decisions.iter().filter_map(|item| item.reason.consent).chain(receipt.reason.consent);
    receipt.considered.iter().map(|one| one.consent).chain(resting).collect()
}
