//! Every operation of the API, in one table: route and reference are both made from it.

mod accesses;
mod fhir;
mod requests;

use super::follower::{self, FollowerApp};
use super::operation::{Caller, Operation};
use super::problem::Code;
use super::public::{self, Public};
use super::request::WHOLE_MAX;
use super::{BODY_BYTES_MAX, errors, events, followers, hospital, openapi, wallet};
use amanah_ledger::exchange::MESSAGE_BYTES_MAX;
use amanah_ledger::proof::ENTRIES_MAX;
use amanah_ledger::transaction::TRANSACTION_BYTES_MAX;
use axum::extract::FromRef;
use axum::handler::Handler;
use axum::http::StatusCode;
use serde_json::json;
use std::sync::Arc;
use utoipa::openapi::schema::{ObjectBuilder, Type};

/// All of a hospital's own node, in the order of the reference.
pub(super) fn all() -> Vec<Operation> {
    let mut operations = every_node();
    operations.extend([status(public::status), practitioner(public::directory), description(openapi::serve)]);
    operations.extend(hospitals_own());
    operations.extend(coming_in());
    operations.extend(wallets());
    operations.extend(requests::wallets());
    operations.extend(hospitals());
    operations.extend(fhir::all());
    operations.extend(requests::hospitals());
    operations.extend(accesses::hospitals());
    operations
}

/// All of a follower.
pub(super) fn follower() -> Vec<Operation<Arc<FollowerApp>>> {
    let mut operations = every_node();
    let practitioner = practitioner(follower::practitioner);
    operations.extend([status(follower::status), practitioner, description(openapi::serve_follower)]);
    operations
}

fn text(pattern: &str) -> ObjectBuilder {
    ObjectBuilder::new().schema_type(Type::String).pattern(Some(pattern))
}

fn whole(most: u64) -> ObjectBuilder {
    debug_assert!(most <= WHOLE_MAX, "beyond it the bound would be described as another number");
    ObjectBuilder::new().schema_type(Type::Integer).minimum(Some(0)).maximum(Some(most as f64))
}

/// A whole code. That its check characters fit, no pattern can say.
const LABEL: &str = "^P(-[0-9A-HJKMNP-TV-Z]{4}){4}-[0-9A-HJKMNP-TV-Z]{2}$";
const CHAIN: &str = "5b1f9c2f6e5a0d3c8b7a69584736251403f2e1d0c9b8a79685746352413020f1";

/// What every node does, in the same way.
fn every_node<S: Clone + Send + Sync + 'static>() -> Vec<Operation<S>>
where
    Public: FromRef<S>,
{
    vec![
        Operation::get("/v1/network", "network", public::network)
            .says("What a wallet is given once: the genesis and where each hospital answers.")
            .answers_json::<public::Network>(
                "The network.",
                json!({
                    "schema": "amanah.network/1", "network": "amanah-demo", "chain_id": CHAIN, "genesis": "0100…",
                    "members": [{ "name": "qamar", "display": "Qamar Hospital", "id": CHAIN, "api": "http://127.0.0.1:7410" }],
                }),
            ),
        Operation::post("/v1/proofs", "proofs", public::proofs)
            .says("Leaves of the state, or their absence, under a header that a quorum has certified.")
            .asks("min_height", "Not before this block.", whole(WHOLE_MAX))
            .asks("wait_ms", "How long to wait for that block; never longer than 8,000.", whole(WHOLE_MAX))
            .takes_canonical("list of LeafKey", ENTRIES_MAX * 128)
            .answers_canonical(StatusCode::OK, "StateProof")
            .refuses([Code::NothingCertified, Code::NotFinalInTime, Code::Stopped]),
        Operation::get("/v1/locks/{prefix}", "locks", public::locks)
            .says("Consents by the first twelve bits of their locks, for whoever holds a slip.")
            .at("prefix", "Three hexadecimal digits.", text("^[0-9a-fA-F]{3}$"))
            .answers_canonical(StatusCode::OK, "list of (PublicKey, Digest)")
            .refuses([Code::NotFound]),
        Operation::get("/v1/events", "events", events::listen)
            .says(
                "What becomes final, block by block, as server-sent events; goes on behind the last id that was seen. \
                 Whoever accepts `text/event-stream` by name listens for ever, anybody else until the newest block.",
            )
            .asks("from", "First block; without it, the next one.", whole(WHOLE_MAX))
            .asks("until", "Last block; without it, for ever.", whole(WHOLE_MAX))
            .minds("Last-Event-ID", "Id of the last event that was seen; wins over `from`.", text(events::PLACE))
            .tells::<events::Revocation>("revocation")
            .tells::<events::Contradiction>("contradiction")
            .tells::<events::Block>("block")
            .answers_events("One by one, as they become final; at the end of each block, `block`.", events::PLACE),
        Operation::get("/errors/{code}", "error", errors::page)
            .says("The page about an error: what happened, why, and what to try.")
            .at("code", "Its name.", text("^AMN-[0-9]{4}$"))
            .answers_text("The page.", "text/plain; charset=utf-8")
            .refuses([Code::NotFound]),
    ]
}

fn status<T: 'static, S: Clone + Send + Sync + 'static>(handler: impl Handler<T, S>) -> Operation<S> {
    Operation::get("/v1/status", "status", handler).says("Where this node stands.").answers_json::<public::Status>(
        "As of this moment.",
        json!({
            "name": "cedar", "role": "validator", "height": 10, "block": CHAIN, "state_root": CHAIN, "view": 14,
            "leader": "qamar", "waiting": 0, "peers": ["qamar", "rawda"], "caught_up": true,
            "validators": [{ "name": "cedar", "connected": true, "height": 10, "voted": {
                "notarize": CHAIN, "nullify": false, "finalize": null,
            } }],
        }),
    )
}

fn practitioner<T: 'static, S: Clone + Send + Sync + 'static>(handler: impl Handler<T, S>) -> Operation<S> {
    Operation::get("/v1/directory/{handle}", "directory", handler)
        .says("A practitioner for whom this hospital vouches, signed now by its gateway key.")
        .at("handle", "The name before the @.", ObjectBuilder::new().schema_type(Type::String))
        .answers_canonical(StatusCode::OK, "SignedDirectoryEntry")
        .refuses([Code::NotFound])
}

fn description<T: 'static, S: Clone + Send + Sync + 'static>(handler: impl Handler<T, S>) -> Operation<S> {
    Operation::get("/openapi.json", "openapi", handler).says("This description.").answers_object("OpenAPI 3.1.")
}

/// What else anybody may bring to a hospital's own node, and what its followers fetch.
fn hospitals_own() -> Vec<Operation> {
    vec![
        Operation::post("/v1/tx", "revoke", public::transaction)
            .says("Brings a revocation. It binds this hospital once it is accepted.")
            .takes_canonical("SignedTransaction", TRANSACTION_BYTES_MAX)
            .answers_canonical(StatusCode::ACCEPTED, "RevocationAccepted")
            .acts()
            .refuses([Code::NotARevocation, Code::SignatureWrong, Code::ProofDoesNotOpen]),
        Operation::get("/v1/blocks", "blocks", followers::blocks)
            .says("Final blocks from a height on, with what makes them final: what followers live on.")
            .by(Caller::Follower)
            .needs("from", "First block.", whole(WHOLE_MAX))
            .answers_canonical(StatusCode::OK, "BlockRun"),
    ]
}

/// How a wallet comes to be known.
fn coming_in() -> Vec<Operation> {
    vec![
        Operation::post("/v1/enrolments", "enrol", wallet::enrol)
            .says("Begins a relationship; staff link it with the code, within ten minutes.")
            .takes_canonical("SignedEnrolment", MESSAGE_BYTES_MAX)
            .answers_json::<wallet::Enrolled>(
                "The relationship's code and the nine digits for the desk.",
                json!({ "relationship": "P-WHDG-X3MB-DTDC-YVW2-4H", "code": "418220937", "expires": 1_795_341_600_000_u64 }),
            )
            .writes()
            .dates()
            .refuses([Code::EnrolmentNotForUs, Code::SignatureWrong, Code::AlreadyLinked]),
        Operation::post("/v1/login/nonce", "nonce", wallet::nonce)
            .says("A challenge to sign in with; it serves once, within two minutes.")
            .answers_json::<wallet::Nonce>("The challenge.", json!({ "nonce": CHAIN })),
        Operation::post("/v1/login", "login", wallet::login)
            .says("Signs a wallet in for 15 minutes.")
            .takes_canonical("SignedLogin", MESSAGE_BYTES_MAX)
            .answers_json::<wallet::Session>(
                "What to send as `Authorization: Bearer TOKEN`.",
                json!({ "token": CHAIN, "expires": 1_795_341_600_000_u64 }),
            )
            .acts()
            .refuses([Code::SignIn, Code::RelationshipUnknown]),
    ]
}

fn wallets() -> Vec<Operation> {
    vec![
        Operation::get("/v1/me", "me", wallet::me)
            .says("Who the wallet is here.")
            .by(Caller::Wallet)
            .answers_json::<wallet::MeAnswer>(
                "Its code, and whether staff have linked it.",
                json!({ "relationship": "P-WHDG-X3MB-DTDC-YVW2-4H", "linked": true }),
            )
            .acts()
            .refuses([Code::RelationshipUnknown]),
        Operation::post("/v1/me/accept", "accept", wallet::accept)
            .says("Accepts the first entry of the wallet's own log.")
            .by(Caller::Wallet)
            .takes_canonical("SignedAcceptance", MESSAGE_BYTES_MAX)
            .answers_json::<wallet::Accepted>("It is kept.", json!({ "accepted": true }))
            .writes()
            .refuses([Code::AcceptanceDiffers, Code::NotLinked]),
        Operation::get("/v1/me/consents", "held_consents", wallet::consents)
            .says("Every version of every consent that this hospital holds for the wallet.")
            .by(Caller::Wallet)
            .answers_canonical(StatusCode::OK, "HeldConsents")
            .acts()
            .refuses([Code::NotLinked]),
        Operation::post("/v1/me/consents", "grant", wallet::grant)
            .says("Gives a consent: document, salt, item and certificate. It becomes final by itself.")
            .by(Caller::Wallet)
            .asks("answers", "Code of the request that it answers: both are taken, or neither.", text(requests::LABEL))
            .takes_canonical("GrantRequest", BODY_BYTES_MAX)
            .answers_json::<wallet::Granted>(
                "It is kept, enforceable, and on its way to the ledger.",
                json!({ "consent": "C-C293-PPFR-AY9Z-D0SH-96", "accepted": true }),
            )
            .writes()
            .dates()
            .refuses([Code::NotThisConsent, Code::SignatureWrong, Code::NotEnforceable, Code::PeriodNotSane])
            .refuses([Code::SentenceDiffers, Code::TooLong, Code::NotLinked, Code::GrantNotApplicable])
            .refuses([Code::AlreadyRevoked, Code::EarlierPending, Code::TooManyConsents])
            .refuses([Code::RequestUnknown, Code::RequestEnded, Code::BeyondRequest]),
        Operation::get("/v1/me/log", "log", wallet::log)
            .says("The wallet's access log, one page: entries from a number on.")
            .by(Caller::Wallet)
            .asks("from", "Number of the first entry.", whole(WHOLE_MAX))
            .answers_canonical(StatusCode::OK, "LogPage")
            .acts()
            .refuses([Code::NotLinked]),
        Operation::post("/v1/me/days", "days", wallet::days)
            .says("What the anchored access trees of some days prove about the wallet's log.")
            .by(Caller::Wallet)
            .takes_canonical("DayQueries", wallet::DAY_QUERIES_BYTES_MAX)
            .answers_canonical(StatusCode::OK, "DayProofs")
            .acts()
            .refuses([Code::NotLinked, Code::RootUnknown]),
    ]
}

fn hospitals() -> Vec<Operation> {
    vec![
        Operation::get("/v1/patients", "patients", hospital::patients)
            .says("The relationships of this hospital, in pages, in the order of their codes.")
            .by(Caller::Hospital)
            .asks("after", "Behind this code.", text(LABEL))
            .asks("limit", "At most so many.", whole(hospital::PAGE_MAX as u64).minimum(Some(1)))
            .answers_json::<hospital::Patients>(
                "A page, and behind which code the next one begins.",
                json!({ "relationships": ["P-WHDG-X3MB-DTDC-YVW2-4H"], "next": "P-WHDG-X3MB-DTDC-YVW2-4H" }),
            )
            .acts(),
        Operation::post("/v1/patients", "link", hospital::link)
            .says("Ties a patient who stands at the desk to their record.")
            .by(Caller::Hospital)
            .takes_json::<hospital::Link>(json!({ "mrn": "MRN-1001", "code": "418-220-937" }))
            .answers_json::<hospital::Linked>(
                "The relationship that is linked now.",
                json!({ "relationship": "P-WHDG-X3MB-DTDC-YVW2-4H" }),
            )
            .writes()
            .dates()
            .refuses([Code::MrnNotUnderstood, Code::CodeNotOpen, Code::MrnLinked]),
        Operation::post("/v1/decisions", "decide", hospital::decide)
            .says("May they? Always answered with 200, a deny too; the answer is recorded for the patient.")
            .by(Caller::Hospital)
            .takes_json::<hospital::Question>(json!({
                "patient": "P-WHDG", "requester": { "member": "qamar" }, "items": ["labs"], "purpose": "treatment",
            }))
            .answers_json::<hospital::Answer>(
                "The decision, and what the custodian does after it.",
                json!({
                    "decision": "permit", "effect": "permit", "code": "PERMITTED",
                    "access": "A-5E6T-YMD0-SZ5K-6045-MP", "consents": ["C-C293-PPFR-AY9Z-D0SH-96"], "obligations": [], "height": 10,
                }),
            )
            .dates()
            .refuses([Code::CatchingUp, Code::PatientUnknown, Code::RequesterUnknown, Code::RequestNotUnderstood]),
    ]
}
