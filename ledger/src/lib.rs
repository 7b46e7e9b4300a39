//! What is true and how to check it. Pure: no clock, no i/o, no randomness; storage sits behind the feature `store`.
//!
//! Reading order: bytes ([`codec`]), hashes and keys ([`crypto`]), who takes part ([`member`], [`committee`],
//! [`genesis`]), what they do ([`transaction`]), what is agreed ([`block`], [`certificate`]), what then holds ([`leaf`],
//! [`tree`], [`state`]), how it comes about ([`chain`], [`execute`]), how anyone checks it ([`merkle`], [`history`],
//! [`proof`], [`claims`]), and how a node keeps it (`store`).
//!
//! What the ledger knows only as hashes: what patients agree to, in which words ([`document`], [`vocabulary`],
//! [`preset`], [`sentence`], [`compose`]), what follows for a request ([`engine`]), who looked ([`access`]), what
//! wallets and nodes say to each other ([`exchange`], [`directory`], [`network_file`]), and what a person keeps
//! ([`derive`](mod@derive), [`label`], [`receipt_file`]). And what every program calls an error ([`catalogue`]).

pub mod codec;
pub mod crypto;
pub mod mutant;
pub mod position;
pub mod time;

pub mod committee;
pub mod genesis;
pub mod member;

pub mod access;
pub mod catalogue;
pub mod compose;
pub mod consent_request;
pub mod derive;
pub mod directory;
pub mod document;
pub mod engine;
pub mod exchange;
pub mod label;
pub mod network_file;
pub mod preset;
pub mod receipt_file;
pub mod sentence;
pub mod vocabulary;

#[cfg(test)]
mod scene;

pub mod block;
pub mod certificate;
pub mod evidence;
pub mod transaction;

pub mod leaf;
pub mod state;
pub mod tree;

pub mod chain;
pub mod execute;

pub mod claims;
pub mod history;
pub mod merkle;
pub mod proof;

#[cfg(feature = "store")]
pub mod store;

#[cfg(test)]
mod fixture;
