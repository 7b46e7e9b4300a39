//! A proposed Consent: what this hospital asks a patient for, in R4. It is the request that `/v1/requests` files.
//!
//! Its id is the patient's code and the request's, with a dot between. Once the patient has given a consent that answers
//! it, that consent is what stands there.

use super::outcome::issue;
use super::{Resource, consents, patient};
use crate::api::App;
use crate::api::problem::{Code, Problem};
use crate::api::request::{Body, Hospital, Writing};
use crate::api::{requester, requests};
use amanah_fhir::export::identified;
use amanah_fhir::import::{Custodians, ImportError, Named, people};
use amanah_fhir::outcome::{Issue, Severity};
use amanah_fhir::proposal::{self, Proposal, Stage};
use amanah_ledger::compose::{Place, write};
use amanah_ledger::consent_request::{HeldRequest, RequestState};
use amanah_ledger::crypto::PublicKey;
use amanah_ledger::document::{Actor, PractitionerRef};
use amanah_ledger::label::Label;
use amanah_ledger::state::State as Ledger;
use axum::extract::State;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::Arc;

pub(in crate::api) async fn create(
    State(app): State<Arc<App>>,
    _: Hospital,
    _: Writing,
    body: Body,
) -> Result<Response, Problem> {
    let resource: Value = body.json()?;
    let head = app.ledger.head();
    let ledger = head.tip.state();
    let known: BTreeMap<Named, Actor> =
        people(&resource).into_iter().filter_map(|named| Some((named.clone(), actor(&app, ledger, &named)?))).collect();
    let now = app.now();
    let parameters = ledger.parameters().unwrap_or(&app.genesis.parameters);
    let read = proposal::read(&resource, &app.chain, now, parameters, &|named| known.get(named).cloned());
    let Proposal { patient, custodians, terms } = read.map_err(refused)?;
    if !is_here(&app, &custodians) {
        return Err(refused(ImportError::Lost("organization".to_owned())));
    }
    let name = patient::known(&app, patient.ok_or_else(patient::nobody)?)?;
    let relationship = app.custodian.act(move |desk, _, _| Ok(desk.patient(&name))).await?;
    let relationship = relationship.ok_or(Code::PatientUnknown)?;
    let (chain, custodian) = (app.chain, requests::member(ledger, &app.name)?);
    // Which key the consent would have, its wallet alone knows; the request has none.
    let place = Place { chain, custodian, relationship, consent: relationship, version: 1 };
    let document = write(place, terms).map_err(|e| Problem::with_detail(Code::NotEnforceable, e))?;
    let held = requests::file(&app, ledger, document).await?;
    let said = said(&held)?;
    let address = format!("{}/Consent/{}", app.place.base, id(&held));
    let mut response = (StatusCode::CREATED, Resource(said)).into_response();
    let address = HeaderValue::from_str(&address).map_err(|_not_ascii| Code::Stopped)?;
    response.headers_mut().insert(header::LOCATION, address);
    Ok(response)
}

fn refused(why: ImportError) -> Problem {
    Problem::with_detail(Code::FhirNotTaken, why)
}

/// Whether the records are this hospital's, as far as the resource says.
fn is_here(app: &App, custodians: &Custodians) -> bool {
    match custodians {
        Custodians::Unnamed => true,
        Custodians::Members(names) => names.iter().all(|name| *name == app.name || *name == app.member.to_string()),
        Custodians::Unknown => false,
    }
}

/// Somebody as the network knows them: a member, or a person whom this hospital vouches for by itself.
fn actor(app: &App, ledger: &Ledger, named: &Named) -> Option<Actor> {
    let member = |text: &str| requester::member_or_id(ledger, text).ok();
    match named {
        Named::Member(text) => Some(Actor::Member(requests::reference(member(text)?))),
        Named::Practitioner { member: text, handle } => {
            let member = member(text).filter(|member| member.member == app.member)?;
            let person = app.staff.iter().find(|known| known.handle == *handle)?;
            Some(Actor::Practitioner(PractitionerRef {
                member: requests::reference(member),
                handle: person.handle.as_str().try_into().ok()?,
                display: person.display.as_str().try_into().ok()?,
            }))
        }
    }
}

fn id(held: &HeldRequest) -> String {
    format!("{}.{}", Label::relationship(&held.request.relationship), held.request.label())
}

/// The request as R4 says it; a consent that answers it stands for itself.
fn said(held: &HeldRequest) -> Result<Value, Problem> {
    let stage = match held.state {
        RequestState::Open | RequestState::Approved { .. } => Stage::Proposed,
        RequestState::Denied => Stage::Rejected,
        RequestState::Expired | RequestState::Withdrawn => Stage::Over,
    };
    let resource = proposal::said(&held.request, held.asked, stage);
    let resource = resource.map_err(|e| Problem::with_detail(Code::FhirCannotSay, e))?;
    Ok(identified(resource, &id(held), 1, held.asked))
}

/// What stands under the request's code: the consent that answers it once that is final, else the request.
pub(super) async fn read(app: &App, patient: Label, request: Label) -> Result<Value, Problem> {
    let found = app.custodian.act(move |desk, now, head| {
        let Some(relationship) = desk.patient_of(&patient) else { return Ok(None) };
        let Some(held) = desk.consent_request(now, head, &request)? else { return Ok(None) };
        let given = match held.state {
            RequestState::Approved { consent } => desk.consent_of(&relationship, head, &Label::consent(&consent))?,
            RequestState::Open | RequestState::Denied | RequestState::Expired | RequestState::Withdrawn => None,
        };
        Ok((held.request.relationship == relationship).then_some((held, given)))
    });
    let (held, given) = found.await?.ok_or(Code::NotFound)?;
    match given {
        Some(consent) => consents::said_as(app, &id(&held), &consent),
        None => said(&held),
    }
}

/// The statuses of R4 that a request has; none once a consent answers it, which is found by itself.
fn status(held: &HeldRequest) -> Option<&'static str> {
    match held.state {
        RequestState::Open => Some("proposed"),
        RequestState::Denied => Some("rejected"),
        RequestState::Expired | RequestState::Withdrawn => Some("inactive"),
        RequestState::Approved { .. } => None,
    }
}

/// A part of what a patient was asked for.
pub(super) struct Part {
    /// The requests as R4 says them.
    pub(super) matches: Vec<Value>,
    /// What R4 cannot say, by name.
    pub(super) left_out: Vec<Issue>,
    /// The code of the last, if it has any.
    pub(super) last: Option<Label>,
    /// Whether there are more behind it.
    pub(super) has_more: bool,
}

/// At most `count` requests of a patient behind `after` whose status is wanted, the earliest first.
pub(super) async fn part(
    app: &App,
    relationship: PublicKey,
    after: Option<Label>,
    count: usize,
    is_wanted: impl Fn(&str) -> bool,
) -> Result<Part, Problem> {
    let held = app.custodian.act(move |desk, now, head| desk.requests_to(now, head, &relationship)).await?;
    let held = held.ok_or(Code::PatientUnknown)?;
    let all: Vec<&HeldRequest> = held.iter().filter(|one| status(one).is_some_and(&is_wanted)).collect();
    let begins =
        after.map_or(0, |after| all.iter().position(|one| one.request.label() == after).map_or(all.len(), |at| at + 1));
    let rest = all.get(begins..).unwrap_or_default();
    let mut part = Part { matches: Vec::new(), left_out: Vec::new(), last: None, has_more: rest.len() > count };
    for one in rest.iter().take(count) {
        match said(one) {
            Ok(resource) => part.matches.push(resource),
            Err(problem) => part.left_out.push(named(one, &problem)),
        }
        part.last = Some(one.request.label());
    }
    Ok(part)
}

fn named(one: &HeldRequest, problem: &Problem) -> Issue {
    let mut issue = issue(problem, Severity::Warning);
    issue.detail = format!("{} is left out: {}", one.request.label(), issue.detail);
    issue
}
