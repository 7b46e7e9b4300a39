//! The state after a block: every leaf in the tree, and what is looked up by other ways than a leaf's key.
//!
//! A state never changes; [`State::with`] makes the next one. Cloning costs a few pointers, so speculation on several
//! blocks at once is cheap and taking one back is dropping it.

mod locks;

use crate::block::{HEADER_VERSION, Header};
use crate::codec::BoundedVec;
use crate::crypto::{Digest, PublicKey};
use crate::genesis::{Founder, Genesis, GenesisError, Parameters};
use crate::history::History;
use crate::leaf::{
    AnchorHeadLeaf, AnchorLeaf, ConsentLeaf, EvidenceLeaf, KeyLeaf, KeyRole, KeyTerm, Leaf, LeafKey, MemberLeaf,
    MemberStatus, ParametersLeaf, UsageLeaf,
};
use crate::member::MemberId;
use crate::position::{Epoch, Height, View};
use crate::time::Day;
use crate::transaction::AnchorKind;
use crate::tree::{self, Proof, Tree};
use locks::Locks;
use std::collections::BTreeSet;
use std::sync::Arc;

/// The state. Cloning costs a few pointers.
#[derive(Clone, Default)]
pub struct State {
    tree: Tree<tree::State>,
    members: Arc<BTreeSet<MemberId>>,
    convicted: Arc<BTreeSet<LeafKey>>,
    locks: Locks,
}

impl State {
    /// The state of block 0, and its header.
    ///
    /// # Errors
    /// When no network can begin with this genesis.
    pub fn genesis(genesis: &Genesis) -> Result<(Self, Header), GenesisError> {
        genesis.check()?;
        let parameters = ParametersLeaf { parameters: genesis.parameters.clone(), since: Height(0) };
        let mut leaves = vec![Leaf::Parameters(parameters)];
        for founder in &genesis.founders {
            leaves.extend(founder_leaves(founder));
        }
        let state = Self::default().with(leaves.into_iter().map(Arc::new));
        let header = Header {
            version: HEADER_VERSION,
            chain: genesis.chain(),
            epoch: Epoch(0),
            height: Height(0),
            proposed_view: View(0),
            parent: Digest::ZERO,
            time: genesis.time,
            tx_root: Digest::ZERO,
            tx_count: 0,
            state_root: state.root(),
            history_root: History::new().root(),
            validators_hash: genesis.committee()?.hash(),
            next_validators: None,
        };
        Ok((state, header))
    }

    /// The state with these leaves, in any order: what a store or a snapshot holds.
    pub fn from_leaves(leaves: impl IntoIterator<Item = Leaf>) -> Self {
        Self::default().with(leaves.into_iter().map(Arc::new))
    }

    /// The state with these leaves set; of two under one key the later stands.
    #[must_use]
    pub fn with(&self, leaves: impl IntoIterator<Item = Arc<Leaf>>) -> Self {
        let mut next = self.clone();
        let mut changes = Vec::new();
        for leaf in leaves {
            next.index(&leaf);
            changes.push((leaf.key().tree_key(), leaf));
        }
        next.tree = self.tree.with(changes);
        next
    }

    /// Commits to every leaf.
    pub fn root(&self) -> Digest {
        self.tree.root()
    }

    /// How many leaves.
    pub fn len(&self) -> usize {
        self.tree.len()
    }

    /// Whether there is no leaf, as nowhere but before genesis.
    pub fn is_empty(&self) -> bool {
        self.tree.is_empty()
    }

    /// Every leaf, in the order of the tree.
    pub fn leaves(&self) -> impl Iterator<Item = &Leaf> {
        self.tree.iter().map(|(_, leaf)| &**leaf)
    }

    /// Shows the leaf under `key`, or that there is none.
    pub fn prove(&self, key: &LeafKey) -> Proof {
        self.tree.prove(&key.tree_key())
    }

    /// The leaf under `key`.
    pub fn leaf(&self, key: &LeafKey) -> Option<&Leaf> {
        self.tree.get(&key.tree_key()).map(|leaf| &**leaf)
    }

    /// The consent of this key.
    pub fn consent(&self, consent: &PublicKey) -> Option<&ConsentLeaf> {
        let Leaf::Consent(leaf) = self.leaf(&LeafKey::Consent(*consent))? else { return None };
        Some(leaf)
    }

    /// The member of this id.
    pub fn member(&self, member: &MemberId) -> Option<&MemberLeaf> {
        let Leaf::Member(leaf) = self.leaf(&LeafKey::Member(*member))? else { return None };
        Some(leaf)
    }

    /// Every member ever admitted, by id.
    pub fn members(&self) -> impl Iterator<Item = &MemberLeaf> {
        self.members.iter().filter_map(|member| self.member(member))
    }

    /// Every proven contradiction of a validator, by member, epoch and kind.
    pub fn contradictions(&self) -> impl Iterator<Item = &EvidenceLeaf> {
        self.convicted.iter().filter_map(|key| match self.leaf(key) {
            Some(Leaf::Evidence(leaf)) => Some(leaf),
            Some(_) | None => None,
        })
    }

    /// The last anchor of a member, kind and day.
    pub fn anchor(&self, member: &MemberId, kind: AnchorKind, day: Day) -> Option<&AnchorLeaf> {
        let Leaf::Anchor(leaf) = self.leaf(&LeafKey::Anchor(*member, kind, day))? else { return None };
        Some(leaf)
    }

    /// The last anchor of a member and kind.
    pub fn anchor_head(&self, member: &MemberId, kind: AnchorKind) -> Option<&AnchorHeadLeaf> {
        let Leaf::AnchorHead(leaf) = self.leaf(&LeafKey::AnchorHead(*member, kind))? else { return None };
        Some(leaf)
    }

    /// Whose key this is, or was.
    pub fn key(&self, key: &PublicKey) -> Option<&KeyLeaf> {
        let Leaf::Key(leaf) = self.leaf(&LeafKey::Key(*key))? else { return None };
        Some(leaf)
    }

    /// What a member has used of its daily allowance.
    pub fn usage(&self, member: &MemberId) -> Option<&UsageLeaf> {
        let Leaf::Usage(leaf) = self.leaf(&LeafKey::Usage(*member))? else { return None };
        Some(leaf)
    }

    /// The parameters in force; `None` only before genesis.
    pub fn parameters(&self) -> Option<&Parameters> {
        let Leaf::Parameters(leaf) = self.leaf(&LeafKey::Parameters)? else { return None };
        Some(&leaf.parameters)
    }

    /// The consents whose lock begins with these 12 bits, with their locks, by consent key: those in force and those
    /// that have ended, so that a search by lock knows where the locks in use stop. Asking by prefix hides from the
    /// node which of them the asker can open. Consents without a lock are not among them.
    pub fn locks_with_prefix(&self, prefix: u16) -> Vec<(PublicKey, Digest)> {
        let held = self.locks.with_prefix(prefix);
        held.iter().filter_map(|consent| Some((*consent, self.consent(consent)?.lock))).collect()
    }

    fn index(&mut self, leaf: &Leaf) {
        match leaf {
            // A consent's lock never changes, and its leaf is never removed.
            Leaf::Consent(consent) if consent.lock != Digest::ZERO => {
                self.locks.insert(&consent.lock, &consent.consent);
            }
            Leaf::Member(member) if !self.members.contains(&member.member) => {
                Arc::make_mut(&mut self.members).insert(member.member);
            }
            Leaf::Evidence(evidence) => {
                Arc::make_mut(&mut self.convicted).insert(evidence.key());
            }
            Leaf::Consent(_)
            | Leaf::Member(_)
            | Leaf::Anchor(_)
            | Leaf::AnchorHead(_)
            | Leaf::Key(_)
            | Leaf::Usage(_)
            | Leaf::Parameters(_) => {}
        }
    }
}

impl std::fmt::Debug for State {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "State({} leaves, root {:?})", self.len(), self.root())
    }
}

/// The leaf of a founding member, and one per key of it.
fn founder_leaves(founder: &Founder) -> Vec<Leaf> {
    let (member, since) = (founder.id(), Height(0));
    let roles = [KeyRole::Root, KeyRole::Gateway, KeyRole::Node, KeyRole::Consensus];
    let keys: Vec<(KeyRole, PublicKey)> = roles.into_iter().zip(founder.keys.all().map(|key| *key)).collect();
    let terms: Vec<_> = keys.iter().map(|(role, key)| KeyTerm { role: *role, key: *key, since, until: None }).collect();
    let leaf = MemberLeaf {
        member,
        name: founder.name.clone(),
        display: founder.display.clone(),
        since,
        status: MemberStatus::Active,
        keys: BoundedVec::try_from(terms).expect("four keys fit"),
    };
    let registered = keys.into_iter().map(|(role, key)| Leaf::Key(KeyLeaf { key, member, role, since }));
    std::iter::once(Leaf::Member(leaf)).chain(registered).collect()
}

#[cfg(test)]
mod tests;
