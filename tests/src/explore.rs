//! Every way things can go, for four members and a few views: an exhaustive search over the real
//! [`amanah_consensus::Machine`].
//!
//! One member lies (two, where a fork must be found): it has signed everything, proposes two blocks on every parent and
//! shows what it likes to whom it likes. Messages come in any order, twice, late or never; every armed deadline may come
//! at any moment; one honest member may stop at any point and start again from what was durable.
//!
//! # What can arrive
//! A certificate carries the liars and honest members that said its content on the path at hand, nobody else: what
//! evidence is drawn from it is true, and evidence against an honest member is a violation. It may arrive as soon as
//! these make a quorum ([`arrivals`]). What was said stays said, so what is on its way needs no state.
//!
//! # How the search stays small
//! - A state is the place of each honest member ([`place`]): the machine's own fingerprint, signers of its certificates
//!   included, with vote log, store, everything it ever said, proposed and called final, and whom it accused.
//! - The places of a member are found by stepping its real machine, each input at each place once ([`places`]). Where two
//!   paths meet in one place, both machines are compared in what they do next, at distances that grow.
//! - A member's steps that nobody else can notice are taken only together with a next one that somebody can ([`ways`]).
//!   That no state of a machine is lost by it is tested: one view leads to the same step by step.
//! - Of the honest members that said a content, the first by place sign ([`Signers::First`]). Machines that differ in who
//!   signed what they hold are lost by it, no votes and no final blocks of one view; [`Signers::Any`] is searched there.
//! - Single votes ([`Votes::Single`]) are searched in one view only. Elsewhere votes come as the certificates they make: a
//!   leader's Nullify makes others give up earlier, which their deadlines do at any moment as well.
//! - A liar's proposal comes to a member in its view ([`Paths::Fewest`]): one that came before waits for that view.
//! - Blocks carry no time that differs between paths; no clock moves. "Δ has passed" is an input of its own.
//!
//! # What it does not cover
//! More than four members; views beyond the bound, states beyond the cut; a liar's proposal that carries certificates
//! itself; several certificates in one message, but for those inside an honest proposal; catch-up by height; seal blocks;
//! silence, retries and rates; wrong signatures (fuzzed instead); more than one crash.

mod alphabet;
mod arrivals;
mod bits;
pub(crate) mod block;
mod guilt;
pub(crate) mod keys;
mod member;
mod oracle;
mod outcome;
mod path;
mod place;
mod places;
mod random;
mod search;
mod setting;
mod start;
mod states;
mod suite;
mod ways;

pub use block::Supply;
pub(crate) use member::excludes;
pub use outcome::{End, Event, Found, Outcome};
pub(crate) use random::Random;
pub use search::Search;
pub use setting::{Memory, Oracle, Paths, Second, Setting, Signers, Votes};
pub use suite::{Entry, Expected, STATES_MIN, suite};
