//! `amanah`: the program. Everything it does is in the library.

fn main() -> std::process::ExitCode {
    amanah_cli::run(std::env::args_os())
}
