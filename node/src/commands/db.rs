//! `amanahd db`

use super::{Answer, At};
use crate::db_check::{self, Check, State};
use crate::exit::Exit;
use clap::{Args, Subcommand};
use serde_json::{Map, json};

#[derive(Subcommand)]
pub(super) enum Db {
    /// Checks vote log, ledger, private store and keys; changes nothing. Exits 13 if something is damaged.
    Check(DbCheck),
}

#[derive(Args)]
pub(super) struct DbCheck {
    #[command(flatten)]
    at: At,
    #[command(flatten)]
    answer: Answer,
}

impl DbCheck {
    pub(super) fn run(self) -> Exit {
        let checks = match db_check::check(&self.at.home) {
            Ok(checks) => checks,
            Err(failure) => return self.answer.give("db.check", Err(failure)),
        };
        let listed = checks.iter().map(|check| {
            let state = check.state.word();
            json!({"what": check.what, "path": check.path, "state": state, "detail": check.detail, "fix": check.fix})
        });
        let listed = listed.collect();
        let fields = Map::from_iter([("checks".to_owned(), listed)]);
        let text: String = checks.iter().map(line).collect();
        self.answer.give_known("db.check", fields, &text, db_check::verdict(&checks))
    }
}

fn line(check: &Check) -> String {
    let head = format!("{:<11} {:<8} {}  {}\n", check.what, check.state.word(), check.path.display(), check.detail);
    match (&check.state, &check.fix) {
        (State::Damaged | State::Missing, Some(fix)) => format!("{head}            fix: {fix}\n"),
        (State::Ok | State::Damaged | State::Missing, _) => head,
    }
}
