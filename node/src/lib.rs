//! How a hospital runs the ledger: the library of `amanahd`.

pub mod custodian;
pub mod vote_log;
