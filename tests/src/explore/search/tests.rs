//! That the shortest ways lead to everything that all ways lead to.

use super::Search;
use crate::explore::{End, Paths, Setting};
use std::collections::BTreeSet;

/// What the honest members said and proposed, each by itself, and one line of final blocks that one of them can have
/// without anybody's saying more: in words, for two searches number what they meet in different orders.
type Told = (Vec<(BTreeSet<String>, BTreeSet<String>)>, usize, Vec<String>);

fn told(setting: Setting) -> BTreeSet<Told> {
    let mut search = Search::new(setting);
    let outcome = search.explore();
    assert_eq!(outcome.end, End::Exhausted, "{outcome:?}");
    let mut told = BTreeSet::new();
    for id in 0..=search.states.newest() {
        let state = search.states.get(id);
        let ways = search.ways(&state);
        let alphabet = &search.world.alphabet;
        let said: Vec<_> = search
            .cores(&state)
            .into_iter()
            .map(|core| {
                let contents = core.said.iter().map(|id| alphabet.content_text(&alphabet.contents[id]));
                (contents.collect(), core.proposed.iter().map(|id| alphabet.offers[id].text.clone()).collect())
            })
            .collect();
        for (slot, ways) in ways.iter().enumerate() {
            for place in &ways.finals {
                let finals = search.members[slot].core(*place).finals.iter();
                let finals = finals.map(|id| alphabet.blocks[usize::from(*id)].text.clone()).collect();
                told.insert((said.clone(), slot, finals));
            }
        }
    }
    told
}

fn assert_nothing_is_left_out(setting: Setting) {
    let all = told(Setting { paths: Paths::All, ..setting.clone() });
    let fewest = told(Setting { paths: Paths::Fewest, ..setting });
    assert!(all.iter().any(|(_, _, finals)| !finals.is_empty()), "no block became final");
    assert_eq!(all.difference(&fewest).next(), None, "all ways lead to more");
    assert_eq!(fewest.difference(&all).next(), None, "the shortest lead to what cannot be");
}

#[test]
fn the_shortest_ways_lead_to_all_that_can_be_said_and_final_under_a_lying_leader() {
    assert_nothing_is_left_out(Setting { views: 1, crashes: 0, ..Setting::default() });
}

#[test]
fn the_shortest_ways_lead_to_all_that_can_be_said_and_final_with_a_crash() {
    assert_nothing_is_left_out(Setting { views: 1, liars_lead: vec![2], ..Setting::default() });
}
