//! What passes between the measuring program and those that hold the nodes.

use serde::{Deserialize, Serialize};

/// What the measuring process may ask for.
#[derive(Debug, Serialize, Deserialize)]
#[serde(tag = "order", rename_all = "snake_case")]
pub enum Order {
    /// Start nodes with these numbers, of a swarm of that size. Answers with their contacts.
    Start {
        /// Number of the first.
        first: u64,
        /// How many.
        count: u64,
        /// Nodes of all processes.
        swarm: u32,
    },
    /// Let each join by its contacts.
    Join {
        /// For each node of this process, in their order.
        contacts: Vec<Vec<String>>,
    },
    /// Publish messages with the numbers from `first` on, evenly apart, by node 0 or by anybody.
    Pace {
        /// Number of the first message.
        first: u64,
        /// How many.
        count: u64,
        /// Microseconds from one to the next.
        every_us: u64,
        /// Chooses the authors; without it node 0 is.
        seed: Option<u64>,
    },
    /// Node 0 publishes; at most so many are under way. No window: as fast as the engine takes
    /// them.
    Flood {
        /// Number of the first message.
        first: u64,
        /// How many.
        count: u64,
        /// Under way at most.
        window: Option<u64>,
    },
    /// Arrivals since the last call.
    Arrivals,
    /// Processor time, memory, copies.
    Usage,
    /// Start the peak of memory anew.
    ForgetPeak,
    /// Start the hub of a star.
    Hub {
        /// How many may come.
        leaves: u32,
    },
    /// Links at the hub.
    Links,
    /// Leaves connect one after the other; they stay, or each goes again.
    Leaves {
        /// Where the hub is.
        contact: String,
        /// How many come.
        count: u64,
        /// They stay.
        stay: bool,
    },
}

/// What came of [`Order::Flood`].
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Flood {
    /// Distinct messages that arrived.
    pub arrived: u64,
    /// From the first order to publish to the last arrival.
    pub seconds: f64,
    /// Processor time of both nodes meanwhile, microseconds.
    pub cpu_us: u64,
}

/// What a process has used.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Usage {
    /// Processor time, microseconds.
    pub cpu_us: u64,
    /// Resident memory, bytes.
    pub rss: u64,
    /// The most of it, bytes.
    pub peak: u64,
    /// Payloads that came in at all nodes, copies included; none if the engine does not count.
    pub copies: Option<u64>,
}
