//! Who looked: each relationship's numbered log, its anchor in the day's access tree, and the wallet's check that
//! nothing was left out, altered or renumbered.

pub mod entry;

pub use entry::{EntryBody, EntryError, Event, LogEntry};
