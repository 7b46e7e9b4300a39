//! What the node says while it runs: on stderr, as text for people and as JSON for machines.
//!
//! Keys, tokens, names of persons, addresses of callers and bodies are never said; types that hold them have a `Debug`
//! that hides them.

use crate::config::{LogConfig, LogFormat};
use crate::exit::{Exit, Failure};
use std::io::IsTerminal;
use tracing_subscriber::EnvFilter;

/// The libraries below say what operators need only when something is wrong.
const QUIET: &str = "libp2p=warn,libp2p_gossipsub=error,libp2p_swarm=warn,yamux=warn,hyper=warn,sled=warn";

/// What is said, of all that could be.
///
/// # Errors
/// When the level is no filter.
pub(crate) fn filter(config: &LogConfig) -> Result<EnvFilter, Failure> {
    let level = if config.level.is_empty() { "info" } else { &config.level };
    EnvFilter::try_new(format!("{QUIET},{level}")).map_err(|error| {
        Failure::new(Exit::Config, "AMN-1005", format!("log.level: {error}"), "use error, warn, info, debug or trace")
    })
}

/// Starts logging for this process; a second call changes nothing.
///
/// # Errors
/// When the level is no filter.
pub fn start(config: &LogConfig) -> Result<(), Failure> {
    let filter = filter(config)?;
    let is_terminal = std::io::stderr().is_terminal();
    let lines = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).with_target(false);
    // Colours are for people: what is redirected to a file is read by programs too.
    let lines = lines.with_ansi(is_terminal);
    let started = match form(config.format, is_terminal) {
        Form::Text => lines.try_init(),
        Form::Json => lines.json().flatten_event(true).try_init(),
    };
    if let Err(already) = started {
        tracing::debug!(%already, "logging had been started before");
    }
    Ok(())
}

/// How lines look in the end.
#[derive(Debug, PartialEq, Eq)]
enum Form {
    Text,
    Json,
}

fn form(format: LogFormat, is_terminal: bool) -> Form {
    match format {
        LogFormat::Text => Form::Text,
        LogFormat::Auto if is_terminal => Form::Text,
        LogFormat::Auto | LogFormat::Json => Form::Json,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn people_at_a_terminal_read_text_and_programs_json_unless_the_operator_says_otherwise() {
        assert_eq!([true, false].map(|is_terminal| form(LogFormat::Auto, is_terminal)), [Form::Text, Form::Json]);
        assert_eq!([true, false].map(|is_terminal| form(LogFormat::Text, is_terminal)), [Form::Text, Form::Text]);
        assert_eq!([true, false].map(|is_terminal| form(LogFormat::Json, is_terminal)), [Form::Json, Form::Json]);
    }
}
