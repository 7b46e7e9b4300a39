//! How a hospital runs the ledger: the library of `amanahd`.

pub mod config;
pub mod custodian;
pub mod exit;
pub mod home;
pub mod metrics;
pub mod network;
pub mod vote_log;
