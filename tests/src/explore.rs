//! Every way things can go, for four members and a few views: an exhaustive search over the real
//! [`amanah_consensus::Machine`].
//!
//! One member lies (two, where a fork must be found): it has signed everything, proposes two blocks on every parent and
//! shows what it likes to whom it likes. Messages come in any order, twice, late or never; every armed deadline may come
//! at any moment; one honest member may stop at any point and start again from what was durable.
//!
//! # How the search stays small
//! - A state is the place of each honest member ([`place`]). What is on its way needs no state: what a member said stays
//!   said, and what can arrive follows from what was said.
//! - The places of a member are found by stepping its real machine, each input at each place once ([`places`]). The name
//!   of a place is the machine's own fingerprint with vote log, store and everything it ever said. Where two paths meet
//!   in one place, both machines are compared in what they do next.
//! - A certificate may arrive as soon as honest votes and liars make it. Single votes ([`Votes::Single`]) do nothing else
//!   that matters here: a leader's Nullify makes others give up earlier, which their deadlines do at any moment as well.
//! - A liar's two blocks on one parent differ in nothing but their names: the one shown first is the first.
//! - A certificate is signed by the liars and by the first honest members that said it. Which honest ones decides only
//!   who is asked for a block, and blocks may always arrive.
//! - Blocks carry no time that differs between paths; no clock moves. "Δ has passed" is an input of its own.
//!
//! No step is dropped by partial-order reduction: steps of two members commute, but each may add to what can arrive at
//! the other.
//!
//! # What it does not cover
//! More than four members; views beyond the bound; several certificates in one message, but for those inside an honest
//! proposal; catch-up by height; seal blocks; wrong signatures (fuzzed instead); more than one crash.

mod alphabet;
mod bits;
pub(crate) mod block;
pub(crate) mod keys;
mod member;
mod oracle;
mod place;
mod places;
mod random;
mod search;
mod setting;
mod states;
mod suite;

pub use block::Supply;
pub(crate) use member::excludes;
pub(crate) use random::Random;
pub use search::{End, Event, Found, Outcome, Search};
pub use setting::{Memory, Oracle, Second, Setting, Votes};
pub use suite::{Entry, suite};
