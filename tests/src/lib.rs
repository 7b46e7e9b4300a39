//! What tests share: the simulator, the bugs it must notice, the exhaustive search, functions to fuzz, real processes
//! under attack, damage to what is stored, what pages show, run again, and a second reading of the decision rules.

pub mod bugs;
pub mod cluster;
pub mod damage;
pub mod explore;
pub mod fuzz;
pub mod hostile;
pub mod reference;
pub mod sim;
pub mod transcript;
