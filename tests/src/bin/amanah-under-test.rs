//! The wallet's program, built with the tests so that scenarios start exactly the code they were compiled with.

use std::process::ExitCode;

fn main() -> ExitCode {
    amanah_cli::run(std::env::args_os())
}
