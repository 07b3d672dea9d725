//! What is compared.

pub mod fjall;
pub mod raft;
pub mod redb;
pub mod segments;
pub mod sled;
