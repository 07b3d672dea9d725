//! Two nodes, and sometimes a third, in virtual time: what one does, and what the other makes of
//! it. Everything is real but the sockets, the disk and the clock.
//!
//! A test tells a story in the verbs of [`pair::Pair`]: time passes only while it waits. Start with
//! `invites.rs`; the machinery is `pair.rs` (time and verbs), `person.rs` (one node),
//! `network.rs` (what is between them) and `apart.rs` (what does not get through).

#[path = "../../../../tests/support/planted.rs"]
mod planted;

mod apart;
mod contacts;
mod contradictions;
mod copies;
mod invites;
mod keys;
mod keys_of_newcomers;
mod keys_that_lack;
mod names;
mod network;
mod newcomers_shown;
mod pair;
mod person;
mod reach;
mod removal;
mod roles;
mod rooms;
mod tags;
mod talk;
mod tapped;
mod undone;
mod unfinished;
mod wires;
