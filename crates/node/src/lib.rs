//! The conductor: owns everything that this device knows, and decides, in turns.
//!
//! *Owns*: the composition of gossip, rooms, net and store; people, contact requests, invites,
//! attempts to join; what the window is told. *Never*: waits for a peer, a disk or a client inside
//! the loop; knows JSON, windows or keychains. *Data in*: socket → net → [`run`](crate) → `Core` →
//! rooms check → store → gossip → notices. *Data out*: handle → `Core` → rooms sign → store →
//! gossip → net. *Order*: store, send, show. If storing fails nobody hears of it; the fsync comes
//! later, and only then a message is *saved*. *Start* at `run.rs` (everything that can happen),
//! then `turns.rs` (who has a turn), `core/conductor.rs` (what a node consists of), `core` (what it
//! does with it) and `parts` (what is known).

mod core;
mod handle;
#[cfg(feature = "manual")]
pub mod manual;
mod now;
mod parts;
mod run;
mod say;
mod sink;
mod turns;
pub mod view;

pub use crate::core::{Core, Options};
pub use handle::{Closed, Node};
pub use run::start;
pub use sink::Sink;
pub use store::{OpenError, Progress as OpenProgress, open as open_store, open_telling as open_store_telling};
pub use wire::ids::{EventId, RoomId};
pub use wire::text::is_unfit;
pub use wire::{Address, NameFault, check_name, shows, tidy_name};
