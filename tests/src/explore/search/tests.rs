//! That the shortest ways lead to everything that all ways lead to.

use super::Search;
use crate::explore::states::State;
use crate::explore::{End, Paths, Setting, Signers};
use std::collections::BTreeSet;

/// What the honest members said and proposed, each by itself; where one of them can be without anybody's saying more: the
/// state of its machine and its final blocks. In words, for two searches number what they meet in different orders.
type Standing = (Vec<(BTreeSet<String>, BTreeSet<String>)>, usize, u128, Vec<String>);

fn standings(setting: Setting) -> BTreeSet<Standing> {
    let mut search = Search::new(setting);
    let outcome = search.explore();
    assert_eq!(outcome.end, End::Exhausted, "{outcome:?}");
    let mut standings = BTreeSet::new();
    for id in 0..=search.states.newest() {
        let state = search.states.get(id);
        let alphabet = &search.world.alphabet;
        let cores = search.cores(&state).into_iter();
        let said: Vec<_> = cores
            .map(|core| {
                let contents = core.said.iter().map(|id| alphabet.content_text(&alphabet.contents[id]));
                (contents.collect(), core.proposed.iter().map(|id| alphabet.offers[id].text.clone()).collect())
            })
            .collect();
        for slot in 0..search.members.len() {
            for place in unnoticed(&mut search, &state, slot) {
                let place = &search.members[slot].all[place as usize];
                let finals = place.core.finals.iter();
                let finals = finals.map(|id| search.world.alphabet.blocks[usize::from(*id)].text.clone()).collect();
                standings.insert((said.clone(), slot, place.machine_name, finals));
            }
        }
    }
    standings
}

/// Every place that a member of a state can come to before its next noticed step.
fn unnoticed(search: &mut Search, state: &State, slot: usize) -> Vec<u32> {
    let (arrives, _) = search.arrivals(state)[slot];
    let Search { world, members, .. } = search;
    let (member, mut places, mut at) = (&mut members[slot], vec![state[slot]], 0);
    let mut met = BTreeSet::from([state[slot]]);
    while let Some(here) = places.get(at).copied() {
        for id in arrives.iter() {
            if member.can(world, here, world.alphabet.inputs[id]) {
                let to = member.go(world, here, id);
                if !member.is_noticed(here, to) && met.insert(to) {
                    places.push(to);
                }
            }
        }
        at += 1;
    }
    places
}

/// Whether all ways and the shortest lead to the same.
fn assert_nothing_is_left_out(setting: Setting, told: impl Fn(Standing) -> Standing) {
    let reached = |paths| standings(Setting { paths, ..setting.clone() }).into_iter().map(&told).collect();
    let [all, fewest]: [BTreeSet<Standing>; 2] = [reached(Paths::All), reached(Paths::Fewest)];
    assert!(all.iter().any(|(_, _, _, finals)| !finals.is_empty()), "no block became final");
    assert_eq!(all.difference(&fewest).next(), None, "all ways lead to more");
    assert_eq!(fewest.difference(&all).next(), None, "the shortest lead to what cannot be");
}

#[test]
fn the_shortest_ways_lead_to_all_that_a_machine_can_come_to() {
    let setting = Setting { views: 1, liars_lead: vec![2], signers: Signers::Any, ..Setting::default() };
    assert_nothing_is_left_out(setting, |standing| standing);
}

/// Machines differ here in who signed what they hold, and in proposals that came too late.
#[test]
fn the_shortest_ways_lead_to_all_that_can_be_said_and_final_under_a_lying_leader() {
    let setting = Setting { views: 1, crashes: 0, ..Setting::default() };
    assert_nothing_is_left_out(setting, |(said, slot, _, finals)| (said, slot, 0, finals));
}

#[test]
fn the_shortest_ways_lead_to_all_that_can_be_said_and_final_with_a_crash() {
    let setting = Setting { views: 1, liars_lead: vec![2], ..Setting::default() };
    assert_nothing_is_left_out(setting, |(said, slot, _, finals)| (said, slot, 0, finals));
}
