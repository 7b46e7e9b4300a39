//! What tests share: the simulator.

pub mod sim;
