//! Attempts: who is dialled when, and what their ends mean.

use identity::PeerId;
use wire::Address;

use super::{Attempt, AttemptId, Effect, Peer, Table, Way};
use crate::event::{DialId, Event};
use crate::path::Rank;
use crate::reason::Reason;
use crate::time::Now;

impl Table {
    /// Dial this address once; any peer may answer.
    pub(crate) fn dial_address(&mut self, dial: DialId, address: Address, now: Now, out: &mut Vec<Effect>) {
        self.asked.push_back((dial, address));
        self.pump(now, out);
    }

    /// The node no longer cares about a dial. Nothing more is told of it.
    pub(crate) fn cancel_dial(&mut self, dial: DialId, now: Now, out: &mut Vec<Effect>) {
        self.asked.retain(|(id, _)| *id != dial);
        let mut useless = None;
        for (id, attempt) in &mut self.attempts {
            let before = attempt.dials.len();
            attempt.dials.retain(|d| *d != dial);
            if attempt.dials.len() < before && attempt.dials.is_empty() && attempt.target.is_none() {
                useless = Some(*id);
            }
        }
        if let Some(id) = useless {
            self.give_up(id, out);
        }
        self.pump(now, out);
    }

    /// An attempt moved on to this address.
    pub(crate) fn trying(&mut self, id: AttemptId, address: Address, now: Now, out: &mut Vec<Effect>) {
        let Some(attempt) = self.attempts.get_mut(&id) else { return };
        attempt.way = Way::Dial(address.clone());
        for dial in &attempt.dials {
            out.push(Effect::Tell(Event::DialProgress { dial: *dial, address: address.clone() }));
        }
        if let Some(peer) = attempt.target {
            self.tell(peer, now, out);
        }
    }

    /// Whether an attempt whose other side turned out to be `peer` may reveal itself, which makes
    /// it a link there.
    ///
    /// Invariant: a device never completes a handshake with a peer that it has a link with over as
    /// good a path, or that it completes another one with. So a second link from one dialler means
    /// that the dialler lost the first (guarded by `one_link_stays_in_all_orders`).
    pub(crate) fn may_complete(&mut self, id: AttemptId, peer: PeerId, rank: Rank, now: Now, out: &mut Vec<Effect>) -> bool {
        if !self.attempts.contains_key(&id) {
            return false;
        }
        let linked = self.peers.get(&peer).and_then(Peer::rank) >= Some(rank);
        let as_good = |sworn: &(PeerId, Rank)| sworn.0 == peer && sworn.1 >= rank;
        let rival = self.attempts.iter().find(|(other, attempt)| **other != id && attempt.sworn.as_ref().is_some_and(as_good));
        let rival = rival.map(|(other, _)| *other);
        if !linked && rival.is_none() {
            if let Some(attempt) = self.attempts.get_mut(&id) {
                attempt.sworn = Some((peer, rank));
            }
            return true;
        }
        let Some(ended) = self.remove_attempt(id) else { return false };
        match rival.and_then(|rival| self.attempts.get_mut(&rival)) {
            Some(rival) if !linked => rival.dials.extend(ended.dials),
            _ => end_dials(&ended.dials, Ok(peer), out),
        }
        if let (Some(target), Way::Dial(_)) = (ended.target, ended.way) {
            self.postpone(target, now);
            self.tell(target, now, out);
        }
        self.pump(now, out);
        false
    }

    /// An attempt came to nothing at all of its addresses; `address` is the one that tells most.
    pub(crate) fn dial_failed(&mut self, id: AttemptId, address: Address, reason: Reason, now: Now, out: &mut Vec<Effect>) {
        let Some(attempt) = self.remove_attempt(id) else { return };
        let rank = |peer: &PeerId| self.peers.get(peer).and_then(Peer::rank);
        let meant = attempt.sworn.map(|(peer, _)| peer).or(attempt.target);
        let result = match meant {
            // Another link came up meanwhile, and this attempt was only its loser.
            Some(peer) if rank(&peer).is_some() => Ok(peer),
            _ => Err(reason),
        };
        let stands = attempt.target.as_ref().and_then(rank) == Some(Rank::Tcp);
        end_dials(&attempt.dials, result, out);
        if let Some(target) = attempt.target.filter(|_| !stands) {
            self.postpone(target, now);
            if let Some(entry) = self.peers.get_mut(&target) {
                entry.failed = Some((address, reason));
            }
            self.tell(target, now, out);
        }
        self.pump(now, out);
    }

    /// An attempt that dialled nothing came to nothing.
    pub(crate) fn other_failed(&mut self, id: AttemptId, now: Now, out: &mut Vec<Effect>) {
        self.remove_attempt(id);
        self.pump(now, out);
    }

    /// Fills free slots: first what the node asked for, then who has been due longest.
    pub(super) fn pump(&mut self, now: Now, out: &mut Vec<Effect>) {
        while self.has_slot() {
            if let Some((dial, address)) = self.asked.pop_front() {
                self.begin(None, vec![dial], vec![address], out);
                continue;
            }
            let due = self.peers.iter().filter_map(|(peer, entry)| entry.dial_due().map(|due| (due, *peer))).min();
            let Some((_, peer)) = due.filter(|(due, _)| *due <= now.tick) else { break };
            let addresses = self.peers.get(&peer).map(|entry| entry.addresses.clone()).unwrap_or_default();
            self.begin(Some(peer), Vec::new(), addresses, out);
            self.tell(peer, now, out);
        }
    }

    pub(super) fn has_slot(&self) -> bool {
        self.attempts.values().filter(|attempt| matches!(attempt.way, Way::Dial(_))).count() < self.limits.dials
    }

    /// Ends an attempt that is no longer needed, unless the other side already counts on it.
    pub(super) fn give_up(&mut self, id: AttemptId, out: &mut Vec<Effect>) -> Vec<DialId> {
        let needed = self.attempts.get(&id).is_none_or(|attempt| attempt.sworn.is_some());
        if needed {
            return Vec::new();
        }
        out.push(Effect::Abort(id));
        self.remove_attempt(id).map(|attempt| attempt.dials).unwrap_or_default()
    }

    pub(super) fn remove_attempt(&mut self, id: AttemptId) -> Option<Attempt> {
        let attempt = self.attempts.remove(&id)?;
        if let Some(entry) = attempt.target.and_then(|target| self.peers.get_mut(&target)) {
            entry.attempt.take_if(|dialling| *dialling == id);
        }
        Some(attempt)
    }

    /// Draws the next wait for a peer.
    pub(super) fn postpone(&mut self, peer: PeerId, now: Now) {
        if let Some(entry) = self.peers.get_mut(&peer) {
            let wait = entry.backoff.next(&self.pace, entry.distance(), &mut self.rng);
            entry.due = now.tick + crate::time::millis(wait);
        }
    }

    fn begin(&mut self, target: Option<PeerId>, dials: Vec<DialId>, addresses: Vec<Address>, out: &mut Vec<Effect>) {
        let Some(address) = addresses.first().cloned() else { return debug_assert!(false, "a dial has an address") };
        let id = AttemptId(self.next_attempt);
        self.next_attempt += 1;
        self.attempts.insert(id, Attempt { target, dials, sworn: None, way: Way::Dial(address) });
        if let Some(entry) = target.and_then(|peer| self.peers.get_mut(&peer)) {
            entry.attempt = Some(id);
        }
        out.push(Effect::Dial { attempt: id, expect: target, addresses });
    }

    /// Begins an attempt that dials nothing: a punch or a circuit, whose path has at best this
    /// rank. None if there is a link as good. It ends as a dial does.
    pub(crate) fn begin_other(&mut self, peer: PeerId, best: Rank) -> Option<AttemptId> {
        let linked = self.peers.get(&peer).and_then(Peer::rank) >= Some(best);
        (!linked).then(|| self.begin_way(Some(peer), best))
    }

    /// The same with whoever answers.
    pub(crate) fn begin_unnamed(&mut self, best: Rank) -> AttemptId {
        self.begin_way(None, best)
    }

    /// Ends an attempt that dials nothing, unless the other side already counts on it. Whether it
    /// is ended.
    pub(crate) fn abandon(&mut self, id: AttemptId, out: &mut Vec<Effect>) -> bool {
        self.give_up(id, out);
        !self.attempts.contains_key(&id)
    }

    fn begin_way(&mut self, target: Option<PeerId>, best: Rank) -> AttemptId {
        let id = AttemptId(self.next_attempt);
        self.next_attempt += 1;
        self.attempts.insert(id, Attempt { target, dials: Vec::new(), sworn: None, way: Way::Other(best) });
        id
    }
}

impl Peer {
    pub(super) fn is_linked(&self) -> bool {
        self.link.is_some() || self.heir.is_some()
    }
}

pub(super) fn end_dials(dials: &[DialId], result: Result<PeerId, Reason>, out: &mut Vec<Effect>) {
    out.extend(dials.iter().map(|dial| Effect::Tell(Event::DialEnded { dial: *dial, result })));
}
