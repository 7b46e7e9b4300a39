//! How hospitals agree: Simplex as a pure, stepped state machine.

pub mod application;
pub mod config;
pub mod evidence;
pub mod limits;
pub mod message;
pub mod output;
pub mod record;

mod certificate;
mod certify;
mod fetch;
mod finality;
mod justification;
mod leader;
pub mod machine;
mod peers;
mod pool;
mod propose;
mod recovery;
mod retry;
mod round;
mod safety;
mod status;
mod sync;
#[cfg(test)]
mod testing;
mod time;
mod timers;
mod vote;

pub use application::{Application, BlockFacts, BuildRequest, Content, Fill, Verdict};
#[cfg(feature = "mutants")]
pub use config::Mutant;
pub use config::{Config, Timing};
pub use evidence::{Evidence, EvidenceKind};
pub use machine::{FinalPoint, Floor, Machine, Standing, StartError};
pub use message::{BlockBytes, Message, Vote};
pub use output::{Alarm, Effect, FinalizedBlock, Input, Outgoing, Output, To};
pub use record::Record;
