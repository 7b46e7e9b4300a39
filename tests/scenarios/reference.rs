//! The pages of the reference that are made from the code: each is what the code says, word for word. `AMANAH_BLESS=1`
//! writes them anew.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a scenario that cannot go on fails, with the place and the answer"
)]

use amanah_ledger::catalogue::{self, ErrorCode};
use amanah_node::metrics::Metrics;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("tests lies in the workspace").to_path_buf()
}

/// The page at `path` is `expected`; blessed, it becomes so.
fn check(path: &str, expected: &str) {
    let file = root().join(path);
    if std::env::var_os("AMANAH_BLESS").is_some() {
        fs::write(&file, expected).unwrap();
    }
    let found = fs::read_to_string(&file).unwrap_or_default();
    if found != expected {
        let at = found.lines().zip(expected.lines()).position(|(a, b)| a != b);
        let at = at.unwrap_or_else(|| found.lines().count().min(expected.lines().count()));
        let line = |text: &str| text.lines().nth(at).unwrap_or("(nothing)").to_owned();
        panic!(
            "{path} is not what the code says, from line {} on:\n page {}\n code {}\nAMANAH_BLESS=1 writes it anew",
            at + 1,
            line(&found),
            line(expected)
        );
    }
}

#[test]
fn the_page_of_errors_is_the_catalogue() {
    let mut page = String::from(
        "# Errors\n\nEvery error of `amanah`, `amanahd` and the API, by its number. `amanah explain AMN-nnnn` prints the \
         same, and every node serves it\nat `/errors/AMN-nnnn`, where the `type` of a problem (RFC 9457) leads. A number \
         keeps its meaning for ever. This page is\nmade from `ledger/src/catalogue.rs`; a test compares them.\n",
    );
    for entry in catalogue::all() {
        let anchor = entry.code.to_string().to_lowercase();
        page.push_str(&format!(
            "\n## {}\n<a id=\"{anchor}\"></a>**{}**. {}\n\nWhat to try: {}.\n",
            entry.code,
            capital(entry.title),
            entry.cause,
            entry.fix
        ));
    }
    check("docs/reference/errors.md", &page);
}

fn capital(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map(|first| first.to_uppercase().chain(chars).collect()).unwrap_or_default()
}

#[test]
fn the_page_of_commands_is_what_the_program_prints() {
    let page = format!(
        "# Commands of `amanah`\n\nWhat `--help` prints for every command. The same pages are in `amanah man --out DIR`, and \
         `amanah help` lists topics that\nbelong to no command. This page is made from `cli/src/args.rs`; a test compares \
         them.\n{}",
        amanah_cli::reference()
    );
    check("docs/reference/cli.md", &page);
}

#[test]
fn the_description_of_the_api_is_the_one_that_nodes_serve() {
    check("docs/reference/openapi.json", &format!("{}\n", amanah_node::api::description()));
}

#[test]
fn the_page_of_metrics_lists_what_nodes_count() {
    let metrics = Metrics::sample();
    let mut page = String::from(
        "# Metrics\n\nWhat a node counts, at `/metrics` of its ops port, in OpenMetrics. Labels are members and kinds of \
         traffic, never persons.\nThis page is made from `node/src/metrics.rs`; a test compares them. What is worth an \
         alarm is in\n[operations](../operations.md#metrics).\n\n| metric | kind | labels | meaning |\n|---|---|---|---|\n",
    );
    for (name, metric) in families(&metrics.text()) {
        let Family { kind, help, labels } = metric;
        let labels: Vec<String> = labels.into_iter().map(|label| format!("`{label}`")).collect();
        page.push_str(&format!("| `{name}` | {kind} | {} | {} |\n", labels.join(", "), help.trim_end_matches('.')));
    }
    check("docs/reference/metrics.md", &page);
}

#[derive(Default)]
struct Family {
    kind: String,
    help: String,
    labels: BTreeSet<String>,
}

/// The families of an OpenMetrics text, by the names under which their samples are found.
fn families(text: &str) -> BTreeMap<String, Family> {
    let mut families: BTreeMap<String, Family> = BTreeMap::new();
    for line in text.lines() {
        if let Some((name, help)) = line.strip_prefix("# HELP ").and_then(|rest| rest.split_once(' ')) {
            families.entry(name.to_owned()).or_default().help = help.to_owned();
        } else if let Some((name, kind)) = line.strip_prefix("# TYPE ").and_then(|rest| rest.split_once(' ')) {
            families.entry(name.to_owned()).or_default().kind = kind.to_owned();
        } else if let Some((sample, labels)) = line.split_once('{') {
            let family = families.iter_mut().find(|(name, _)| sample.trim_end_matches("_total") == name.as_str());
            let labels = labels.split('}').next().unwrap_or_default();
            let names = labels.split(',').filter_map(|label| Some(label.split_once('=')?.0.to_owned()));
            if let Some((_, family)) = family {
                family.labels.extend(names);
            }
        }
    }
    let sampled = |(name, family): (String, Family)| match family.kind.as_str() {
        "counter" => (format!("{name}_total"), family),
        _other => (name, family),
    };
    families.into_iter().map(sampled).collect()
}

/// Every number that the programs' sources name as an error.
fn numbers_in_use() -> BTreeMap<u16, PathBuf> {
    let mut files = Vec::new();
    for dir in ["cli/src", "node/src"] {
        rust_files(&root().join(dir), &mut files);
    }
    let mut used = BTreeMap::new();
    for file in files {
        let text = fs::read_to_string(&file).unwrap();
        // Tests name what must not exist, too.
        let text = text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default();
        let quoted = text.split("\"AMN-").skip(1).filter_map(|rest| rest.get(..4));
        // `Failure::new(…` and, within it, `Self::new(…`: the number comes second.
        let made = text
            .split("::new(")
            .skip(1)
            .filter(|rest| ["Exit::", "exit,"].iter().any(|exit| rest.trim_start().starts_with(exit)));
        let made = made.filter_map(|rest| rest.split(',').nth(1)).map(str::trim);
        let named = text.split("nothing_written(").skip(1).filter_map(|rest| rest.split(',').next());
        let coded = text
            .split(['\n', ';'])
            .filter_map(|line| line.split_once(" = ")?.1.split_once(", "))
            .filter(|(_, status)| status.chars().all(|c| c.is_ascii_uppercase() || c == '_') && !status.is_empty());
        let numbers = quoted.chain(made).chain(named).chain(coded.map(|(number, _)| number));
        used.extend(numbers.filter_map(|number| number.parse().ok()).map(|number| (number, file.clone())));
    }
    used
}

fn rust_files(dir: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            rust_files(&path, found);
        } else if path.extension().is_some_and(|e| e == "rs") && !path.ends_with("tests.rs") {
            found.push(path);
        }
    }
}

#[test]
fn every_error_that_a_program_names_is_explained_and_no_explanation_is_left_over() {
    let used = numbers_in_use();
    assert!(used.len() > 120, "only {} numbers found", used.len());
    let unexplained: BTreeMap<_, _> =
        used.iter().filter(|(number, _)| catalogue::find(ErrorCode(**number)).is_none()).collect();
    assert!(unexplained.is_empty(), "named and never explained: {unexplained:?}");
    let left_over: Vec<String> = catalogue::all()
        .filter(|entry| !used.contains_key(&entry.code.0))
        .map(|entry| entry.code.to_string())
        .collect();
    assert!(left_over.is_empty(), "explained and never named: {left_over:?}");
}
