//! `amanahd healthcheck`

use super::{Answer, At, ops_client};
use crate::exit::{Exit, Failure};
use clap::Args;
use serde_json::Map;

#[derive(Args)]
pub(super) struct Healthcheck {
    #[command(flatten)]
    at: At,
    #[command(flatten)]
    answer: Answer,
}

impl Healthcheck {
    pub(super) fn run(self) -> Exit {
        let outcome = ops_client::get(&self.at.home, "/readyz").and_then(|(code, body)| match code {
            200 => Ok((Map::new(), body)),
            _unready => Err(Failure::new(
                Exit::Failed,
                "AMN-0105",
                body.trim().replace('\n', "; "),
                "amanahd status --home DIR",
            )),
        });
        self.answer.give("healthcheck", outcome)
    }
}
