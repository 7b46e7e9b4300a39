//! `/fhir/r4/Provenance`: how the consents that this hospital holds came to be as they are.
//!
//! One for each version that is final, and one for the end of a consent. The id is the Consent's, and behind a dot the
//! version or `revoked`. Also where R4 cannot say the consent itself: that it was given can be said.

use super::outcome::issue;
use super::search::{Search, refused};
use super::{Resource, consents, organization, patient};
use crate::api::App;
use crate::api::problem::{Code, Problem};
use crate::api::request::{Hospital, digits};
use crate::custodian::{Became, Step, StepKind, StepName, Steps, StepsPage};
use amanah_fhir::bundle::{Page, searchset};
use amanah_fhir::outcome::{Issue, Severity};
use amanah_fhir::provenance::{Act, Event, Granted, provenance};
use amanah_ledger::block::OpenBlock;
use amanah_ledger::crypto::PublicKey;
use amanah_ledger::exchange::HeldConsent;
use amanah_ledger::label::Label;
use amanah_ledger::position::Height;
use axum::extract::{Path, State};
use serde_json::Value;
use std::sync::Arc;

/// What stands behind the dot for the end of a consent.
const REVOKED: &str = "revoked";

pub(in crate::api) async fn read(
    State(app): State<Arc<App>>,
    _: Hospital,
    Path(id): Path<String>,
) -> Result<Resource, Problem> {
    let (patient, name) = named(&id).ok_or(Code::NotFound)?;
    let found = app.custodian.act(move |desk, _, head| match desk.patient_of(&patient) {
        Some(key) => Ok(desk.steps(&key, head, &Steps::One(name), None, 1)?.steps.pop().map(|step| (key, step))),
        None => Ok(None),
    });
    let (relationship, step) = found.await?.ok_or(Code::NotFound)?;
    Ok(Resource(said(&app, &relationship, &step)?))
}

pub(in crate::api) async fn search(
    State(app): State<Arc<App>>,
    _: Hospital,
    mut search: Search,
) -> Result<Resource, Problem> {
    let name = patient::asked(&app, &mut search)?;
    let target = search.one("target")?.map(|typed| target(&app, &typed)).transpose()?;
    let count = search.count()?;
    let after = search.one("_after")?.map(|typed| step(&typed)).transpose()?;
    let mut left_out = search.finish("patient, patient:identifier, target, _count, _after")?;
    if name.is_none() && target.is_none() {
        return Err(refused("name a patient, or a Consent as target".to_owned()));
    }
    let found = app.custodian.act(move |desk, _, head| {
        let by_name = name.map(|name| desk.patient(&name));
        let by_target = target.map(|target| desk.patient_of(&target.patient));
        let Some(key) = the_same(by_name, by_target) else { return Ok(None) };
        let wanted = target.map_or(Steps::All, |target| target.steps);
        Ok(Some((key, desk.steps(&key, head, &wanted, after.as_ref(), count)?)))
    });
    let (relationship, StepsPage { steps, has_more }) = found.await?.ok_or(Code::PatientUnknown)?;
    let last = steps.last().filter(|_| has_more).map(|last| written(&last.name()));
    let mut matches = Vec::new();
    for step in &steps {
        match said(&app, &relationship, step) {
            Ok(resource) => matches.push(resource),
            Err(problem) => left_out.push(unsaid(step, &problem)),
        }
    }
    let page = Page {
        own: search.address(&app.place.base, "Provenance", None),
        next: last.map(|last| search.address(&app.place.base, "Provenance", Some(&last))),
        total: None,
        matches,
        left_out,
    };
    Ok(Resource(searchset(&app.place.base, &page)))
}

/// Whoever all that was named is.
fn the_same<T: PartialEq>(by_name: Option<Option<T>>, by_target: Option<Option<T>>) -> Option<T> {
    match (by_name, by_target) {
        (Some(one), Some(other)) => one.filter(|one| other.as_ref() == Some(one)),
        (Some(one), None) | (None, Some(one)) => one,
        (None, None) => None,
    }
}

/// What a search is about, if it names a Consent.
#[derive(Clone, Copy)]
struct Target {
    patient: Label,
    steps: Steps,
}

/// `Consent/ID`, for all that happened to it, or `Consent/ID/_history/N`, for what made that version; also under the
/// address of this node, and without the type.
fn target(app: &App, typed: &str) -> Result<Target, Problem> {
    let local = typed.strip_prefix(app.place.base.as_str()).and_then(|rest| rest.strip_prefix('/')).unwrap_or(typed);
    let local = local.strip_prefix("Consent/").unwrap_or(local);
    let (id, number) = match local.split_once("/_history/") {
        Some((id, number)) => (id, Some(number)),
        None => (local, None),
    };
    let read = || {
        let (patient, consent) = consents::codes(id)?;
        let steps = match number {
            Some(number) => Steps::One(StepName { consent, kind: StepKind::Version(version(number)?) }),
            None => Steps::Of(consent),
        };
        Some(Target { patient, steps })
    };
    read().ok_or_else(|| refused("target is a Consent of this node, or a version of one".to_owned()))
}

/// Number of a version as it is written, and in no other way.
pub(super) fn version(text: &str) -> Option<u32> {
    digits::<u32>(text, 10).filter(|number| number.to_string() == text)
}

/// Patient and step in an id.
fn named(id: &str) -> Option<(Label, StepName)> {
    let (of, kind) = id.rsplit_once('.')?;
    let (patient, consent) = consents::codes(of)?;
    Some((patient, StepName { consent, kind: step_kind(kind)? }))
}

/// A step of whichever patient the search is about.
fn step(typed: &str) -> Result<StepName, Problem> {
    let read = || {
        let (consent, kind) = typed.split_once('.')?;
        Some(StepName { consent: consent.parse().ok()?, kind: step_kind(kind)? })
    };
    read().ok_or_else(|| refused("_after is the code of a consent, and behind a dot its version".to_owned()))
}

fn step_kind(text: &str) -> Option<StepKind> {
    if text == REVOKED { Some(StepKind::Revocation) } else { version(text).map(StepKind::Version) }
}

fn written(StepName { consent, kind }: &StepName) -> String {
    match kind {
        StepKind::Version(version) => format!("{consent}.{version}"),
        StepKind::Revocation => format!("{consent}.{REVOKED}"),
    }
}

/// The step as R4 says it.
fn said(app: &App, relationship: &PublicKey, step: &Step) -> Result<Value, Problem> {
    match &step.became {
        Became::Version { version, since, held } => {
            let since = since.ok_or_else(|| cannot_say("which block made it final was not kept here"))?;
            let held = held.as_ref().ok_or_else(|| cannot_say("its document is not here any more"))?;
            let block = final_block(app, since)?;
            let (item, signature) = block.block().granted(&step.consent, *version).ok_or(Code::Stopped)?;
            let HeldConsent { certificate, document, .. } = &**held;
            let granted = Granted { item, signature, certificate, giver: &document.giver };
            event(app, relationship, step, &block, Act::Granted(granted))
        }
        Became::Revoked(height) => {
            let block = final_block(app, *height)?;
            let proof = block.block().revoked(&step.consent).ok_or(Code::Stopped)?;
            event(app, relationship, step, &block, Act::Revoked { consent: &step.consent, proof })
        }
    }
}

fn event(app: &App, relationship: &PublicKey, step: &Step, block: &OpenBlock, act: Act<'_>) -> Result<Value, Problem> {
    let patient = Label::relationship(relationship).to_string();
    let event = Event {
        id: &format!("{patient}.{}", written(&step.name())),
        consent: &consents::id(relationship, &step.consent),
        at: block.header().time,
        patient: &patient,
        custodian: &organization::known(app, app.member),
        chain: &app.chain,
        act,
    };
    provenance(&event).map_err(cannot_say)
}

fn cannot_say(why: impl std::fmt::Display) -> Problem {
    Problem::with_detail(Code::FhirCannotSay, why)
}

fn final_block(app: &App, height: Height) -> Result<OpenBlock, Problem> {
    match app.ledger.reads().block(height) {
        Ok(Some(stored)) => Ok(stored.block),
        Ok(None) | Err(_) => Err(Code::Stopped.into()),
    }
}

/// A step that is left out, by its name.
fn unsaid(step: &Step, problem: &Problem) -> Issue {
    let mut issue = issue(problem, Severity::Warning);
    issue.detail = format!("{} is left out: {}", written(&step.name()), issue.detail);
    issue
}
