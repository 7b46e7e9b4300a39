//! `amanahd config`

use super::{Answer, At};
use crate::config::{Change, Changes, reference};
use crate::exit::{Exit, Failure};
use crate::home::{Looked, look};
use crate::log;
use clap::{Args, Subcommand};
use serde_json::{Map, Value, json};

#[derive(Subcommand)]
pub(super) enum Config {
    /// Reads a home as `amanahd run` would, and says what its configuration changes and what is wrong. The node may run.
    Check(Check),
    /// Prints every key of a configuration, with its default and its meaning.
    Reference,
}

#[derive(Args)]
pub(super) struct Check {
    #[command(flatten)]
    at: At,
    #[command(flatten)]
    answer: Answer,
}

impl Config {
    pub(super) fn run(self) -> Exit {
        match self {
            Self::Check(check) => check.run(),
            Self::Reference => {
                print!("{}", reference());
                Exit::Ok
            }
        }
    }
}

impl Check {
    fn run(self) -> Exit {
        let Looked { config, problems } = look(&self.at.home);
        let mut problems: Vec<Failure> = problems.into_iter().map(Failure::from).collect();
        problems.extend(config.as_ref().and_then(|config| log::filter(config.log()).err()));
        let changes = config.as_ref().map(Changes::of);
        let text = text(changes.as_ref(), &problems);
        let fields = fields(changes.as_ref(), &problems);
        // As a start does, it ends with the first; the text above has named the others.
        self.answer.give_known("config.check", fields, &text, problems.into_iter().next())
    }
}

fn text(changes: Option<&Changes>, problems: &[Failure]) -> String {
    let mut text = String::new();
    let mut line = |line: std::fmt::Arguments<'_>| text.push_str(&format!("{line}\n"));
    if let Some(Changes { keys, lists }) = changes {
        for Change { key, value, default } in keys {
            match default {
                None => line(format_args!("{key} = {value}")),
                Some(default) => line(format_args!("{key} = {value}   (default {default})")),
            }
        }
        for (name, entries) in lists {
            line(format_args!("[[{name}]]: {entries}"));
        }
    }
    for other in problems.iter().skip(1) {
        line(format_args!("{other}"));
    }
    match problems.len() {
        0 => line(format_args!("nothing is wrong: amanahd run takes it")),
        1 => line(format_args!("1 problem")),
        many => line(format_args!("{many} problems")),
    }
    text
}

fn fields(changes: Option<&Changes>, problems: &[Failure]) -> Map<String, Value> {
    let mut fields = Map::new();
    if let Some(Changes { keys, lists }) = changes {
        let keys =
            keys.iter().map(|Change { key, value, default }| json!({"key": key, "value": value, "default": default}));
        fields.insert("values".to_owned(), keys.collect());
        let lists = lists.iter().map(|(name, entries)| (name.clone(), json!(entries)));
        fields.insert("lists".to_owned(), Value::Object(lists.collect()));
    }
    let problems =
        problems.iter().map(|Failure { code, detail, fix, .. }| json!({"code": code, "detail": detail, "fix": fix}));
    fields.insert("problems".to_owned(), problems.collect());
    fields
}
