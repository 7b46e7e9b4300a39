//! The machine from outside: one driven by hand, and whole networks of them under one seed.

mod agreement;
mod network;
mod rules;
mod scenarios;
mod toy;
