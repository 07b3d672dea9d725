//! Spreading and repair within one room.

use std::collections::{BTreeMap, BTreeSet};

use identity::PeerId;
use rand::seq::{IndexedRandom, IteratorRandom};
use wire::ids::{Head, LogKey, RoomId};
use wire::message::{Digest, HeadOf, Heads, Message, Need, RawEvent, Run};

use crate::heads::OwnHeads;
use crate::tie::{self, Behind, Tie};
use crate::{Config, Effect, Millis, Origin, Standing, Verdict};

/// Logs remembered for one neighbour in one room; a lying neighbour cannot make more grow.
const MAX_LOGS_OF_NEIGHBOUR: usize = 8_192;
/// Logs that are known to be behind, for each room.
const MAX_WANTS: usize = 8_192;
/// Times that a log whose author is unknown is asked for before it is forgotten until somebody mentions it again.
const MAX_STRANGER_TRIES: u8 = 20;
/// Pause before such a log is asked for again.
const STRANGER_PAUSE: Millis = 250;
/// Pause before a log is asked for again after an answer with nothing new in it.
const FRUITLESS_PAUSE: Millis = 250;
/// All Heads (or a Digest) go to one neighbour at most this often.
const FULL_HEADS_PAUSE: Millis = 500;

/// What a neighbour is known to have, and what was told to them.
struct Neighbour {
    standing: Standing,
    has: BTreeMap<LogKey, u32>,
    full_heads_at: Option<Millis>,
    digest_at: Option<Millis>,
    /// A live run did not fit into their queue: they get Heads instead.
    owed: bool,
}

/// A log of which more exists elsewhere.
struct Want {
    target: u32,
    not_before: Millis,
    asked: Option<Asked>,
    tries: u8,
}

struct Asked {
    peer: PeerId,
    until: Millis,
}

/// The state of one room.
pub(crate) struct Room {
    id: RoomId,
    own: OwnHeads,
    /// Boxed, because a map makes room for eleven at once and most direct rooms have one.
    neighbours: BTreeMap<PeerId, Box<Neighbour>>,
    wants: BTreeMap<LogKey, Want>,
    /// Logs that ended in a fork: never asked for again.
    stopped: BTreeSet<LogKey>,
    dirty: BTreeSet<LogKey>,
    heads_at: Option<Millis>,
    digest_at: Millis,
    lacking: u32,
}

/// What every call needs besides the room.
pub(crate) struct Around<'a, R> {
    pub(crate) now: Millis,
    pub(crate) me: PeerId,
    pub(crate) config: &'a Config,
    pub(crate) rng: &'a mut R,
    pub(crate) out: &'a mut Vec<Effect>,
}

impl Room {
    pub(crate) fn new(id: RoomId, heads: Vec<(LogKey, Head)>, stopped: Vec<LogKey>, first_digest: Millis) -> Self {
        let mut own = OwnHeads::default();
        for (log, head) in heads {
            own.set(log, head);
        }
        Room {
            id,
            own,
            neighbours: BTreeMap::new(),
            wants: BTreeMap::new(),
            stopped: stopped.into_iter().collect(),
            dirty: BTreeSet::new(),
            heads_at: None,
            digest_at: first_digest,
            lacking: 0,
        }
    }

    pub(crate) fn neighbour_up<R>(&mut self, around: &mut Around<'_, R>, peer: PeerId, standing: Standing) {
        let neighbour = self
            .neighbours
            .entry(peer)
            .or_insert_with(|| Box::new(Neighbour { standing, has: BTreeMap::new(), full_heads_at: None, digest_at: None, owed: false }));
        neighbour.standing = standing;
        match standing {
            Standing::Member => self.send_digest(around, peer),
            // Who has nothing yet has no Heads to send: the Digest asks for theirs.
            Standing::Provisional => {
                self.send_all_heads(around, peer);
                self.send_digest(around, peer);
            }
        }
    }

    pub(crate) fn neighbour_down<R: rand::Rng>(&mut self, around: &mut Around<'_, R>, peer: &PeerId) {
        if self.neighbours.remove(peer).is_none() {
            return;
        }
        for want in self.wants.values_mut() {
            if want.asked.as_ref().is_some_and(|a| a.peer == *peer) {
                want.asked = None;
            }
        }
        self.pursue(around);
    }

    pub(crate) fn standing(&self, peer: &PeerId) -> Option<Standing> {
        self.neighbours.get(peer).map(|n| n.standing)
    }

    /// A neighbour's digest: equal means that they have all that is here.
    pub(crate) fn on_digest<R>(&mut self, around: &mut Around<'_, R>, peer: PeerId, digest: [u8; 16]) {
        if digest != self.own.digest() {
            self.send_all_heads(around, peer);
            return self.send_digest(around, peer);
        }
        if self.standing(&peer) != Some(Standing::Member) {
            return;
        }
        let all: Vec<HeadOf> = self.own.iter().collect();
        if let Some(neighbour) = self.neighbours.get_mut(&peer) {
            neighbour.has = all.iter().map(|h| (h.log, h.seq)).take(MAX_LOGS_OF_NEIGHBOUR).collect();
        }
        for head in self.own.of(around.me) {
            around.out.push(Effect::Acked { room: self.id, peer, log: head.log, seq: head.seq });
        }
    }

    /// What a neighbour has: remembered, acknowledged if it is our own log, wanted if it is more than ours.
    pub(crate) fn on_heads<R: rand::Rng>(&mut self, around: &mut Around<'_, R>, peer: PeerId, heads: &[HeadOf]) {
        let Some(standing) = self.standing(&peer) else { return };
        for head in heads {
            if standing == Standing::Provisional && !head.log.log.is_control() {
                continue;
            }
            self.on_head(around, peer, head);
        }
        self.pursue(around);
    }

    fn on_head<R>(&mut self, around: &mut Around<'_, R>, peer: PeerId, head: &HeadOf) {
        let mine = self.own.get(&head.log);
        let mine_seq = mine.map_or(0, |h| h.seq);
        let Some(neighbour) = self.neighbours.get_mut(&peer) else { return };
        if neighbour.has.len() < MAX_LOGS_OF_NEIGHBOUR || neighbour.has.contains_key(&head.log) {
            neighbour.has.insert(head.log, head.seq);
        }
        if head.log.device == around.me && head.seq <= mine_seq {
            around.out.push(Effect::Acked { room: self.id, peer, log: head.log, seq: head.seq });
        }
        if self.stopped.contains(&head.log) {
            return;
        }
        match mine {
            Some(own) if own.seq == head.seq && own.hash != head.hash => {
                let need = Need { room: self.id, log: head.log, from: own.seq, to: own.seq };
                around.out.push(Effect::Send { peer, message: Message::Need(need) });
            }
            _ if head.seq > mine_seq => self.want(head.log, head.seq, around.now + around.config.graft_after * u64::from(mine.is_some())),
            _ => {}
        }
    }

    /// Serves a range if the asker may have it and it exists here.
    pub(crate) fn on_need<R>(&mut self, around: &mut Around<'_, R>, peer: PeerId, mut need: Need) {
        let allowed = match self.standing(&peer) {
            Some(Standing::Member) => true,
            Some(Standing::Provisional) => need.log.log.is_control(),
            None => false,
        };
        if !allowed || need.from == 0 || need.from > need.to {
            return around.out.push(Effect::Fault { peer, what: "need" });
        }
        need.to = need.to.min(self.own.seq(&need.log));
        around.out.push(Effect::Serve { peer, need });
    }

    /// Events arrived in answer to a Need: the asker's patience is renewed, or ends with the last of them.
    pub(crate) fn on_data<R: rand::Rng>(
        &mut self,
        around: &mut Around<'_, R>,
        peer: PeerId,
        log: LogKey,
        last: u32,
        events: Vec<RawEvent>,
    ) {
        if events.is_empty() {
            if let Some(neighbour) = self.neighbours.get_mut(&peer) {
                neighbour.has.remove(&log);
            }
            if let Some(want) = self.wants.get_mut(&log) {
                want.asked = None;
            }
            return self.pursue(around);
        }
        if let Some(want) = self.wants.get_mut(&log)
            && let Some(asked) = &mut want.asked
            && asked.peer == peer
        {
            asked.until = around.now + around.config.need_timeout;
        }
        around.out.push(Effect::Check { peer, room: self.id, origin: Origin::Asked { last }, events });
    }

    /// The outcome of a check.
    pub(crate) fn on_checked<R: rand::Rng>(
        &mut self,
        around: &mut Around<'_, R>,
        peer: PeerId,
        origin: Origin,
        events: Vec<RawEvent>,
        verdict: Verdict,
    ) {
        match verdict {
            Verdict::Fresh { log, head } => {
                self.knows(&peer, log, head.seq);
                self.advance(around, log, head);
                match origin {
                    Origin::Live { ttl } => self.forward(around, Some(peer), ttl.saturating_sub(1), log, head.seq, events),
                    Origin::Asked { last } if head.seq >= last => self.answered(&log),
                    Origin::Asked { .. } => {}
                }
            }
            Verdict::Duplicate { log, seq } => {
                self.knows(&peer, log, seq);
                if matches!(origin, Origin::Asked { last } if seq >= last) {
                    self.answered(&log);
                    // Nothing new came of asking: whoever says to have more is asked again, but not at the speed of the network.
                    self.postpone(&log, around.now + FRUITLESS_PAUSE);
                }
            }
            Verdict::Gap { log, seq } => {
                self.knows(&peer, log, seq);
                self.want(log, seq, around.now);
                if matches!(origin, Origin::Asked { .. }) {
                    self.answered(&log);
                }
            }
            Verdict::Fork { log, head, proof } => self.on_fork(around, log, head, proof),
            Verdict::Later { log } => self.on_stranger(around.now, log),
            Verdict::Bad => {
                around.out.push(Effect::Fault { peer, what: "events" });
                self.forget_asks(&peer);
            }
        }
        self.pursue(around);
    }

    /// Own events were stored.
    pub(crate) fn publish<R: rand::Rng>(&mut self, around: &mut Around<'_, R>, log: LogKey, head: Head, events: Vec<RawEvent>) {
        self.advance(around, log, head);
        let ttl = around.config.ttl;
        self.forward(around, None, ttl, log, head.seq, events);
    }

    pub(crate) fn refused<R>(&mut self, around: &mut Around<'_, R>, peer: &PeerId) {
        if let Some(neighbour) = self.neighbours.get_mut(peer) {
            neighbour.owed = true;
            self.heads_at.get_or_insert(around.now + around.config.heads_after);
        }
    }

    /// Does what is due.
    pub(crate) fn tick<R: rand::Rng>(&mut self, around: &mut Around<'_, R>) {
        let now = around.now;
        if self.heads_at.is_some_and(|at| at <= now) {
            self.tell_heads(around);
        }
        if self.digest_at <= now {
            self.digest_at = now + jittered(around.config.digest_every, around.rng);
            let members = self.neighbours.iter().filter(|(_, n)| n.standing == Standing::Member).map(|(p, _)| *p);
            if let Some(peer) = members.choose(around.rng) {
                self.send_digest(around, peer);
            }
        }
        self.pursue(around);
    }

    /// When [`Room::tick`] has something to do next. What could be asked for already waits for a free place instead.
    pub(crate) fn next_wake(&self, now: Millis) -> Millis {
        let heads = self.heads_at.unwrap_or(Millis::MAX);
        if self.neighbours.is_empty() {
            return heads;
        }
        let due = |want: &Want| match &want.asked {
            Some(asked) => Some(asked.until),
            None => (want.not_before > now).then_some(want.not_before),
        };
        self.wants.values().filter_map(due).min().unwrap_or(Millis::MAX).min(self.digest_at).min(heads)
    }

    /// How each neighbour stands.
    pub(crate) fn ties(&self) -> impl Iterator<Item = Tie> + '_ {
        self.neighbours.iter().map(|(peer, n)| Tie {
            peer: *peer,
            member: n.standing == Standing::Member,
            active: true,
            eager: true,
            dialled: false,
            heard: !n.has.is_empty(),
            lacks: tie::lacks(self.open_logs(), &n.has),
            ahead: tie::ahead(|log| self.own.seq(log), n.has.iter().filter(|(log, _)| !self.stopped.contains(log))),
        })
    }

    /// Where neighbours that were heard are behind.
    pub(crate) fn behind(&self) -> impl Iterator<Item = Behind> + '_ {
        let heard = self.neighbours.iter().filter(|(_, n)| !n.has.is_empty());
        heard.flat_map(|(peer, n)| tie::behind(self.open_logs(), &n.has).map(|(log, from, _)| Behind { peer: *peer, log, from }))
    }

    /// Own heads of logs that go on: one that ended in a fork ends elsewhere for others.
    fn open_logs(&self) -> impl Iterator<Item = (LogKey, u32)> + '_ {
        self.own.iter().filter(|head| !self.stopped.contains(&head.log)).map(|head| (head.log, head.seq))
    }

    fn knows(&mut self, peer: &PeerId, log: LogKey, seq: u32) {
        if let Some(neighbour) = self.neighbours.get_mut(peer)
            && (neighbour.has.len() < MAX_LOGS_OF_NEIGHBOUR || neighbour.has.contains_key(&log))
        {
            let known = neighbour.has.entry(log).or_insert(0);
            *known = (*known).max(seq);
        }
    }

    fn advance<R>(&mut self, around: &mut Around<'_, R>, log: LogKey, head: Head) {
        self.own.set(log, head);
        self.dirty.insert(log);
        self.heads_at.get_or_insert(around.now + around.config.heads_after);
        if self.wants.get(&log).is_some_and(|w| w.target <= head.seq) {
            self.wants.remove(&log);
        }
    }

    fn forward<R: rand::Rng>(
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
        let lacking: Vec<PeerId> = self
            .neighbours
            .iter()
            .filter(|(peer, n)| n.standing == Standing::Member && Some(**peer) != from && **peer != log.device)
            .filter(|(_, n)| n.has.get(&log).is_none_or(|has| *has < seq))
            .map(|(peer, _)| *peer)
            .collect();
        let peers: Vec<PeerId> = lacking.sample(around.rng, around.config.fanout).copied().collect();
        if !peers.is_empty() {
            around.out.push(Effect::Spread { peers, message: Message::Run(Run { ttl, room: self.id, events }) });
        }
    }

    /// The log ends here; the neighbours get both histories, so that it ends there too.
    fn on_fork<R>(&mut self, around: &mut Around<'_, R>, log: LogKey, head: Option<Head>, proof: [Vec<RawEvent>; 2]) {
        self.stopped.insert(log);
        self.wants.remove(&log);
        self.own.end(log, head);
        let peers: Vec<PeerId> = self.neighbours.iter().filter(|(_, n)| n.standing == Standing::Member).map(|(peer, _)| *peer).collect();
        for events in proof.into_iter().filter(|events| !events.is_empty() && !peers.is_empty()) {
            let run = Run { ttl: around.config.ttl, room: self.id, events };
            around.out.push(Effect::Spread { peers: peers.clone(), message: Message::Run(run) });
        }
    }

    fn postpone(&mut self, log: &LogKey, until: Millis) {
        if let Some(want) = self.wants.get_mut(log) {
            want.not_before = want.not_before.max(until);
        }
    }

    fn on_stranger(&mut self, now: Millis, log: LogKey) {
        let Some(want) = self.wants.get_mut(&log) else { return };
        want.asked = None;
        want.tries = want.tries.saturating_add(1);
        want.not_before = now + STRANGER_PAUSE;
        if want.tries > MAX_STRANGER_TRIES {
            self.wants.remove(&log);
        }
    }

    fn answered(&mut self, log: &LogKey) {
        if let Some(want) = self.wants.get_mut(log) {
            want.asked = None;
        }
    }

    fn forget_asks(&mut self, peer: &PeerId) {
        for want in self.wants.values_mut().filter(|w| w.asked.as_ref().is_some_and(|a| a.peer == *peer)) {
            want.asked = None;
        }
        if let Some(neighbour) = self.neighbours.get_mut(peer) {
            neighbour.has.clear();
        }
    }

    fn want(&mut self, log: LogKey, target: u32, not_before: Millis) {
        if self.stopped.contains(&log) || (self.wants.len() >= MAX_WANTS && !self.wants.contains_key(&log)) {
            return;
        }
        let want = self.wants.entry(log).or_insert(Want { target, not_before, asked: None, tries: 0 });
        want.target = want.target.max(target);
        want.not_before = want.not_before.min(not_before);
    }

    /// Asks for what is missing: control logs first, each of somebody who has it, a few at a time.
    fn pursue<R: rand::Rng>(&mut self, around: &mut Around<'_, R>) {
        let now = around.now;
        for want in self.wants.values_mut() {
            if want.asked.as_ref().is_some_and(|a| a.until <= now) {
                want.asked = None;
            }
        }
        let mut free = around.config.needs_at_once.saturating_sub(self.wants.values().filter(|w| w.asked.is_some()).count());
        let mut unheld = Vec::new();
        for control in [true, false] {
            let due = self.wants.iter_mut().filter(|(log, w)| log.log.is_control() == control && w.asked.is_none() && w.not_before <= now);
            for (log, want) in due {
                if free == 0 {
                    break;
                }
                let from = self.own.seq(log) + 1;
                let holders: Vec<PeerId> = self
                    .neighbours
                    .iter()
                    .filter(|(_, n)| (control || n.standing == Standing::Member) && n.has.get(log).is_some_and(|has| *has >= from))
                    .map(|(peer, _)| *peer)
                    .collect();
                let Some(peer) = holders.choose(around.rng).copied() else {
                    unheld.push(*log);
                    continue;
                };
                want.asked = Some(Asked { peer, until: now + around.config.need_timeout });
                free -= 1;
                let need = Need { room: self.id, log: *log, from, to: want.target };
                around.out.push(Effect::Send { peer, message: Message::Need(need) });
            }
        }
        for log in unheld {
            self.wants.remove(&log);
        }
        self.report_lacking(around);
    }

    fn report_lacking<R>(&mut self, around: &mut Around<'_, R>) {
        let lacking = self.wants.iter().map(|(log, w)| w.target.saturating_sub(self.own.seq(log))).fold(0u32, u32::saturating_add);
        if lacking != self.lacking {
            self.lacking = lacking;
            around.out.push(Effect::Lacking { room: self.id, count: lacking });
        }
    }

    fn tell_heads<R>(&mut self, around: &mut Around<'_, R>) {
        self.heads_at = None;
        let changed: Vec<HeadOf> = std::mem::take(&mut self.dirty).iter().filter_map(|log| self.own.get(log)).collect();
        let owed: Vec<PeerId> = self.neighbours.iter().filter(|(_, n)| n.owed).map(|(p, _)| *p).collect();
        for (peer, neighbour) in &self.neighbours {
            let control_only = neighbour.standing == Standing::Provisional;
            let news = changed.iter().filter(|h| h.log.device != *peer || neighbour.has.get(&h.log).is_none_or(|has| *has <= h.seq));
            let heads: Vec<HeadOf> = news.filter(|h| !control_only || h.log.log.is_control()).copied().collect();
            send_heads(self.id, *peer, &heads, around.out);
        }
        for peer in owed {
            if let Some(neighbour) = self.neighbours.get_mut(&peer) {
                neighbour.owed = false;
                neighbour.full_heads_at = None;
            }
            self.send_all_heads(around, peer);
        }
    }

    fn send_all_heads<R>(&mut self, around: &mut Around<'_, R>, peer: PeerId) {
        let Some(neighbour) = self.neighbours.get_mut(&peer) else { return };
        if neighbour.full_heads_at.is_some_and(|at| around.now < at + FULL_HEADS_PAUSE) {
            return;
        }
        neighbour.full_heads_at = Some(around.now);
        let control_only = neighbour.standing == Standing::Provisional;
        let heads: Vec<HeadOf> = self.own.iter().filter(|h| !control_only || h.log.log.is_control()).collect();
        send_heads(self.id, peer, &heads, around.out);
    }

    fn send_digest<R>(&mut self, around: &mut Around<'_, R>, peer: PeerId) {
        let Some(neighbour) = self.neighbours.get_mut(&peer) else { return };
        if neighbour.digest_at.is_some_and(|at| around.now < at + FULL_HEADS_PAUSE) {
            return;
        }
        neighbour.digest_at = Some(around.now);
        let digest = Digest { room: self.id, digest: self.own.digest() };
        around.out.push(Effect::Send { peer, message: Message::Digest(digest) });
    }
}

fn send_heads(room: RoomId, peer: PeerId, heads: &[HeadOf], out: &mut Vec<Effect>) {
    for part in heads.chunks(wire::limits::MAX_HEADS) {
        out.push(Effect::Send { peer, message: Message::Heads(Heads { room, heads: part.to_vec() }) });
    }
}

fn jittered<R: rand::Rng>(base: Millis, rng: &mut R) -> Millis {
    use rand::RngExt;
    rng.random_range(base / 2..=base + base / 2)
}
