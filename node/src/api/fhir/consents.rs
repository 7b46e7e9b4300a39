//! `/fhir/r4/Consent`: the consents that this hospital holds, as R4 says them, and behind them those that it asked for
//! ([`super::proposals`]).
//!
//! The id of a consent is its patient's code and its own, with a dot between: nobody's consents are looked through to
//! find it.

use super::outcome::issue;
use super::search::{Search, refused};
use super::{Resource, patient, proposals};
use crate::api::App;
use crate::api::problem::{Code, Problem};
use crate::api::request::Hospital;
use crate::custodian::{ConsentNow, ConsentsPage};
use amanah_fhir::bundle::{Page, searchset};
use amanah_fhir::export::{Status, export, identified};
use amanah_fhir::outcome::{Issue, Severity};
use amanah_ledger::crypto::PublicKey;
use amanah_ledger::document::ConsentDocument;
use amanah_ledger::label::{Label, LabelKind};
use amanah_ledger::position::Height;
use amanah_ledger::time::UnixMs;
use axum::extract::{Path, State};
use serde_json::Value;
use std::collections::BTreeSet;
use std::sync::Arc;

/// Statuses that a Consent of R4 may have.
const STATUSES: [&str; 6] = ["active", "inactive", "draft", "proposed", "rejected", "entered-in-error"];

/// The id of a consent of this patient.
pub(super) fn id(relationship: &PublicKey, consent: &PublicKey) -> String {
    format!("{}.{}", Label::relationship(relationship), Label::consent(consent))
}

/// The codes in an id: the patient's, and of the consent or of the request for one.
pub(super) fn codes(id: &str) -> Option<(Label, Label)> {
    let (patient, what) = id.split_once('.')?;
    let whole = |text: &str| text.parse::<Label>().ok().filter(|label| label.to_string() == text);
    let patient = whole(patient).filter(|label| label.kind() == LabelKind::Relationship)?;
    Some((patient, whole(what)?))
}

pub(in crate::api) async fn read(
    State(app): State<Arc<App>>,
    _: Hospital,
    Path(id): Path<String>,
) -> Result<Resource, Problem> {
    let (patient, code) = codes(&id).ok_or(Code::NotFound)?;
    match code.kind() {
        LabelKind::Consent => {}
        LabelKind::Request => return Ok(Resource(proposals::read(&app, patient, code).await?)),
        LabelKind::Relationship | LabelKind::Access | LabelKind::Emergency => return Err(Code::NotFound.into()),
    }
    let found = app.custodian.act(move |desk, _, head| match desk.patient_of(&patient) {
        Some(relationship) => Ok(desk.consent_of(&relationship, head, &code)?.map(|found| (relationship, found))),
        None => Ok(None),
    });
    let (relationship, found) = found.await?.ok_or(Code::NotFound)?;
    Ok(Resource(said_as(&app, &self::id(&relationship, &found.consent), &found)?))
}

pub(in crate::api) async fn search(
    State(app): State<Arc<App>>,
    _: Hospital,
    mut search: Search,
) -> Result<Resource, Problem> {
    let name = patient::searched(&app, &mut search)?;
    let statuses = statuses(&mut search)?;
    let count = search.count()?;
    let after = search.one("_after")?.map(|text| text.parse::<Label>()).transpose();
    let after = after.map_err(|_no_label| refused("_after is the code of a consent or a request".to_owned()))?;
    let mut left_out = search.finish("patient, patient:identifier, status, _count, _after")?;
    // Requests come behind all consents: behind one of them there are no consents any more.
    let (limit, behind) = match after {
        Some(after) if after.kind() == LabelKind::Request => (0, None),
        other => (count, other),
    };
    let found = app.custodian.act(move |desk, _, head| match desk.patient(&name) {
        Some(key) => Ok(Some((key, desk.consents_now(&key, head, behind.as_ref(), limit)?))),
        None => Ok(None),
    });
    let (relationship, ConsentsPage { consents, has_more }) = found.await?.ok_or(Code::PatientUnknown)?;
    let mut last = consents.last().map(|last| Label::consent(&last.consent));
    let mut matches = Vec::new();
    for one in consents.iter().filter(|one| is_wanted(statuses.as_ref(), one, app.now())) {
        match said_as(&app, &id(&relationship, &one.consent), one) {
            Ok(resource) => matches.push(resource),
            Err(problem) => left_out.push(named(one, &problem)),
        }
    }
    let mut is_cut = has_more && limit > 0;
    if !is_cut {
        let wanted = |status: &str| statuses.as_ref().is_none_or(|statuses| statuses.contains(status));
        let behind = after.filter(|after| after.kind() == LabelKind::Request);
        let room = count - consents.len();
        let requests = proposals::part(&app, relationship, behind, room, wanted).await?;
        matches.extend(requests.matches);
        left_out.extend(requests.left_out);
        last = requests.last.or(last);
        is_cut = requests.has_more;
    }
    let next = last.filter(|_| is_cut).map(|last| last.to_string());
    let page = Page {
        own: search.address(&app.place.base, "Consent", None),
        next: next.map(|last| search.address(&app.place.base, "Consent", Some(&last))),
        total: None,
        matches,
        left_out,
    };
    Ok(Resource(searchset(&app.place.base, &page)))
}

/// The statuses that are asked for; all, if none is named.
fn statuses(search: &mut Search) -> Result<Option<BTreeSet<String>>, Problem> {
    let Some(typed) = search.one("status")? else { return Ok(None) };
    let all: BTreeSet<String> = typed.split(',').map(str::to_owned).collect();
    if all.iter().all(|status| STATUSES.contains(&status.as_str())) {
        Ok(Some(all))
    } else {
        Err(refused(format!("status is one of: {}", STATUSES.join(", "))))
    }
}

/// Without its document nothing says when a consent ends, so it fits whatever is asked for, and is named as left out.
fn is_wanted(statuses: Option<&BTreeSet<String>>, one: &ConsentNow, now: UnixMs) -> bool {
    let (Some(statuses), Some(held)) = (statuses, &one.held) else { return true };
    statuses.contains(match status(one, &held.document, now) {
        Status::Active => "active",
        Status::Inactive => "inactive",
    })
}

/// Whether it is in force now. R4 has no status for a time that is over.
fn status(one: &ConsentNow, document: &ConsentDocument, now: UnixMs) -> Status {
    if one.is_ended || document.period.until < now { Status::Inactive } else { Status::Active }
}

/// The consent as R4 says it, under this id.
pub(super) fn said_as(app: &App, id: &str, one: &ConsentNow) -> Result<Value, Problem> {
    said_with(app, id, one, |document| status(one, document, app.now()))
}

/// The same with another status than that of the moment.
pub(super) fn said_with(
    app: &App,
    id: &str,
    one: &ConsentNow,
    status: impl Fn(&ConsentDocument) -> Status,
) -> Result<Value, Problem> {
    let held = one.held.as_ref();
    let held = held.ok_or_else(|| Problem::with_detail(Code::FhirCannotSay, "its document is not here any more"))?;
    let resource = export(&held.document, status(&held.document), None)
        .map_err(|e| Problem::with_detail(Code::FhirCannotSay, e))?;
    Ok(identified(resource, id, one.version, final_since(app, one.since)?))
}

/// When a block became final.
pub(super) fn final_since(app: &App, height: Height) -> Result<UnixMs, Problem> {
    match app.ledger.reads().block(height) {
        Ok(Some(stored)) => Ok(stored.block.header().time),
        Ok(None) | Err(_) => Err(Code::Stopped.into()),
    }
}

/// A consent that is left out, by its code.
fn named(one: &ConsentNow, problem: &Problem) -> Issue {
    let mut issue = issue(problem, Severity::Warning);
    issue.detail = format!("{} is left out: {}", Label::consent(&one.consent), issue.detail);
    issue
}
