//! Reach: two real `grapevine-node` processes behind routers of every kind, in namespaces of their
//! own (`lab/`). A computer that refuses namespaces skips these tests, each with a line that says
//! so.
//!
//! Start at `pairs.rs`. `./bench reach` runs every pair many times.

#![cfg(target_os = "linux")]

mod mapping;
mod pairs;
mod routers;

/// The program of all people here.
pub(crate) const NODE: &str = env!("CARGO_BIN_EXE_grapevine-node");
