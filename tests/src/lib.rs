//! What tests share: the simulator, and real processes under attack.

pub mod cluster;
pub mod sim;
