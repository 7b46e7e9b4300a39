//! Inputs under fixed seeds through every function that `cargo fuzz` runs: nothing panics, everything accepted is true,
//! and memory stays small. `AMANAH_FUZZ_INPUTS` runs more per function, `AMANAH_FUZZ_SEED` others.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a scenario that cannot go on fails, with the place and the answer"
)]

use amanah_tests::fuzz::{Mutator, TARGETS, Target, Verdict};
use std::time::{Duration, Instant};

/// Inputs per function.
const INPUTS: u64 = 40_000;
/// No function takes longer; what was not run is said.
const TIME_MAX: Duration = Duration::from_secs(9);
/// Peak memory of the whole test; the largest input is a few KiB, the largest length it can claim 4 GiB.
const MEMORY_MAX_KB: u64 = 512 * 1024;

fn number(name: &str, default: u64) -> u64 {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(default)
}

/// Peak resident memory, where the system tells.
fn peak_kb() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().trim_end_matches(" kB").parse().ok()
}

fn run(target: &Target, seed: u64) -> (u64, u64) {
    let mut inputs = Mutator::new(seed, (target.seeds)());
    let (mut accepted, mut refused, begin) = (0, 0, Instant::now());
    for _ in 0..number("AMANAH_FUZZ_INPUTS", INPUTS) {
        let input = inputs.next_input();
        let verdict = std::panic::catch_unwind(|| (target.run)(&input))
            .unwrap_or_else(|_| panic!("{}: input {}", target.name, hex::encode(&input)));
        match verdict {
            Verdict::Accepted => accepted += 1,
            Verdict::Refused => refused += 1,
        }
        if std::env::var_os("AMANAH_FUZZ_INPUTS").is_none() && begin.elapsed() > TIME_MAX {
            break;
        }
    }
    (accepted, refused)
}

#[test]
fn whatever_comes_in_is_refused_or_true() {
    let seed = number("AMANAH_FUZZ_SEED", 1);
    let mut total = 0;
    for target in &TARGETS {
        let begin = Instant::now();
        let (accepted, refused) = run(target, seed);
        total += accepted + refused;
        println!("{}: {accepted} accepted, {refused} refused, {:.1} s", target.name, begin.elapsed().as_secs_f64());
        assert!(accepted > 0 && refused > 0, "{}: {accepted} accepted, {refused} refused", target.name);
    }
    let peak = peak_kb();
    println!("fuzzed {total} inputs, seed {seed}, at most {} MiB of memory", peak.unwrap_or(0) / 1024);
    assert!(peak.is_none_or(|peak| peak < MEMORY_MAX_KB), "{peak:?} kB");
}

#[test]
fn every_seed_input_is_accepted() {
    for target in &TARGETS {
        for input in (target.seeds)() {
            assert_eq!((target.run)(&input), Verdict::Accepted, "{}: {}", target.name, hex::encode(&input));
        }
    }
}

#[test]
fn no_input_is_too_short() {
    for target in &TARGETS {
        assert_eq!((target.run)(&[]), Verdict::Refused, "{}", target.name);
        for first in 0..=u8::MAX {
            (target.run)(&[first]);
        }
    }
}
