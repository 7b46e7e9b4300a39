//! What a node counts, in Prometheus' text format. Labels are members and kinds of traffic, never persons.

use prometheus_client::encoding::{EncodeLabelSet, text};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::registry::Registry;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

/// A gauge of a fraction.
type Ratio = Gauge<f64, AtomicU64>;

/// The member that a figure is about.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct ByMember {
    /// Its name.
    pub member: String,
}

/// The member and the kind of traffic that a figure is about.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct ByMemberAndKind {
    /// Its name.
    pub member: String,
    /// `consensus` or `transactions`.
    pub kind: &'static str,
}

/// What a transaction does.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct ByKind {
    /// `grants`, `revocation`, `anchor`, `evidence` or `other`.
    pub kind: &'static str,
}

/// The program that runs.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Build {
    version: &'static str,
}

/// Every figure of a node.
#[derive(Debug)]
pub struct Metrics {
    registry: Registry,
    /// Traffic between validators.
    pub network: NetworkMetrics,
    /// The ledger and its storage.
    pub ledger: LedgerMetrics,
}

/// Traffic between validators.
#[derive(Debug, Default)]
pub struct NetworkMetrics {
    /// Validators to and from which messages flow.
    pub peers: Gauge,
    /// Bytes sent in messages.
    pub sent: Family<ByMemberAndKind, Counter>,
    /// Bytes received in messages.
    pub received: Family<ByMember, Counter>,
    /// Bytes that wait to be sent.
    pub queued: Family<ByMember, Gauge>,
    /// Messages given up because a peer is slow or gone.
    pub dropped: Family<ByMemberAndKind, Counter>,
    /// Bundles of transactions given up because too many waited.
    pub bundles_dropped: Counter,
    /// Frames that broke the rules of the stream.
    pub hostile: Family<ByMember, Counter>,
    /// Connections refused because the key is no validator's.
    pub refused: Counter,
    /// Connections turned away before the handshake, because there were too many.
    pub turned_away: Counter,
    /// Milliseconds for which a peer was not read because it sent more than its rate.
    pub held_back_ms: Family<ByMember, Counter>,
}

/// How long something took.
#[derive(Debug, Clone)]
pub struct Seconds(Histogram);

impl Seconds {
    /// One more took so long.
    pub fn observe(&self, took: Duration) {
        self.0.observe(took.as_secs_f64());
    }
}

impl Default for Seconds {
    /// Half a millisecond to eight seconds, each bucket twice the one before.
    fn default() -> Self {
        Self(Histogram::new(exponential_buckets(0.000_5, 2.0, 15)))
    }
}

/// The ledger and its storage. Gauges are read when somebody asks.
#[derive(Debug, Default)]
pub struct LedgerMetrics {
    /// Height of the newest final block.
    pub height: Gauge,
    /// Consensus view.
    pub view: Gauge,
    /// Transactions that wait to become final.
    pub waiting: Gauge,
    /// Their bytes.
    pub waiting_bytes: Gauge,
    /// Transactions that became final since the start.
    pub transactions: Family<ByKind, Counter>,
    /// Views that ended without a block, of those that lie between blocks that became final since the start.
    pub views_skipped: Counter,
    /// Time to write final blocks, on disk.
    pub commit: Seconds,
    /// Time to append to the vote log, on disk.
    pub vote_log_append: Seconds,
    /// Newest final height that each validator reported since the start.
    pub reported: Family<ByMember, Gauge>,
    /// Validators of the epoch.
    pub validators: Gauge,
    /// Databases thrown away and rebuilt since the start.
    pub rebuilds: Counter,
    /// Damaged records that the scrub found.
    pub scrub_errors: Counter,
    /// Bytes that the scrub has read.
    pub scrubbed: Counter,
    /// When the scrub last ended a full pass, seconds since 1970; 0 before the first.
    pub scrub_last_pass: Gauge,
    /// Bytes of the ledger's database.
    pub store_bytes: Gauge,
    /// Bytes of the vote log.
    pub vote_log_bytes: Gauge,
    /// Free part of the disk that holds the home.
    pub disk_free: Ratio,
    /// Milliseconds by which the middle one of a quorum's clocks is ahead of this node's, at the last comparison.
    pub clock_offset_ms: Gauge,
    /// 1 if the API answers plain HTTP beyond this machine.
    pub insecure_http: Gauge,
    /// Proofs that a validator contradicted itself, found by this node since its start.
    pub equivocations: Family<ByMember, Counter>,
    /// Answers of the member followed that were not what the network had certified.
    pub lies: Counter,
    /// Ways in which a member's validator is proven on the ledger to have contradicted itself.
    pub contradictions: Family<ByMember, Gauge>,
}

impl Metrics {
    /// All figures at zero.
    pub fn new() -> Self {
        let mut registry = Registry::with_prefix("amanah");
        let network = NetworkMetrics::default();
        network.register(&mut registry);
        let ledger = LedgerMetrics::default();
        ledger.register(&mut registry);
        let build = Family::<Build, Gauge>::default();
        build.get_or_create(&Build { version: env!("CARGO_PKG_VERSION") }).set(1);
        registry.register("build_info", "The program that runs", build);
        Self { registry, network, ledger }
    }

    /// As [`Metrics::new`], with one sample of every figure that has labels, so that the labels show. A new figure does not
    /// compile here.
    pub fn sample() -> Self {
        let metrics = Self::new();
        let member = || ByMember { member: "qamar".to_owned() };
        let both = || ByMemberAndKind { member: "qamar".to_owned(), kind: "consensus" };
        let NetworkMetrics {
            peers: _,
            sent,
            received,
            queued,
            dropped,
            bundles_dropped: _,
            hostile,
            refused: _,
            turned_away: _,
            held_back_ms,
        } = &metrics.network;
        let LedgerMetrics {
            height: _,
            view: _,
            waiting: _,
            waiting_bytes: _,
            transactions,
            views_skipped: _,
            commit: _,
            vote_log_append: _,
            reported,
            validators: _,
            rebuilds: _,
            scrub_errors: _,
            scrubbed: _,
            scrub_last_pass: _,
            store_bytes: _,
            vote_log_bytes: _,
            disk_free: _,
            clock_offset_ms: _,
            insecure_http: _,
            equivocations,
            lies: _,
            contradictions,
        } = &metrics.ledger;
        for family in [sent, dropped] {
            drop(family.get_or_create(&both()));
        }
        for family in [received, hostile, held_back_ms, equivocations] {
            drop(family.get_or_create(&member()));
        }
        for family in [queued, contradictions, reported] {
            drop(family.get_or_create(&member()));
        }
        drop(transactions.get_or_create(&ByKind { kind: "grants" }));
        metrics
    }

    /// The figures in Prometheus' text format.
    pub fn text(&self) -> String {
        let mut out = String::new();
        text::encode(&mut out, &self.registry).expect("writing to a string does not fail");
        out
    }
}

impl Default for Metrics {
    fn default() -> Self {
        Self::new()
    }
}

impl NetworkMetrics {
    fn register(&self, registry: &mut Registry) {
        registry.register("peers", "Validators to and from which messages flow", self.peers.clone());
        registry.register("peer_send_bytes", "Bytes sent in messages", self.sent.clone());
        registry.register("peer_recv_bytes", "Bytes received in messages", self.received.clone());
        registry.register("peer_queue_bytes", "Bytes that wait to be sent", self.queued.clone());
        registry.register("peer_dropped", "Messages given up because a peer is slow or gone", self.dropped.clone());
        registry.register("bundles_dropped", "Transaction bundles given up", self.bundles_dropped.clone());
        registry.register("peer_hostile_frames", "Frames that broke the stream's rules", self.hostile.clone());
        registry.register("connections_refused", "Connections of keys that are no validator's", self.refused.clone());
        registry.register("connections_turned_away", "Connections too many for a handshake", self.turned_away.clone());
        registry.register("peer_held_back_ms", "Time a peer was not read for its rate", self.held_back_ms.clone());
    }
}

impl LedgerMetrics {
    fn register(&self, registry: &mut Registry) {
        registry.register("height", "Height of the newest final block", self.height.clone());
        registry.register("view", "Consensus view", self.view.clone());
        registry.register("mempool_txs", "Transactions that wait to become final", self.waiting.clone());
        registry.register("mempool_bytes", "Their bytes", self.waiting_bytes.clone());
        registry.register("tx", "Transactions that became final since the start", self.transactions.clone());
        registry.register("views_skipped", "Views that ended without a block", self.views_skipped.clone());
        registry.register("commit_seconds", "Time to write final blocks, on disk", self.commit.0.clone());
        registry.register("fsync_seconds", "Time to append to the vote log, on disk", self.vote_log_append.0.clone());
        registry.register("peer_height", "Newest final height that each validator reported", self.reported.clone());
        registry.register("validators", "Validators of the epoch", self.validators.clone());
        registry.register("store_rebuilds", "Databases thrown away and rebuilt", self.rebuilds.clone());
        registry.register("scrub_errors", "Damaged records that the scrub found", self.scrub_errors.clone());
        registry.register("scrub_bytes", "Bytes that the scrub has read", self.scrubbed.clone());
        registry.register("scrub_last_pass_seconds", "End of the last full scrub", self.scrub_last_pass.clone());
        registry.register("store_bytes", "Bytes of the ledger's database", self.store_bytes.clone());
        registry.register("vote_log_bytes", "Bytes of the vote log", self.vote_log_bytes.clone());
        registry.register(
            "clock_offset_ms",
            "Milliseconds by which the others' clocks are ahead of this node's",
            self.clock_offset_ms.clone(),
        );
        registry.register("disk_free_ratio", "Free part of the disk", self.disk_free.clone());
        registry.register(
            "equivocation",
            "Proofs that a validator contradicted itself, found since the start",
            self.equivocations.clone(),
        );
        registry.register(
            "contradictions",
            "Ways in which a member is proven on the ledger to have contradicted itself",
            self.contradictions.clone(),
        );
        registry.register(
            "upstream_lies",
            "Answers of the member followed that were not what the network had certified",
            self.lies.clone(),
        );
        registry.register(
            "insecure_http",
            "1 if the API answers plain HTTP beyond this machine",
            self.insecure_http.clone(),
        );
    }
}
