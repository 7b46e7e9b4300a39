//! What is true and how to check it. Pure: no clock, no i/o, no randomness; storage sits behind the feature `store`.
//!
//! Reading order: bytes ([`codec`]), hashes and keys ([`crypto`]), who takes part ([`member`], [`committee`],
//! [`genesis`]), what they do ([`transaction`]), what is agreed ([`block`], [`certificate`]).

pub mod codec;
pub mod crypto;
pub mod position;
pub mod time;

pub mod committee;
pub mod genesis;
pub mod member;

pub mod block;
pub mod certificate;
pub mod transaction;
