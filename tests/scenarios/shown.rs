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

/// What cannot be typed in CI, and why.
const NOT_IN_CI: [(&str, &str); 8] = [
    ("apt install", "tests/deb.sh installs the same package with dpkg, into a root of its own"),
    ("systemctl enable", "no machine of CI has systemd as its first process"),
    ("docker-compose ps", "versions of compose print health differently: tests/containers.sh asks docker itself"),
    ("docker cp", "tests/containers.sh takes the same files out of the volumes"),
    ("cargo +nightly", "fuzzing for hours needs a nightly compiler; the same functions run from seeds in the tests"),
    ("cargo run -p amanah-tests --bin fuzz-seeds", "seeds for the same fuzzing"),
    ("cargo bench", "figures are taken by hand; clippy compiles the program"),
    ("cargo lint", "an alias: the step `lints are errors` has it in full"),
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
        "docker" | "docker-compose" | "apt" | "systemctl" => Some(format!("{program} {}", words.get(1)?)),
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

/// What is typed in the blocks of a page, with the line it stands in.
fn shown(page: &str) -> Vec<(usize, String)> {
    let (mut commands, mut is_inside) = (Vec::new(), false);
    for (number, line) in read(page).lines().enumerate() {
        if line.trim_start().starts_with("```") {
            is_inside = !is_inside;
        } else if is_inside {
            let typed = line.strip_prefix("$ ").unwrap_or(line);
            let typed = typed.split(" #").next().unwrap_or_default().replace("sudo -u amanah ", "");
            commands.push((number + 1, typed));
        }
    }
    commands
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
    let typed = Typed::in_ci(&aliases);
    let (mut kinds, mut excused) = (BTreeSet::new(), BTreeSet::new());
    for page in pages() {
        for (line, command) in shown(&page) {
            let Some(kind) = kind(&command, &aliases) else { continue };
            let excuse = NOT_IN_CI.iter().find(|(begin, _)| command.trim_start().starts_with(begin));
            match excuse {
                Some((begin, _)) => drop(excused.insert(*begin)),
                None => assert!(typed.has(&kind), "{page}:{line} shows `{command}`, and nothing in CI types `{kind}`"),
            }
            kinds.insert(kind);
        }
    }
    assert!(kinds.len() > 30, "only {kinds:?} were found: are pages written in another way?");
    let shown_nowhere: Vec<&str> =
        NOT_IN_CI.iter().map(|(begin, _)| *begin).filter(|begin| !excused.contains(begin)).collect();
    assert_eq!(shown_nowhere, Vec::<&str>::new(), "no page shows these any more");
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
