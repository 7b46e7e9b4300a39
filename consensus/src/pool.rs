//! Blocks that are not final: their bytes, their facts, and our verdict over each.
//!
//! Verdicts are about (block, parent) only and permanent (R7). A block judged valid descends from the newest final block
//! through blocks judged valid; the pool forgets every other when a block becomes final.

use crate::application::{BlockFacts, Content, Verdict};
use crate::limits::LINE_BYTES_MAX;
use crate::message::BlockBytes;
use amanah_ledger::crypto::Digest;
use amanah_ledger::position::{Height, View};
use std::collections::{BTreeMap, BTreeSet};

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

/// How far down a line is followed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Reach {
    blocks: u64,
    bytes: usize,
}

impl Reach {
    /// To its end.
    pub(crate) const WHOLE: Self = Self { blocks: u64::MAX, bytes: usize::MAX };
    /// As far as a tail can be long: any number of blocks that are empty, and no more bytes of others.
    pub(crate) const LINE: Self = Self { blocks: u64::MAX, bytes: LINE_BYTES_MAX };

    /// No more than so many blocks.
    pub(crate) const fn at_most(self, blocks: u64) -> Self {
        Self { blocks, ..self }
    }
}

impl Held {
    /// Its bytes, if it is one of the blocks whose number on top of each other is bounded.
    pub(crate) fn weight(&self) -> usize {
        match self.facts.content {
            Content::Empty => 0,
            Content::Transactions | Content::Seal => self.bytes.len(),
        }
    }
}

/// Whether to walk further down a line.
enum Walk {
    On,
    Enough,
}

/// Where the line from a block down to the newest final one is broken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Gap {
    /// This ancestor is not held.
    Missing(Digest),
    /// It does not descend from the newest final block, or is out of reach.
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
    /// Where the line is broken.
    pub(crate) fn line(&self, digest: &Digest, floor: &(Digest, Height), reach: Reach) -> Result<Vec<&Held>, Gap> {
        let mut line = Vec::new();
        let broken = self.walk(digest, floor, reach, |held| {
            line.push(held);
            Walk::On
        });
        line.reverse();
        broken.map_or(Ok(line), Err)
    }

    /// Where the line from `digest` down to `floor` is broken, if that is not on a part that was walked before. Many lines
    /// share most of their blocks.
    pub(crate) fn gap(
        &self,
        digest: &Digest,
        floor: &(Digest, Height),
        reach: Reach,
        walked: &mut BTreeSet<Digest>,
    ) -> Option<Gap> {
        self.walk(digest, floor, reach, |held| if walked.insert(held.facts.digest) { Walk::On } else { Walk::Enough })
    }

    fn walk<'a>(
        &'a self,
        digest: &Digest,
        floor: &(Digest, Height),
        reach: Reach,
        mut visit: impl FnMut(&'a Held) -> Walk,
    ) -> Option<Gap> {
        let (mut at, mut blocks, mut bytes) = (*digest, 0u64, 0usize);
        while at != floor.0 {
            let Some(held) = self.0.get(&at) else { return Some(Gap::Missing(at)) };
            blocks = blocks.saturating_add(1);
            bytes = bytes.saturating_add(held.weight());
            if held.facts.height <= floor.1
                || held.facts.height.0 - floor.1.0 > reach.blocks
                || blocks > reach.blocks
                || bytes > reach.bytes
            {
                return Some(Gap::Beyond);
            }
            match visit(held) {
                Walk::On => at = held.facts.parent,
                Walk::Enough => return None,
            }
        }
        None
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

    /// Forgets blocks that nobody wants. Returns those that had been judged valid.
    pub(crate) fn prune_stale(&mut self, is_wanted: impl Fn(&Digest) -> bool) -> Vec<Digest> {
        let mut dropped = Vec::new();
        self.0.retain(|digest, held| {
            let is_kept = is_wanted(digest);
            if !is_kept && held.verdict == Some(Verdict::Valid) {
                dropped.push(*digest);
            }
            is_kept
        });
        dropped
    }

    /// The names of blocks that came in `view` or later.
    pub(crate) fn since(&self, view: View) -> impl Iterator<Item = Digest> {
        self.0.iter().filter(move |(_, held)| held.since >= view).map(|(digest, _)| *digest)
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
