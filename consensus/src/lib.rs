//! How hospitals agree on one chain of blocks: Simplex (Chan, Pass, TCC 2023) as a pure machine, stepped by inputs. No
//! clock, no i/o, no randomness, no threads: the same inputs give the same outputs everywhere. [`Machine::step`] takes
//! an [`Input`] and gives an [`Output`]; the driver makes its records durable, then sends its messages, then performs
//! its effects.
//!
//! `n` validators have one vote each, `f = ⌊(n-1)/3⌋` of them may lie, `q = ⌊(n+f)/2⌋+1` votes certify. Time is cut into
//! *views*, each with one leader. A view ends when a quorum notarizes the leader's block or gives the view up.
//!
//! # The rules of an honest validator in view `v`
//! - **R0 Enter.** Any certificate of a view `w ≥ v` (Notarization, Nullification, Finalization) moves us to `w+1`. The
//!   block need not be held. Nobody goes back. What was jumped over is asked for.
//! - **R1 Propose**, once, as leader: on the block of the highest `p < v` that is certified, held and valid, with
//!   Nullifications of all views between. The proposal carries all these certificates. More than 16 unfinalized blocks
//!   on top of each other: only an empty one may follow.
//! - **R2 Notarize**, one content per view: the leader's first proposal, if its justification verifies, its parent is
//!   held and valid and not below the newest final block, and it is valid (R9), timely (T2, T3) and not too deep. An
//!   empty block only if its parent was certified for Δ and is not final. Allowed after our own Nullify.
//! - **R3 Nullify** the current view, never after Finalize of it: no proposal for t_l = 2Δ, no certificate for t_a = 3Δ,
//!   proposal refused, leader gave up or is silent. Only while there is work; an idle network stays in its view.
//! - **R4 Finalize** a notarized block once it and its ancestors are held and judged valid, never after Nullify of its
//!   view. Possible from a later view.
//! - **R5 Final.** A Finalization makes its block and all its ancestors final, in height order, each once.
//! - **R6 Pass on** every new certificate, once, to whoever did not show it; a notarized block to the next leader.
//! - **R7 Wait is not Invalid.** A verdict is a pure function of block and parent. What is missing, early or deep waits.
//!   A fault of a proposal (wrong view, wrong parent) is no verdict over its block.
//! - **R8 Stop signing** and raise an alarm if a quorum certified what we judge invalid, or two certificates exclude
//!   each other.
//! - **R9 Validity** is the application's ([`Application::judge`]), as is the identity of a block with all its bytes
//!   ([`Application::open`]).
//! - **R10 Repeat** what is open (votes as first signed, certificates, the proposal) after 4Δ, doubling to 10 s. Votes
//!   that wait for others who have nothing to do wait, too.
//! - **R11 Pull.** With every repeat the driver offers the ids of pending transactions ([`Effect::OfferPending`]).
//! - **T1** a block is later than its parent (validity). **T2** we vote when our clock is at most 500 ms behind the
//!   block's time. **T3** a block that was more than 500 ms + t_a old when it came is refused for its view.
//!
//! # Why there is no fork
//! (i) Two quorums share an honest voter, so a view has at most one notarized block. (ii) R3 and R4 exclude each other,
//! so no view has both a Finalization and a Nullification. (iii) A Finalization implies a Notarization of the same
//! block. (iv) Let block `b` be finalized in `v`, and let `w > v` be the least view with a notarized block that does not
//! descend from `b`. An honest voter checked its parent view `p` and Nullifications of all views between `p` and `w`.
//! `p < v` contradicts (ii), `p = v` contradicts (i), `p > v` contradicts that `w` is the least. ∎
//!
//! What the proof needs is enforced in `safety`, `justification` and `certificate` alone: `safety` owns the key and
//! signs only for witnesses that the other two can make. What was signed is durable before it is sent; after a crash
//! `recovery` brings it back, from the records in any order.
//!
//! # Why it goes on, once messages arrive within Δ
//! All honest validators enter a view within Δ of the first (R6). An honest leader ships everything a voter needs and
//! reaches all by 2Δ; votes are there by 3Δ. A leader that fails costs its view, at most f in a row; waits grow when more
//! fail. A block whose view f+1 gave up becomes final through a child, an empty one if need be. After a crash of all, the
//! logs together hold every certificate that the given votes rest on (Durability).
//!
//! # Deviations from the paper, each with its reason
//! - Quorum `⌊(n+f)/2⌋+1`, one smaller than `n-f` where 3 divides `n`: it still intersects in an honest vote, and six
//!   hospitals survive two crashes.
//! - Proposals carry their justification, so that checking one needs no fetch; certificates missing after a jump are
//!   asked for by view.
//! - Timers depend on work: an idle ledger writes nothing. Work is never derived from what others say they have, or the
//!   network would keep itself awake.
//! - Early Nullify: for a refused proposal, after the leader's own Nullify, for a silent leader.
//! - A validator whose stream broke counts as silent at once; one never heard, after 15 s. A hint only: it costs at most
//!   the view of a leader that reconnects meanwhile, and is heeded while at most f views in a row have failed.
//! - At the depth bound a leader waits until its tip is stale before the empty block: an immediate one would be refused
//!   by whoever saw the Finalization arrive.
//! - The entry certificate is logged when a view is entered and becomes durable with the next vote.
//! - A run of final blocks too long for one sync answer is answered by its certified end; the ancestors follow by digest.
//! - A status that shows its sender behind is answered with what it lacks; it need not ask.
//! - Votes are taken from their signer's own stream only: there is a stream between any two validators.
//!
//! # Not built yet
//! - Change of the committee: seal blocks are accepted, proposed again, finalized and close the epoch, but nothing asks
//!   for one and no next epoch starts.
//! - Signed freshness statements about the head (the domain exists; see `safety`).
//! - Certificates of finalized views are kept in memory for 64 views only: who signed a fork that comes to light later
//!   is not found out from them. Those of views since the newest Finalization have no cap but time's
//!   ([`limits::OPEN_VIEWS_PER_HOUR`]).
//!
//! A stop ([`Alarm::Fork`], [`Alarm::CertifiedInvalid`]) is for the driver to remember over a restart: it must not start
//! a machine with this key again until a person has looked.

pub mod accountability;
pub mod application;
pub mod config;
pub mod evidence;
pub mod holdings;
pub mod limits;
pub mod machine;
pub mod message;
pub mod output;
pub mod record;

// Safety-critical: who may say what, and why.
mod certificate;
mod justification;
mod safety;

// What is known.
mod book;
mod leader;
mod peers;
mod pool;
mod round;
mod time;

// What is done about it.
mod certify;
#[cfg(feature = "explore")]
mod explore;
mod fetch;
mod finality;
mod lines;
mod propose;
mod recovery;
mod retry;
mod status;
mod sync;
mod timers;
mod vote;

#[cfg(test)]
mod testing;

#[cfg(feature = "mutants")]
pub use amanah_ledger::mutant::Mutant;
pub use application::{Application, BlockFacts, BuildRequest, Content, Fill, Verdict};
pub use config::{Config, Timing};
pub use evidence::{Evidence, EvidenceKind};
#[cfg(feature = "explore")]
pub use explore::Deadline;
pub use holdings::Holdings;
pub use machine::{FinalPoint, Floor, Machine, Standing, StartError};
pub use message::{BlockBytes, Message, Vote};
pub use output::{Alarm, Effect, FinalizedBlock, Input, Outgoing, Output, To};
pub use peers::ClockReading;
pub use record::Record;
pub use round::Voted;
