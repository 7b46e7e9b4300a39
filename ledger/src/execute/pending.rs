//! What a block has changed so far, over the state before it.

use crate::chain::Tip;
use crate::committee::Committee;
use crate::crypto::{Digest, PublicKey};
use crate::leaf::{AnchorHeadLeaf, ConsentLeaf, Leaf, LeafKey, MemberLeaf, UsageLeaf};
use crate::member::MemberId;
use crate::position::{Epoch, Height};
use crate::state::State;
use crate::time::{Day, UnixMs};
use crate::transaction::AnchorKind;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// The state before a block, and its changes so far. Reads see the changes.
pub(super) struct Pending<'a> {
    before: &'a State,
    changes: BTreeMap<LeafKey, Leaf>,
    /// Members that have anchored in this block.
    pub(super) anchored: BTreeSet<(MemberId, AnchorKind)>,
    pub(super) chain: &'a Digest,
    /// The validators of `epoch`.
    pub(super) committee: &'a Committee,
    pub(super) epoch: Epoch,
    pub(super) height: Height,
    pub(super) time: UnixMs,
}

impl<'a> Pending<'a> {
    /// Nothing changed yet, in a block at `time` on `parent`.
    pub(super) fn new(parent: &'a Tip, time: UnixMs) -> Self {
        Self {
            before: parent.state(),
            changes: BTreeMap::new(),
            anchored: BTreeSet::new(),
            chain: parent.chain(),
            committee: parent.committee(),
            epoch: parent.header().epoch,
            height: parent.header().height.next(),
            time,
        }
    }

    /// The changed leaves, one per key, ordered by key.
    pub(super) fn into_changes(self) -> Vec<Arc<Leaf>> {
        self.changes.into_values().map(Arc::new).collect()
    }

    pub(super) fn set(&mut self, leaf: Leaf) {
        self.changes.insert(leaf.key(), leaf);
    }

    fn leaf(&self, key: &LeafKey) -> Option<&Leaf> {
        self.changes.get(key).or_else(|| self.before.leaf(key))
    }

    pub(super) fn has(&self, key: &LeafKey) -> bool {
        self.leaf(key).is_some()
    }

    pub(super) fn consent(&self, consent: &PublicKey) -> Option<ConsentLeaf> {
        let Leaf::Consent(leaf) = self.leaf(&LeafKey::Consent(*consent))? else { return None };
        Some(*leaf)
    }

    pub(super) fn member(&self, member: &MemberId) -> Option<&MemberLeaf> {
        let Leaf::Member(leaf) = self.leaf(&LeafKey::Member(*member))? else { return None };
        Some(leaf)
    }

    pub(super) fn anchor_head(&self, member: &MemberId, kind: AnchorKind) -> Option<&AnchorHeadLeaf> {
        let Leaf::AnchorHead(leaf) = self.leaf(&LeafKey::AnchorHead(*member, kind))? else { return None };
        Some(leaf)
    }

    /// The UTC day of the block.
    pub(super) fn day(&self) -> Day {
        self.time.day()
    }

    /// The member's use of today with one more leaf, or `None` if its allowance is used up.
    pub(super) fn usage_with_one_more(&self, member: MemberId) -> Option<UsageLeaf> {
        let used = match self.leaf(&LeafKey::Usage(member)) {
            Some(Leaf::Usage(leaf)) if leaf.day == self.day() => leaf.new_leaves,
            Some(_) | None => 0,
        };
        let allowed = self.before.parameters().map_or(0, |parameters| parameters.new_leaves_per_day_max);
        (used < allowed).then_some(UsageLeaf { member, day: self.day(), new_leaves: used.saturating_add(1) })
    }
}
