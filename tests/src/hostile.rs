//! Garbage, floods and lies at every port of one hospital of four real processes, while honest clients go on.
//!
//! The attacker is a process of its own that keeps itself to a part of one core ([`share`]). It speaks to the API and
//! ops ports ([`http`]), to the peers' port as nobody and with a foreign key ([`stranger`]), and as a member that lies
//! ([`member`], over a [`mod@line`] of its own). The measuring side ([`trial`]) grants at a steady rate ([`load`]),
//! watches memory and disk ([`watch`]), and says what came of it ([`outcome`]).

#![allow(clippy::unwrap_used, clippy::panic, reason = "a trial that cannot go on fails, with the place and the answer")]

pub mod attack;
mod http;
pub mod line;
mod load;
mod member;
mod outcome;
mod share;
mod stranger;
mod trial;
mod watch;

pub use trial::{Trial, run};
