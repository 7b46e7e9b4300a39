//! `amanahd status`

use super::{Answer, At, ops_client};
use crate::exit::{Exit, Failure};
use crate::ops;
use clap::Args;
use serde_json::{Map, Value};
use std::fmt::Write as _;

#[derive(Args)]
pub(super) struct Status {
    #[command(flatten)]
    at: At,
    #[command(flatten)]
    answer: Answer,
}

impl Status {
    pub(super) fn run(self) -> Exit {
        let outcome = self.ask();
        self.answer.give("status", outcome)
    }

    fn ask(&self) -> Result<(Map<String, Value>, String), Failure> {
        let (_code, body) = ops_client::get(&self.at.home, "/status")?;
        let strange = |error: serde_json::Error| {
            Failure::new(Exit::Failed, "AMN-0104", format!("an answer that is no status: {error}"), "check ops.listen")
        };
        let status: ops::Status = serde_json::from_str(&body).map_err(strange)?;
        let fields: Map<String, Value> = serde_json::from_str(&body).map_err(strange)?;
        Ok((fields, text(&status)))
    }
}

fn text(status: &ops::Status) -> String {
    let what = status.follows.as_ref().map_or_else(String::new, |member| format!(", follower of {member},"));
    let mut text = format!("{}{what} at height {}, view {}\n", status.name, status.height, status.view);
    for other in &status.validators {
        let link = if other.connected { "connected" } else { "not connected" };
        let height = other.height.map_or_else(|| "not heard".to_owned(), |height| format!("height {height}"));
        writeln!(text, "  {:<12} {link}, {height}", other.name).expect("writing to a string does not fail");
    }
    for reason in &status.unready {
        writeln!(text, "not ready: {reason}").expect("writing to a string does not fail");
    }
    for proven in &status.contradictions {
        let ops::Contradicted { member, kind, epoch, view, height } = proven;
        writeln!(text, "{member} contradicted itself: {kind} in epoch {epoch}, view {view}, proven at height {height}")
            .expect("writing to a string does not fail");
    }
    text
}
