//! `amanahd run`

use super::At;
use amanah_node::exit::Exit;
use amanah_node::node;
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
