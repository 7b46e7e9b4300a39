//! What anybody may ask: the network, its state with proofs, the practitioners of this hospital; and the revocations
//! anybody may bring.

use super::answers::Answers;
use super::events::Events;
use super::problem::{Code, Problem};
use super::rate::RateLimit;
use super::request::{Body, Canonical, From, Query, Whole};
use super::{App, CONCURRENT_MAX, WAITING_MAX};
use crate::clock::Moment;
use crate::config::Role;
use crate::runtime::LedgerReads;
use amanah_consensus::Voted;
use amanah_ledger::codec::BoundedVec;
use amanah_ledger::crypto::{Digest, Ed25519, PublicKey};
use amanah_ledger::directory::{DirectoryEntry, SignedDirectoryEntry};
use amanah_ledger::document::party::Handle;
use amanah_ledger::exchange::RevocationAccepted;
use amanah_ledger::leaf::LeafKey;
use amanah_ledger::member::MemberId;
use amanah_ledger::network_file::{self, NetworkFile};
use amanah_ledger::position::{Height, View};
use amanah_ledger::proof::{ENTRIES_MAX, StateProof};
use amanah_ledger::transaction::{SignedTransaction, TRANSACTION_BYTES_MAX};
use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use std::ops::Deref;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::{Semaphore, watch};
use utoipa::ToSchema;

/// Longest wait for a height: shorter than most clients wait for any answer.
pub(super) const WAIT_MS_MAX: u64 = 8_000;
/// Most consents of one answer to a prefix of locks.
const LOCKS_MAX: usize = 65_536;

/// What every node serves, be it a hospital's own or a follower: the network, and its state with proofs.
pub(crate) struct PublicReads {
    pub(super) network: NetworkFile,
    pub(super) ledger: LedgerReads,
    pub(super) answers: Answers,
    pub(super) requests: RateLimit,
    pub(super) working: Semaphore,
    pub(super) events: Events,
    waiting: Semaphore,
}

/// The same for every handler.
#[derive(Clone)]
pub(crate) struct Public(Arc<PublicReads>);

impl Deref for Public {
    type Target = PublicReads;
    fn deref(&self) -> &PublicReads {
        &self.0
    }
}

impl Public {
    /// Listeners are let go when `stopping` turns true.
    pub(crate) fn new(
        network: NetworkFile,
        ledger: LedgerReads,
        requests_per_minute: u32,
        stopping: watch::Receiver<bool>,
    ) -> Self {
        Self(Arc::new(PublicReads {
            network,
            ledger,
            answers: Answers::default(),
            requests: RateLimit::new(requests_per_minute),
            working: Semaphore::new(CONCURRENT_MAX),
            events: Events::new(stopping),
            waiting: Semaphore::new(WAITING_MAX),
        }))
    }
}

/// `network.json`, as [`NetworkFile`] writes it.
#[derive(Serialize, ToSchema)]
pub(super) struct Network {
    /// `amanah.network/1`
    schema: String,
    /// Name of the network.
    network: String,
    /// Chain id.
    #[schema(value_type = String, pattern = "^[0-9a-f]{64}$")]
    chain_id: Digest,
    /// Canonical bytes of the genesis, in hexadecimal.
    #[schema(pattern = "^[0-9a-f]+$")]
    genesis: String,
    /// The members.
    members: Vec<NetworkMember>,
}

/// One member of the network.
#[derive(Serialize, ToSchema)]
pub(super) struct NetworkMember {
    /// For example `qamar`.
    name: String,
    /// Its name for people.
    display: String,
    /// Its identity.
    #[schema(value_type = String, pattern = "^[0-9a-f]{64}$")]
    id: MemberId,
    /// Where its API answers.
    api: String,
}

pub(super) async fn network(State(reads): State<Public>) -> Json<Network> {
    let NetworkFile { schema, network, chain_id, genesis, members } = reads.network.clone();
    let members = members.into_iter().map(|network_file::NetworkMember { name, display, id, api }| NetworkMember {
        name,
        display,
        id,
        api,
    });
    Json(Network { schema, network, chain_id, genesis, members: members.collect() })
}

/// Where a node stands.
#[derive(Serialize, ToSchema)]
pub(super) struct Status {
    /// The member's name, or the follower's.
    pub(super) name: String,
    /// What the node does.
    #[schema(value_type = String, pattern = "^(validator|follower)$")]
    pub(super) role: Role,
    /// The member that a follower belongs to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) follows: Option<String>,
    /// The newest final block.
    #[schema(value_type = u64)]
    pub(super) height: Height,
    /// Its digest.
    #[schema(value_type = String, pattern = "^[0-9a-f]{64}$")]
    pub(super) block: Digest,
    /// Root of the state after it.
    #[schema(value_type = String, pattern = "^[0-9a-f]{64}$")]
    pub(super) state_root: Digest,
    /// Consensus view; of a follower, that of the newest block's certificate.
    #[schema(value_type = u64)]
    pub(super) view: View,
    /// Who leads the view; a follower does not know.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) leader: Option<String>,
    /// Transactions that wait to become final; a follower has none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) waiting: Option<usize>,
    /// Names of the validators this node hears.
    pub(super) peers: Vec<String>,
    /// Every validator, as this node sees it; of a follower, every member it asks.
    pub(super) validators: Vec<Seen>,
    /// Whether it answers decisions; of a follower, whether it is ready.
    pub(super) caught_up: bool,
}

/// A validator as another one sees it.
#[derive(Serialize, ToSchema)]
pub(super) struct Seen {
    /// Its name.
    pub(super) name: String,
    /// Whether messages flow.
    pub(super) connected: bool,
    /// The final height it reported last; null if it has reported none since this node started.
    #[schema(value_type = Option<u64>)]
    pub(super) height: Option<Height>,
    /// What it has voted in the view; a follower does not know.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) voted: Option<Votes>,
}

/// What a validator has voted in the present view.
#[derive(Serialize, ToSchema)]
pub(super) struct Votes {
    /// For this block, to notarize it.
    #[schema(value_type = Option<String>, pattern = "^[0-9a-f]{64}$")]
    notarize: Option<Digest>,
    /// To leave the view without a block.
    nullify: bool,
    /// For this block, to make it final.
    #[schema(value_type = Option<String>, pattern = "^[0-9a-f]{64}$")]
    finalize: Option<Digest>,
}

pub(super) async fn status(State(app): State<Arc<App>>) -> Json<Status> {
    let (head, consensus) = (app.ledger.head(), app.ledger.consensus());
    let standing = &consensus.standing;
    let name_of =
        |member: &MemberId| head.tip.state().member(member).map_or_else(String::new, |leaf| leaf.name.to_string());
    let committee = head.tip.committee().validators();
    let others = committee.iter().zip(&standing.connected);
    let others = others.filter(|(validator, is_connected)| **is_connected && validator.member != app.member);
    let seen = committee.iter().zip(&standing.connected).zip(&standing.reported).zip(&standing.voted);
    let seen = seen.map(|(((validator, connected), height), Voted { notarize, nullify, finalize })| Seen {
        name: name_of(&validator.member),
        connected: *connected,
        height: *height,
        voted: Some(Votes { notarize: *notarize, nullify: *nullify, finalize: *finalize }),
    });
    Json(Status {
        name: app.name.clone(),
        role: Role::Validator,
        follows: None,
        height: head.height(),
        block: *head.tip.digest(),
        state_root: head.tip.header().state_root,
        view: standing.view,
        leader: committee.get(usize::from(standing.leader.0)).map(|leader| name_of(&leader.member)),
        waiting: Some(consensus.waiting),
        peers: others.map(|(validator, _)| name_of(&validator.member)).collect(),
        validators: seen.collect(),
        caught_up: app.ledger.is_caught_up() && matches!((app.clock)(), Moment::Confirmed(_)),
    })
}

#[derive(Deserialize)]
pub(super) struct ProofQuery {
    #[serde(default)]
    min_height: Whole,
    #[serde(default)]
    wait_ms: Whole,
}

pub(super) async fn proofs(
    State(reads): State<Public>,
    Query(query): Query<ProofQuery>,
    body: Body,
) -> Result<Canonical<StateProof>, Problem> {
    let keys: BoundedVec<LeafKey, ENTRIES_MAX> = body.canonical(ENTRIES_MAX * 128)?;
    // Genesis has no certificate, so the first head that proves anything is 1.
    let height = Height(query.min_height.0.max(1));
    let place = reads.waiting.try_acquire();
    let wait_ms = if place.is_ok() { query.wait_ms.0.min(WAIT_MS_MAX) } else { 0 };
    let wait = Duration::from_millis(wait_ms);
    let late = if reads.ledger.view().finalization.is_none() { Code::NothingCertified } else { Code::NotFinalInTime };
    let head = match tokio::time::timeout(wait, reads.ledger.at_least(height)).await {
        Ok(Some(head)) => head,
        Ok(None) => return Err(Code::Stopped.into()),
        Err(_elapsed) => return Err(late.into()),
    };
    let certified = head.certified().ok_or(Code::NothingCertified)?;
    let proof = StateProof::of(certified, head.tip.state(), &keys).map_err(|_too_many| Code::BodyTooLong)?;
    Ok(Canonical(proof))
}

/// Consents by the first 12 bits of their locks, ended ones too: whoever searches asks for the state of those found.
pub(super) async fn locks(
    State(reads): State<Public>,
    Path(prefix): Path<String>,
) -> Result<Canonical<BoundedVec<(PublicKey, Digest), LOCKS_MAX>>, Problem> {
    let is_prefix = prefix.len() == 3 && prefix.bytes().all(|b| b.is_ascii_hexdigit());
    let bits = u16::from_str_radix(&prefix, 16).ok().filter(|_| is_prefix).ok_or(Code::NotFound)?;
    let mut locks = reads.ledger.view().tip.state().locks_with_prefix(bits);
    locks.truncate(LOCKS_MAX);
    Ok(Canonical(BoundedVec::try_from(locks).map_err(|_truncated| Code::Busy)?))
}

pub(super) async fn directory(
    State(app): State<Arc<App>>,
    Path(handle): Path<String>,
) -> Result<Canonical<SignedDirectoryEntry>, Problem> {
    let staff = app.staff.iter().find(|staff| staff.handle == handle).ok_or(Code::NotFound)?;
    let field = |text: &str| Handle::try_from(text).map_err(|_too_long| Code::NotFound);
    let entry = DirectoryEntry {
        member: app.member,
        handle: field(&staff.handle)?,
        display: staff.display.as_str().try_into().map_err(|_too_long| Code::NotFound)?,
        role: field(&staff.role)?,
        issued: app.now(),
    };
    let signed = entry.sign(&app.chain, &*app.gateway).map_err(|e| Problem::with_detail(Code::NotFound, e))?;
    Ok(Canonical(signed))
}

pub(super) async fn transaction(
    State(app): State<Arc<App>>,
    From(address): From,
    body: Body,
) -> Result<(StatusCode, Canonical<RevocationAccepted>), Problem> {
    let transaction: SignedTransaction = body.canonical(TRANSACTION_BYTES_MAX)?;
    let SignedTransaction::Revoke { consent, .. } = &transaction else { return Err(Code::NotARevocation.into()) };
    // The end of a consent that nobody knows costs this hospital a leaf of its daily allowance.
    let is_known = app.ledger.head().tip.state().consent(consent).is_some();
    if !is_known && !app.unknown_revocations.allows(address, Instant::now()) {
        return Err(Code::TooMany.into());
    }
    let verified = transaction.verify(&app.chain, &Ed25519).map_err(|_bad| Code::SignatureWrong)?;
    let transaction = verified.transaction().clone();
    let accepted = app.custodian.act(move |desk, now, head| desk.revoke(now, head, transaction)).await??;
    Ok((StatusCode::ACCEPTED, Canonical(accepted)))
}
