//! Transactions by gossip: best effort, content-addressed, unsigned here because transactions carry their own
//! signatures. What gossip loses, validators ask each other for.

use super::{NetworkError, driver};
use amanah_ledger::crypto::Digest;
use amanah_ledger::transaction::TRANSACTION_BYTES_MAX;
use bytes::{BufMut, Bytes, BytesMut};
use libp2p::PeerId;
use libp2p::gossipsub::{
    Behaviour, ConfigBuilder, IdentTopic, IdentityTransform, MaxCountSubscriptionFilter, Message, MessageAcceptance,
    MessageAuthenticity, MessageId, PublishError, ValidationMode, WhitelistSubscriptionFilter,
};
use std::collections::HashSet;
use std::time::Duration;

/// Gossip of one topic: what others say of other topics is not kept.
pub(super) type Gossip = Behaviour<IdentityTransform, MaxCountSubscriptionFilter<WhitelistSubscriptionFilter>>;

/// Longest bundle: one transaction of the greatest length always fits, with the length of the list before it.
pub const BUNDLE_BYTES_MAX: usize = TRANSACTION_BYTES_MAX + 64;

/// Bytes before the bundle that make each publication of the same bundle a new one: gossip remembers what it has seen
/// and would swallow a repetition that is meant.
const NONCE_BYTES: usize = 8;

/// Messages that gossip may hold for one peer.
const WAITING_PER_PEER_MAX: usize = 64;
/// Seconds, which are gossip's heartbeats, for which it keeps a bundle that was accepted.
pub(super) const KEPT_S: usize = 3;
/// How long it remembers a bundle's name.
pub(super) const NAMED: Duration = Duration::from_secs(10);
/// Subscriptions in one message of a peer; there is one topic.
const SUBSCRIPTIONS_MAX: usize = 4;

/// Name of a bundle that waits for its verdict.
#[derive(Debug, Clone)]
pub struct BundleId {
    pub(super) id: MessageId,
    pub(super) from: PeerId,
}

/// What became of a bundle.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Worth passing on.
    Accept,
    /// Nothing wrong with it, nothing to pass on.
    Ignore,
    /// No honest validator passes such bytes on: whoever did loses its connection.
    Reject,
}

impl Verdict {
    pub(super) const fn acceptance(self) -> MessageAcceptance {
        match self {
            Self::Accept => MessageAcceptance::Accept,
            Self::Ignore => MessageAcceptance::Ignore,
            Self::Reject => MessageAcceptance::Reject,
        }
    }
}

/// The topic of this chain's transactions.
pub(super) fn topic(chain: &Digest) -> IdentTopic {
    IdentTopic::new(format!("amanah/transactions/1/{}", hex::encode(chain.0)))
}

/// Gossip that names messages by their content and passes nothing on unjudged.
pub(super) fn behaviour(chain: &Digest) -> Result<Gossip, NetworkError> {
    let refuse = |reason: &dyn ToString| driver::NetworkError::Gossip(reason.to_string());
    let config = ConfigBuilder::default()
        .validation_mode(ValidationMode::Anonymous)
        .validate_messages()
        .message_id_fn(|message: &Message| MessageId::from(blake3::hash(&message.data).as_bytes().as_slice()))
        .max_transmit_size(BUNDLE_BYTES_MAX + 1024)
        .connection_handler_queue_len(WAITING_PER_PEER_MAX)
        .duplicate_cache_time(NAMED)
        .history_length(KEPT_S)
        .history_gossip(KEPT_S)
        .build()
        .map_err(|error| refuse(&error))?;
    let only = MaxCountSubscriptionFilter {
        filter: WhitelistSubscriptionFilter(HashSet::from([topic(chain).hash()])),
        max_subscribed_topics: 1,
        max_subscriptions_per_request: SUBSCRIPTIONS_MAX,
    };
    let gossip = Gossip::new_with_subscription_filter(MessageAuthenticity::Anonymous, config, only);
    let mut gossip = gossip.map_err(|error| refuse(&error))?;
    gossip.subscribe(&topic(chain)).map_err(|error| refuse(&error))?;
    Ok(gossip)
}

/// Hands a bundle to gossip.
pub(super) fn publish(gossip: &mut Gossip, topic: &IdentTopic, bundle: &Bytes) -> Result<(), PublishError> {
    let mut data = BytesMut::with_capacity(NONCE_BYTES + bundle.len());
    data.put_u64_le(rand::random());
    data.put_slice(bundle);
    gossip.publish(topic.clone(), data.freeze()).map(|_id| ())
}

/// The bundle in a gossiped message, if there is one.
pub(super) fn bundle_of(data: Vec<u8>) -> Option<Bytes> {
    let mut data = Bytes::from(data);
    if data.len() <= NONCE_BYTES || data.len() > NONCE_BYTES + BUNDLE_BYTES_MAX {
        return None;
    }
    Some(data.split_off(NONCE_BYTES))
}
