//! What to leave out of a query for several kinds (CE-1 step 9). All lists are held to together, so what one kind is
//! narrowed to must not narrow another: a record is released that is of some kind and in all lists of that kind, written as
//! lists each of which has something of every kind.

use super::redaction::{Listed, Redacted, Redaction};
use crate::vocabulary::Coding;

/// More lists than an answer should have: then the kinds narrow each other, and less is released.
const LISTS_MAX: usize = 64;

/// All but what is released of some kind, where each comes with the lists that it is narrowed to.
pub(super) fn all_but_either(kinds: &[(&Coding, Vec<Listed>)]) -> Vec<Redaction> {
    let is_narrowed = kinds.iter().any(|(_, lists)| !lists.is_empty());
    let lists = if is_narrowed { distributed(kinds).unwrap_or_else(|| joined(kinds)) } else { Vec::new() };
    lists.into_iter().map(|listed| Redaction { of: Redacted::AllBut, listed }).collect()
}

/// OR over kinds of AND over their lists, as AND of OR.
fn distributed(kinds: &[(&Coding, Vec<Listed>)]) -> Option<Vec<Listed>> {
    let mut all = vec![Listed::default()];
    for (kind, lists) in kinds {
        let own = Listed::codes([*kind]);
        let of_kind = || lists.iter().chain([&own]);
        let mut next: Vec<Listed> = Vec::new();
        for (before, more) in all.iter().flat_map(|before| of_kind().map(move |more| (before, more))) {
            let mut list = before.clone();
            list.add(more.clone());
            if !next.contains(&list) {
                next.push(list);
            }
        }
        if next.len() > LISTS_MAX {
            return None;
        }
        all = next;
    }
    // Everything that is asked for is of some kind.
    let says_something = |list: &Listed| !kinds.iter().all(|(kind, _)| list.codes.contains(kind));
    all.retain(says_something);
    Some(all)
}

fn joined(kinds: &[(&Coding, Vec<Listed>)]) -> Vec<Listed> {
    kinds.iter().flat_map(|(_, lists)| lists.clone()).collect()
}
