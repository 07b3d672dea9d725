//! Reach: real `grapevine-node` processes behind routers of every kind, in namespaces of their own
//! (`lab/`). A computer that refuses namespaces skips these tests, each with a line that says so.
//!
//! Start at `pairs.rs`. `./bench reach` runs every pair many times. When a test fails it tells what
//! each program said, and what the routers hold.

#![cfg(target_os = "linux")]

#[path = "../support/outsider.rs"]
#[allow(dead_code, reason = "tests/systems uses the rest of it")]
mod outsider;

mod doctor;
mod hostile;
mod lone;
mod mapping;
mod pairs;
mod routers;
mod upgrade;

/// The program of all people here.
pub(crate) const NODE: &str = env!("CARGO_BIN_EXE_grapevine-node");

/// What `outsider.rs` knows of a peer.
mod peer {
    use std::time::Duration;

    pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

    /// Where somebody is to be dialled.
    pub(crate) struct Peer(pub(crate) String);

    impl Peer {
        pub(crate) fn address(&self) -> String {
            self.0.clone()
        }
    }
}
