//! The programs of the project, built with the tests so that scenarios start exactly the code they were compiled with:
//! `amanahd` under that name, the wallet's `amanah` under any other.

use std::ffi::OsString;
use std::path::Path;
use std::process::ExitCode;

fn main() -> ExitCode {
    let arguments: Vec<OsString> = std::env::args_os().collect();
    let name = arguments.first().and_then(|program| Path::new(program).file_name());
    if name.is_some_and(|name| name == "amanahd") { amanah_node::run(arguments) } else { amanah_cli::run(arguments) }
}
