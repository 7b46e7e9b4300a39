//! Who looked: each relationship's numbered log, its place in the custodian's access tree of the day, and the
//! wallet's check that nothing was left out, altered or renumbered.

pub mod anchored;
mod chain_of_entries;
pub mod check;
pub mod day_tree;
pub mod entry;
pub mod position;
pub mod replay;

pub use anchored::AnchoredDays;
pub use check::{Checked, LogError, Shown, Subject, check};
pub use day_tree::{DayProof, DayState, DayTree};
pub use entry::{DecisionReceipt, EnrolmentEntry, EntryBody, EntryError, Event, Gap, LogEntry, Proofing};
pub use position::Position;
