//! A network of validators in one thread, under one seed.
//!
//! The validators are the real ones ([`amanah_node::validator::Validator`]): consensus, execution and mempool; a restart
//! reads the bytes of a real vote log and goes through the same start as a node. Time, network and disk are simulated:
//! messages are late, lost, doubled and reordered, links break in one or both directions, processes stop in the middle
//! of what they were doing and lose what was not synced, and up to f members lie ([`Adversary`]). After the faults the
//! network must move again, although the liars go on.
//!
//! Same seed, same run: [`Report::trace`] is a hash over everything that was delivered and committed.

mod campaign;
mod census;
mod clients;
mod disk;
mod faults;
mod liar;
mod matrix;
mod members;
mod network;
mod oracle;
mod peer;
mod plan;
mod random;
mod run;
mod scheme;

pub use campaign::{Next, campaign};
pub use census::Census;
pub use faults::Faults;
pub use liar::{Adversary, Deeds, Liar};
pub use matrix::Matrix;
pub use oracle::Violation;
pub use plan::{Course, Cut, Fixed, Memory, Moment, Plan};
pub use run::{Boundaries, Fork, Report, Summary, run};
pub use scheme::Scheme;
