//! `amanah help`, `completion` and `man`: what the command line itself tells about everything that can be typed.

use crate::args::CommandLine;
use crate::exit::Exit;
use crate::failure::{Failure, Fallible};
use crate::nearest::nearest;
use crate::output::Report;
use crate::topics::Topic;
use clap::CommandFactory;
use clap_mangen::Man;
use clap_mangen::roff::{Roff, bold, roman};
use serde_json::json;
use std::io;
use std::path::Path;

/// Help on what `words` name; without any, the list of commands and topics.
pub(crate) fn help(words: &[String]) -> Fallible<Report> {
    let mut top = CommandLine::command();
    // Global flags are shown with every command.
    top.build();
    let [first, ..] = words else {
        let topics = Topic::ALL.map(|topic| format!("  {:<12} {}\n", topic.name(), topic.title()));
        let text = format!("{}\nTopics: amanah help TOPIC\n{}", top.render_long_help(), topics.concat());
        return Ok(report("amanah", text));
    };
    if let (Some(topic), [_]) = (Topic::ALL.into_iter().find(|topic| topic.name() == first), words) {
        return Ok(report(first, topic.text()));
    }
    let mut at = &mut top;
    for word in words {
        at = match at.find_subcommand(word).map(|found| found.get_name().to_owned()) {
            Some(name) => at.find_subcommand_mut(&name).ok_or_else(|| unknown(word))?,
            None => return Err(unknown(word)),
        };
    }
    let text = at.render_long_help().to_string();
    Ok(report(&words.join(" "), text))
}

fn report(of: &str, text: String) -> Report {
    Report::ok(json!({ "of": of, "text": text }), text)
}

fn unknown(word: &str) -> Box<Failure> {
    let command = CommandLine::command();
    let names: Vec<&str> =
        command.get_subcommands().filter(|known| !known.is_hide_set()).map(clap::Command::get_name).collect();
    let known = names.into_iter().chain(Topic::ALL.map(Topic::name));
    let fix = nearest(word, known)
        .map_or("amanah help   lists commands and topics".to_owned(), |close| format!("amanah help {close}"));
    Failure::new(Exit::NotFound, 243, format!("{word:?} is no command and no topic"), fix)
}

/// The completions for a shell.
pub(crate) fn completion(shell: clap_complete::Shell) -> Report {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut CommandLine::command(), "amanah", &mut script);
    let script = String::from_utf8_lossy(&script).into_owned();
    Report::ok(json!({ "shell": shell.to_string(), "script": script }), script)
}

/// The first page, or all pages as files in `out`.
pub(crate) fn man(out: Option<&Path>) -> Fallible<Report> {
    let pages = pages();
    let Some(dir) = out else {
        let first = pages.into_iter().next().map(|(_, page)| page).unwrap_or_default();
        return Ok(Report::ok(json!({ "page": first }), first));
    };
    std::fs::create_dir_all(dir).map_err(|e| Failure::io("make", dir, &e))?;
    for (name, page) in &pages {
        let path = dir.join(name);
        std::fs::write(&path, page).map_err(|e| Failure::io("write", &path, &e))?;
    }
    let files: Vec<&String> = pages.iter().map(|(name, _)| name).collect();
    let text = format!(
        "{} pages in {}.  man -M and MANPATH want them in a directory man1 or man7.",
        files.len(),
        dir.display()
    );
    Ok(Report::ok(json!({ "files": files }), text))
}

/// Every page with the name of its file: the program first, then each command, then each topic.
fn pages() -> Vec<(String, String)> {
    let mut top = CommandLine::command();
    top.build();
    let mut pages = Vec::new();
    command_pages(&top, &mut pages);
    pages.extend(Topic::ALL.map(|topic| (format!("amanah-{}.7", topic.name()), topic_page(topic))));
    pages
}

fn command_pages(command: &clap::Command, pages: &mut Vec<(String, String)>) {
    let page = Man::new(command.clone());
    pages.push((page.get_filename(), rendered(|out| page.render(out))));
    for below in command.get_subcommands().filter(|below| !below.is_hide_set()) {
        command_pages(below, pages);
    }
}

fn topic_page(topic: Topic) -> String {
    let mut page = Roff::new();
    page.control("TH", [format!("amanah-{}", topic.name()).as_str(), "7", "", "", "Amanah"]);
    page.control("SH", ["NAME"]);
    page.text([bold(format!("amanah-{}", topic.name())), roman(format!(" - {}", topic.title()))]);
    page.control("SH", ["DESCRIPTION"]);
    page.control("nf", []);
    for line in topic.text().lines() {
        page.text([roman(line.to_owned())]);
    }
    page.control("fi", []);
    rendered(|out| page.to_writer(out))
}

fn rendered(render: impl FnOnce(&mut Vec<u8>) -> io::Result<()>) -> String {
    let mut out = Vec::new();
    render(&mut out).expect("writing to memory does not fail");
    String::from_utf8_lossy(&out).into_owned()
}

/// Every command as it is typed, with its help: the page of the reference.
pub(crate) fn reference() -> String {
    let mut top = CommandLine::command().term_width(100);
    top.build();
    let mut page = String::new();
    section(&mut top, "amanah", &mut page);
    page
}

fn section(command: &mut clap::Command, name: &str, page: &mut String) {
    page.push_str(&format!(
        "\n## `{name}`\n```\n{}```\n",
        without_trailing_spaces(&command.render_long_help().to_string())
    ));
    for below in command.get_subcommands_mut().filter(|below| !below.is_hide_set()) {
        let name = format!("{name} {}", below.get_name());
        section(below, &name, page);
    }
}

fn without_trailing_spaces(text: &str) -> String {
    text.lines().map(|line| format!("{}\n", line.trim_end())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(line: &str) -> Vec<String> {
        line.split_whitespace().map(str::to_owned).collect()
    }

    #[test]
    fn help_finds_commands_of_every_depth_and_topics() {
        assert!(help(&words("hospital patient link")).unwrap().text.contains("nine digits"));
        assert!(help(&words("exit-codes")).unwrap().text.contains("Denied by consent"));
        let all = help(&[]).unwrap().text;
        for topic in Topic::ALL {
            assert!(all.contains(topic.title()), "{}", topic.name());
        }
        assert!(all.contains("Who opened your records"), "{all}");
    }

    #[test]
    fn what_is_not_known_is_met_with_what_was_probably_meant() {
        let failure = help(&words("exit-code")).unwrap_err();
        assert_eq!((failure.exit, failure.fix.as_str()), (Exit::NotFound, "amanah help exit-codes"));
        assert_eq!(help(&words("hospital nonsense")).unwrap_err().exit, Exit::NotFound);
    }

    #[test]
    fn every_command_and_topic_has_a_manual_page_of_its_own() {
        let pages = pages();
        let names: std::collections::BTreeSet<&str> = pages.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names.len(), pages.len());
        for expected in ["amanah.1", "amanah-grant.1", "amanah-hospital-patient-link.1", "amanah-exit-codes.7"] {
            assert!(names.contains(expected), "{expected} in {names:?}");
        }
        for (name, page) in &pages {
            assert!(page.contains(".TH") && page.contains(".SH NAME"), "{name}: {page}");
        }
        assert!(!names.iter().any(|name| name.contains("demo-node")), "hidden commands have none");
    }

    #[test]
    fn completions_know_every_visible_command() {
        for shell in [clap_complete::Shell::Bash, clap_complete::Shell::Zsh, clap_complete::Shell::Fish] {
            let script = completion(shell).text;
            for name in ["grant", "revoke", "receipt", "explain"] {
                assert!(script.contains(name), "{shell}: {name}");
            }
        }
    }
}
