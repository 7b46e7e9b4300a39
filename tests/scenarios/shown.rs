//! What a page tells people to type is typed somewhere in CI: in a page that is run as it stands, in a step of `.ci/run`,
//! in a script below `tests`, or in a scenario.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a scenario that cannot go on fails, with the place and the answer"
)]

use amanah_tests::transcript::steps;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// Pages whose commands are run, from the first to the last: by `processes/pages.rs`, the last one by the wallet's tests.
const RUN_AS_THEY_STAND: [&str; 5] = [
    "README.md",
    "docs/tutorials/ehr.md",
    "docs/tutorials/hospital.md",
    "docs/tutorials/patient.md",
    "docs/reference/policy-eval.md",
];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_path_buf()
}

fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|why| panic!("{path}: {why}"))
}

fn files(dir: &str, extension: &str) -> Vec<String> {
    let mut found = Vec::new();
    for entry in fs::read_dir(root().join(dir)).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        let path = format!("{dir}/{name}");
        if root().join(&path).is_dir() {
            found.extend(files(&path, extension));
        } else if name.ends_with(extension) {
            found.push(path);
        }
    }
    found
}

/// Pages for people who use or build it. What was decided and what was generated shows nothing to type.
fn pages() -> Vec<String> {
    let of_docs = files("docs", ".md").into_iter().filter(|page| !page.starts_with("docs/adr/"));
    let of_docs = of_docs.filter(|page| page != "docs/reference/cli.md");
    of_docs.chain(["README.md", "CONTRIBUTING.md"].map(str::to_owned)).collect()
}

/// Names of the aliases of cargo, and what they run.
fn aliases() -> BTreeMap<String, String> {
    let config: toml::Table = read(".cargo/config.toml").parse().unwrap();
    let aliases = config["alias"].as_table().unwrap();
    aliases.iter().map(|(name, runs)| (name.clone(), runs.as_str().unwrap().to_owned())).collect()
}

/// What a command is, without what it is done to: the program and its subcommands, or the program of the tests that cargo
/// runs. `None` of what is no command.
fn kind(command: &str, aliases: &BTreeMap<String, String>) -> Option<String> {
    let words: Vec<&str> = command.split_whitespace().skip_while(|word| is_setting(word)).collect();
    let program = *words.first()?;
    let subcommands = |words: &[&str], most: usize| {
        let named = words.iter().take_while(|word| word.chars().all(|c| c.is_ascii_lowercase() || c == '-'));
        let named = named.take_while(|word| !word.starts_with('-')).take(most);
        named.fold(String::new(), |all, word| format!("{all} {word}"))
    };
    match program {
        "amanah" | "amanahd" => Some(format!("{program}{}", subcommands(&words[1..], 2))),
        "cargo" => {
            let named = words.get(1).and_then(|name| aliases.get(*name));
            let full = named.map_or_else(|| words.join(" "), |runs| format!("cargo {runs} {}", words[2..].join(" ")));
            let words: Vec<&str> = full.split_whitespace().collect();
            if let Some(at) = words.iter().position(|word| *word == "--bin") {
                return Some(format!("bin {}", words.get(at + 1)?));
            }
            if words.get(1) == Some(&"run") {
                let at = words.iter().position(|word| *word == "--")?;
                return Some(format!("amanah{}", subcommands(&words[at + 1..], 2)));
            }
            Some(format!("cargo {}", words.get(1)?))
        }
        "docker" | "docker-compose" | "apt" | "systemctl" | "cp" => Some(format!("{program} {}", words.get(1)?)),
        _ if program.starts_with("tests/") || program.starts_with("deploy/") || program.starts_with(".ci/") => {
            Some(program.to_owned())
        }
        _ => None,
    }
}

/// A variable that is set for one command.
fn is_setting(word: &str) -> bool {
    word.split_once('=').is_some_and(|(name, _)| name.chars().all(|c| c.is_ascii_uppercase() || c == '_'))
}

/// A block of a page.
struct Shown {
    /// What it is said to be: `console` and nothing are to be typed, `text` is not.
    language: String,
    /// Its lines, with their numbers.
    lines: Vec<(usize, String)>,
}

fn blocks(page: &str) -> Vec<Shown> {
    let (mut blocks, mut is_inside) = (Vec::<Shown>::new(), false);
    for (number, line) in read(page).lines().enumerate() {
        if let Some(language) = line.trim_start().strip_prefix("```") {
            is_inside = !is_inside;
            blocks.extend(is_inside.then(|| Shown { language: language.to_owned(), lines: Vec::new() }));
        } else if is_inside && let Some(block) = blocks.last_mut() {
            block.lines.push((number + 1, line.to_owned()));
        }
    }
    blocks
}

/// What is typed of a line.
fn typed(line: &str) -> String {
    let typed = line.strip_prefix("$ ").unwrap_or(line);
    typed.split(" #").next().unwrap_or_default().replace("sudo -u amanah ", "")
}

/// Whether CI types a command of this kind.
struct Typed {
    in_pages: BTreeSet<String>,
    scripts: String,
    scenarios: String,
}

impl Typed {
    fn in_ci(aliases: &BTreeMap<String, String>) -> Self {
        let of_page = |page: &str| {
            steps(&read(page)).into_iter().filter_map(|step| kind(&step.command, aliases)).collect::<Vec<_>>()
        };
        let mut scripts = read(".ci/run") + &read(".ci/mutants");
        scripts.extend(files("tests", ".sh").iter().map(|script| read(script)));
        let scenarios = files("tests/scenarios/processes", ".rs").iter().map(|scenario| read(scenario)).collect();
        Self { in_pages: RUN_AS_THEY_STAND.into_iter().flat_map(of_page).collect(), scripts, scenarios }
    }

    fn has(&self, kind: &str) -> bool {
        let (program, rest) = kind.split_once(' ').unwrap_or((kind, ""));
        let words: Vec<&str> = rest.split(' ').collect();
        let in_scripts = match program {
            "bin" => format!("built {rest}"),
            "docker-compose" => format!("dc {rest}"),
            _ if rest.is_empty() => program.to_owned(),
            _ => format!("{program} {rest}"),
        };
        let in_scenarios = format!("\"{}\"", words.join("\", \""));
        self.in_pages.contains(kind)
            || self.scripts.contains(&in_scripts)
            || program.starts_with("amanah") && self.scenarios.contains(&in_scenarios)
    }
}

#[test]
fn what_a_page_tells_people_to_type_is_typed_in_ci() {
    let aliases = aliases();
    let in_ci = Typed::in_ci(&aliases);
    let mut kinds = BTreeSet::new();
    for page in pages() {
        for (line, shown) in blocks(&page).into_iter().flat_map(|block| block.lines) {
            let Some(kind) = kind(&typed(&shown), &aliases) else { continue };
            assert!(in_ci.has(&kind), "{page}:{line} shows `{shown}`, and nothing in CI types `{kind}`");
            kinds.insert(kind);
        }
    }
    assert!(kinds.len() > 30, "only {kinds:?} were found: are pages written in another way?");
}

#[test]
fn what_a_page_shows_is_typed_or_read_by_a_test() {
    let aliases = aliases();
    for page in pages().iter().filter(|page| !RUN_AS_THEY_STAND.contains(&page.as_str())) {
        for Shown { language, lines } in blocks(page) {
            match language.as_str() {
                "text" => {}
                "" => {
                    let unknown = lines.iter().find(|(_, line)| kind(&typed(line), &aliases).is_none());
                    assert_eq!(unknown, None, "{page}: no command that is known here");
                }
                "yaml" => {
                    let text: Vec<&str> = lines.iter().map(|(_, line)| line.as_str()).skip(3).collect();
                    assert!(read("deploy/prometheus/alerts.yml").contains(&text.join("\n")), "{page}: {text:?}");
                }
                // A plan, which `node/src/home/plan_file.rs` reads in a test.
                "toml" => assert_eq!(page, "docs/operations.md"),
                other => panic!("{page} shows {other}, which no test looks at"),
            }
        }
    }
}

#[test]
fn a_command_is_known_by_its_program_and_its_subcommands() {
    let aliases = BTreeMap::from([("sim".to_owned(), "run --locked -q -p amanah-tests --bin simulate --".to_owned())]);
    let kind = |command: &str| kind(command, &aliases);
    assert_eq!(kind("AMANAH_HOME=x amanah wallet new mira --words-out w").as_deref(), Some("amanah wallet new"));
    assert_eq!(kind("cargo sim --seeds 3").as_deref(), Some("bin simulate"));
    assert_eq!(kind("cargo run --release -- bench grants --seconds 2").as_deref(), Some("amanah bench grants"));
    assert_eq!(kind("network = \"gulf\""), None);
}
