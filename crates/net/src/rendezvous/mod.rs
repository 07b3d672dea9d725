//! Rendezvous by the Mainline DHT.

mod meeting;

pub use meeting::{DhtState, Meeting, Side};
