//! Two nodes, and sometimes a third, in virtual time: what one does, and what the other makes of
//! it. Everything is real but the sockets, the disk and the clock.
//!
//! A test tells a story in the verbs of [`pair::Pair`]: time passes only while it waits. Start with
//! `invites.rs`; the machinery is `pair.rs` (time and verbs), `person.rs` (one node),
//! `network.rs` (what is between them) and `apart.rs` (what does not get through).

mod apart;
mod contacts;
mod copies;
mod invites;
mod network;
mod pair;
mod person;
mod reach;
mod removal;
mod roles;
mod rooms;
mod talk;
mod undone;
mod wires;
