//! Consents, in force or ended, by the first 12 bits of their locks. Part of a state's cheap clone: what a change does
//! not touch is shared.

use crate::crypto::{Digest, PublicKey};
use std::sync::Arc;

const BITS: u32 = 12;
const PREFIXES: usize = 1 << BITS;

/// One sorted list of consents per prefix.
#[derive(Clone)]
pub(super) struct Locks(Arc<[Arc<Vec<PublicKey>>]>);

impl Default for Locks {
    fn default() -> Self {
        let none = Arc::new(Vec::new());
        Self(std::iter::repeat_n(none, PREFIXES).collect())
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
        self.0.get(usize::from(prefix)).map_or(&[], |held| held)
    }

    fn at(&self, lock: &Digest) -> &[PublicKey] {
        &self.0[prefix_of(lock)]
    }

    fn at_mut(&mut self, lock: &Digest) -> &mut Vec<PublicKey> {
        Arc::make_mut(&mut Arc::make_mut(&mut self.0)[prefix_of(lock)])
    }
}

fn prefix_of(lock: &Digest) -> usize {
    usize::from(u16::from_be_bytes([lock.0[0], lock.0[1]]) >> (u16::BITS - BITS))
}
