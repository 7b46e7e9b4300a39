//! What a machine holds while nothing becomes final.

use crate::solo::{GENESIS, Solo, block, certificate, nullify};
use amanah_consensus::Message;
use amanah_consensus::limits::{UNCERTIFIED_VIEWS_BEHIND, VIEWS_AHEAD_MAX};

#[test]
fn blocks_that_nobody_certified_are_forgotten_with_the_states_after_them() {
    let mut solo = Solo::new();
    let bound = usize::try_from(UNCERTIFIED_VIEWS_BEHIND + 1 + VIEWS_AHEAD_MAX).expect("small");
    let mut proposed = 0;
    for tx in 1..100 {
        let view = solo.view();
        solo.propose(0, &block(view, GENESIS(), solo.now, &[tx]), None);
        proposed += 1;
        solo.hear(2, Message::Certificate(certificate(nullify(view))));
        solo.skip_own_views();
        let held = solo.machine.holdings();
        assert!(held.uncertified_blocks <= bound, "{held:?}");
        // Genesis is kept besides.
        assert!(solo.app.states() <= held.blocks + 1, "{} states for {held:?}", solo.app.states());
    }
    assert!(proposed > 4 * bound && solo.machine.holdings().open_views > 4 * bound as u64);
}
