//! Every bound of a node that strangers, peers and clients meet, and what all of them add up to in memory.
//!
//! `docs/operations.md` lists the same names and numbers; a test compares them. Bounds of consensus are in
//! [`amanah_consensus::limits`], those of formats in the ledger. What more connections than there can be would meet, such
//! as requests at once, is not listed.

use crate::block_run::BLOCK_RUN_BYTES_MAX;
use crate::network::limits as p2p;
use crate::validator::limits as transactions;
use crate::{api, http, mempool, node, ops, peer_message, runtime};
use amanah_consensus::limits::{
    ANCESTORS_MAX, CERTIFICATE_TAIL, DEPTH_MAX, MESSAGE_BYTES_MAX, OPEN_VIEW_BYTES, OPEN_VIEWS_PER_HOUR,
};
use amanah_ledger::block::BLOCK_BYTES_MAX;

const KIB: u64 = 1024;
const MIB: u64 = 1024 * KIB;

/// What the program takes at rest: its code, stacks, the runtime's buffers and what the allocator holds back.
const PROGRAM_BYTES: u64 = 96 * MIB;
/// Both databases keep so much of their files in memory, and as much again while they write.
const DATABASE_BYTES: u64 = 2 * 2 * 64 * MIB;
/// A consent in the state tree, in its index by lock, and in the custodian's books.
const CONSENT_BYTES: u64 = 2 * KIB;
/// What is decoded takes about as much again as its bytes.
const DECODED: u64 = 2;
/// What the custodian may keep of grants, revocations, sessions and addresses that are on their way, and of where requests
/// lie: counts of theirs, 65,536 each, by less than a KiB.
const CUSTODIAN_BYTES: u64 = 5 * 65_536 * KIB;

/// One bound: its name in the documentation, its value, and the unit of that.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bound {
    /// Its name.
    pub name: &'static str,
    /// Its value.
    pub value: u64,
    /// What is counted.
    pub unit: &'static str,
}

/// A part of the memory that a node takes at most.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Share {
    /// Whose.
    pub name: &'static str,
    /// How much.
    pub bytes: u64,
}

const fn bound(name: &'static str, value: u64, unit: &'static str) -> Bound {
    Bound { name, value, unit }
}

/// Every bound.
pub fn all() -> Vec<Bound> {
    let (requests, p2p) = (http_bounds(), p2p_bounds());
    requests.into_iter().chain(p2p).chain(transaction_bounds()).collect()
}

fn http_bounds() -> Vec<Bound> {
    let limits = api::Limits::default();
    vec![
        bound("api connections", api::CONNECTIONS_MAX as u64, "connections"),
        bound("api connections of one address", api::ADDRESS_CONNECTIONS as u64, "connections"),
        bound("api requests of one address", u64::from(limits.requests_per_minute), "a minute"),
        bound("api enrolments of one address", u64::from(limits.enrolments_per_minute), "a minute"),
        bound("api unknown revocations of one address", u64::from(limits.unknown_revocations_per_minute), "a minute"),
        bound("api time of a body", api::BODY_MAX.as_secs(), "s"),
        bound("api body", api::BODY_BYTES_MAX as u64 / KIB, "KiB"),
        bound("api requests of followers", api::SERVED_MAX as u64, "at once"),
        bound("api blocks for followers, rate", api::SERVED_BYTES_PER_SECOND / MIB, "MiB a second"),
        bound("follower blocks without a certificate", node::HELD_BYTES_MAX as u64 / MIB, "MiB"),
        bound("api listeners", api::LISTENERS_MAX as u64, "listeners"),
        bound("api answers not yet sent", api::ANSWER_BYTES_MAX as u64 / MIB, "MiB"),
        bound("ops connections", ops::BOUNDS.connections_max as u64, "connections"),
        bound("ops connections of one address", ops::BOUNDS.per_address_max as u64, "connections"),
        bound("http time of a head", http::HEAD_MAX.as_secs(), "s"),
        bound("http head", http::BUFFER_BYTES_MAX as u64 / KIB, "KiB"),
        bound("http header fields", http::HEADERS_MAX as u64, "fields"),
        bound("http pace of a reader", http::READER_BYTES_MIN as u64 / KIB, "KiB in 10 s, at least"),
    ]
}

fn p2p_bounds() -> Vec<Bound> {
    vec![
        bound("p2p handshakes", u64::from(p2p::PENDING_MAX), "at once"),
        bound("p2p handshakes of strangers", p2p::STRANGERS_PENDING_MAX as u64, "at once"),
        bound("p2p handshakes of one strange address", p2p::ADDRESS_PENDING_MAX as u64, "at once"),
        bound("p2p handshakes of strangers, rate", p2p::STRANGERS_PER_SECOND, "a second"),
        bound("p2p handshakes of one address, rate", p2p::ADDRESS_PER_SECOND, "a second"),
        bound("p2p time of a handshake", p2p::HANDSHAKE_MAX.as_secs(), "s"),
        bound("peer connections", u64::from(p2p::PER_PEER_MAX), "connections"),
        bound("peer streams of a connection", p2p::STREAMS_MAX as u64, "streams"),
        bound("peer bytes not yet read", p2p::UNREAD_BYTES_MAX as u64 / MIB, "MiB a connection"),
        bound("peer message", p2p::MESSAGE_BYTES_MAX as u64 / MIB, "MiB"),
        bound("peer messages not yet handled", p2p::SHARE_BYTES_MAX as u64 / MIB, "MiB"),
        bound("peer bundles not yet handled", p2p::SHARE_BYTES_MAX as u64 / MIB, "MiB"),
        bound("peer messages not yet sent", p2p::WAITING_BYTES_MAX as u64 / MIB, "MiB"),
        bound("peer messages, rate", p2p::MESSAGES_PER_SECOND, "a second"),
        bound("peer message bytes, rate", p2p::MESSAGE_BYTES_PER_SECOND / MIB, "MiB a second"),
        bound("peer bundles, rate", p2p::BUNDLES_PER_SECOND, "a second"),
        bound("peer bundle bytes, rate", p2p::GOSSIP_BYTES_PER_SECOND / MIB, "MiB a second"),
    ]
}

fn transaction_bounds() -> Vec<Bound> {
    vec![
        bound("peer useless transactions, rate", transactions::USELESS_PER_SECOND, "a second"),
        bound("peer useless transactions at once", transactions::USELESS_BURST, "transactions"),
        bound("peer lists of ids, rate", transactions::LISTS_PER_SECOND, "a second"),
        bound("peer transactions served, rate", transactions::SERVED_BYTES_PER_SECOND / MIB, "MiB a second"),
        bound("mempool bytes", mempool::BYTES_MAX as u64 / MIB, "MiB"),
        bound("mempool transactions", mempool::COUNT_MAX as u64, "transactions"),
        bound("mempool revocation bytes", mempool::REVOCATION_BYTES_MAX as u64 / MIB, "MiB"),
        bound("mempool revocations", mempool::REVOCATION_COUNT_MAX as u64, "revocations"),
        bound("mempool proofs against validators", mempool::EVIDENCE_COUNT_MAX as u64, "proofs"),
        bound("mempool failing transactions tried again", mempool::DOUBTFUL_MAX as u64, "of a member in a block"),
        bound("mempool failing transactions kept", mempool::FAILING_BLOCKS_MAX, "blocks"),
        bound("submissions that wait", runtime::SUBMISSIONS_MAX as u64, "transactions"),
    ]
}

/// What a node in a network of `validators` with `consents` takes at most, by its parts.
pub fn memory(validators: u64, consents: u64) -> Vec<Share> {
    let share = |name, bytes| Share { name, bytes };
    let peers = validators.saturating_sub(1);
    let buffers = (ops::BOUNDS.connections_max + api::CONNECTIONS_MAX) as u64 * 2 * http::BUFFER_BYTES_MAX as u64;
    let bodies = api::CONNECTIONS_MAX as u64 * api::BODY_BYTES_MAX as u64 * DECODED;
    let runs = (api::SERVED_MAX * BLOCK_RUN_BYTES_MAX) as u64 * DECODED;
    let link = p2p::WAITING_BYTES_MAX + 2 * p2p::SHARE_BYTES_MAX + p2p::PER_PEER_MAX as usize * p2p::UNREAD_BYTES_MAX;
    let gossip = (p2p::GOSSIP_KEPT_S + 2) * p2p::GOSSIP_BYTES_PER_SECOND
        + p2p::GOSSIP_NAMED_S * (p2p::BUNDLES_PER_SECOND + p2p::BUNDLES_OVER_PER_SECOND) * KIB / 2;
    let pool = (mempool::BYTES_MAX + mempool::REVOCATION_BYTES_MAX) as u64 * DECODED
        + 4 * mempool::REMEMBERED_MAX as u64 * 128
        + runtime::SUBMISSIONS_MAX as u64 * peer_message::BUNDLE_BYTES as u64 * DECODED;
    // Blocks above the head, and as many that were proposed; each with its executed state.
    let blocks = 2 * (DEPTH_MAX + 2) * BLOCK_BYTES_MAX as u64 * (1 + DECODED) + ANCESTORS_MAX * 8 * KIB;
    let views = CERTIFICATE_TAIL + OPEN_VIEWS_PER_HOUR;
    let certificates = views * OPEN_VIEW_BYTES + 4 * MESSAGE_BYTES_MAX as u64;
    vec![
        share("program, stacks and allocator", PROGRAM_BYTES),
        share("databases", DATABASE_BYTES),
        share("state and books of the consents", consents * CONSENT_BYTES),
        share("custodian: what is on its way", CUSTODIAN_BYTES),
        share("http: buffers of all connections", buffers),
        share("http: bodies", bodies),
        share("http: blocks read for followers", runs),
        share("http: answers not yet sent", api::ANSWER_BYTES_MAX as u64),
        share("peers: queues, shares, unread bytes", peers * link as u64 * DECODED),
        share("peers: gossip", peers * gossip),
        share("mempool and submissions", pool),
        share("consensus: blocks not yet final", blocks),
        share("consensus: certificates and votes", certificates),
    ]
}

/// The sum of [`memory`], bytes.
pub fn resident_bytes_max(validators: u64, consents: u64) -> u64 {
    memory(validators, consents).iter().map(|share| share.bytes).sum()
}
