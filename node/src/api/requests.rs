//! A hospital asks a patient for a consent, and the wallet answers. The patient's own sentence is never taken from here:
//! a wallet gets the rules and renders it itself.

use super::App;
use super::hospital::{Page, Who, resolve};
use super::problem::{Code, Problem};
use super::request::{Body, Canonical, Hospital, Query, Wallet, Whole, Writing};
use super::requester;
use super::wallet::check_document;
use amanah_ledger::compose::{Wish, compose};
use amanah_ledger::consent_request::{ConsentRequest, HeldRequest, HeldRequests, RequestState};
use amanah_ledger::document::{Action, Actor, ConsentDocument, MemberRef};
use amanah_ledger::label::{Label, LabelPrefix};
use amanah_ledger::leaf::MemberLeaf;
use amanah_ledger::preset::Selection;
use amanah_ledger::state::State as LedgerState;
use amanah_ledger::time::UnixMs;
use amanah_ledger::vocabulary::{Kind, Vocabulary};
use axum::Json;
use axum::extract::{Path, State};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use utoipa::ToSchema;

/// Most requests on a page.
pub(super) const PAGE_MAX: usize = 100;

/// What is asked for.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Wanted {
    /// The patient's code, `P-…`, or any unique part of it from its start.
    patient: String,
    /// Who would be allowed.
    recipient: Who,
    /// Names of presets, and of what is sensitive and asked for too.
    #[schema(min_items = 1)]
    items: Vec<String>,
    /// For what: a name of the reference, or its code.
    purpose: String,
    /// Until when, milliseconds since 1970; parts of a second are dropped.
    #[schema(value_type = u64)]
    until: UnixMs,
}

/// Where a request stands.
#[derive(Serialize, ToSchema)]
pub(super) struct Standing {
    /// Its code, `R-…`.
    request: String,
    /// Who is asked, `P-…`.
    patient: String,
    /// `open`, `approved`, `denied`, `expired` or `withdrawn`.
    state: &'static str,
    /// The consent that was given, `C-…`; null unless it is approved.
    consent: Option<String>,
    /// Who would be allowed: names of members, and `name@member`.
    who: Vec<String>,
    /// Kinds of data, as `Type` or `Type/category`.
    what: Vec<String>,
    /// Purposes, as codes.
    why: Vec<String>,
    /// Until when the consent would hold, milliseconds since 1970.
    #[schema(value_type = u64)]
    until: UnixMs,
    /// When it was asked, milliseconds since 1970.
    #[schema(value_type = u64)]
    asked: UnixMs,
    /// From when on nobody can answer it, milliseconds since 1970.
    #[schema(value_type = u64)]
    expires: UnixMs,
}

/// Some requests of this hospital.
#[derive(Serialize, ToSchema)]
pub(super) struct Requests {
    /// In the order of their codes.
    requests: Vec<Standing>,
    /// Behind which code the next page begins; null on the last page.
    next: Option<String>,
}

impl Standing {
    fn of(held: &HeldRequest) -> Self {
        let (state, consent) = match held.state {
            RequestState::Open => ("open", None),
            RequestState::Approved { consent } => ("approved", Some(Label::consent(&consent).to_string())),
            RequestState::Denied => ("denied", None),
            RequestState::Expired => ("expired", None),
            RequestState::Withdrawn => ("withdrawn", None),
        };
        let ConsentRequest { relationship, root, until, .. } = &held.request;
        let who = |actor: &Actor| match actor {
            Actor::Practitioner(person) => format!("{}@{}", person.handle, person.member.name),
            Actor::Member(member)
            | Actor::Role(member, _)
            | Actor::Group(member, _)
            | Actor::Device(member, _)
            | Actor::Agent(member, _, _) => member.name.to_string(),
        };
        let types = root.data.types.iter().map(|one| match &one.category {
            Some(category) => format!("{}/{category}", one.of),
            None => one.of.to_string(),
        });
        Self {
            request: held.request.label().to_string(),
            patient: Label::relationship(relationship).to_string(),
            state,
            consent,
            who: root.actors.iter().map(who).collect(),
            what: types.collect(),
            why: root.purposes.iter().map(ToString::to_string).collect(),
            until: *until,
            asked: held.asked,
            expires: held.expires,
        }
    }
}

pub(super) async fn ask(
    State(app): State<Arc<App>>,
    _: Hospital,
    _: Writing,
    body: Body,
) -> Result<Json<Standing>, Problem> {
    let wanted: Wanted = body.json()?;
    let label: LabelPrefix = wanted.patient.parse().map_err(|e| Problem::with_detail(Code::PatientUnknown, e))?;
    let relationship = app.custodian.act(move |desk, _, _| Ok(desk.find(&label))).await?;
    let relationship = relationship.map_err(|_none_or_several| Code::PatientUnknown)?;
    let head = app.ledger.head();
    let state = head.tip.state();
    let recipient = recipient(&app, state, &wanted.recipient)?;
    let purpose = Vocabulary::v1().code_of(Kind::Purpose, &wanted.purpose).ok_or(Code::RequestNotUnderstood)?;
    let from = app.now();
    if wanted.until <= from {
        return Err(Code::PeriodNotSane.into());
    }
    let document = compose(Wish {
        chain: app.chain,
        custodian: member(state, &app.name)?,
        relationship,
        // Which key the consent would have, its wallet alone knows; the request has none.
        consent: relationship,
        version: 1,
        who: vec![recipient],
        what: wanted.items.join(",").parse::<Selection>()?,
        actions: vec![Action::Access],
        purpose,
        from,
        until: wanted.until,
        supersedes: Vec::new(),
    });
    let document = document.map_err(|e| Problem::with_detail(Code::NotEnforceable, e))?;
    Ok(Json(Standing::of(&file(&app, state, document).await?)))
}

/// Files the request for what this document says. What could not be granted is not asked for.
pub(super) async fn file(app: &App, state: &LedgerState, document: ConsentDocument) -> Result<HeldRequest, Problem> {
    check_document(app, state, &document)?;
    let request = ConsentRequest::of(document).ok_or(Code::NotEnforceable)?;
    Ok(app.custodian.record(move |desk, now, head| desk.request_consent(now, head, request)).await??)
}

/// Who would be allowed, with the names that the sentence would show.
fn recipient(app: &App, state: &LedgerState, who: &Who) -> Result<Actor, Problem> {
    resolve(app, state, who)?;
    let member = member(state, &who.member)?;
    let Some(entry) = &who.entry else { return Ok(Actor::Member(member)) };
    let signed = requester::entry(entry)?;
    Ok(Actor::Practitioner(signed.reference(member).ok_or(Code::RequesterUnknown)?))
}

/// A member of now, by its name, as documents name it.
pub(super) fn member(state: &LedgerState, name: &str) -> Result<MemberRef, Problem> {
    requester::member(state, name).map(reference)
}

/// A member as documents name it.
pub(super) fn reference(leaf: &MemberLeaf) -> MemberRef {
    MemberRef { id: leaf.member, name: leaf.name.clone(), display: leaf.display.clone() }
}

fn label(typed: &str) -> Result<Label, Problem> {
    typed.parse().map_err(|_no_label| Code::RequestUnknown.into())
}

pub(super) async fn standing(
    State(app): State<Arc<App>>,
    _: Hospital,
    Path(id): Path<String>,
) -> Result<Json<Standing>, Problem> {
    let label = label(&id)?;
    let held = app.custodian.act(move |desk, now, head| desk.consent_request(now, head, &label)).await?;
    Ok(Json(Standing::of(&held.ok_or(Code::RequestUnknown)?)))
}

pub(super) async fn list(
    State(app): State<Arc<App>>,
    _: Hospital,
    Query(Page { after, limit }): Query<Page>,
) -> Result<Json<Requests>, Problem> {
    let limit =
        limit.map_or(Ok(PAGE_MAX), |Whole(limit)| usize::try_from(limit)).map_err(|_long| Code::QueryNotUnderstood)?;
    let after = after.map(|label| label.parse::<Label>().map_err(|_no_label| Code::QueryNotUnderstood)).transpose()?;
    if limit == 0 || limit > PAGE_MAX {
        return Err(Code::QueryNotUnderstood.into());
    }
    // One more than asked for tells whether there is another page.
    let found =
        app.custodian.act(move |desk, now, head| desk.requests_behind(now, head, after.as_ref(), limit + 1)).await?;
    let page = &found[..found.len().min(limit)];
    let next = page.last().filter(|_| found.len() > limit).map(|held| held.request.label().to_string());
    Ok(Json(Requests { requests: page.iter().map(Standing::of).collect(), next }))
}

pub(super) async fn withdraw(
    State(app): State<Arc<App>>,
    _: Hospital,
    Path(id): Path<String>,
) -> Result<Json<Standing>, Problem> {
    let label = label(&id)?;
    let held = app.custodian.act(move |desk, now, head| desk.withdraw(now, head, &label)).await??;
    Ok(Json(Standing::of(&held)))
}

pub(super) async fn inbox(
    State(app): State<Arc<App>>,
    Wallet(key): Wallet,
) -> Result<Canonical<HeldRequests>, Problem> {
    let held = app.custodian.act(move |desk, now, head| desk.requests_to(now, head, &key)).await?;
    Ok(Canonical(held.ok_or(Code::NotLinked)?))
}

pub(super) async fn deny(
    State(app): State<Arc<App>>,
    Wallet(key): Wallet,
    Path(id): Path<String>,
) -> Result<Json<Standing>, Problem> {
    let label = label(&id)?;
    let held = app.custodian.act(move |desk, now, head| desk.deny(now, head, &key, &label)).await??;
    Ok(Json(Standing::of(&held)))
}
