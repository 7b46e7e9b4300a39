//! A second reading of the decision rules CE-1, slow and plain, that the engine is compared with on random pairs.
//!
//! Who had seen what: steps 0 to 6 (`applicable`, `context`, `data`, `fit`, `tree`, `combined`, `words`) were written
//! before their author had read the engine. Steps 7 to 9 (`emergency`, `obligations`, `query` and what it rests on)
//! were written anew, from the specification and the project's pages for users, by a second author who never saw it,
//! and finished by a third who did not either. What lists can say, and which kinds are themselves redacted (`listed`,
//! `redacted`, `refusal`, `sayable`, `choice`, `entries`, `later`), was written by a fourth who never saw it, nor its
//! answers. Then they were compared; what was settled by an answer where the specification is silent is called a choice
//! where it stands. Of the engine's code the reading shares the declared types and the text of the vocabulary's tables.
//!
//! What was settled so of the fourth's part: a refusal below a refusal, one that an exception takes up whole, one beside a
//! refusal of everything, and one that says only its kind below another rule name no kind (`refusal`, `redacted`); a kind
//! that is named is permitted as far as the refusal gives it back (`redacted`); what a consent asks to be left out for itself
//! is due where it permits something of what is let out (`sayable`); and more sets of a few authors, labels or codes are
//! looked at, and three times as many records (`found`): the engine found lists that let none out of those looked at before.
//!
//! What CE-1 leaves open is decided in `docs/adr/0019-a-query-is-answered-for-all-that-it-may-find.md`:
//! - Of a kind that lists cannot say, or that is itself redacted, all is denied (`listed`).
//! - The notice of 42 CFR part 2 goes with a query that names its label (`asking`).
//! - A query asks a custodian for what they keep, and for a time for what lies in it (`release`).
//! - An emergency is barred whole if all of a kind is refused for breaking the glass by name, or if no lists say the rest;
//!   else it overrides, and what is so refused is left out (`kind`, `release`, `sayable`).
//! - A ground is right if it is one of several that are true (`kind`).

pub mod applicable;
pub mod asking;
#[cfg(test)]
mod by_hand;
mod choice;
#[cfg(test)]
mod choice_tests;
pub mod combined;
pub mod compare;
pub mod context;
pub mod data;
pub mod dice;
pub mod emergency;
mod entries;
pub mod facts;
pub mod fit;
pub mod found;
pub mod kind;
mod later;
pub mod lines;
pub mod listed;
#[cfg(test)]
mod listed_tests;
pub mod named;
pub mod obligations;
pub mod pairs;
pub mod query;
mod redacted;
#[cfg(test)]
mod redacted_tests;
mod refusal;
pub mod release;
pub mod rules;
mod sayable;
pub mod shrink;
pub mod tree;
pub mod tried;
pub mod verdict;
pub mod withheld;
pub mod words;
