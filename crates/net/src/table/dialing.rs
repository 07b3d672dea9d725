//! Attempts: who is dialled when, and what their ends mean.

use identity::PeerId;
use wire::Address;

use super::{Attempt, AttemptId, Effect, Peer, Table};
use crate::event::{DialId, Event};
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
        attempt.address.clone_from(&address);
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
    /// Invariant: a device never completes a handshake with a peer that it has a link with, or that
    /// it completes another one with. So a second link from one dialler means that the dialler lost
    /// the first (guarded by `one_link_stays_in_all_orders`).
    pub(crate) fn may_complete(&mut self, id: AttemptId, peer: PeerId, now: Now, out: &mut Vec<Effect>) -> bool {
        if !self.attempts.contains_key(&id) {
            return false;
        }
        let linked = self.is_linked(peer);
        let rival = self.attempts.iter().find(|(other, attempt)| **other != id && attempt.sworn == Some(peer)).map(|(other, _)| *other);
        if !linked && rival.is_none() {
            if let Some(attempt) = self.attempts.get_mut(&id) {
                attempt.sworn = Some(peer);
            }
            return true;
        }
        let Some(ended) = self.remove_attempt(id) else { return false };
        match rival.and_then(|rival| self.attempts.get_mut(&rival)) {
            Some(rival) if !linked => rival.dials.extend(ended.dials),
            _ => end_dials(&ended.dials, Ok(peer), out),
        }
        if let Some(target) = ended.target {
            self.postpone(target, now);
            self.tell(target, now, out);
        }
        self.pump(now, out);
        false
    }

    /// An attempt came to nothing at all of its addresses; `address` is the one that tells most.
    pub(crate) fn dial_failed(&mut self, id: AttemptId, address: Address, reason: Reason, now: Now, out: &mut Vec<Effect>) {
        let Some(attempt) = self.remove_attempt(id) else { return };
        let result = match attempt.sworn.or(attempt.target) {
            // Another link came up meanwhile, and this attempt was only its loser.
            Some(peer) if self.is_linked(peer) => Ok(peer),
            _ => Err(reason),
        };
        end_dials(&attempt.dials, result, out);
        if let (Some(target), Err(_)) = (attempt.target, result) {
            self.postpone(target, now);
            if let Some(entry) = self.peers.get_mut(&target) {
                entry.failed = Some((address, reason));
            }
            self.tell(target, now, out);
        }
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
        self.attempts.len() < self.limits.dials
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
            entry.attempt = None;
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
        self.attempts.insert(id, Attempt { target, dials, sworn: None, address });
        if let Some(entry) = target.and_then(|peer| self.peers.get_mut(&peer)) {
            entry.attempt = Some(id);
        }
        out.push(Effect::Dial { attempt: id, expect: target, addresses });
    }

    fn is_linked(&self, peer: PeerId) -> bool {
        self.peers.get(&peer).is_some_and(Peer::is_linked)
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
