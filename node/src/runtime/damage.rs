//! What a running node has learnt about its own database: once it is known to be damaged, nothing more is written to
//! it, and whoever runs the node replaces it.

use std::sync::{Arc, OnceLock};

/// Whether the ledger's database was found damaged while it was in use. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct Damage(Arc<OnceLock<&'static str>>);

impl Damage {
    /// Remembers that it is; the first reason stays.
    pub fn report(&self, why: &'static str) {
        self.0.get_or_init(|| why);
    }

    /// What is wrong with it, if something is.
    pub fn found(&self) -> Option<&'static str> {
        self.0.get().copied()
    }
}
