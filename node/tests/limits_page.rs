//! The page for operators lists every bound with its value, and the memory they add up to.

#![allow(clippy::panic, reason = "a test stops where it cannot go on")]

use amanah_node::limits::{all, memory, resident_bytes_max};
use std::collections::BTreeMap;

const PAGE: &str = include_str!("../../docs/operations.md");

fn rows(heading: &str) -> BTreeMap<String, Vec<String>> {
    let start = PAGE.find(heading).expect("the heading is there");
    let section = PAGE[start + heading.len()..].split("\n#").next().unwrap_or_default();
    let cells = |line: &str| line.trim_matches('|').split('|').map(|cell| cell.trim().to_owned()).collect::<Vec<_>>();
    let rows = section.lines().filter(|line| line.starts_with('|')).map(cells).skip(2);
    rows.map(|cells| (cells[0].clone(), cells[1..].to_vec())).collect()
}

#[test]
fn the_page_lists_every_bound_with_its_value_its_consequence_and_its_test() {
    let page = rows("## Limits");
    for bound in all() {
        let row = page.get(bound.name).unwrap_or_else(|| panic!("{} is not on the page", bound.name));
        assert_eq!(row[0], format!("{} {}", bound.value, bound.unit), "{}", bound.name);
        assert!(row.len() == 3 && row[1].len() > 10, "{}: what happens beyond it", bound.name);
        assert!(row[2].starts_with('`') && row[2].ends_with('`'), "{}: its test", bound.name);
    }
    assert_eq!(page.len(), all().len(), "a row for each bound and no other");
}

#[test]
fn the_page_adds_up_the_memory_of_four_hospitals_with_ten_thousand_consents() {
    let page = rows("### Memory");
    let mib = |bytes: u64| bytes.div_ceil(1024 * 1024).to_string();
    for share in memory(4, 10_000) {
        assert_eq!(page.get(share.name).map(|row| &row[0]), Some(&mib(share.bytes)), "{}", share.name);
    }
    assert_eq!(page.get("**sum**").map(|row| &row[0]), Some(&format!("**{}**", mib(resident_bytes_max(4, 10_000)))));
    assert_eq!(page.len(), memory(4, 10_000).len() + 1);
}
