//! Consents, in force or ended, by the first 12 bits of their locks. Part of a state's cheap clone: what a change does
//! not touch is shared.

use crate::crypto::{Digest, PublicKey};
use std::sync::Arc;

const BITS: u32 = 12;
const PREFIXES: usize = 1 << BITS;
/// Prefixes in a group: as many as there are groups, so that a change copies two short rows of pointers and not one of
/// 4,096.
const GROUP: usize = 1 << (BITS / 2);

/// One sorted list of consents per prefix, in groups of neighbours.
#[derive(Clone)]
pub(super) struct Locks(Arc<[Group]>);

type Group = Arc<[Arc<Vec<PublicKey>>]>;

impl Default for Locks {
    fn default() -> Self {
        let none = Arc::new(Vec::new());
        let group: Group = std::iter::repeat_n(none, GROUP).collect();
        Self(std::iter::repeat_n(group, PREFIXES / GROUP).collect())
    }
}

impl Locks {
    pub(super) fn insert(&mut self, lock: &Digest, consent: &PublicKey) {
        if let Err(at) = self.at(lock).binary_search(consent) {
            self.at_mut(lock).insert(at, *consent);
        }
    }

    /// The consents under a prefix; none for a number beyond 12 bits.
    pub(super) fn with_prefix(&self, prefix: u16) -> &[PublicKey] {
        let prefix = usize::from(prefix);
        self.0.get(prefix / GROUP).map_or(&[], |group| &group[prefix % GROUP])
    }

    fn at(&self, lock: &Digest) -> &[PublicKey] {
        let prefix = prefix_of(lock);
        &self.0[prefix / GROUP][prefix % GROUP]
    }

    fn at_mut(&mut self, lock: &Digest) -> &mut Vec<PublicKey> {
        let prefix = prefix_of(lock);
        let group = Arc::make_mut(&mut Arc::make_mut(&mut self.0)[prefix / GROUP]);
        Arc::make_mut(&mut group[prefix % GROUP])
    }
}

fn prefix_of(lock: &Digest) -> usize {
    usize::from(u16::from_be_bytes([lock.0[0], lock.0[1]]) >> (u16::BITS - BITS))
}
