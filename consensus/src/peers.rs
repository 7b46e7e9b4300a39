//! What each other validator has shown us, and how much of our work it may still use.

use crate::limits::{BAD_SIGNATURES_MAX, SERVE_BYTES_BURST, SERVE_BYTES_PER_SECOND};
use crate::message::Status;
use crate::time::Offset;
use amanah_ledger::committee::ValidatorIndex;
use amanah_ledger::position::{Height, View};
use amanah_ledger::time::UnixMs;

/// One other validator.
#[derive(Debug, Clone)]
pub(crate) struct Peer {
    /// Whether its stream is open.
    pub(crate) is_connected: bool,
    /// When it last said anything or its stream opened; `None` from when it broke.
    pub(crate) heard_at: Option<u64>,
    /// The highest view that it showed to be in, or to have left a view below.
    pub(crate) view: View,
    /// The highest view that it showed to know as final.
    pub(crate) final_view: View,
    /// Its final height by its last status, for sync.
    pub(crate) final_height: Option<Height>,
    /// Its last status.
    pub(crate) status: Option<Heard>,
    /// Its clock.
    pub(crate) offset: Option<Offset>,
    bad: u32,
    budget: Budget,
}

/// A status and when it came.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Heard {
    pub(crate) status: Status,
    pub(crate) at: u64,
    pub(crate) wall: UnixMs,
    /// Whether its has_work still counts: no block became final since.
    pub(crate) is_hint: bool,
}

/// Bytes that may be served, refilled over time (Catch-up).
#[derive(Debug, Clone, Copy)]
struct Budget {
    bytes: u64,
    at: u64,
}

/// What a validator said of its clock, and what ours showed when that came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClockReading {
    /// Its clock when it spoke.
    pub theirs: UnixMs,
    /// Our clock when we heard it.
    pub ours: UnixMs,
}

impl ClockReading {
    pub(crate) fn of(heard: Heard) -> Self {
        Self { theirs: heard.status.time, ours: heard.wall }
    }
}

/// All validators, by index; our own entry stays untouched.
#[derive(Debug, Clone)]
pub(crate) struct Peers(Vec<Peer>);

impl Peers {
    pub(crate) fn new(n: usize) -> Self {
        let peer = Peer {
            is_connected: false,
            // Nobody is silent before it had the time to speak.
            heard_at: Some(0),
            view: View(0),
            final_view: View(0),
            final_height: None,
            status: None,
            offset: None,
            bad: 0,
            budget: Budget { bytes: SERVE_BYTES_BURST, at: 0 },
        };
        Self(vec![peer; n])
    }

    pub(crate) fn get(&self, index: ValidatorIndex) -> Option<&Peer> {
        self.0.get(usize::from(index.0))
    }

    pub(crate) fn get_mut(&mut self, index: ValidatorIndex) -> Option<&mut Peer> {
        self.0.get_mut(usize::from(index.0))
    }

    /// All, in order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (ValidatorIndex, &Peer)> {
        (0..=u8::MAX).map(ValidatorIndex).zip(&self.0)
    }

    /// Whether it was heard within `silence_ms`.
    pub(crate) fn is_alive(&self, index: ValidatorIndex, now: u64, silence_ms: u64) -> bool {
        let heard = self.get(index).and_then(|peer| peer.heard_at);
        heard.is_some_and(|at| now.saturating_sub(at) <= silence_ms)
    }

    /// It proved to be in `view` or later.
    pub(crate) fn shows_view(&mut self, index: ValidatorIndex, view: View) {
        if let Some(peer) = self.get_mut(index) {
            peer.view = peer.view.max(view);
        }
    }

    /// It proved to know that `view` is final.
    pub(crate) fn shows_final(&mut self, index: ValidatorIndex, view: View) {
        if let Some(peer) = self.get_mut(index) {
            peer.final_view = peer.final_view.max(view);
        }
    }

    /// It sent a signature that does not hold.
    pub(crate) fn sent_bad_signature(&mut self, index: ValidatorIndex) {
        if let Some(peer) = self.get_mut(index) {
            peer.bad = peer.bad.saturating_add(1);
        }
    }

    /// Whether its signatures are still worth checking in this view.
    pub(crate) fn is_trusted_to_sign(&self, index: ValidatorIndex) -> bool {
        self.get(index).is_some_and(|peer| peer.bad < BAD_SIGNATURES_MAX)
    }

    /// A new view or a new status period, a new chance: a fault of the line must not shut somebody out for ever.
    pub(crate) fn forgive(&mut self) {
        for peer in &mut self.0 {
            peer.bad = 0;
        }
    }

    /// What was said about work before is about what is final now.
    pub(crate) fn forget_hints(&mut self) {
        for peer in &mut self.0 {
            if let Some(heard) = &mut peer.status {
                heard.is_hint = false;
            }
        }
    }

    /// Takes `bytes` from what may be served to it; false if there is not enough.
    pub(crate) fn spend(&mut self, index: ValidatorIndex, bytes: u64, now: u64) -> bool {
        let Some(peer) = self.get_mut(index) else { return false };
        let refill = now.saturating_sub(peer.budget.at).saturating_mul(SERVE_BYTES_PER_SECOND) / 1000;
        let available = peer.budget.bytes.saturating_add(refill).min(SERVE_BYTES_BURST);
        let is_enough = available >= bytes;
        peer.budget = Budget { bytes: if is_enough { available - bytes } else { available }, at: now };
        is_enough
    }
}

#[cfg(feature = "explore")]
impl Peer {
    pub(crate) fn bad_signatures(&self) -> u32 {
        self.bad
    }
}
