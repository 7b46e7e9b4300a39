//! `cargo run -p amanah-tests --bin fuzz-seeds -- DIR`: writes the inputs that each fuzz target accepts to DIR/TARGET, for
//! `cargo fuzz` to start from.

use amanah_tests::fuzz::TARGETS;
use clap::Parser;
use std::path::PathBuf;

/// Writes the seeds of all fuzz targets.
#[derive(Parser)]
struct Arguments {
    /// Where to: a directory per target is made in it.
    dir: PathBuf,
}

fn main() -> std::io::Result<()> {
    let Arguments { dir } = Arguments::parse();
    for target in &TARGETS {
        let dir = dir.join(target.name);
        std::fs::create_dir_all(&dir)?;
        let seeds = (target.seeds)();
        for (number, seed) in seeds.iter().enumerate() {
            std::fs::write(dir.join(format!("seed-{number}")), seed)?;
        }
        println!("{}: {} seeds", target.name, seeds.len());
    }
    Ok(())
}
