//! Oracle G: what a validator holds stays within the bounds of the crate.

use super::Violation;
use amanah_consensus::Holdings;
use amanah_consensus::limits::{
    CERTIFICATE_TAIL, FETCHES_MAX, UNCERTIFIED_VIEWS_BEHIND, VIEWS_AHEAD_MAX, VIEWS_BEHIND_MAX,
};

/// Holds what a validator has in memory against its bounds; `states` counts blocks whose state it keeps.
pub(in crate::sim) fn check(
    validator: usize,
    members: usize,
    (held, states): (Holdings, usize),
) -> Result<(), Violation> {
    let rounds = VIEWS_BEHIND_MAX + 1 + VIEWS_AHEAD_MAX;
    let bounds = [
        ("views with votes", held.rounds as u64, rounds),
        ("votes", held.votes as u64, rounds * 3 * members as u64),
        // While nothing becomes final every view keeps what later leaders must prove; `pace` bounds how many there are.
        ("views with certificates", held.certified_views as u64, held.unfinal_views + CERTIFICATE_TAIL),
        ("views with own votes", held.own_views as u64, held.unfinal_views + VIEWS_AHEAD_MAX),
        ("uncertified blocks", held.uncertified_blocks as u64, UNCERTIFIED_VIEWS_BEHIND + 1 + VIEWS_AHEAD_MAX),
        ("questions for blocks", held.fetches as u64, FETCHES_MAX as u64),
        ("states above the head", states as u64, held.blocks as u64),
    ];
    match bounds.into_iter().find(|(_, held, bound)| held > bound) {
        Some((what, held, bound)) => Err(Violation::Memory { validator, what, held, bound }),
        None => Ok(()),
    }
}
