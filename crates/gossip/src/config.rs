//! What can be tuned.

use crate::Millis;

/// Settings of the engine. The defaults suit rooms of two to some thousand people.
#[derive(Clone, Copy, Debug)]
pub struct Config {
    /// Neighbours to whom fresh events are pushed from the start; trees may grow beyond it where an
    /// edge proved to be the fastest. Higher: less depends on each edge, more duplicates before the
    /// tree has formed. Lower: a deeper tree, and more is left to be told by Heads.
    pub fanout: usize,
    /// Hops that a run may travel. Higher: a loop costs more before it dies. Lower: large rooms
    /// depend on Heads and repair.
    pub ttl: u8,
    /// Bytes that a device pushes of one run in a room larger than its active view, to all
    /// together; but always to one neighbour, or two if the run came from another device. Higher:
    /// authors of large runs send more of them. Lower: more of those runs are fetched after Heads,
    /// which takes a second longer.
    pub push_bytes: usize,
    /// How long its author leaves it to others to tell of a run that was pushed to some only; three
    /// times as long once others are seen to have it. Higher: those who have it from nobody else
    /// get it later. Lower: the author is asked for it.
    pub hold_heads: Millis,
    /// Entries per generation of the seen set (two are kept, 16 bytes each). Higher: memory. Lower:
    /// old duplicates are checked again.
    pub seen: usize,

    /// Active neighbours at most, in each room. Higher: more links and more Heads for each message.
    /// Lower: less survives when many die at once.
    pub active_max: usize,
    /// Active neighbours that are sought. Higher: rooms fill up, and newcomers must displace.
    /// Lower: as `active_max`.
    pub active_wanted: usize,
    /// Below this a neighbour is asked for urgently, and a neighbour that would fall below it is
    /// not evicted. Higher: more displacement. Lower: islands.
    pub active_min: usize,
    /// Active neighbours that this device chose itself, at least. Higher: no room for others'
    /// requests. Lower: easier to surround.
    pub chosen_min: usize,
    /// Active neighbours that came by themselves, at most, unless their need is urgent or the room
    /// is small. Trade-off as above, the other way round.
    pub inbound_max: usize,
    /// Members kept at hand as replacements (HyParView's passive view). Higher: shuffles mix more
    /// slowly. Lower: many deaths at once exhaust it.
    pub passive_max: usize,
    /// Members remembered at all, for healing partitions. Higher: memory, 50 bytes each. Lower: a
    /// small part that was cut off may be forgotten.
    pub candidates_max: usize,
    /// Steps of a newcomer's random walks (HyParView's ARWL). Higher: newcomers are known more
    /// evenly. Lower: fewer messages for each join.
    pub walk: u8,
    /// Random walks for each newcomer. Trade-off as for `walk`.
    pub walks: usize,
    /// Steps left at which a walk leaves a trace in the passive view (PRWL).
    pub trace: u8,
    /// Members named in a shuffle. Higher: faster mixing, longer messages.
    pub shuffle_peers: usize,
    /// Time between shuffles, ± 50 %. Higher: stale views after changes. Lower: idle traffic.
    pub shuffle_every: Millis,
    /// Time between dials of a random member that was ever heard of, ± 50 %. Higher: healed halves
    /// find each other later. Lower: useless dials.
    pub wander_every: Millis,
    /// Wait for a link or for an answer before another member is tried. Higher: dead members delay.
    /// Lower: distant ones are passed over.
    pub patience: Millis,
    /// Pause before a peer that refused or could not be reached is asked again. Higher: small rooms
    /// recover later. Lower: useless requests.
    pub rest: Millis,
    /// Time between comparisons with a random neighbour, ± 50 %. Higher: a silent loss is found
    /// later. Lower: more idle traffic.
    pub digest_every: Millis,
    /// Silence after which all active neighbours are told what one has. Higher: "everyone has
    /// everything" is shown later. Lower: a digest to each of them for every few words.
    pub rest_after: Millis,
    /// Times at which others are told of events are multiples of this, so that several are told in
    /// one turn. Higher: each is told later by half of it. Lower: a turn of the node for each of
    /// them.
    pub tell_every: Millis,
    /// Wait before an author is told that their events arrived. Higher: "delivered" is shown later.
    /// Lower: more small messages.
    pub acks_after: Millis,
    /// Longest wait before an active neighbour is told of new events by Heads (Plumtree's IHAVE);
    /// each is told after a quarter of it at the earliest. Higher: a broken tree is noticed later.
    /// Lower: each message costs most of its Heads by itself, which is most of what spreading
    /// costs.
    pub heads_after: Millis,
    /// The same while the tree around this device is whole, but for those who asked to be told
    /// early. Higher: "everyone has everything" is shown later. Lower: as `heads_after`.
    pub calm_heads_after: Millis,
    /// Active neighbours beside the tree who are asked to tell early even while it is whole.
    /// Higher: each message costs more Heads. Lower: the first message that a broken tree holds up
    /// is noticed later.
    pub lookouts: usize,
    /// Time without a change of the tree or the active view after which the tree is taken for
    /// whole. Higher: more Heads after each change. Lower: of the messages that one break holds up
    /// more wait for long.
    pub calm_after: Millis,
    /// The same as `heads_after` for linked members who are no active neighbours: they have others
    /// who tell them. Higher: "everyone has everything" is shown later. Lower: they cost as much as
    /// active ones.
    pub far_heads_after: Millis,
    /// Shortest wait before asking for what may still be on its way (Plumtree's timer); the longest
    /// is three times that. Higher: a loss is repaired later. Lower: things are sent twice where a
    /// message needs longer through the tree than Heads do past it.
    pub graft_after: Millis,
    /// How long an unanswered question keeps others from being asked.
    pub need_timeout: Millis,
    /// The same for a few events that another neighbour has too (a hedged request: Dean and
    /// Barroso, *The Tail at Scale*, 2013). Higher: a neighbour that reads nothing holds up a
    /// message for longer. Lower: over slow lines things are sent twice.
    pub need_hedge: Millis,
    /// Questions under way at one time, for each room. Higher: faster catch-up from many peers,
    /// more memory.
    pub needs_at_once: usize,
}

impl Default for Config {
    fn default() -> Self {
        Config {
            fanout: 4,
            ttl: 32,
            push_bytes: 48 * 1024,
            hold_heads: 800,
            seen: 65_536,
            active_max: 8,
            active_wanted: 5,
            active_min: 3,
            chosen_min: 3,
            inbound_max: 4,
            passive_max: 64,
            candidates_max: 4_096,
            walk: 6,
            walks: 4,
            trace: 3,
            shuffle_peers: 8,
            shuffle_every: 30_000,
            wander_every: 60_000,
            patience: 5_000,
            rest: 30_000,
            digest_every: 10_000,
            rest_after: 2_000,
            tell_every: 100,
            acks_after: 100,
            heads_after: 600,
            calm_heads_after: 1_800,
            lookouts: 2,
            calm_after: 5_000,
            far_heads_after: 5_000,
            graft_after: 150,
            need_timeout: 5_000,
            need_hedge: 750,
            needs_at_once: 4,
        }
    }
}

impl Config {
    /// When others can be told of events, not before `at`.
    pub(crate) fn tell_at(&self, at: Millis) -> Millis {
        at.next_multiple_of(self.tell_every.max(1))
    }
}
