//! The contract between the engine and everything that shows it.
//!
//! *Owns*: the names and shapes of all calls, replies, notices and refusals; how a profile is
//! opened; how a call reaches the node. *Never*: decides anything about chat; knows windows.
//! *Data*: JSON text → [`contract::Command`] → dispatch → node → [`contract::Reply`]; node changes
//! → [`types::Numbered`] notices. *Start* at `contract.rs`, then `session.rs`.

pub mod contract;
mod convert;
mod dispatch;
pub mod export;
mod hub;
mod lock;
pub mod logging;
mod memory;
pub mod session;
pub mod types;

pub use dispatch::Pending;
pub use identity::Zeroizing;
