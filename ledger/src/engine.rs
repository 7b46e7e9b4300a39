//! CE-1: who may do what with which data for which purpose, decided from consents alone.
//!
//! [`decide`] is a pure, total function of consents, request, moment and policy; the same inputs have the same answer
//! for ever. Steps are those of the rule book: what applies, whether a rule's context fits, whether its data fits,
//! what the tree says, how several consents combine, and what the network does where none speaks.

mod candidate;
mod combine;
mod decision;
mod evaluate;
mod request;

pub use candidate::{Candidate, Content, Standing};
pub use combine::decide;
pub use decision::{Considered, ConsideredList, Decision, ItemDecision, Outcome, Reason, ReasonCode};
pub use request::{Item, Policy, Request, Requester};

/// Version of the rules. It stands in every decision receipt; a change of any answer is a new version.
pub const ENGINE_VERSION: u32 = 1;
/// Most items of one request.
pub const ITEMS_MAX: usize = 64;
/// Most consents in force of one relationship. A custodian accepts no more, a receipt names no more.
pub const CONSENTS_MAX: usize = 256;

#[cfg(test)]
mod properties;
#[cfg(test)]
mod tests;
