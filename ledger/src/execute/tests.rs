//! What a block does to the state, and which blocks are no blocks.

mod anchors;
mod arbitrary;
mod blocks;
mod building;
mod evidence;
mod grants;
mod revocations;
