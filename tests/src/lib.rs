//! What tests share: the simulator, the bugs it must notice, and real processes under attack.

pub mod bugs;
pub mod cluster;
pub mod sim;
