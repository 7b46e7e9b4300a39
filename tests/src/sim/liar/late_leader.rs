//! Proposes when the others' patience ends: to some a little before, to some a little after.

use super::desk::{Desk, Lie};
use super::letter::Letter;
use amanah_consensus::Timing;
use amanah_consensus::message::Message;
use amanah_ledger::position::View;

#[derive(Default)]
pub(super) struct LateLeader {
    view: View,
    base_ms: u64,
}

/// Spread around the moment, to either side.
const JITTER_MS: u64 = 80;

impl Lie for LateLeader {
    fn send(&mut self, desk: &mut Desk<'_>, letter: Letter) -> Vec<Letter> {
        let Some(Message::Proposal(proposal)) = letter.consensus() else { return vec![letter] };
        let view = proposal.vote.content.view();
        if view > self.view {
            let delta_ms = Timing::default().delta_ms;
            // t_l, t_a, or as long as T3 allows.
            let ends = [2 * delta_ms, 3 * delta_ms, 4 * delta_ms];
            self.base_ms = desk.common.random.pick(&ends).copied().unwrap_or(0);
            self.view = view;
            desk.did();
        }
        let after_ms = self.base_ms - JITTER_MS + desk.common.random.below(2 * JITTER_MS);
        vec![Letter { after_ms, ..letter }]
    }
}
