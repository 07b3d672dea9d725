//! Links: which of two with one peer stays, and what their ends mean.

use std::cmp::Ordering;

use identity::PeerId;
use wire::{Address, Bye, Role};

use super::dialing::end_dials;
use super::{Attempt, AttemptId, Candidate, Effect, Held, MAX_OUSTED, Peer, TWIN_STAYS, Table};
use crate::event::{Event, LinkId};
use crate::reason::Reason;
use crate::time::Now;
use crate::time::millis;

impl Table {
    /// A peer proved itself and introduced itself. Ends in `Start` or `Close` of this link; `Start`
    /// may come later, when the link that it replaces has ended.
    pub(crate) fn greeted(&mut self, new: Candidate, now: Now, out: &mut Vec<Effect>) {
        let peer = new.peer;
        let dials = new.attempt.and_then(|id| self.remove_attempt(id)).map(|attempt| attempt.dials).unwrap_or_default();
        end_dials(&dials, Ok(peer), out);
        let wanted = self.peers.get(&peer).is_some_and(|entry| entry.wanted);
        let welcome = wanted || new.role == Role::Initiator;
        if !welcome && self.is_full() {
            out.push(Effect::Close { link: new.link, bye: Bye::Busy });
            return;
        }
        let held = Held { candidate: new, since: now, welcome, closing: false, asked: dials.first().copied(), rtt: None };
        self.place(Box::new(held), now, out);
        self.stop_trying(peer, out);
        self.tidy_lobby(out);
        self.pump(now, out);
        self.tell(peer, now, out);
    }

    /// A link ended that had been started.
    pub(crate) fn ended(&mut self, peer: PeerId, link: LinkId, reason: Reason, now: Now, out: &mut Vec<Effect>) {
        let Some(entry) = self.peers.get_mut(&peer) else { return };
        let Some(old) = entry.link.take_if(|held| held.candidate.link == link) else { return };
        if let Some(heir) = entry.heir.take() {
            start(entry.link.insert(heir), out);
            self.tell(peer, now, out);
            return;
        }
        let age = now.tick.saturating_sub(old.since.tick);
        if age >= millis(self.times.health) {
            entry.backoff.reset();
        }
        if let Some(remote) = old.candidate.path.remote() {
            entry.failed = Some((Address::from(remote), reason));
        }
        // A link that is a day old is replaced by its dialler, as it should be.
        let renewed = age + millis(self.times.handshake) >= millis(self.times.renew);
        let ousted = reason == Reason::Replaced && !old.closing && !renewed;
        self.postpone(peer, now);
        if ousted {
            self.doubt(peer, now);
        }
        // A renewal is not a failure; only the dialler's side follows up at once, so that they do
        // not dial each other.
        if old.candidate.role == Role::Initiator
            && age >= millis(self.times.renew)
            && let Some(entry) = self.peers.get_mut(&peer)
        {
            entry.due = now.tick;
        }
        self.pump(now, out);
        self.tell(peer, now, out);
    }

    /// They say that another link replaced this one, and there is none here. If none turns up
    /// within the time of a handshake, another process has it.
    fn doubt(&mut self, peer: PeerId, now: Now) {
        if self.attempts.values().any(|attempt| attempt.sworn.is_some_and(|(sworn, _)| sworn == peer)) {
            return;
        }
        let sure = now.tick + millis(self.times.handshake) * 2;
        if let Some(entry) = self.peers.get_mut(&peer) {
            entry.doubted.get_or_insert(sure);
            // The process that has the link now stays for a while.
            entry.due += TWIN_STAYS;
        }
    }

    /// Tells of links that another process with this identity has taken.
    pub(super) fn tell_twins(&mut self, now: Now, out: &mut Vec<Effect>) {
        for (peer, entry) in &mut self.peers {
            if entry.doubted.take_if(|at| *at <= now.tick).is_some() && !entry.is_linked() {
                out.push(Effect::Tell(Event::TwinFound { at: *peer }));
            }
        }
    }

    fn place(&mut self, new: Box<Held>, now: Now, out: &mut Vec<Effect>) {
        let me = self.me;
        let overlap = millis(self.times.handshake) * 2;
        let entry = self.peers.entry(new.candidate.peer).or_default();
        entry.doubted = None;
        let Some(link) = &mut entry.link else {
            start(entry.link.insert(new), out);
            return;
        };
        let rival = entry.heir.as_ref().unwrap_or(link);
        let (old_nonce, nonce) = (rival.candidate.nonce, new.candidate.nonce);
        // A process that was replaced and comes back runs beside the one that replaced it: they
        // would take the link from each other without end.
        let back = old_nonce != nonce && entry.ousted.contains(&nonce);
        let early = back && now.tick.saturating_sub(rival.since.tick) < TWIN_STAYS;
        if early || !replaces(me, rival, &new, now, overlap) {
            out.push(Effect::Close { link: new.candidate.link, bye: Bye::Replaced });
            return;
        }
        if old_nonce != nonce {
            entry.ousted.retain(|ousted| *ousted != nonce && *ousted != old_nonce);
            entry.ousted.push_back(old_nonce);
            if entry.ousted.len() > MAX_OUSTED {
                entry.ousted.pop_front();
            }
        }
        match entry.heir.replace(new) {
            Some(passed_over) => out.push(Effect::Close { link: passed_over.candidate.link, bye: Bye::Replaced }),
            None if link.closing => {}
            None => {
                link.closing = true;
                out.push(Effect::Close { link: link.candidate.link, bye: Bye::Replaced });
            }
        }
    }

    /// Trying to reach a peer that has just come is pointless, unless it may lead to a better path
    /// or is too late to take back.
    fn stop_trying(&mut self, peer: PeerId, out: &mut Vec<Effect>) {
        let rank = self.peers.get(&peer).and_then(Peer::rank);
        let pointless = |attempt: &Attempt| attempt.target == Some(peer) && Some(attempt.way.best()) <= rank;
        let pointless: Vec<AttemptId> = self.attempts.iter().filter(|(_, attempt)| pointless(attempt)).map(|(id, _)| *id).collect();
        for attempt in pointless {
            let dials = self.give_up(attempt, out);
            end_dials(&dials, Ok(peer), out);
        }
    }

    fn is_full(&self) -> bool {
        self.peers.values().filter(|entry| entry.is_linked()).count() >= self.limits.links
    }

    /// Strangers do not keep strangers out: when the lobby is full, who has been there longest is
    /// shown out.
    fn tidy_lobby(&mut self, out: &mut Vec<Effect>) {
        let strangers = self.peers.values_mut().filter_map(|entry| entry.link.as_mut()).filter(|held| !held.welcome && !held.closing);
        let mut lobby: Vec<&mut Box<Held>> = strangers.collect();
        if lobby.len() <= self.limits.lobby {
            return;
        }
        if let Some(oldest) = lobby.iter_mut().min_by_key(|held| (held.since.tick, held.candidate.link)) {
            oldest.closing = true;
            out.push(Effect::Close { link: oldest.candidate.link, bye: Bye::Busy });
        }
    }
}

fn start(held: &Held, out: &mut Vec<Effect>) {
    out.push(Effect::Start { link: held.candidate.link, asked: held.asked });
}

/// Whether the new link with a peer replaces the old one (`docs/PROTOCOL.md` §1.3).
fn replaces(me: PeerId, old: &Held, new: &Held, now: Now, overlap: u64) -> bool {
    let restarted = old.candidate.nonce != new.candidate.nonce;
    let ranks = |held: &Held| held.candidate.path.rank();
    let is_late = now.tick.saturating_sub(old.since.tick) > overlap;
    match ranks(new).cmp(&ranks(old)) {
        _ if restarted => return true,
        Ordering::Greater => return true,
        // The dialler lost the better one.
        Ordering::Less => return is_late,
        Ordering::Equal => {}
    }
    // No device completes a handshake while it holds a link (`may_complete`): the dialler lost the
    // old one. Two that were dialled from both sides at once are younger than two handshakes.
    let redialled = old.candidate.role == new.candidate.role || is_late;
    let smaller_initiates = match new.candidate.role {
        Role::Initiator => me < new.candidate.peer,
        Role::Responder => new.candidate.peer < me,
    };
    redialled || smaller_initiates
}
