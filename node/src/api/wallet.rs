//! What a patient's wallet does at its custodian: enrol, sign in, grant, read its own log.

use super::App;
use super::problem::{Code, Problem};
use super::request::{Body, Canonical, From, Query, Wallet, Whole, Writing};
use crate::custodian::Me;
use amanah_ledger::access::day_tree::DayProof;
use amanah_ledger::codec::BoundedVec;
use amanah_ledger::crypto::Ed25519;
use amanah_ledger::document::{Actor, ConsentDocument, MemberRef, Root};
use amanah_ledger::exchange::{
    DAYS_MAX, DayQueries, GRANT_REQUEST_BYTES_MAX, GrantRequest, HeldConsents, LOGIN_SKEW_MS, LogPage,
    MESSAGE_BYTES_MAX, SignedAcceptance, SignedEnrolment, SignedLogin,
};
use amanah_ledger::label::Label;
use amanah_ledger::sentence::verify_sentence;
use amanah_ledger::state;
use amanah_ledger::time::UnixMs;
use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use std::time::Instant;
use utoipa::ToSchema;

/// Longest query for days.
pub(super) const DAY_QUERIES_BYTES_MAX: usize = DAYS_MAX * 64;

/// A relationship that waits at the desk.
#[derive(Serialize, ToSchema)]
pub(super) struct Enrolled {
    /// Its code, `P-…`.
    relationship: String,
    /// Nine digits for the desk.
    code: String,
    /// When the digits lapse, milliseconds since 1970.
    #[schema(value_type = u64)]
    expires: UnixMs,
}

pub(super) async fn enrol(
    State(app): State<Arc<App>>,
    From(address): From,
    _: Writing,
    body: Body,
) -> Result<Json<Enrolled>, Problem> {
    if !app.enrolments.allows(address, Instant::now()) {
        return Err(Code::TooMany.into());
    }
    let signed: SignedEnrolment = body.canonical(MESSAGE_BYTES_MAX)?;
    let enrolment = match signed.verify(&app.chain, &app.member, &Ed25519) {
        Ok(enrolment) => enrolment.clone(),
        Err(amanah_ledger::exchange::ExchangeError::Elsewhere) => return Err(Code::EnrolmentNotForUs.into()),
        Err(e) => return Err(e.into()),
    };
    let relationship = Label::relationship(&enrolment.relationship).to_string();
    let (code, expires) = app.custodian.record(move |desk, now, _| Ok(desk.enrol(now, enrolment))).await??;
    Ok(Json(Enrolled { relationship, code: code.digits(), expires }))
}

/// A challenge.
#[derive(Serialize, ToSchema)]
pub(super) struct Nonce {
    /// 32 bytes in hexadecimal.
    nonce: String,
}

pub(super) async fn nonce(State(app): State<Arc<App>>) -> Result<Json<Nonce>, Problem> {
    Ok(Json(Nonce { nonce: hex::encode(app.sessions.nonce(app.now())?) }))
}

/// A session of a wallet.
#[derive(Serialize, ToSchema)]
pub(super) struct Session {
    /// To be sent as a bearer token.
    token: String,
    /// When it ends, milliseconds since 1970.
    #[schema(value_type = u64)]
    expires: UnixMs,
}

pub(super) async fn login(State(app): State<Arc<App>>, body: Body) -> Result<Json<Session>, Problem> {
    let signed: SignedLogin = body.canonical(MESSAGE_BYTES_MAX)?;
    let now = app.now();
    let login = signed.verify(&app.chain, &app.member, &Ed25519).map_err(|_bad| Code::SignIn)?;
    let skew = now.since_ms(login.time).max(login.time.since_ms(now));
    // Plain HTTP has no exporter to bind to; one that is stated is of another connection.
    if login.binding != [0; 32] || skew > LOGIN_SKEW_MS || !app.sessions.spend(now, &login.nonce) {
        return Err(Code::SignIn.into());
    }
    let relationship = login.relationship;
    let known = app.custodian.act(move |desk, now, _| Ok(desk.me(now, &relationship))).await?;
    known.ok_or(Code::RelationshipUnknown)?;
    let (token, expires) = app.sessions.begin(now, relationship)?;
    Ok(Json(Session { token, expires }))
}

/// Who a wallet is at this hospital.
#[derive(Serialize, ToSchema)]
pub(super) struct MeAnswer {
    /// Its code, `P-…`.
    relationship: String,
    /// Whether staff have tied it to a person.
    linked: bool,
}

pub(super) async fn me(State(app): State<Arc<App>>, Wallet(key): Wallet) -> Result<Json<MeAnswer>, Problem> {
    let me = app.custodian.act(move |desk, now, _| Ok(desk.me(now, &key))).await?.ok_or(Code::RelationshipUnknown)?;
    let linked = match me {
        Me::Linked => true,
        Me::Waiting => false,
    };
    Ok(Json(MeAnswer { relationship: Label::relationship(&key).to_string(), linked }))
}

/// An acceptance is kept.
#[derive(Serialize, ToSchema)]
pub(super) struct Accepted {
    /// Always true.
    accepted: bool,
}

pub(super) async fn accept(
    State(app): State<Arc<App>>,
    Wallet(key): Wallet,
    _: Writing,
    body: Body,
) -> Result<Json<Accepted>, Problem> {
    let acceptance: SignedAcceptance = body.canonical(MESSAGE_BYTES_MAX)?;
    if acceptance.relationship != key {
        return Err(Code::AcceptanceDiffers.into());
    }
    app.custodian.act(move |desk, _, _| desk.accept(&acceptance)).await??;
    Ok(Json(Accepted { accepted: true }))
}

/// A consent is on its way.
#[derive(Serialize, ToSchema)]
pub(super) struct Granted {
    /// Its code, `C-…`.
    consent: String,
    /// Always true.
    accepted: bool,
}

/// Which request a consent answers, if it does.
#[derive(Deserialize)]
pub(super) struct Answering {
    answers: Option<String>,
}

pub(super) async fn grant(
    State(app): State<Arc<App>>,
    Wallet(key): Wallet,
    Query(Answering { answers }): Query<Answering>,
    _: Writing,
    body: Body,
) -> Result<Json<Granted>, Problem> {
    let answers =
        answers.map(|label| label.parse::<Label>().map_err(|_no_label| Code::QueryNotUnderstood)).transpose()?;
    let request: GrantRequest = body.canonical(GRANT_REQUEST_BYTES_MAX)?;
    if request.certificate.relationship != key {
        return Err(Problem::with_detail(Code::NotThisConsent, "another relationship certified it"));
    }
    request.verify(&app.chain, &Ed25519)?;
    let head = app.ledger.head();
    check_document(&app, head.tip.state(), &request.document)?;
    let consent = Label::consent(&request.item.consent).to_string();
    match answers {
        Some(label) => {
            app.custodian.record(move |desk, now, head| desk.approve(now, head, &label, request)).await??;
        }
        None => app.custodian.record(move |desk, now, head| desk.grant(now, head, request)).await??,
    }
    Ok(Json(Granted { consent, accepted: true }))
}

/// Whether this custodian can enforce the document, and its sentence tells the truth about it.
pub(super) fn check_document(app: &App, state: &state::State, document: &ConsentDocument) -> Result<(), Problem> {
    if document.custodian.id != app.member {
        return Err(Problem::with_detail(Code::NotThisConsent, "the document is about another hospital's records"));
    }
    document.check_enforceable()?;
    let actors = match &document.root {
        Root::Rule(body) => body.actors.iter(),
        Root::Decision(_) => [].iter(),
    };
    let nested = document.rules.iter().flat_map(|rule| &rule.body.actors);
    let named = actors.chain(nested).map(Actor::member);
    if std::iter::once(&document.custodian).chain(named).any(|member| !is_known(state, member)) {
        return Err(Problem::with_detail(Code::NotEnforceable, "it names a hospital that the ledger names otherwise"));
    }
    verify_sentence(document)?;
    document.check_duration(state.parameters().unwrap_or(&app.genesis.parameters))?;
    let now = app.now();
    if document.period.until <= now {
        return Err(Code::PeriodNotSane.into());
    }
    Ok(())
}

/// The sentence shows a member's names, so they must be the ledger's own.
fn is_known(state: &state::State, member: &MemberRef) -> bool {
    let leaf = state.member(&member.id);
    leaf.is_some_and(|leaf| leaf.name == member.name && leaf.display == member.display)
}

pub(super) async fn consents(
    State(app): State<Arc<App>>,
    Wallet(key): Wallet,
) -> Result<Canonical<HeldConsents>, Problem> {
    Ok(Canonical(app.custodian.act(move |desk, _, _| desk.held_consents(&key)).await??))
}

#[derive(Deserialize)]
pub(super) struct LogQuery {
    #[serde(default)]
    from: Whole,
}

pub(super) async fn log(
    State(app): State<Arc<App>>,
    Wallet(key): Wallet,
    Query(query): Query<LogQuery>,
) -> Result<Canonical<LogPage>, Problem> {
    Ok(Canonical(app.custodian.act(move |desk, _, _| desk.log(&key, query.from.0)).await??))
}

pub(super) async fn days(
    State(app): State<Arc<App>>,
    Wallet(key): Wallet,
    body: Body,
) -> Result<Canonical<BoundedVec<DayProof, DAYS_MAX>>, Problem> {
    let queries: DayQueries = body.canonical(DAY_QUERIES_BYTES_MAX)?;
    let _place = app.proving.acquire().await.map_err(|_never_closed| Code::Stopped)?;
    let mut proofs = Vec::with_capacity(queries.len());
    // A day of long ago is read from its file: others are served between two of them.
    for query in queries.into_vec() {
        proofs.extend(app.custodian.act(move |desk, _, _| desk.days(&key, &[query])).await??);
    }
    let proofs: BoundedVec<DayProof, DAYS_MAX> =
        BoundedVec::try_from(proofs).map_err(|_as_many_as_asked| Code::BodyTooLong)?;
    Ok(Canonical(proofs))
}
