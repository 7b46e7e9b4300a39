//! What an operator watches a node with speaks of the figures that the node has: the board, the alerts, the page.
//! `AMANAH_BLESS=1 cargo test -p amanah-node --test monitoring` writes the board.

#![allow(clippy::panic, reason = "a test stops where it cannot go on")]

mod board;
mod figures;

use std::collections::BTreeSet;
use std::path::Path;

const ALERTS: &str = include_str!("../../../deploy/prometheus/alerts.yml");
const PAGE: &str = include_str!("../../../docs/operations.md");

/// Every word of `text` that names a figure.
fn named(text: &str) -> BTreeSet<&str> {
    let words = text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
    words.filter(|word| word.starts_with("amanah_")).collect()
}

fn names() -> BTreeSet<String> {
    figures::all().into_iter().map(|figure| figure.name).collect()
}

#[test]
fn the_board_is_the_one_that_the_figures_make() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../deploy/grafana/boards/amanah.json");
    let made = board::board(&figures::all());
    if std::env::var_os("AMANAH_BLESS").is_some() {
        std::fs::write(&path, &made).expect("the board can be written");
    }
    let kept = std::fs::read_to_string(&path).expect("the board is there");
    for (made, kept) in made.lines().zip(kept.lines()) {
        assert_eq!(made, kept, "run with AMANAH_BLESS=1");
    }
    assert_eq!(made, kept, "run with AMANAH_BLESS=1");
}

#[test]
fn the_board_shows_every_figure_and_no_other() {
    let names = names();
    let made = board::board(&figures::all());
    // Buckets are samples of a histogram, which is named beside them.
    let shown = named(&made).into_iter().map(|name| name.trim_end_matches("_bucket").to_owned());
    let shown: BTreeSet<String> = shown.collect();
    let expected: BTreeSet<String> = names.into_iter().filter(|name| name != "amanah_build_info").collect();
    assert!(expected.len() > 20, "{expected:?}");
    assert_eq!(shown, expected);
}

#[test]
fn alerts_watch_figures_that_there_are() {
    let names = names();
    let watched = named(ALERTS);
    assert!(watched.len() >= 8, "{watched:?}");
    for name in watched {
        assert!(names.contains(name), "{name} is no figure of a node");
    }
}

#[test]
fn the_page_for_operators_lists_every_figure_and_no_other() {
    let start = PAGE.find("## Metrics").expect("the heading is there");
    let section = PAGE[start..].split("\n\n").find(|part| part.starts_with("| metric")).expect("the table is there");
    let cells = section.lines().skip(2).filter_map(|line| line.split('|').nth(1));
    // Odd parts of a cell stand between backticks; labels follow a name in braces.
    let quoted = cells.flat_map(|cell| cell.split('`').skip(1).step_by(2));
    let listed: BTreeSet<String> =
        quoted.map(|name| format!("amanah_{}", name.split('{').next().unwrap_or_default())).collect();
    assert_eq!(listed, names());
}
