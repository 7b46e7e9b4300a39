//! Blocks that are not final: their bytes, their facts, and our verdict over each.
//!
//! Verdicts are about (block, parent) only and permanent (R7). A block judged valid descends from the newest final block
//! through blocks judged valid; the pool forgets every other when a block becomes final.

use crate::application::{BlockFacts, Verdict};
use crate::message::BlockBytes;
use amanah_ledger::crypto::Digest;
use amanah_ledger::position::{Height, View};
use std::collections::BTreeMap;

/// A block we hold.
#[derive(Debug, Clone)]
pub(crate) struct Held {
    pub(crate) facts: BlockFacts,
    pub(crate) bytes: BlockBytes,
    pub(crate) verdict: Option<Verdict>,
    /// Whether it is in the vote log.
    pub(crate) is_logged: bool,
    /// The view it came in; uncertified blocks leave when it is long past.
    pub(crate) since: View,
}

/// Where the line from a block down to the newest final one is broken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Gap {
    /// This ancestor is not held.
    Missing(Digest),
    /// It does not descend from the newest final block, or is too far above it.
    Beyond,
}

/// The blocks.
#[derive(Debug, Clone, Default)]
pub(crate) struct Pool(BTreeMap<Digest, Held>);

impl Pool {
    pub(crate) fn get(&self, digest: &Digest) -> Option<&Held> {
        self.0.get(digest)
    }

    pub(crate) fn contains(&self, digest: &Digest) -> bool {
        self.0.contains_key(digest)
    }

    /// Whether we judged it, and all its ancestors above the newest final block, valid.
    pub(crate) fn is_valid(&self, digest: &Digest) -> bool {
        self.0.get(digest).is_some_and(|held| held.verdict == Some(Verdict::Valid))
    }

    /// Takes a block in; one that is there stays as it is.
    pub(crate) fn insert(&mut self, facts: BlockFacts, bytes: BlockBytes, since: View) {
        self.0.entry(facts.digest).or_insert(Held { facts, bytes, verdict: None, is_logged: false, since });
    }

    /// Marks it as standing in the vote log; its bytes if it did not before.
    pub(crate) fn take_unlogged(&mut self, digest: &Digest) -> Option<BlockBytes> {
        let held = self.0.get_mut(digest).filter(|held| !held.is_logged)?;
        held.is_logged = true;
        Some(held.bytes.clone())
    }

    /// Notes a verdict.
    pub(crate) fn judged(&mut self, digest: &Digest, verdict: Verdict) {
        if let Some(held) = self.0.get_mut(digest) {
            held.verdict = Some(verdict);
        }
    }

    /// A block without verdict whose parent is the newest final block or valid.
    pub(crate) fn next_to_judge(&self, last_final: &Digest) -> Option<&Held> {
        let is_ready = |held: &&Held| held.facts.parent == *last_final || self.is_valid(&held.facts.parent);
        self.0.values().filter(|held| held.verdict.is_none()).find(is_ready)
    }

    /// The blocks from above `floor` up to `digest`, by ascending height.
    ///
    /// # Errors
    /// Where the line is broken; `steps_max` bounds its length.
    pub(crate) fn line(&self, digest: &Digest, floor: &(Digest, Height), steps_max: u64) -> Result<Vec<&Held>, Gap> {
        let mut line = Vec::new();
        let mut at = *digest;
        while at != floor.0 {
            let held = self.0.get(&at).ok_or(Gap::Missing(at))?;
            if held.facts.height <= floor.1
                || held.facts.height.0 - floor.1.0 > steps_max
                || line.len() as u64 > steps_max
            {
                return Err(Gap::Beyond);
            }
            line.push(held);
            at = held.facts.parent;
        }
        line.reverse();
        Ok(line)
    }

    /// Forgets final blocks and what does not descend from the newest of them. Blocks whose ancestry is not known yet
    /// and that stand above it stay.
    pub(crate) fn prune_final(&mut self, newest: &Digest, height: Height) {
        self.0.retain(|_, held| held.facts.height > height);
        loop {
            let stray: Vec<Digest> = self
                .0
                .iter()
                .filter(|(_, held)| held.verdict.is_some())
                .filter(|(_, held)| held.facts.parent != *newest && !self.0.contains_key(&held.facts.parent))
                .map(|(digest, _)| *digest)
                .collect();
            if stray.is_empty() {
                return;
            }
            self.0.retain(|digest, _| !stray.contains(digest));
        }
    }

    /// Forgets blocks that came before `view` and that nobody wants. Returns those that had been judged valid.
    pub(crate) fn prune_stale(&mut self, view: View, is_wanted: impl Fn(&Digest) -> bool) -> Vec<Digest> {
        let mut dropped = Vec::new();
        self.0.retain(|digest, held| {
            let is_kept = held.since >= view || is_wanted(digest);
            if !is_kept && held.verdict == Some(Verdict::Valid) {
                dropped.push(*digest);
            }
            is_kept
        });
        dropped
    }

    /// The names of all blocks held.
    pub(crate) fn digests(&self) -> impl Iterator<Item = &Digest> {
        self.0.keys()
    }

    /// Counts all blocks as having come in now.
    pub(crate) fn settle_in(&mut self, view: View) {
        for held in self.0.values_mut() {
            held.since = view;
        }
    }

    /// How many blocks are held.
    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }
}

#[cfg(feature = "explore")]
impl Pool {
    pub(crate) fn fingerprint(&self, into: &mut impl std::hash::Hasher) {
        use std::hash::Hash;
        self.0.len().hash(into);
        for (digest, held) in &self.0 {
            let Held { facts: _, bytes: _, verdict, is_logged, since: _ } = held;
            (digest, verdict.map(|verdict| verdict == Verdict::Valid), is_logged).hash(into);
        }
    }
}
