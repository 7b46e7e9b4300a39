//! See `tests/src/fuzz`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| amanah_tests::fuzz::run("schedules", bytes));
