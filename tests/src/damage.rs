//! Damage: bytes changed at random in everything that is stored, and what a node makes of it.
//!
//! [`bytes`] changes every byte of encoded blocks and of a vote log and sends each through the product's own decoding
//! and checking. [`campaign`] changes random bytes in the files of a stopped hospital and starts its real node on them,
//! beside three others that run: the start is refused, or the database is replaced, or everything the node then serves
//! is the truth.

pub mod bytes;
pub mod campaign;
pub mod flip;
pub mod served;
pub mod town;
pub mod trial;
