//! The test bed: thousands of real nodes in one thread, in virtual time, on a network that
//! misbehaves as it is told to.
//!
//! Owns: the virtual clock, the wires between nodes (latency, windows, resets, refusals), faults,
//! hostile members, and the books about who got what. Never does: any part of the engine's work.
//! Nodes are `node::Core` with its real gossip, rooms and store logic; their network is the real
//! table of peers and the real queues; messages cross as the bytes that real links carry, without
//! the encryption around them. Data passes in as a [`Plan`] and orders to the [`World`] (say, kill,
//! split, heal), and out as a [`Report`] or a broken claim. Everything follows from the seed: equal
//! seeds give equal traces ([`World::trace`]). Not shipped: no program depends on it. Start in
//! `world.rs`, then `turns.rs` and `wires.rs`; `tests/claims.rs` says what is proved.

mod books;
mod clock;
mod dial;
mod dialing;
mod epoch_rows;
mod faults;
mod happening;
mod host;
mod hostile;
mod links;
mod onlooker;
mod opening;
mod plan;
mod report;
mod seeds;
mod template;
mod turns;
mod weather;
mod wires;
mod world;

pub use books::Books;
pub use clock::Time;
pub use hostile::{Invention, Manner};
pub use onlooker::View;
pub use opening::History;
pub use plan::Plan;
pub use report::{Report, Spread};
pub use seeds::{each_seed, members};
pub use weather::Weather;
pub use world::World;
