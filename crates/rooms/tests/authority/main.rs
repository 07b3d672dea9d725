//! Authority in a room: whoever has the same events sees the same members, and no order, no copy
//! and nothing that was made up by somebody who was removed changes that.
#![allow(clippy::arithmetic_side_effects, clippy::indexing_slicing)]

mod cases;
mod checks;
mod cost;
mod exhaustive;
mod random;
mod world;
