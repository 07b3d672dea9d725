//! Who tells whom: spreads events among the members of each room and repairs what spreading missed.
//!
//! *Owns*: the neighbours of each room, what each of them is known to have, the seen set, what this device lacks and whom it has asked.
//! *Never*: reads a clock, draws its own randomness, opens a socket or a file, or looks inside an event.
//! *Data*: [`Input`] → [`Engine::handle`] → [`Effect`]s, which the node carries out. Events that arrive leave as [`Effect::Check`] and come back as
//! [`Input::Checked`]: nothing is forwarded before its signature verified.
//! *Start* at `engine.rs`; `room.rs` holds the state of one room.

mod config;
mod effect;
mod engine;
mod heads;
mod room;
mod seen;
mod tie;

pub use config::Config;
pub use effect::{Effect, Input, Millis, Origin, Standing, Verdict};
pub use engine::Engine;
pub use tie::{Behind, Tie};
