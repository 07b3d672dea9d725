//! Rendezvous: two people who know nobody in common find each other's addresses through the
//! Mainline DHT, by a secret that both have (from an invite, or of two contacts).
//!
//! Each side has a *slot* for each day (`keys.rs`, pure): a key pair under which one value of at
//! most 1000 bytes is kept by strangers' machines (BEP 44). The value (`value.rs`, pure) says where
//! its author can be reached; it is sealed, and of one length. Strangers also tell where they see
//! our UDP port (`krpc.rs`, `votes.rs`, pure). `core.rs` and `turn.rs` decide when to ask, look and
//! say (pure; `attending.rs`, `watch.rs` and `saying.rs` are the parts of a meeting). `driver.rs`
//! does it, with a client of `mainline` (`client.rs`) that runs only while there is something to
//! search or to store. All bounds are in `limits.rs`. Start in `handle.rs`.

mod attending;
mod bucket;
mod client;
mod core;
mod driver;
mod effect;
#[cfg(test)]
mod golden;
mod handle;
mod keys;
mod krpc;
mod limits;
mod meeting;
mod questions;
mod saying;
#[cfg(test)]
mod tests;
mod turn;
mod value;
mod votes;
mod watch;

pub(crate) use handle::Rendezvous;
pub use meeting::{DhtState, Meeting, Side};
pub(crate) use meeting::{Own, RendezvousEvent, Seat};
