//! An internet in a box: people behind routers of every kind, each with a real `grapevine-node`, on
//! one computer and without its network.
//!
//! *Owns*: network namespaces, the routers in them and their rules, the wires between them with
//! their delay and loss, the processes, and what people do there (`meet.rs` and others: each a
//! scenario that gives back what it saw). *Never*: touches the computer's own network, and leaves
//! nothing behind: all of it lives in namespaces that end with their first process. *Data*: a
//! [`Plan`] → [`Lab::build`] → [`Person`]s → an outcome that a test judges and a bench counts.
//! *Start* at `lab.rs`; `own.rs` is how a test gets into namespaces of its own.
//!
//! Addresses: 11.99.0.0/24 is "the internet" in here (miniupnpd refuses private addresses on a
//! router's outer side). c, who is public, has .1 and .9; the others have .2, .3 … in the order of
//! the plan, or their routers do, with 192.168.2.0/24, 192.168.3.0/24 … behind them.

#![cfg(target_os = "linux")]

mod dht;
mod doors;
mod expect;
mod idle;
mod lab;
mod lone;
mod meet;
mod nat;
mod own;
mod person;
mod places;
mod plan;
mod programs;
mod report;
mod seen;
mod switch;
mod talk;
mod ttl;
mod upgrade;
mod upnp;

pub use dht::Dht;
pub use doors::{Inside, doors_open};
pub use expect::{Best, best};
pub use idle::{Idle, idle};
pub use lab::Lab;
pub use lone::{Lone, lone};
pub use meet::{CHANGING, Meeting, Met, meet};
pub use nat::Nat;
pub use own::{Ended, again, inside, refused, settle_in, test};
pub use person::{Launch, Person, text};
pub use plan::{Plan, Side};
pub use seen::{Flow, Seen};
pub use talk::Path;
pub use upgrade::{Upgraded, upgrade};
pub use upnp::Upnp;
