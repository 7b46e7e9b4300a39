//! Loses its vote log with every stop, stops often, and goes on voting as if it never had.

use super::desk::{Desk, Lie};

#[derive(Default)]
pub(super) struct Amnesiac {
    has_started: bool,
}

/// How likely it stops in a tenth of a second, per mille: every eight seconds.
const STOPS: u64 = 12;

impl Lie for Amnesiac {
    fn tick(&mut self, desk: &mut Desk<'_>) {
        if desk.common.random.chance(STOPS) {
            let me = desk.me;
            desk.common.restarts.push(me);
        }
    }

    fn forgets(&mut self) -> bool {
        std::mem::replace(&mut self.has_started, true)
    }
}
