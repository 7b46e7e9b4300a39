//! The invariants of the code base itself: which crate may know which, and how files are named and sized.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a scenario that cannot go on fails, with the place and the answer"
)]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("tests lies in the workspace").to_path_buf()
}

/// Names of the workspace crates that `krate` depends on outside of tests.
fn workspace_dependencies(krate: &str) -> BTreeSet<String> {
    let text = fs::read_to_string(root().join(krate).join("Cargo.toml")).unwrap();
    let manifest: toml::Table = text.parse().unwrap();
    let dependencies = manifest["dependencies"].as_table().unwrap();
    dependencies.keys().filter(|name| name.starts_with("amanah")).cloned().collect()
}

fn rust_files(dir: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() && path.file_name().is_some_and(|name| name != "target") {
            rust_files(&path, found);
        } else if path.extension().is_some_and(|e| e == "rs") {
            found.push(path);
        }
    }
}

fn sources() -> Vec<PathBuf> {
    let mut found = Vec::new();
    for krate in ["ledger", "consensus", "fhir", "node", "cli", "tests"] {
        rust_files(&root().join(krate), &mut found);
    }
    assert!(found.len() > 30, "only {} files found: is the layout another one?", found.len());
    found
}

fn is_test(path: &Path) -> bool {
    let relative = path.strip_prefix(root()).unwrap();
    relative.components().any(|part| part.as_os_str() == "tests") || path.ends_with("tests.rs")
}

#[test]
fn arrows_between_crates_point_one_way() {
    let allowed: [(&str, &[&str]); 5] = [
        ("ledger", &[]),
        ("consensus", &["amanah-ledger"]),
        ("fhir", &["amanah-ledger"]),
        ("node", &["amanah-consensus", "amanah-fhir", "amanah-ledger"]),
        ("cli", &["amanah-fhir", "amanah-ledger", "amanah-node"]),
    ];
    for (krate, may_know) in allowed {
        let knows = workspace_dependencies(krate);
        let may_know: BTreeSet<String> = may_know.iter().map(|name| (*name).to_owned()).collect();
        assert!(knows.is_subset(&may_know), "{krate} depends on {knows:?}, allowed are {may_know:?}");
    }
}

#[test]
fn the_wallet_knows_the_node_only_for_the_demo() {
    let text = fs::read_to_string(root().join("cli/Cargo.toml")).unwrap();
    let manifest: toml::Table = text.parse().unwrap();
    let node = manifest["dependencies"]["amanah-node"].as_table().unwrap();
    assert_eq!(node.get("optional").and_then(toml::Value::as_bool), Some(true));
    let demo = manifest["features"]["demo"].as_array().unwrap();
    assert!(demo.iter().any(|feature| feature.as_str() == Some("dep:amanah-node")));
}

#[test]
fn consensus_orders_blocks_and_does_not_read_them() {
    let mut files = Vec::new();
    rust_files(&root().join("consensus/src"), &mut files);
    assert!(!files.is_empty());
    for file in files.iter().filter(|file| !is_test(file)) {
        let text = fs::read_to_string(file).unwrap();
        for foreign in ["ledger::transaction", "ledger::document", "ledger::engine", "ledger::state", "ledger::access"]
        {
            assert!(!text.contains(foreign), "{} mentions {foreign}", file.display());
        }
    }
}

#[test]
fn pure_code_reads_no_clock_and_draws_no_randomness() {
    let pure = ["ledger/src", "consensus/src", "fhir/src"];
    let mut files = vec![root().join("node/src/validator.rs"), root().join("node/src/mempool.rs")];
    for dir in pure {
        rust_files(&root().join(dir), &mut files);
    }
    let impure = ["SystemTime::now", "Instant::now", "getrandom::", "rand::rng", "HashMap<", "HashSet<"];
    for file in files.iter().filter(|file| file.is_file() && !is_test(file)) {
        let text = fs::read_to_string(file).unwrap();
        for word in impure {
            assert!(!text.contains(word), "{} uses {word}", file.display());
        }
    }
}

#[test]
fn files_carry_one_idea() {
    let catch_all = ["util", "utils", "helper", "helpers", "common", "misc", "types"];
    for file in sources() {
        let stem = file.file_stem().unwrap().to_string_lossy().into_owned();
        assert!(!catch_all.contains(&stem.as_str()), "{}: name it after its idea", file.display());
        if !is_test(&file) {
            let lines = fs::read_to_string(&file).unwrap().lines().count();
            assert!(lines <= 450, "{}: {lines} lines; split it by meaning", file.display());
        }
    }
}

#[test]
fn every_source_file_says_what_it_is() {
    for file in sources() {
        let text = fs::read_to_string(&file).unwrap();
        let first = text.lines().next().unwrap_or_default();
        let is_entry = file.file_name().is_some_and(|name| name == "main.rs") || is_test(&file);
        assert!(is_entry || first.starts_with("//!"), "{}: begin with //! what this is", file.display());
    }
}

/// Words in backticks in the table rows of a page that could name a test: long, lower case, joined by underscores.
fn tests_named_in(page: &str) -> BTreeSet<String> {
    let text = fs::read_to_string(root().join(page)).unwrap();
    let rows = text.lines().filter(|line| line.starts_with('|'));
    let words = rows.flat_map(|row| row.split('`').skip(1).step_by(2));
    let is_test_name = |word: &&str| {
        word.matches('_').count() >= 3 && word.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
    };
    words.filter(is_test_name).map(str::to_owned).collect()
}

#[test]
fn every_limit_names_a_test_that_exists() {
    let code: Vec<String> = sources().iter().map(|file| fs::read_to_string(file).unwrap()).collect();
    let page = fs::read_to_string(root().join("docs/operations.md")).unwrap();
    let (_, limits) = page.split_once("\n## Limits\n").unwrap();
    let rows =
        limits.split("\n#").next().unwrap().lines().filter(|line| line.starts_with('|') && line.ends_with("` |"));
    let named: BTreeSet<&str> = rows.filter_map(|row| row.rsplit('`').nth(1)).collect();
    assert!(named.len() > 20, "only {} tests", named.len());
    for test in named {
        assert!(code.iter().any(|text| text.contains(&format!("fn {test}("))), "{test} is not there");
    }
}

#[test]
fn every_test_that_a_page_names_exists() {
    let code: Vec<String> = sources().iter().map(|file| fs::read_to_string(file).unwrap()).collect();
    for page in ["docs/threat-model.md", "docs/reliability.md"] {
        let named = tests_named_in(page);
        assert!(named.len() > 20, "{page} names only {} tests", named.len());
        for test in named {
            let function = format!("fn {test}(");
            assert!(code.iter().any(|text| text.contains(&function)), "{page} names {test}, which is not there");
        }
    }
}

/// The features of every package below these, without development dependencies, one package a line.
fn features_below(packages: &[&str]) -> String {
    let mut cargo = std::process::Command::new(env!("CARGO"));
    cargo.current_dir(root()).args(["tree", "--locked", "--offline", "-e", "normal", "--prefix", "none"]);
    cargo.args(["-f", "{p} [{f}]"]).args(packages.iter().flat_map(|package| ["-p", package]));
    let output = cargo.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let lines = String::from_utf8(output.stdout).unwrap();
    // Without the place of the package, whose directory may be called anything.
    let package = |line: &str| Some(format!("{} [{}\n", line.split(" (").next()?, line.rsplit_once('[')?.1));
    lines.lines().filter_map(package).collect()
}

#[test]
fn no_rule_can_be_left_out_of_what_is_released() {
    let released = features_below(&["amanah-node", "amanah"]);
    assert!(released.contains("amanah-consensus v") && !released.contains("mutants"), "{released}");
    // The same look finds the switches where they belong.
    assert!(features_below(&["amanah-tests"]).contains("mutants"));
}
