//! Scenarios with real processes: four hospitals on this machine, the wallet's program, and faults.

mod access_log;
mod faults;
mod first_consent;
mod harness;
mod idle;
mod liar;
mod receipts;
