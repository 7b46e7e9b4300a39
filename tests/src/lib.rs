//! What tests share: the simulator, the bugs it must notice, the exhaustive search, and real processes under attack.

pub mod bugs;
pub mod cluster;
pub mod explore;
pub mod sim;
