//! Bounds on what peers and strangers can make this device hold.

/// Everything that strangers or peers could make grow.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Connections before their Hello. Higher: a flood costs more memory; lower: it more easily
    /// displaces an honest newcomer.
    pub half_open: usize,
    /// The same, from one address (loopback exempt). Higher: one machine may take more of the
    /// above; lower: people behind one NAT wait for each other.
    pub half_open_per_address: usize,
    /// Dials at once. Higher: bursts that upset cheap routers; lower: many unreachable peers delay
    /// a reachable one.
    pub dials: usize,
    /// Links. Higher: more memory (≈ 4 KiB each when idle) and file handles; lower: large rooms are
    /// refused with `Busy`.
    pub links: usize,
    /// Links of strangers in the lobby. Higher: strangers cost more; lower: the oldest of them is
    /// shown out sooner.
    pub lobby: usize,
    /// Answers, joins, digests: small, and must not be lost.
    pub control: QueueLimit,
    /// Fresh events. Higher: a slow peer holds more memory; lower: it is demoted to Heads at
    /// smaller bursts.
    pub live: QueueLimit,
    /// Catch-up. Higher: more memory per slow peer; lower: less in flight on long fat links.
    pub bulk: QueueLimit,
    /// Records that one link may bring, events not counted and long lists counted by their length.
    /// Higher: a hostile neighbour costs more time; lower: a peer with thousands of logs to ask for
    /// waits.
    pub talk: Rate,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            half_open: 64,
            half_open_per_address: 4,
            dials: 8,
            links: 4096,
            lobby: 64,
            control: QueueLimit { records: 512, bytes: 512 * 1024 },
            live: QueueLimit { records: 1024, bytes: 1024 * 1024 },
            bulk: QueueLimit { records: 64, bytes: 1024 * 1024 },
            talk: Rate { burst: 2_000, per_second: 500 },
        }
    }
}

/// So many at once, and so many in the long run.
#[derive(Clone, Copy, Debug)]
pub struct Rate {
    /// At once, after a rest.
    pub burst: u32,
    /// Each second.
    pub per_second: u32,
}

/// Bound of one queue of one link. Raising it lets a slow reader hold more memory; lowering it
/// refuses more of a burst.
#[derive(Clone, Copy, Debug)]
pub struct QueueLimit {
    /// Records that wait at most.
    pub records: usize,
    /// Bytes that wait at most. A record that alone is larger enters only an empty queue.
    pub bytes: usize,
}
