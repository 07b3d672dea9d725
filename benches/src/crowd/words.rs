//! What the orchestrator and its hosts say to each other, one JSON line each.

use std::time::{SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};

/// Number of a message in a run.
pub(crate) type Number = u32;
/// Microseconds since 1970. All processes are on one computer, so that these can be compared.
pub(crate) type Micros = u64;

/// To a host.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum Order {
    /// Its first peer makes the room and an invite with this many uses.
    Create {
        /// People who may come by it.
        uses: u32,
    },
    /// All its peers that are in no room use this invite.
    Join {
        /// As text.
        invite: String,
    },
    /// One of its peers says something.
    Say {
        /// Which of the host's, from 0.
        peer: usize,
        /// Number of the message.
        number: Number,
    },
    /// How many links its peers have.
    Links,
    /// Whether its peers all have the same history, and which.
    Histories,
    /// End in order.
    Stop,
}

/// From a host. Lists have an entry for each of its peers.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum Told {
    /// Its peers run, and listen.
    Ready,
    /// The room is made.
    Created {
        /// For all others.
        invite: String,
    },
    /// All its peers may write in the room.
    Joined {
        /// When each could.
        at: Vec<Micros>,
    },
    /// All its peers know everybody.
    Complete {
        /// When each did.
        at: Vec<Micros>,
    },
    /// About to say this.
    Says {
        /// Number of the message.
        number: Number,
        /// When.
        at: Micros,
    },
    /// All its peers have this message.
    Has {
        /// Number of the message.
        number: Number,
        /// When each got it.
        at: Vec<Micros>,
    },
    /// Links of its peers.
    Links {
        /// Of each.
        count: Vec<u32>,
    },
    /// What its peers' histories are.
    Histories {
        /// Messages in each.
        count: Vec<u32>,
        /// Over all entries and their order; equal if the histories are.
        digest: Vec<u64>,
    },
    /// Something that must not happen.
    Trouble {
        /// In words.
        what: String,
    },
}

/// Now.
pub(crate) fn now() -> Micros {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_micros()).unwrap_or(u64::MAX)
}
