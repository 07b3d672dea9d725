//! What a node consists of: each file is one part, with its own state, and without the rest.
//!
//! A part says when it needs a turn (`wake`), and what is due then. It acts on nothing but itself:
//! `core` asks it, and carries its answer to the other parts, the network and the store.

pub(crate) mod acks;
pub(crate) mod ahead;
pub(crate) mod alerts;
pub(crate) mod attempts;
pub(crate) mod clocks;
pub(crate) mod common_rooms;
pub(crate) mod disk;
pub(crate) mod doctor;
pub(crate) mod door;
pub(crate) mod durability;
pub(crate) mod invites;
pub(crate) mod join_trouble;
pub(crate) mod keys;
pub(crate) mod late;
pub(crate) mod likeness;
pub(crate) mod links;
pub(crate) mod lost_words;
pub(crate) mod meetings;
pub(crate) mod nearby;
pub(crate) mod network_view;
pub(crate) mod own;
pub(crate) mod pending_notices;
pub(crate) mod people;
pub(crate) mod progress;
pub(crate) mod reach;
pub(crate) mod room;
pub(crate) mod rooms;
pub(crate) mod serving;
pub(crate) mod spreading;
pub(crate) mod tags;
