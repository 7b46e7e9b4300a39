//! Runs a hospital node.

fn main() {}
