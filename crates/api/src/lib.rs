//! The contract between the engine and everything that shows it.
//!
//! *Owns*: the names and shapes of all calls, replies, notices and refusals; how a profile is
//! opened; how a call reaches the node; how notices reach a client, in paced batches ([`pump`]) or
//! as lines of JSON ([`lines`]). *Never*: decides anything about chat; knows windows or pipes.
//! *Data*: JSON text → [`contract::Command`] → dispatch → node → [`contract::Reply`]; node changes
//! → [`types::Numbered`] notices. *Start* at `contract.rs`, then `session.rs`.

#![cfg_attr(not(test), warn(clippy::unwrap_used))]

mod building;
pub mod contract;
mod convert;
mod dispatch;
pub mod export;
mod hub;
pub mod lines;
mod lock;
pub mod logging;
mod memory;
pub mod pump;
pub mod session;
pub mod types;

pub use dispatch::Pending;
pub use identity::Zeroizing;
