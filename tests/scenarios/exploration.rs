//! The exhaustive search: that it finds what is there, and nothing where nothing is. The whole suite is `cargo explore`.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a scenario that cannot go on fails, with the place and the answer"
)]

use amanah_tests::explore::{Entry, Expected, Outcome, STATES_MIN, Search, Setting, suite};

fn entry(name: &str) -> Entry {
    suite(STATES_MIN).into_iter().find(|entry| entry.name == name).unwrap_or_else(|| panic!("no search {name}"))
}

fn run(entry: &Entry) -> Outcome {
    Search::new(entry.setting.clone()).run()
}

#[test]
fn one_view_is_searched_to_its_end_and_nothing_is_wrong() {
    for name in ["one view, honest leader", "one view"] {
        let entry = entry(name);
        assert_eq!(entry.expected, Expected::Whole);
        let outcome = run(&entry);
        assert_eq!(entry.wrong(&outcome), None, "{outcome:?}");
        assert!(outcome.final_states > 500 && outcome.crashed_states > 1000, "{outcome:?}");
        assert!(outcome.compared > 20, "no two paths met: {outcome:?}");
    }
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
    let controls: Vec<Entry> = suite(STATES_MIN).into_iter().filter(Entry::is_control).collect();
    assert!(controls.len() >= 9);
    for control in controls {
        let outcome = run(&control);
        assert_eq!(control.wrong(&outcome), None, "{}: {outcome:?}", control.name);
        if let Some(found) = outcome.found {
            let again = Search::new(control.setting).replay(&found.path).unwrap();
            assert_eq!(again, Some(found.violation), "{}", control.name);
        }
    }
}

/// A control in which nothing is found is wrong, and so is a fork that nobody looked for, or none where there must be one.
#[test]
fn a_search_that_finds_nothing_or_too_much_is_wrong() {
    let control = entry("mutant quorum-minus-one forks");
    let kept = Entry { setting: Setting { mutant: None, ..control.setting.clone() }, ..control.clone() };
    assert_eq!(kept.wrong(&run(&kept)), Some("a violation must be found, in the words \"fork: \"".to_owned()));
    let unasked = Entry { expected: Expected::Whole, ..control };
    assert_eq!(unasked.wrong(&run(&unasked)), Some("nothing may be found".to_owned()));
    let forks = entry("two liars are named by every fork");
    let alone = Entry { setting: Setting { liars_lead: vec![1], ..forks.setting.clone() }, ..forks.clone() };
    assert_eq!(alone.wrong(&run(&alone)), Some("a fork must be found".to_owned()));
    let cut = Entry { setting: Setting { states_max: 100, ..forks.setting.clone() }, ..forks };
    assert_eq!(cut.wrong(&run(&cut)), Some("not all states were visited".to_owned()));
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
    let entry = entry("one view, honest leader, votes one by one");
    let outcome = run(&entry);
    assert_eq!(entry.wrong(&outcome), None, "{outcome:?}");
}
