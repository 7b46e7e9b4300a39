//! `amanahd run`

use super::At;
use crate::exit::Exit;
use crate::node;
use clap::Args;

#[derive(Args)]
pub(super) struct Run {
    #[command(flatten)]
    at: At,
}

impl Run {
    pub(super) fn run(self) -> Exit {
        node::run(&self.at.home)
    }
}
