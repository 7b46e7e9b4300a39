//! CE-1: who may do what with which data for which purpose, decided from consents alone.
//!
//! The engine evaluates one neutral form: [`evaluate()`] is a pure, total function of consents ([`Consent`]), a
//! [`Question`], a moment and a [`Policy`]; the same inputs have the same answer for ever. [`decide`] puts the ledger's
//! own documents and requests into that form; FHIR comes in from its own crate.
//!
//! A file for each step: who speaks (`applicability`, 1), whether a rule is about this exchange (`context`, `actor`, 2)
//! and this data (`data`, `labels`, 3), what the tree says (`tree`, `siblings`, 4), how consents combine (`combine`, 5), what
//! happens where none speaks (`default`, 6), emergencies (7), obligations (8), what to leave out of a query
//! (`query`, `partial`, `listing` and what those rest on, 9), and the narrowest lists where those leave nothing (`narrowed`,
//! `search`, `narrowest`). Research has its own matters: permitted uses ([`data_use`])
//! and permitted times ([`windows`]).

mod actor;
mod alike;
mod answer;
mod applicability;
mod barred;
mod candidate;
mod combine;
mod consent;
mod context;
mod data;
pub mod data_use;
mod decision;
mod default;
mod emergency;
mod enforced;
mod evaluate;
mod extent;
mod facts;
mod labels;
mod left_out;
mod listing;
mod named;
mod naming;
mod narrowed;
mod narrowest;
mod native;
mod obligation;
mod part;
mod partial;
mod party;
mod permitting;
mod policy;
mod query;
mod question;
mod redaction;
mod remainder;
mod request;
mod search;
mod several;
mod siblings;
mod span;
mod together;
mod tree;
mod unsaid;
mod voice;
mod way;
pub mod windows;
mod withheld;
mod witness;

pub use answer::{Answer, Consideration, Ground, ItemAnswer, Said};
pub use applicability::Applicability;
pub use candidate::{Candidate, Content, Standing};
pub use consent::{Class, Consent, ConsentRoot, ConsentStanding, Data, Records, Rule};
pub use decision::{Considered, ConsideredList, Decision, ItemDecision, Outcome, Reason, ReasonCode};
pub use emergency::Override;
pub use evaluate::evaluate;
pub use native::decide;
pub use obligation::{Due, Duty, Obligation};
pub use party::{Actor, Agent, Asker, Group, HeldRole, Identifier, Identifiers, Membership, Party, Side};
pub use policy::{EmergencyPolicy, EmergencyRefusal, Policy};
pub use question::{Asked, Attestation, Query, Question, Record};
pub use redaction::{Listed, Redacted, Redaction};
pub use request::{Item, Request, Requester};
pub use span::{Moment, Span};

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
