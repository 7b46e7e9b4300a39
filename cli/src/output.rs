//! How answers are printed: one JSON object for scripts, plain sentences for people.
//!
//! With `--json`, stdout holds exactly one object whatever the exit code and stderr never holds JSON. Without it, the
//! answer goes to stdout and failures to stderr. A closed pipe is not an error: whoever closed it has read enough.

use crate::exit::Exit;
use crate::failure::Failure;
use serde_json::{Map, Value, json};
use std::io::Write;

/// What a command found or did.
#[derive(Debug)]
pub(crate) struct Report {
    /// [`Exit::Ok`] or [`Exit::Denied`].
    pub(crate) exit: Exit,
    /// The fields of the JSON object, without `schema`.
    pub(crate) fields: Map<String, Value>,
    /// The same for people.
    pub(crate) text: String,
}

/// Who reads the answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reader {
    /// Somebody at a terminal.
    Person,
    /// A script: `--json`.
    Script,
}

impl Report {
    /// A successful answer. `fields` must be a JSON object.
    pub(crate) fn ok(fields: Value, text: impl Into<String>) -> Self {
        let fields = match fields {
            Value::Object(map) => map,
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => Map::new(),
        };
        Self { exit: Exit::Ok, fields, text: text.into() }
    }

    /// Adds a field to the answer.
    pub(crate) fn field(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.fields.insert(name.to_owned(), value.into());
        self
    }
}

/// The one JSON object of an answer.
pub(crate) fn json_answer(command: &str, answer: &Result<Report, Box<Failure>>) -> Value {
    let mut object = Map::new();
    object.insert("schema".to_owned(), format!("amanah.{command}/1").into());
    match answer {
        Ok(report) => object.extend(report.fields.clone()),
        Err(failure) => {
            object.extend(failure.fields.clone());
            let detail = match &failure.state {
                Some(state) => format!("{}; {state}", failure.detail),
                None => failure.detail.clone(),
            };
            let error = json!({ "code": failure.code, "detail": detail, "fix": failure.fix });
            object.insert("error".to_owned(), error);
        }
    }
    Value::Object(object)
}

/// A failure as people read it: what, the state of the world, and the fix last.
pub(crate) fn failure_text(failure: &Failure, colour: bool) -> String {
    let head = if colour {
        format!("\u{1b}[1;31merror[{}]\u{1b}[0m", failure.code)
    } else {
        format!("error[{}]", failure.code)
    };
    let mut text = format!("{head}: {}\n", failure.detail);
    if let Some(state) = &failure.state {
        text.push_str(&format!("  {state}\n"));
    }
    text.push_str(&format!("  fix: {}\n", failure.fix));
    text
}

/// Prints the answer and tells how the program exits.
pub(crate) fn print(command: &str, reader: Reader, answer: &Result<Report, Box<Failure>>) -> Exit {
    let exit = match answer {
        Ok(report) => report.exit,
        Err(failure) => failure.exit,
    };
    debug_assert_eq!(exit.is_error(), answer.is_err(), "a failure is neither done nor denied");
    match (reader, answer) {
        (Reader::Script, _) => to_stdout(&format!("{}\n", json_answer(command, answer))),
        (Reader::Person, Ok(report)) => to_stdout(&ensure_newline(&report.text)),
        (Reader::Person, Err(failure)) => note(&failure_text(failure, is_coloured())),
    }
    exit
}

/// `NO_COLOR` wins, whatever else the environment asks for.
fn is_coloured() -> bool {
    std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty()) && console::colors_enabled_stderr()
}

/// A line for the person at the terminal, on stderr; never JSON.
pub(crate) fn note(text: &str) {
    // Nobody is left to be told that stderr is closed.
    std::io::stderr().lock().write_all(ensure_newline(text).as_bytes()).ok();
}

fn to_stdout(text: &str) {
    let mut out = std::io::stdout().lock();
    // A reader that has closed the pipe has read enough.
    out.write_all(text.as_bytes()).and_then(|()| out.flush()).ok();
}

fn ensure_newline(text: &str) -> String {
    if text.is_empty() || text.ends_with('\n') { text.to_owned() } else { format!("{text}\n") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_keeps_the_fields_that_are_known_and_says_what_to_do() {
        let failure = Failure::new(Exit::NotFinal, 301, "sent, but not final after 15 s", "amanah list")
            .state("it will count by itself")
            .field("final", false);
        let object = json_answer("grant", &Err(failure));
        assert_eq!(object["schema"], "amanah.grant/1");
        assert_eq!(object["final"], false);
        assert_eq!(object["error"]["code"], "AMN-0301");
        assert_eq!(object["error"]["fix"], "amanah list");
        assert_eq!(object["error"]["detail"], "sent, but not final after 15 s; it will count by itself");
    }

    #[test]
    fn people_read_what_happened_then_the_state_then_the_fix() {
        let failure = Failure::new(Exit::Usage, 223, "\"6m\" could mean minutes or months", "--until 6mo")
            .state("nothing was sent");
        let text = failure_text(&failure, false);
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(
            lines,
            ["error[AMN-0223]: \"6m\" could mean minutes or months", "  nothing was sent", "  fix: --until 6mo"]
        );
        assert!(failure_text(&failure, true).contains("\u{1b}["));
    }

    #[test]
    fn an_answer_has_its_schema_and_no_error() {
        let object = json_answer("list", &Ok(Report::ok(json!({ "consents": [] }), "none")));
        assert_eq!(object, json!({ "schema": "amanah.list/1", "consents": [] }));
    }
}
