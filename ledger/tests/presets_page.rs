//! `docs/reference/presets.md` lists exactly the presets and the labels that the code knows, in its order.

use amanah_ledger::document::TypeScope;
use amanah_ledger::preset::{LEFT_OUT, Preset};

const PAGE: &str = include_str!("../../docs/reference/presets.md");

/// The rows of the table under the heading `| name | … |`, cut into cells.
fn rows(heading: &str) -> Vec<Vec<&'static str>> {
    let table = PAGE.lines().skip_while(|line| !line.starts_with(&format!("| {heading} |"))).skip(2);
    let rows = table.take_while(|line| line.starts_with('|'));
    rows.map(|row| row.trim_matches('|').split('|').map(str::trim).collect()).collect()
}

fn written(scope: &TypeScope) -> String {
    let category = scope.category.as_ref().map(|category| format!("/{}", category.as_str())).unwrap_or_default();
    format!("`{}{category}`", scope.of.as_str())
}

#[test]
fn the_page_lists_every_preset_with_what_it_covers() {
    let covers = |preset: Preset| preset.types().iter().map(written).collect::<Vec<_>>().join(", ");
    let expected: Vec<Vec<String>> =
        Preset::ALL.iter().map(|preset| vec![format!("`{}`", preset.name()), covers(*preset)]).collect();
    assert_eq!(rows("preset"), expected);
}

#[test]
fn the_page_lists_every_label_that_is_left_out() {
    let listed: Vec<&str> = rows("label").iter().map(|row| row[0]).collect();
    assert_eq!(listed, LEFT_OUT.map(|label| format!("`{label}`")));
}
