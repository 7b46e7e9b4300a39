//! What tests share: the simulator, the bugs it must notice, the exhaustive search, functions to fuzz, and real processes
//! under attack.

pub mod bugs;
pub mod cluster;
pub mod explore;
pub mod fuzz;
pub mod hostile;
pub mod sim;
