//! Sockets: who is linked to this device, and how to stay linked.
//!
//! Owns: listening, dialling, links (handshake, liveness, queues, end), the table of peers with its
//! back-off and ties, the limits on strangers, and finding people on the local network. Never does:
//! decide who is welcome or what is said; it carries [`wire::Message`]s and knows nothing of rooms
//! or events. It stores nothing, and never waits for one peer while others could be served. Data
//! passes in through [`Net`] (orders) and each link's [`Outbox`] (encoded messages), and out as
//! [`Event`]s over one bounded channel. While the node leaves that channel full, links stop
//! reading, and TCP slows their peers down. Inside: `table` decides (pure), `driver` is the one
//! task that owns it, `greeting` makes a connection a link, `link` is one task per link,
//! `byte_stream` what carries it, `cipher_stream` the cipher on that, `delivery` its way to the
//! node, `liveness` looks after all links, `gate` bounds strangers. Start in `event.rs`, then
//! `table/mod.rs`.

#![cfg_attr(not(test), warn(clippy::unwrap_used, clippy::expect_used))]

mod allowance;
mod arrival;
mod backoff;
mod byte_stream;
mod cipher_stream;
mod circuit;
mod command;
pub mod config;
mod context;
mod delivery;
mod dial;
pub mod doctor;
mod driver;
mod event;
mod farewell;
mod gate;
mod greeting;
mod handle;
mod limits;
mod link;
mod listen;
mod liveness;
mod mailbox;
#[cfg(feature = "manual")]
pub mod manual;
mod mapping;
mod nearby;
mod outbox;
mod path;
mod pulse;
mod punch;
mod queues;
mod quic;
mod reach;
mod reason;
mod rendezvous;
mod report;
mod table;
mod time;

pub use backoff::Pace;
pub use config::{Config, FastReceive, Inspect, NearbyConfig, Times};
pub use event::{DialId, Event, LinkId, LinkUp, NearbyPeer, PeerState};
pub use handle::Net;
pub use limits::{Limits, QueueLimit, Rate};
pub use mapping::{Door, MappingAnswer, MappingProtocol, MappingState, Mappings, Ports, Router, Transport};
pub use outbox::{Outbox, Taken};
pub use path::{Path, Rank};
pub use queues::Full;
pub use reach::{CameIn, Checked, Outcome, ReachFacts, ReachSettings, Tried, UdpState, Way, is_public};
pub use reason::Reason;
pub use rendezvous::{DhtState, Meeting, Side};
