//! What can be tuned.

use crate::Millis;

/// Settings of the engine. The defaults suit rooms of two to a few hundred people.
#[derive(Clone, Copy, Debug)]
pub struct Config {
    /// Neighbours to whom a fresh run is sent at once. Higher: faster and more duplicates. Lower: more is left to repair, which takes a round trip more.
    pub fanout: usize,
    /// Hops that a run may travel. Higher: a loop costs more before it dies. Lower: large rooms depend on repair.
    pub ttl: u8,
    /// Entries per generation of the seen set (two are kept, 16 bytes each). Lower: old duplicates are checked again.
    pub seen: usize,
    /// Time between comparisons with a random neighbour, ± 50 %. Higher: a silent loss is found later. Lower: more idle traffic.
    pub digest_every: Millis,
    /// Wait after a change before Heads are told. Higher: "delivered" is shown later. Lower: more small messages.
    pub heads_after: Millis,
    /// Wait before asking for what may still be on its way live. Higher: a loss is repaired later. Lower: things are sent twice.
    pub graft_after: Millis,
    /// How long an unanswered question keeps others from being asked.
    pub need_timeout: Millis,
    /// Questions under way at one time, for each room. Higher: faster catch-up from many peers, more memory.
    pub needs_at_once: usize,
}

impl Default for Config {
    fn default() -> Self {
        Config {
            fanout: 4,
            ttl: 32,
            seen: 65_536,
            digest_every: 10_000,
            heads_after: 100,
            graft_after: 60,
            need_timeout: 5_000,
            needs_at_once: 4,
        }
    }
}
