//! What a hospital's own systems do: link a patient, ask "may I?".

use super::App;
use super::problem::{Code, Problem};
use super::request::{Body, Hospital, Query, Whole, Writing};
use super::requester;
use crate::custodian::{Ask, Code as EnrolmentCode, Decided, Mrn};
use amanah_ledger::codec::BoundedVec;
use amanah_ledger::document::{Action, Effect};
use amanah_ledger::engine::{Outcome, ReasonCode, Requester};
use amanah_ledger::label::{Label, LabelPrefix};
use amanah_ledger::position::Height;
use amanah_ledger::preset::Selection;
use amanah_ledger::state;
use amanah_ledger::vocabulary::{Kind, Vocabulary};
use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::sync::Arc;
use utoipa::ToSchema;

/// Most relationships on a page.
pub(super) const PAGE_MAX: usize = 500;
/// Relationships on a page, unless asked otherwise.
const PAGE: usize = 100;

/// Who stands at the desk.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Link {
    /// The hospital's own record number: 1 to 64 printable characters.
    #[schema(min_length = 1, max_length = 64)]
    mrn: String,
    /// The nine digits that the patient's wallet shows; spaces and dashes between them do not matter.
    #[schema(pattern = "^[0-9 -]{9,}$")]
    code: String,
}

/// A relationship that is tied to a person.
#[derive(Serialize, ToSchema)]
pub(super) struct Linked {
    /// Its code, `P-…`.
    relationship: String,
}

pub(super) async fn link(
    State(app): State<Arc<App>>,
    _: Hospital,
    _: Writing,
    body: Body,
) -> Result<Json<Linked>, Problem> {
    let Link { mrn, code } = body.json()?;
    let mrn = Mrn::parse(&mrn)?;
    let code = EnrolmentCode::parse(&code).ok_or(Code::CodeNotOpen)?;
    let relationship = app.custodian.record(move |desk, now, head| desk.link(now, head, mrn, code)).await??;
    Ok(Json(Linked { relationship: Label::relationship(&relationship).to_string() }))
}

/// Some relationships of this hospital.
#[derive(Serialize, ToSchema)]
pub(super) struct Patients {
    /// Their codes, `P-…`, in order.
    relationships: Vec<String>,
    /// Behind which code the next page begins; null on the last page.
    next: Option<String>,
}

/// Which page.
#[derive(Deserialize)]
pub(super) struct Page {
    pub(super) after: Option<String>,
    pub(super) limit: Option<Whole>,
}

pub(super) async fn patients(
    State(app): State<Arc<App>>,
    _: Hospital,
    Query(Page { after, limit }): Query<Page>,
) -> Result<Json<Patients>, Problem> {
    let limit =
        limit.map_or(Ok(PAGE), |Whole(limit)| usize::try_from(limit)).map_err(|_long| Code::QueryNotUnderstood)?;
    let after = after.map(|label| label.parse::<Label>().map_err(|_no_label| Code::QueryNotUnderstood)).transpose()?;
    if limit == 0 || limit > PAGE_MAX {
        return Err(Code::QueryNotUnderstood.into());
    }
    // One more than asked for tells whether there is another page.
    let labels = app.custodian.act(move |desk, _, _| Ok(desk.labels_behind(after.as_ref(), limit + 1))).await?;
    let page = &labels[..labels.len().min(limit)];
    let next = page.last().filter(|_| labels.len() > limit).map(Label::to_string);
    Ok(Json(Patients { relationships: page.iter().map(Label::to_string).collect(), next }))
}

/// May they?
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Question {
    /// The patient's code, `P-…`, or any unique part of it from its start.
    patient: String,
    /// Who asks.
    requester: Who,
    /// Names of presets, and of what is sensitive and asked for too.
    #[schema(min_items = 1)]
    items: Vec<String>,
    /// For what: a name of the reference, or its code.
    purpose: String,
}

/// Who asks.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Who {
    /// Name of a member.
    pub(super) member: String,
    /// Canonical bytes of a SignedDirectoryEntry in hexadecimal; without it the whole organisation asks.
    #[schema(pattern = "^([0-9a-fA-F]{2})+$")]
    pub(super) entry: Option<String>,
}

/// An answer, as scripts read it.
#[derive(Serialize, ToSchema)]
pub(super) struct Answer {
    /// `permit`, `deny`, `no-consent` or `review`: what the consents say.
    #[schema(value_type = String)]
    decision: Outcome,
    /// `permit` or `deny`: what the custodian does.
    #[schema(value_type = String)]
    effect: Effect,
    /// Why, as a word in capitals.
    #[schema(value_type = String)]
    code: ReasonCode,
    /// The number under which the patient finds it, `A-…`.
    access: String,
    /// The consents that it rests on, `C-…`.
    consents: Vec<String>,
    /// What must be done with the data; whoever does not know one of them treats the answer as a deny.
    obligations: Vec<String>,
    /// The final block as of which it was decided.
    #[schema(value_type = u64)]
    height: Height,
}

pub(super) async fn decide(State(app): State<Arc<App>>, _: Hospital, body: Body) -> Result<Json<Answer>, Problem> {
    if !app.ledger.is_caught_up() {
        return Err(Code::CatchingUp.into());
    }
    let Question { patient, requester, items, purpose } = body.json()?;
    let label: LabelPrefix = patient.parse().map_err(|e| Problem::with_detail(Code::PatientUnknown, e))?;
    let head = app.ledger.head();
    let requester = resolve(&app, head.tip.state(), &requester)?;
    let purpose = Vocabulary::v1().code_of(Kind::Purpose, &purpose).ok_or(Code::RequestNotUnderstood)?;
    let items = items.join(",").parse::<Selection>()?.items();
    let items = BoundedVec::try_from(items).map_err(|_too_many| Code::RequestNotUnderstood)?;
    let decided = app.custodian.record(move |desk, now, head| {
        let relationship = match desk.find(&label) {
            Ok(relationship) => relationship,
            Err(why) => return Ok(Err(Problem::with_detail(Code::PatientUnknown, why))),
        };
        let ask = Ask { relationship, requester, purpose, action: Action::Access, items };
        Ok(desk.decide(now, head, ask)?.map_err(Problem::from))
    });
    Ok(Json(answer(&app, &decided.await??)))
}

fn answer(app: &App, decided: &Decided) -> Answer {
    let decision = &decided.decision;
    let deciding = decision.items.iter().filter(|item| item.outcome == decision.outcome);
    let consents: BTreeSet<Label> =
        deciding.filter_map(|item| item.reason.consent).map(|consent| Label::consent(&consent)).collect();
    Answer {
        decision: decision.outcome,
        effect: decision.effect,
        code: decision.reason.code,
        access: Label::access(&decided.entry.digest(&app.chain)).to_string(),
        consents: consents.iter().map(Label::to_string).collect(),
        obligations: decision.obligations.iter().map(ToString::to_string).collect(),
        height: decided.height,
    }
}

/// A member by its name on the ledger, or a practitioner that the member vouches for with its present key.
pub(super) fn resolve(app: &App, state: &state::State, who: &Who) -> Result<Requester, Problem> {
    let member = requester::member(state, &who.member)?;
    match &who.entry {
        None => Ok(Requester { member: member.member, practitioner: None }),
        Some(entry) => requester::vouched(app, member, requester::entry(entry)?),
    }
}
