//! Rules left out on purpose: each promise holds with all rules, and is broken, in the way the test names, without one.

mod alone;
mod together;

use amanah_consensus::Mutant;

/// What a promise says about a validator, or a network of them, that lacks a rule or none: what was seen instead.
type Promise = fn(Option<Mutant>) -> Result<(), &'static str>;

/// The promise holds with all rules, and without this one the world does `instead`.
fn needs(mutant: Mutant, instead: &'static str, promise: Promise) {
    assert_eq!(promise(None), Ok(()), "with all rules");
    assert_eq!(promise(Some(mutant)), Err(instead), "without {}", mutant.name());
    println!("left out {}: {instead}", mutant.name());
}

/// The promise as its tests state it.
fn expect(holds: bool, instead: &'static str) -> Result<(), &'static str> {
    if holds { Ok(()) } else { Err(instead) }
}
