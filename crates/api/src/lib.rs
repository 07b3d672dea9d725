//! The contract between the engine and everything that shows it.
//!
//! *Owns*: the names and shapes of all calls, replies, notices and refusals, and how a call reaches the node.
//! *Never*: decides anything about chat; opens sockets or files itself.
//! *Data*: JSON text → [`contract::Command`] → dispatch → node → [`contract::Reply`]; node changes → [`types::Numbered`] notices.
//! *Start* at `contract.rs`.

pub mod contract;
pub mod export;
pub mod types;
