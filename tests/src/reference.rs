//! A second reading of the decision rules CE-1, slow and plain, that the engine is compared with on random pairs.
//!
//! Who had seen what: steps 0 to 6 (`applicable`, `context`, `data`, `fit`, `tree`, `combined`, `words`) were written
//! before their author had read the engine. Steps 7 to 9 (`emergency`, `obligations`, `query` and what it rests on)
//! were written anew, from the specification and the project's pages for users, by a second author who never saw it,
//! and finished by a third who did not either. These two compared their reading with the engine's answers afterwards;
//! what was settled by an answer where the specification is silent is called a choice where it stands. Of the engine's
//! code the reading shares the declared types and the text of the vocabulary's tables.
//!
//! What CE-1 leaves open is decided in `docs/adr/0019-a-query-is-answered-for-all-that-it-may-find.md`:
//! - A requested kind of which the answer's lists leave nothing is denied: the lists are the engine's, so the comparison
//!   looks at that (`compare`). Where lists cannot say what is permitted, the engine may refuse more (`compare`); whether
//!   any lists could is worked out without looking at its own (`said`, by the engine's hands).
//! - The notice of 42 CFR part 2 goes with a query that names its label (`asking`).
//! - A query asks a custodian for what they keep, and for a time for what lies in it (`release`).
//! - An emergency is barred whole if all of a kind is refused for breaking the glass by name; else it overrides, and
//!   what is so refused is left out (`kind`, `release`).
//! - A ground is right if it is one of several that are true (`kind`).

pub mod applicable;
pub mod asking;
pub mod combined;
pub mod compare;
pub mod context;
pub mod data;
pub mod dice;
pub mod emergency;
pub mod facts;
pub mod fit;
pub mod found;
pub mod kind;
pub mod lines;
pub mod named;
pub mod obligations;
pub mod pairs;
pub mod query;
mod redacted;
pub mod release;
pub mod rules;
mod said;
pub mod shrink;
pub mod tree;
pub mod tried;
pub mod verdict;
pub mod withheld;
pub mod words;
