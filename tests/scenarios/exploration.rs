//! The exhaustive search: that it finds what is there, and nothing where nothing is. The whole suite is `cargo explore`.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a scenario that cannot go on fails, with the place and the answer"
)]

use amanah_tests::explore::{End, Entry, Search, Setting, Votes, suite};

fn entry(name: &str) -> Entry {
    suite(200_000).into_iter().find(|entry| entry.name == name).unwrap_or_else(|| panic!("no search {name}"))
}

#[test]
fn one_view_is_searched_to_its_end_and_nothing_is_wrong() {
    let outcome = Search::new(entry("one view, honest leader, whole").setting).run();
    assert_eq!(outcome.end, End::Exhausted, "{outcome:?}");
    assert!(outcome.final_states > 500 && outcome.crashed_states > 1000, "{outcome:?}");
    assert!(outcome.compared > 20, "no two paths met: {outcome:?}");
}

#[test]
fn a_search_gives_the_same_states_every_time() {
    let count = || {
        let outcome = Search::new(Setting { views: 1, crashes: 0, ..Setting::default() }).run();
        (outcome.states, outcome.transitions, outcome.places, outcome.steps)
    };
    assert_eq!(count(), count());
}

#[test]
fn every_control_is_found_and_its_path_leads_there_again() {
    let controls: Vec<Entry> = suite(200_000).into_iter().filter(|entry| entry.is_control).collect();
    assert!(controls.len() >= 6);
    for control in controls {
        let outcome = Search::new(control.setting.clone()).run();
        let found = outcome.found.unwrap_or_else(|| panic!("{}: nothing found", control.name));
        assert!(!found.path.is_empty(), "{}: {}", control.name, found.violation);
        let again = Search::new(control.setting).replay(&found.path).unwrap();
        assert_eq!(again, Some(found.violation), "{}", control.name);
    }
}

#[test]
fn the_path_of_a_mutant_is_closed_to_those_who_keep_the_rules() {
    let control = entry("mutant finalize-after-nullify");
    let path = Search::new(control.setting.clone()).run().found.unwrap().path;
    let honest = Setting { mutant: None, ..control.setting };
    assert_eq!(Search::new(honest).replay(&path).unwrap(), None);
}

/// Votes that arrive one by one do what certificates do: nothing wrong, and blocks become final.
#[test]
fn votes_counted_one_by_one_make_blocks_final_and_nothing_else() {
    let setting = Setting {
        views: 1,
        liars_lead: vec![2],
        votes: Votes::Single,
        crashes: 0,
        states_max: 100_000,
        ..Setting::default()
    };
    let outcome = Search::new(setting).run();
    assert_ne!(outcome.end, End::Violated, "{outcome:?}");
    assert!(outcome.final_states > 0, "{outcome:?}");
}
