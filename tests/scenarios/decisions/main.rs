//! The decision engine: beside a second reading of its specification, and in cases that the comparison has found.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a scenario that cannot go on fails, with the place and the answer"
)]

mod beside;
mod cases;
mod lists;
mod most;
mod narrowest;
mod queries;
mod second_reading;
