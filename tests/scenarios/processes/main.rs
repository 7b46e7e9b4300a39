//! Scenarios with real processes: four hospitals on this machine, the wallet's program, and faults.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a scenario that cannot go on fails, with the place and the answer"
)]

mod access_log;
mod bench;
mod contract;
mod contradiction;
mod faults;
mod fhir_consents;
mod fhir_facade;
mod first_consent;
mod follower;
mod harness;
mod idle;
mod liar;
mod officer;
mod pages;
mod receipts;
mod requests;
mod why;
