//! How hospitals agree: Simplex as a pure, stepped state machine.

pub mod application;
pub mod config;
pub mod evidence;
pub mod limits;
pub mod machine;
pub mod message;
pub mod output;
pub mod record;

pub use application::{Application, BlockFacts, BuildRequest, Content, Fill, Verdict};
#[cfg(feature = "mutants")]
pub use config::Mutant;
pub use config::{Config, Timing};
pub use evidence::{Evidence, EvidenceKind};
pub use machine::{FinalPoint, Floor, Machine, Standing, StartError};
pub use message::{BlockBytes, Message, Vote};
pub use output::{Alarm, Effect, FinalizedBlock, Input, Outgoing, Output, To};
pub use record::Record;
