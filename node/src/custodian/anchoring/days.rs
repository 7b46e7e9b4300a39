//! The anchored trees of the last days: the newest versions of each in memory, older days from their files.

use crate::custodian::day_file::{DayFileError, DayFiles, Snapshot};
use amanah_ledger::access::day_tree::{DayProof, DayState, DayTree, day_key};
use amanah_ledger::crypto::Digest;
use amanah_ledger::derive::LogKey;
use amanah_ledger::time::Day;
use std::collections::{BTreeMap, VecDeque};

/// Anchored versions of a day that are served.
const VERSIONS_MAX: usize = 64;
/// Days held in memory at once.
const DAYS_MAX: usize = 4;

struct Version {
    root: Digest,
    tree: DayTree,
    changes: BTreeMap<Digest, DayState>,
}

/// The final trees of one day. What a version says of a key is in its own changes, else in those before it.
#[derive(Default)]
struct DayTrees {
    base: BTreeMap<Digest, DayState>,
    versions: VecDeque<Version>,
}

impl DayTrees {
    fn add(&mut self, snapshot: &Snapshot, tree: DayTree) {
        let changes = snapshot.changes.iter().map(|change| (change.key, change.state)).collect();
        self.versions.push_back(Version { root: snapshot.head.root, tree, changes });
        if self.versions.len() > VERSIONS_MAX
            && let Some(oldest) = self.versions.pop_front()
        {
            self.base.extend(oldest.changes);
        }
    }

    fn newest(&self) -> DayTree {
        self.versions.back().map_or_else(DayTree::new, |version| version.tree.clone())
    }

    fn prove(&self, day: Day, root: &Digest, log_key: &LogKey) -> Option<DayProof> {
        let at = self.versions.iter().position(|version| version.root == *root)?;
        let state = self.state(at, &day_key(log_key, day));
        Some(self.versions.get(at)?.tree.prove(day, log_key, state))
    }

    fn state(&self, version: usize, key: &Digest) -> Option<DayState> {
        let until = self.versions.iter().take(version + 1).rev();
        until.filter_map(|version| version.changes.get(key)).next().or_else(|| self.base.get(key)).copied()
    }
}

/// The days at hand.
#[derive(Default)]
pub(crate) struct Days(BTreeMap<Day, DayTrees>);

impl Days {
    /// The newest final tree of `day`.
    pub(crate) fn tree(&self, day: Day) -> DayTree {
        self.0.get(&day).map_or_else(DayTree::new, DayTrees::newest)
    }

    /// What the newest final tree of `day` says about `key`.
    pub(crate) fn state(&self, day: Day, key: &Digest) -> Option<DayState> {
        let trees = self.0.get(&day)?;
        trees.state(trees.versions.len(), key)
    }

    /// Adds a final version.
    pub(crate) fn add(&mut self, snapshot: &Snapshot, tree: DayTree) {
        self.0.entry(snapshot.head.day).or_default().add(snapshot, tree);
        self.make_room(snapshot.head.day);
    }

    /// Rebuilds `day` from its file up to the version with `root`. Whether that root is there.
    pub(crate) fn load(&mut self, files: &DayFiles, day: Day, root: Digest) -> Result<bool, DayFileError> {
        let Some(trees) = rebuild(files, day, root)? else { return Ok(false) };
        self.0.insert(day, trees);
        self.make_room(day);
        Ok(true)
    }

    /// What the version of `day` with `root` says about a relationship; `None` if that version is not served.
    pub(crate) fn prove(
        &mut self,
        files: &DayFiles,
        day: Day,
        root: &Digest,
        log_key: &LogKey,
    ) -> Result<Option<DayProof>, DayFileError> {
        if !self.0.contains_key(&day) {
            self.load(files, day, *root)?;
        }
        if let Some(proof) = self.0.get(&day).and_then(|trees| trees.prove(day, root, log_key)) {
            return Ok(Some(proof));
        }
        // An older version than those in memory: rebuilt for this answer alone.
        Ok(rebuild(files, day, *root)?.and_then(|trees| trees.prove(day, root, log_key)))
    }

    /// The days being anchored are the newest ones, so the oldest goes first, unless it was just asked for.
    fn make_room(&mut self, keep: Day) {
        while self.0.len() > DAYS_MAX {
            let Some(oldest) = self.0.keys().find(|day| **day != keep).copied() else { return };
            self.0.remove(&oldest);
        }
    }
}

/// The versions of `day` up to the one with `root`, each built on the one it names.
fn rebuild(files: &DayFiles, day: Day, root: Digest) -> Result<Option<DayTrees>, DayFileError> {
    let snapshots = files.read(day)?;
    let (mut chain, mut wanted) = (Vec::new(), root);
    for snapshot in snapshots.iter().rev().filter(|snapshot| snapshot.head.day == day) {
        if snapshot.head.root == wanted {
            wanted = snapshot.head.parent;
            chain.push(snapshot);
        }
    }
    if chain.is_empty() {
        return Ok(None);
    }
    let mut trees = DayTrees::default();
    for snapshot in chain.into_iter().rev() {
        let tree = trees.newest().with_leaves(snapshot.changes.iter().map(|change| (change.key, change.value)));
        trees.add(snapshot, tree);
    }
    Ok(Some(trees))
}
