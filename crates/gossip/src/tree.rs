//! The trees on the overlay of one room, along which fresh events are pushed.
//!
//! Plumtree (Leitão, Pereira, Rodrigues: "Epidemic broadcast trees", SRDS 2007): the edge that
//! delivers first stays eager, an edge that brings a duplicate becomes lazy on both sides (Prune),
//! and one whose Heads were the first to tell of an event becomes eager again (Graft). Heads are
//! the IHAVE.

use identity::PeerId;
use rand::seq::IteratorRandom;
use wire::ids::LogKey;
use wire::message::{Message, RawEvent, Run};

use crate::around::Around;
use crate::neighbour::Neighbour;
use crate::room::Room;
use crate::{Effect, Millis};

/// After this silence of the leader another author may be followed.
const LED_FOR: Millis = 4_000;
/// Recent runs that are remembered with their authors. A copy of an older run is no reason to
/// prune.
const MAX_FRESH: usize = 256;
/// Fetched runs that are remembered, in case they come along the tree after all.
const MAX_FETCHED: usize = 64;
/// A Prune to one neighbour is repeated at most this often: runs that were on their way already are
/// no reason for another.
const PRUNE_PAUSE: Millis = 1_000;
/// A Graft of an edge that is eager is repeated at most this often: a newcomer has many logs to ask
/// for.
const GRAFT_PAUSE: Millis = 1_000;

impl Room {
    pub(crate) fn eagers(&self) -> usize {
        self.neighbours.values().filter(|n| n.eager).count()
    }

    /// Pushes a run to the eager neighbours, or to some of them if it is large. With none of them,
    /// or at the last hop, Heads tell of it.
    pub(crate) fn push<R: rand::Rng>(
        &mut self,
        around: &mut Around<'_, R>,
        from: Option<PeerId>,
        ttl: u8,
        log: LogKey,
        seq: u32,
        events: Vec<RawEvent>,
    ) {
        if ttl == 0 {
            return;
        }
        let lack = |peer: &PeerId, n: &Neighbour| n.eager && Some(*peer) != from && *peer != log.device && n.has(&log) < seq;
        let able = self.neighbours.iter().filter(|(peer, n)| lack(peer, n) && !n.is_behind(&log));
        let mut peers: Vec<PeerId> = able.map(|(peer, _)| *peer).collect();
        let held = self.pass_over(around, from, ttl, (log, seq), &events, &mut peers);
        for peer in &peers {
            if let Some(neighbour) = self.neighbours.get_mut(peer) {
                neighbour.push(log, seq);
            }
        }
        if held && log.device == around.me {
            self.hold(around, log, seq, peers.clone());
        }
        if !peers.is_empty() {
            around.out.push(Effect::Spread { peers, message: Message::Run(Run { ttl, room: self.id, events }) });
        }
    }

    /// A neighbour pushed a run that was here already.
    pub(crate) fn on_duplicate<R: rand::Rng>(&mut self, around: &mut Around<'_, R>, peer: PeerId, run: u128) {
        // If the run was fetched meanwhile, this edge is only slow. The one too many is the edge
        // that was grafted for fetching.
        let fetched = self.fetched.iter().position(|(name, from)| *name == run && *from != peer);
        match fetched.and_then(|place| self.fetched.remove(place)) {
            Some((_, from)) => {
                self.on_first(around, peer);
                self.prune(around, from);
            }
            // One edge of a circle has to go. Messages of several authors at one time show several
            // edges of it, and if all of these went, the tree would fall apart. Messages of one
            // author show the same edge to all. So all devices follow one author at a time.
            None if self.leader.is_some_and(|(leader, _)| self.fresh.contains(&(run, leader))) => self.prune(around, peer),
            None => {}
        }
    }

    /// A fresh run of this author came along the tree. Of the authors that are active, the one with
    /// the smallest id is followed, until it has been silent for a while.
    pub(crate) fn follow(&mut self, now: Millis, run: u128, author: PeerId) {
        if self.leader.is_none_or(|(leader, heard)| author <= leader || now.saturating_sub(heard) > LED_FOR) {
            self.leader = Some((author, now));
        }
        if self.fresh.len() >= MAX_FRESH {
            self.fresh.pop_front();
        }
        self.fresh.push_back((run, author));
    }

    /// Remembers from whom a run was fetched.
    pub(crate) fn on_fetched(&mut self, peer: PeerId, run: u128) {
        if self.fetched.len() >= MAX_FETCHED {
            self.fetched.pop_front();
        }
        self.fetched.push_back((run, peer));
    }

    fn prune<R>(&mut self, around: &mut Around<'_, R>, peer: PeerId) {
        let Some(neighbour) = self.neighbours.get_mut(&peer) else { return };
        if !neighbour.eager && neighbour.pruned_at.is_some_and(|at| around.since(at) < PRUNE_PAUSE) {
            return;
        }
        neighbour.eager = false;
        neighbour.pruned_at = Some(around.now);
        around.out.push(Effect::Send { peer, message: Message::Prune(self.id) });
    }

    /// A neighbour was the first to bring an event, so this edge is a branch of the tree. If it is
    /// lazy here, a Prune and the run crossed. Then both sides must agree anew; otherwise runs
    /// would go along it in one direction only.
    pub(crate) fn on_first<R: rand::Rng>(&mut self, around: &mut Around<'_, R>, peer: PeerId) {
        if self.neighbours.get(&peer).is_some_and(|n| !n.eager) {
            self.graft(around, peer);
        }
    }

    pub(crate) fn on_prune(&mut self, peer: &PeerId) {
        if let Some(neighbour) = self.neighbours.get_mut(peer) {
            neighbour.eager = false;
        }
    }

    pub(crate) fn on_graft<R: rand::Rng>(&mut self, around: &mut Around<'_, R>, peer: &PeerId) {
        let Some(neighbour) = self.neighbours.get_mut(peer).filter(|n| n.active && !n.owed) else { return };
        neighbour.eager = true;
        self.trouble(around);
    }

    /// Makes an edge eager on both sides, even if it is eager here already: after a Prune and a run
    /// that crossed it may be lazy on the other side.
    pub(crate) fn graft<R: rand::Rng>(&mut self, around: &mut Around<'_, R>, peer: PeerId) {
        let Some(neighbour) = self.neighbours.get_mut(&peer).filter(|n| n.active && !n.owed) else { return };
        if neighbour.eager && neighbour.grafted_at.is_some_and(|at| around.since(at) < GRAFT_PAUSE) {
            return;
        }
        neighbour.grafted_at = Some(around.now);
        neighbour.eager = true;
        around.out.push(Effect::Send { peer, message: Message::Graft(self.id) });
        self.trouble(around);
    }

    /// A branch broke: if none is left, another edge takes its place at once.
    pub(crate) fn regrow<R: rand::Rng>(&mut self, around: &mut Around<'_, R>) {
        if self.eagers() == 0
            && let Some(peer) = self.neighbours.iter().filter(|(_, n)| n.active).map(|(peer, _)| *peer).choose(around.rng)
        {
            self.graft(around, peer);
        }
    }

    /// A live message did not fit into a neighbour's queue. From now on it gets Heads, and all of
    /// them once there is room.
    pub(crate) fn refused<R: rand::Rng>(&mut self, around: &mut Around<'_, R>, peer: &PeerId) {
        let Some(neighbour) = self.neighbours.get_mut(peer) else { return };
        (neighbour.owed, neighbour.eager) = (true, false);
        // What was thought to be on its way to it may not be.
        neighbour.forget_all();
        self.lose_held(around.now, peer);
        self.heads_soon(around);
    }

    /// A neighbour's queue has room again.
    pub(crate) fn drained<R: rand::Rng>(&mut self, around: &mut Around<'_, R>, peer: &PeerId) {
        if self.neighbours.get(peer).is_none_or(|n| !n.owed) {
            return;
        }
        let eager = self.eagers() < around.config.fanout;
        if let Some(neighbour) = self.neighbours.get_mut(peer) {
            (neighbour.owed, neighbour.full_heads_at) = (false, None);
            neighbour.eager = eager && neighbour.active;
        }
        self.send_all_heads(around, *peer);
    }
}
