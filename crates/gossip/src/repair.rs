//! Anti-entropy in one room: comparing how far each log has come, and asking for what is missing.
//! Spreading is fast; repair makes it certain.

use identity::PeerId;
use rand::RngExt;
use wire::ids::LogKey;
use wire::message::{Digest, HeadOf, Message, Need, RawEvent};

use crate::around::Around;
use crate::neighbour::Neighbour;
use crate::room::Room;
use crate::{Effect, Millis, Trust};

/// Wants that are looked at in one go, and the pause before the next look: the bound on the time
/// that a peer can take up by telling of many logs.
const MAX_LOOKED_AT: usize = 64;
const LOOK_PAUSE: Millis = 2;
/// More wants than this are counted only every [`COUNT_PAUSE`].
const FEW_WANTS: usize = 64;
const COUNT_PAUSE: Millis = 500;
/// How often a log of an unknown author is asked for. Then it is forgotten until a peer mentions it
/// again.
const MAX_STRANGER_TRIES: u8 = 20;
/// Pause before such a log is asked for again.
const STRANGER_PAUSE: Millis = 250;
/// Pause before a log is asked for again after an answer with nothing new in it.
const FRUITLESS_PAUSE: Millis = 250;
/// A Digest goes to one neighbour at most this often.
const DIGEST_PAUSE: Millis = 500;
/// A gap up to this size comes of a broken tree, which a Graft mends; a larger one comes of
/// absence.
const GRAFT_GAP: u32 = 256;

impl Room {
    /// A neighbour's digest. If it is equal, the neighbour has all that is here.
    pub(crate) fn on_digest<R: rand::Rng>(&mut self, around: &mut Around<'_, R>, peer: PeerId, digest: [u8; 16]) {
        let equal = digest == self.own.digest();
        self.on_looked_up(around, peer, equal);
        if !equal {
            self.send_all_heads(around, peer);
            return self.send_digest(around, peer);
        }
        let Some(neighbour) = self.neighbours.get_mut(&peer).filter(|n| n.is_member()) else { return };
        self.own.iter().for_each(|head| neighbour.state(head.log, head.seq));
        for head in self.own.of(around.me) {
            around.out.push(Effect::Acked { room: self.id, peer, log: head.log, seq: head.seq });
        }
    }

    /// What a neighbour has. It is remembered. Of our own logs it is an acknowledgement; what is
    /// more than ours is wanted.
    pub(crate) fn on_heads<R: rand::Rng>(&mut self, around: &mut Around<'_, R>, peer: PeerId, heads: &[HeadOf]) {
        let Some(neighbour) = self.neighbours.get(&peer) else { return };
        let (trust, known) = (neighbour.trust, neighbour.was_heard());
        // Once there is room for no more, unknown logs are passed over: to look at each would cost
        // more than all the others together.
        let mut full = false;
        for head in heads {
            let hidden = trust == Trust::Provisional && !head.log.log.is_control();
            if hidden || (full && self.own.seq(&head.log) == 0) {
                continue;
            }
            full |= self.on_head(around, peer, head, known) == Noted::Full;
        }
        self.pursue(around);
    }

    /// `known`: the peer has said before what it has, so this is news and not history.
    fn on_head<R: rand::Rng>(&mut self, around: &mut Around<'_, R>, peer: PeerId, head: &HeadOf, known: bool) -> Noted {
        let mine = self.own.get(&head.log);
        let mine_seq = mine.map_or(0, |h| h.seq);
        let Some(neighbour) = self.neighbours.get_mut(&peer) else { return Noted::Room };
        neighbour.state(head.log, head.seq);
        // An end with another hash is not what was written here.
        let mine_too = mine.as_ref().is_some_and(|own| own.seq > head.seq || (own.seq == head.seq && own.hash == head.hash));
        if head.log.device == around.me && mine_too {
            around.out.push(Effect::Acked { room: self.id, peer, log: head.log, seq: head.seq });
        }
        if self.stopped.contains(&head.log) {
            return Noted::Room;
        }
        match mine {
            Some(own) if own.seq == head.seq && own.hash != head.hash => {
                let need = Need { room: self.id, log: head.log, from: own.seq, to: own.seq };
                around.out.push(Effect::Send { peer, message: Message::Need(need) });
            }
            _ if head.seq > mine_seq => {
                let live = mine.is_some() || (known && !head.log.log.is_control());
                let at = match self.wants.target(&head.log) {
                    _ if !live => around.now,
                    // Of the devices behind a broken branch one is to ask first, and passes the
                    // answer on to the others. So each draws one random time, however many tell of
                    // it.
                    Some(_) => Millis::MAX,
                    None => around.within(around.config.graft_after, around.config.graft_after.saturating_mul(3)),
                };
                self.want(around.now, &peer, head.log, head.seq, at);
                if self.wants.target(&head.log).is_none() {
                    return Noted::Full;
                }
                self.hedge(around, &head.log);
            }
            _ => {}
        }
        Noted::Room
    }

    /// Serves a range if the asker may have it and it exists here.
    pub(crate) fn on_need<R>(&mut self, around: &mut Around<'_, R>, peer: PeerId, mut need: Need) {
        let allowed = match self.trust(&peer) {
            Some(Trust::Member) => true,
            Some(Trust::Provisional) => need.log.log.is_control(),
            None => false,
        };
        if !allowed || need.from == 0 || need.from > need.to {
            return around.out.push(Effect::Fault { peer, what: "need" });
        }
        need.to = need.to.min(self.own.seq(&need.log));
        around.out.push(Effect::Serve { peer, need });
    }

    /// Events arrived in answer to a Need. The time to answer starts anew, or the Need ends with
    /// the last of them.
    pub(crate) fn on_data<R: rand::Rng>(
        &mut self,
        around: &mut Around<'_, R>,
        peer: PeerId,
        log: LogKey,
        last: u32,
        events: Vec<RawEvent>,
    ) {
        let asked = self.wants.asked_of(&log) == Some(peer);
        if events.is_empty() {
            if let Some(neighbour) = self.neighbours.get_mut(&peer) {
                neighbour.forget(&log);
            }
            if asked {
                self.answered(around.now, &log);
            }
            return self.pursue(around);
        }
        if asked {
            // A peer that answers counts as slow no longer.
            if let Some(neighbour) = self.neighbours.get_mut(&peer) {
                neighbour.late = 0;
            }
            self.wants.renew(&log, around.after(around.config.need_timeout));
        }
        around.out.push(Effect::Check { peer, room: self.id, origin: crate::Origin::Asked { log, last }, events });
    }

    /// A range was answered to its end.
    pub(crate) fn answered(&mut self, now: Millis, log: &LogKey) {
        if self.wants.asked_of(log).is_some() {
            self.wants.rest(log, now);
            self.pursue_at = now;
        }
    }

    /// An answer brought nothing new. A peer that says to have more is asked again, but not at the
    /// speed of the network.
    pub(crate) fn answered_in_vain(&mut self, now: Millis, log: &LogKey) {
        if self.wants.asked_of(log).is_some() {
            self.wants.rest(log, now.saturating_add(FRUITLESS_PAUSE));
            self.pursue_at = now;
        }
    }

    /// The author of a log is unknown here, so far.
    pub(crate) fn on_stranger(&mut self, now: Millis, log: &LogKey) {
        if self.wants.fail(log) > MAX_STRANGER_TRIES {
            self.wants.remove(log);
        } else {
            self.wants.rest(log, now.saturating_add(STRANGER_PAUSE));
        }
        self.pursue_at = now;
    }

    /// What this neighbour was asked for, others are asked for now.
    pub(crate) fn forget_asks(&mut self, now: Millis, peer: &PeerId) {
        let asked: Vec<LogKey> = self.wants.questions().filter(|(_, of)| of == peer).map(|(log, _)| *log).collect();
        for log in asked {
            self.wants.rest(&log, now);
            self.pursue_at = now;
        }
        self.wants.release(peer, usize::MAX, now);
    }

    pub(crate) fn is_asked(&self, peer: &PeerId) -> bool {
        self.wants.questions().any(|(_, of)| of == *peer)
    }

    pub(crate) fn want(&mut self, now: Millis, peer: &PeerId, log: LogKey, target: u32, not_before: Millis) {
        if self.stopped.contains(&log) {
            return;
        }
        let stranger = (self.own.seq(&log) == 0).then_some(*peer);
        self.wants.add(log, target, not_before, stranger);
        self.pursue_at = self.pursue_at.min(not_before.max(now));
    }

    pub(crate) fn unwant(&mut self, now: Millis, log: &LogKey) {
        if self.wants.target(log).is_some() {
            self.wants.remove(log);
            self.pursue_at = now;
        }
    }

    /// Asks for what is missing: control logs first, and each neighbour for a few logs at a time.
    pub(crate) fn pursue<R: rand::Rng>(&mut self, around: &mut Around<'_, R>) {
        let now = around.now;
        if self.pursue_at > now {
            return;
        }
        self.give_up_asking(around);
        for log in self.wants.due(now, MAX_LOOKED_AT) {
            match self.holder(around, &log) {
                Holder::Free(peer) => self.ask_for(around, peer, log),
                Holder::Busy(peer) => self.wants.wait(&log, peer),
                Holder::Nobody => self.wants.remove(&log),
            }
        }
        self.pursue_at = self.wants.next().max(now.saturating_add(LOOK_PAUSE));
        self.report_lacking(around);
    }

    /// Frees the questions that were not answered in time, and counts those that are still open.
    fn give_up_asking<R>(&mut self, around: &Around<'_, R>) {
        let now = around.now;
        for (log, peer) in self.wants.late(now) {
            self.wants.rest(&log, now);
            if let Some(neighbour) = self.neighbours.get_mut(&peer) {
                neighbour.late = neighbour.late.saturating_add(1);
            }
            // Other peers that have it are asked first from now on.
            self.wants.release(&peer, usize::MAX, now);
        }
        self.neighbours.values_mut().for_each(|n| n.questions = 0);
        for (_, peer) in self.wants.questions() {
            if let Some(neighbour) = self.neighbours.get_mut(&peer) {
                neighbour.questions = neighbour.questions.saturating_add(1);
            }
        }
        for peer in self.wants.waited_for() {
            let open = self.neighbours.get(&peer).map_or(0, |n| n.questions);
            self.wants.release(&peer, around.config.needs_at_once.saturating_sub(open), now);
        }
    }

    /// Which neighbour to ask for a log: of those that have it, the one that has answered best so
    /// far. Active ones come first, because only their edges can be grafted; the author comes last,
    /// because all who hear of it from them alone ask them. Else it is one of them at random.
    fn holder<R: rand::Rng>(&self, around: &mut Around<'_, R>, log: &LogKey) -> Holder {
        let from = self.own.seq(log).saturating_add(1);
        let Some(best) = self.neighbours.values().filter(|n| holds(n, log, from)).map(|n| n.late).min() else { return Holder::Nobody };
        let limit = around.config.needs_at_once;
        let Some((peer, chosen)) = self
            .neighbours
            .iter()
            .filter(|(_, n)| n.late == best && holds(n, log, from))
            .min_by_key(|(peer, n)| (n.questions >= limit, !n.active, **peer == log.device, n.questions, around.rng.random::<u32>()))
        else {
            return Holder::Nobody;
        };
        if chosen.questions < limit { Holder::Free(*peer) } else { Holder::Busy(*peer) }
    }

    fn ask_for<R: rand::Rng>(&mut self, around: &mut Around<'_, R>, peer: PeerId, log: LogKey) {
        let have = self.own.seq(&log);
        let Some(target) = self.wants.target(&log) else { return };
        self.wants.ask(log, peer, around.after(around.config.need_timeout));
        self.hedge(around, &log);
        if let Some(neighbour) = self.neighbours.get_mut(&peer) {
            neighbour.questions = neighbour.questions.saturating_add(1);
        }
        if !log.log.is_control() && target.saturating_sub(have) <= GRAFT_GAP {
            self.graft(around, peer);
        }
        let need = Need { room: self.id, log, from: have.saturating_add(1), to: target };
        around.out.push(Effect::Send { peer, message: Message::Need(need) });
    }

    /// Waits less long for a few events if other neighbours have them too.
    fn hedge<R>(&mut self, around: &Around<'_, R>, log: &LogKey) {
        let from = self.own.seq(log).saturating_add(1);
        let (Some(target), Some(asked)) = (self.wants.target(log), self.wants.asked_of(log)) else { return };
        if target.saturating_sub(from) < GRAFT_GAP && self.neighbours.iter().any(|(peer, n)| *peer != asked && holds(n, log, from)) {
            self.wants.hasten(log, around.after(around.config.need_hedge));
            self.pursue_at = self.pursue_at.min(self.wants.next());
        }
    }

    fn report_lacking<R>(&mut self, around: &mut Around<'_, R>) {
        if self.wants.len() > FEW_WANTS && around.since(self.counted_at) < COUNT_PAUSE {
            return;
        }
        self.counted_at = around.now;
        let lacking = self.wants.iter().map(|(log, target)| target.saturating_sub(self.own.seq(log))).fold(0u32, u32::saturating_add);
        if lacking != self.lacking {
            self.lacking = lacking;
            around.out.push(Effect::Lacking { room: self.id, count: lacking });
        }
    }

    pub(crate) fn send_digest<R>(&mut self, around: &mut Around<'_, R>, peer: PeerId) {
        let Some(neighbour) = self.neighbours.get_mut(&peer) else { return };
        if neighbour.digest_at.is_some_and(|at| around.since(at) < DIGEST_PAUSE) {
            return;
        }
        neighbour.digest_at = Some(around.now);
        let digest = Digest { room: self.id, digest: self.own.digest() };
        around.out.push(Effect::Send { peer, message: Message::Digest(digest) });
    }
}

/// Whether a neighbour has an event and may be asked for it.
fn holds(neighbour: &Neighbour, log: &LogKey, seq: u32) -> bool {
    (log.log.is_control() || neighbour.is_member()) && neighbour.has(log) >= seq
}

/// Whether there is room for more that this neighbour tells of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Noted {
    Room,
    Full,
}

/// Which neighbour can be asked for a log.
enum Holder {
    /// This one.
    Free(PeerId),
    /// All that have it owe enough answers already; this one owes the fewest.
    Busy(PeerId),
    /// No neighbour is known to have it.
    Nobody,
}
