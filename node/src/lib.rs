//! How a hospital runs the ledger: the library of `amanahd`.

pub mod config;
pub mod custodian;
pub mod exit;
pub mod health;
pub mod home;
pub mod log;
pub mod mempool;
pub mod metrics;
pub mod network;
pub mod ops;
pub mod vote_log;
