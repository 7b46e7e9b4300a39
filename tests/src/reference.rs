//! A second reading of the decision rules CE-1: slow, plain, and written from the specification before its author had
//! read the engine. It shares the engine's declared types and the text of the vocabulary's tables, and nothing else.
//!
//! The numbers of steps are those of CE-1. Questions for records, one by one, are answered in full here. What is left
//! out of a query (step 9) is not written a second time: [`release`] judges it by its promise, that nothing is released
//! which would have been refused by itself.
//!
//! Its author had seen the bodies of `redaction.rs`, `obligation.rs` and `emergency.rs` of the engine, which declare
//! types; for steps 7 to 9 the second pair of hands is less of a stranger than for steps 0 to 6.

pub mod applicable;
pub mod combined;
pub mod compare;
pub mod context;
pub mod data;
pub mod dice;
pub mod fit;
pub mod pairs;
pub mod release;
pub mod rules;
pub mod shrink;
pub mod tree;
pub mod verdict;
pub mod words;

pub use applicable::Stand;
pub use verdict::{ItemVerdict, Terms, Verdict, verdict};
