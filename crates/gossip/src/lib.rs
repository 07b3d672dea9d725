//! Who tells whom: keeps an overlay among the members of each room, spreads events along trees in
//! it, and repairs what spreading missed.
//!
//! *Owns*: the neighbours of each room and who may replace them, what each of them is known to
//! have, the seen set, what this device lacks and whom it has asked. *Never*: reads a clock, draws
//! its own randomness, opens a socket or a file, or looks inside an event. *Data*: [`Input`] →
//! [`Engine::handle`] → [`Effect`]s, which the node carries out. Events that arrive leave as
//! [`Effect::Check`] and come back as [`Input::Checked`]: nothing is forwarded before its signature
//! verified. *Start* at `engine.rs`, then `room.rs`, the state of one room. `overlay.rs` and
//! `shuffle.rs` (HyParView) choose its neighbours, `tree.rs` and `lazy_push.rs` (Plumtree) tell
//! them what is new, `repair.rs` asks for what was missed, `outcome.rs` takes what was checked.

// Messages of strangers are handled here: no index, sum or `unwrap` may panic on them.
#![cfg_attr(not(test), warn(clippy::indexing_slicing, clippy::unwrap_used, clippy::arithmetic_side_effects))]

mod around;
mod candidates;
mod config;
mod dial;
mod effect;
mod engine;
mod heads;
mod held;
mod large;
mod lazy_push;
mod neighbour;
mod neighbour_view;
mod news;
mod outcome;
mod overlay;
mod repair;
mod room;
mod seen;
mod shuffle;
mod tree;
mod wants;

pub use config::Config;
pub use effect::{Effect, Ending, Input, Millis, Origin, Trust, Verdict};
pub use engine::Engine;
pub use neighbour_view::{Missing, NeighbourView};
