//! The machine from outside: one driven by hand, and whole networks of them under one seed.

mod agreement;
mod bounds;
mod evidence;
mod idle;
mod lagging;
mod lines;
mod network;
#[cfg(feature = "mutants")]
mod omissions;
mod rules;
mod scenarios;
mod solo;
mod tail;
mod toy;
