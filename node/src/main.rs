//! `amanahd`: runs a hospital's node.

use std::process::ExitCode;

fn main() -> ExitCode {
    amanah_node::run(std::env::args_os())
}
