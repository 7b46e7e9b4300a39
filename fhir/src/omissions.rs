//! The rules of CE-1, each as a promise that holds with the rule and breaks without it.
//!
//! Every test builds one small world. In builds with the feature `mutants` it also leaves the rule out and expects the
//! promise to break; `cargo bugs` counts only those.

use amanah_ledger::mutant::Mutant;

mod consents;
mod context;
mod data;
mod import;
mod outcome;
mod queries;
mod research;
mod tree;

/// The promise holds; without the rule it does not.
#[track_caller]
fn needs(mutant: Mutant, promise: impl Fn() -> bool) {
    assert!(promise(), "with all rules");
    without(mutant, promise);
}

#[cfg(feature = "mutants")]
#[track_caller]
fn without(mutant: Mutant, promise: impl Fn() -> bool) {
    let holds = amanah_ledger::mutant::without(Some(mutant), promise);
    assert!(!holds, "without {} nobody misses it", mutant.name());
}

#[cfg(not(feature = "mutants"))]
fn without(_mutant: Mutant, _promise: impl Fn() -> bool) {}
