//! What the pages show is what happens: every command of the tutorials, run in a home of its own.

use amanah_tests::transcript::{Names, Session, steps};
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

/// Pages say so where the demo's first hospital answers.
const SHOWN_PORT: u16 = 7400;

fn docs(page: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs").join(page)
}

/// The demo's ports as the page shows them, as they are in this run.
struct Ports(u16);

impl Ports {
    fn pairs(&self) -> impl Iterator<Item = (String, String)> + '_ {
        let marks = [":", "tcp/"];
        let ports = (0..40).map(|n| (SHOWN_PORT + n, self.0 + n));
        ports.flat_map(move |(shown, real)| marks.map(|mark| (format!("{mark}{shown}"), format!("{mark}{real}"))))
    }

    fn in_this_run(&self, command: &str) -> String {
        let moved = self.pairs().fold(command.to_owned(), |text, (shown, real)| text.replace(&shown, &real));
        moved.replace("amanah demo up", &format!("amanah demo up --base-port {}", self.0))
    }

    fn as_shown(&self, printed: &str) -> String {
        self.pairs().fold(printed.to_owned(), |text, (shown, real)| text.replace(&real, &shown))
    }
}

/// Runs a page from its first command to its last.
fn run(page: &str) {
    let text = fs::read_to_string(docs(page)).unwrap();
    let steps = steps(&text);
    assert!(steps.len() >= 5, "{page} shows {} commands", steps.len());
    let home = tempfile::tempdir().unwrap();
    let programs = home.path().join("programs");
    fs::create_dir(&programs).unwrap();
    for program in ["amanah", "amanahd"] {
        symlink(env!("CARGO_BIN_EXE_amanah-under-test"), programs.join(program)).unwrap();
    }
    let data = home.path().join("amanah");
    let desk = home.path().join("desk");
    fs::create_dir(&desk).unwrap();
    let variables = [("AMANAH_HOME", data.to_str().unwrap())];
    let mut session = Session::open(&desk, &programs, &variables).unwrap();
    let (mut names, ports) = (Names::default(), Ports(crate::harness::free_ports()));
    let down = Down { home: data };
    for step in steps {
        let typed = ports.in_this_run(&names.in_this_run(&step.command));
        let (printed, exit) = session.run(&typed).unwrap();
        let printed = ports.as_shown(&printed).replace(home.path().to_str().unwrap(), "…");
        let place = format!("{page}:{}\n$ {}", step.line, step.command);
        assert_eq!(exit, step.exit, "{place}\n{printed}");
        if let Err(why) = names.compare(&step.shown, &printed) {
            panic!("{place}\n{why}\nall of it:\n{printed}");
        }
    }
    drop(down);
}

/// Stops what a page has started, however it ends.
struct Down {
    home: PathBuf,
}

impl Drop for Down {
    fn drop(&mut self) {
        let mut down = std::process::Command::new(env!("CARGO_BIN_EXE_amanah-under-test"));
        let ended = down.args(["demo", "down", "--purge", "--json"]).env("AMANAH_HOME", &self.home).output();
        assert!(std::thread::panicking() || ended.is_ok_and(|output| output.status.success()));
    }
}

#[test]
fn a_patients_first_hour_is_as_the_tutorial_shows_it() {
    run("tutorials/patient.md");
}

#[test]
fn a_network_is_made_run_and_repaired_as_the_tutorial_shows_it() {
    run("tutorials/hospital.md");
}

/// It asks with `curl`; where there is none, a line says so.
#[test]
fn an_ehr_asks_and_shows_the_patient_as_the_tutorial_shows_it() {
    if std::process::Command::new("curl").arg("--version").output().is_err() {
        println!("not run: there is no curl");
        return;
    }
    run("tutorials/ehr.md");
}

#[test]
fn the_readme_begins_with_what_happens() {
    run("../README.md");
}
