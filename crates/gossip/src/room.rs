//! The state of one room: neighbours, and what happens to them. `overlay` chooses them, `tree`
//! pushes along them, `repair` makes up for what was missed.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use identity::PeerId;
use rand::seq::IteratorRandom;
use wire::ids::{Head, LogKey, RoomId};
use wire::message::{Message, RawEvent};

use crate::candidates::Candidates;
use crate::heads::OwnHeads;
use crate::neighbour::{Neighbour, Request};
use crate::neighbour_view::{self, Missing};
use crate::news::News;
use crate::overlay::{Dial, jittered};
use crate::wants::Wants;
use crate::{Config, Effect, Ending, Millis, NeighbourView, Origin, Trust, Verdict};

/// Events that were asked for and are passed on like live ones: so few were missed on the way, and
/// others behind this device miss them too.
const FEW: usize = 8;

/// One room.
pub(crate) struct Room {
    pub(crate) id: RoomId,
    me: PeerId,
    pub(crate) own: OwnHeads,
    /// Boxed, because a map makes room for eleven at once and most direct rooms have one.
    pub(crate) neighbours: BTreeMap<PeerId, Box<Neighbour>>,
    pub(crate) candidates: Candidates,
    pub(crate) dials: BTreeMap<PeerId, Dial>,
    pub(crate) wants: Wants,
    /// When something can be done about `wants`, at the earliest.
    pub(crate) pursue_at: Millis,
    /// Logs that ended in a fork: never asked for again.
    pub(crate) stopped: BTreeSet<LogKey>,
    pub(crate) news: News,
    /// When the tree or the active view last changed.
    pub(crate) troubled_at: Millis,
    /// Logs that changed whose authors are linked.
    pub(crate) acks: BTreeSet<LogKey>,
    pub(crate) acks_at: Option<Millis>,
    pub(crate) digest_at: Millis,
    /// When logs last changed, and when to look whether they have come to rest since.
    changed_at: Millis,
    rest_at: Option<Millis>,
    pub(crate) tend_at: Millis,
    pub(crate) shuffle_at: Millis,
    pub(crate) wander_at: Millis,
    pub(crate) lacking: u32,
    /// When that was counted.
    pub(crate) counted_at: Millis,
    /// Whose duplicates lead to pruning, and when they were last heard.
    pub(crate) leader: Option<(PeerId, Millis)>,
    /// Runs that came live lately, and their authors.
    pub(crate) fresh: VecDeque<(u128, PeerId)>,
    /// Runs that were lately asked for, and of whom, because the tree seemed broken.
    pub(crate) fetched: VecDeque<(u128, PeerId)>,
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
    pub(crate) fn new<R: rand::Rng>(
        around: &mut Around<'_, R>,
        id: RoomId,
        key: [u8; 32],
        heads: Vec<(LogKey, Head)>,
        stopped: Vec<LogKey>,
    ) -> Self {
        let mut own = OwnHeads::default();
        for (log, head) in heads {
            own.set(log, head);
        }
        let (now, config) = (around.now, around.config);
        Room {
            id,
            me: around.me,
            own,
            neighbours: BTreeMap::new(),
            candidates: Candidates::new(key),
            dials: BTreeMap::new(),
            wants: Wants::default(),
            pursue_at: Millis::MAX,
            stopped: stopped.into_iter().collect(),
            news: News::default(),
            troubled_at: now,
            acks: BTreeSet::new(),
            acks_at: None,
            digest_at: now + jittered(config.digest_every, around.rng),
            changed_at: now,
            rest_at: None,
            tend_at: Millis::MAX,
            shuffle_at: now + jittered(config.shuffle_every, around.rng),
            wander_at: now + jittered(config.wander_every, around.rng),
            lacking: 0,
            counted_at: now,
            leader: None,
            fresh: VecDeque::new(),
            fetched: VecDeque::new(),
        }
    }

    pub(crate) fn neighbour_up<R: rand::Rng>(&mut self, around: &mut Around<'_, R>, peer: PeerId, trust: Trust) {
        let now = around.now;
        let neighbour = self.neighbours.entry(peer).or_insert_with(|| Box::new(Neighbour::new(trust, now)));
        neighbour.trust = trust;
        match trust {
            Trust::Member => {
                self.send_digest(around, peer);
                self.greet(around, peer);
            }
            // Who has nothing yet has no Heads to send: the Digest asks for theirs.
            Trust::Provisional => {
                neighbour.deactivate();
                self.send_all_heads(around, peer);
                self.send_digest(around, peer);
            }
        }
    }

    pub(crate) fn neighbour_down<R: rand::Rng>(&mut self, around: &mut Around<'_, R>, peer: &PeerId) {
        let Some(gone) = self.neighbours.remove(peer) else { return };
        self.forget_asks(around.now, peer);
        self.lose(around, *peer, gone.active);
        if gone.active {
            self.regrow(around);
            // What was on its way through them may be lost.
            let near = self.neighbours.iter().filter(|(_, n)| n.active).map(|(peer, _)| *peer).choose(around.rng);
            near.into_iter().for_each(|near| self.send_digest(around, near));
        }
        self.pursue(around);
    }

    pub(crate) fn trust(&self, peer: &PeerId) -> Option<Trust> {
        self.neighbours.get(peer).map(|n| n.trust)
    }

    /// A message from a neighbour, but for runs.
    pub(crate) fn on_message<R: rand::Rng>(&mut self, around: &mut Around<'_, R>, peer: PeerId, message: Message) {
        let now = around.now;
        let Some(neighbour) = self.neighbours.get_mut(&peer) else { return };
        let about_views = !matches!(message, Message::Digest(_) | Message::Heads(_) | Message::Need(_) | Message::Data(_));
        if about_views {
            // Before their Add has come here they may ask too early.
            match if neighbour.is_member() { neighbour.may_ask(now) } else { Request::Ignored } {
                Request::Taken => {}
                Request::Ignored => return,
                Request::Storm => return around.out.push(Effect::Fault { peer, what: "a storm of requests" }),
            }
        }
        match message {
            Message::Digest(m) => self.on_digest(around, peer, m.digest),
            Message::Heads(m) => self.on_heads(around, peer, &m.heads),
            Message::Need(need) => self.on_need(around, peer, need),
            Message::Data(m) => self.on_data(around, peer, m.log, m.last, m.events),
            Message::Prune(_) => self.on_prune(&peer),
            Message::Graft(_) => self.on_graft(around, &peer),
            Message::Neighbour(ask) => self.on_ask(around, peer, ask),
            Message::NeighbourReply(reply) => self.on_reply(around, peer, reply),
            Message::Disconnect(m) => self.on_disconnect(around, peer, m.degree),
            Message::ForwardJoin(join) => self.on_forward_join(around, peer, join),
            Message::Shuffle(shuffle) => self.on_shuffle(around, peer, shuffle),
            _ => {}
        }
    }

    /// The outcome of a check of these events, named `run`.
    pub(crate) fn on_checked<R: rand::Rng>(
        &mut self,
        around: &mut Around<'_, R>,
        peer: PeerId,
        origin: Origin,
        events: Vec<RawEvent>,
        run: u128,
        verdict: Verdict,
    ) {
        match verdict {
            Verdict::Fresh { log, head } => {
                self.knows(&peer, log, head.seq);
                let reached = self.wants.target(&log).is_none_or(|target| target <= head.seq);
                self.advance(around, log, head);
                match origin {
                    Origin::Live { ttl, .. } => {
                        self.follow(around.now, run, log.device);
                        self.on_first(around, peer);
                        self.push(around, Some(peer), ttl.saturating_sub(1), log, head.seq, events);
                    }
                    Origin::Asked { log: asked, last } => {
                        if head.seq >= last {
                            self.answered(around.now, &asked);
                            self.unask_elsewhere(around.now, &asked, &log);
                        }
                        if reached && events.len() <= FEW {
                            self.on_fetched(peer, run);
                            self.push(around, Some(peer), around.config.ttl / 2, log, head.seq, events);
                        }
                    }
                }
            }
            Verdict::Duplicate { log, seq } => {
                self.knows(&peer, log, seq);
                match origin {
                    Origin::Live { .. } => self.on_duplicate(around, peer, run),
                    Origin::Asked { log: asked, last } if seq >= last => {
                        self.answered_in_vain(around.now, &asked);
                        self.unask_elsewhere(around.now, &asked, &log);
                    }
                    Origin::Asked { .. } => {}
                }
            }
            Verdict::Gap { log, seq } => {
                self.knows(&peer, log, seq);
                self.want(around.now, &peer, log, seq, around.now);
                if matches!(origin, Origin::Asked { .. }) {
                    self.answered(around.now, &log);
                }
            }
            Verdict::Fork { log, head, proof } => self.on_fork(around, log, head, proof),
            Verdict::Later { log } => self.on_stranger(around.now, &log),
            Verdict::Beyond => {
                if let Origin::Asked { log, .. } = origin {
                    self.unwant(around.now, &log);
                    self.neighbours.values_mut().for_each(|neighbour| neighbour.forget(&log));
                }
            }
            Verdict::Bad => {
                around.out.push(Effect::Fault { peer, what: "events" });
                self.forget_asks(around.now, &peer);
                if let Some(neighbour) = self.neighbours.get_mut(&peer) {
                    neighbour.forget_all();
                }
            }
        }
        self.pursue(around);
    }

    /// Own events were stored.
    pub(crate) fn publish<R: rand::Rng>(&mut self, around: &mut Around<'_, R>, log: LogKey, head: Head, events: Vec<RawEvent>) {
        self.advance(around, log, head);
        self.push(around, None, around.config.ttl, log, head.seq, events);
        if self.eagers() == 0 {
            self.heads_now(around.now);
        }
    }

    /// Does what is due.
    pub(crate) fn tick<R: rand::Rng>(&mut self, around: &mut Around<'_, R>) {
        let now = around.now;
        if self.acks_at.is_some_and(|at| at <= now) {
            self.tell_authors(around);
        }
        if self.news.at.is_some_and(|at| at <= now) {
            self.tell_heads(around);
        }
        if self.digest_at <= now {
            self.digest_at = now + jittered(around.config.digest_every, around.rng);
            let members = self.neighbours.iter().filter(|(_, n)| n.is_member()).map(|(peer, _)| *peer);
            let peer = members.choose(around.rng);
            peer.into_iter().for_each(|peer| self.send_digest(around, peer));
        }
        if self.rest_at.is_some_and(|at| at <= now) {
            self.compare_at_rest(around);
        }
        self.keep_overlay(around);
        self.pursue(around);
    }

    /// Once nobody says anything for a while, neighbours tell each other that they have it all: a
    /// digest each, where silence would be no proof.
    fn compare_at_rest<R: rand::Rng>(&mut self, around: &mut Around<'_, R>) {
        let at = self.changed_at + around.config.rest_after;
        self.rest_at = (at > around.now).then_some(at);
        if self.rest_at.is_none() {
            let near: Vec<PeerId> = self.neighbours.iter().filter(|(_, n)| n.active).map(|(peer, _)| *peer).collect();
            near.into_iter().for_each(|peer| self.send_digest(around, peer));
        }
    }

    /// When [`Room::tick`] has something to do next.
    pub(crate) fn next_wake(&self) -> Millis {
        let told = [self.news.at, self.acks_at, self.rest_at].into_iter().flatten().min().unwrap_or(Millis::MAX);
        let overlay = if self.candidates.len() == 0 { Millis::MAX } else { self.shuffle_at.min(self.wander_at) };
        let repair = if self.neighbours.is_empty() { Millis::MAX } else { self.digest_at.min(self.pursue_at) };
        told.min(overlay).min(repair).min(self.tend_at)
    }

    /// Who is linked, and how.
    pub(crate) fn neighbours<'a>(&'a self, config: &'a Config) -> impl Iterator<Item = NeighbourView> + 'a {
        self.neighbours.iter().map(move |(peer, neighbour)| {
            let ahead = neighbour.said().filter(|(log, _)| !self.stopped.contains(log));
            let Neighbour { active, eager, chosen, .. } = **neighbour;
            NeighbourView {
                peer: *peer,
                member: neighbour.is_member(),
                active,
                eager,
                dialled: chosen,
                heard: neighbour.was_heard(),
                lacks: self.gaps(config, peer, neighbour).filter(|gap| !gap.on_its_way).map(|gap| gap.count).sum(),
                ahead: ahead.map(|(log, seq)| neighbour_view::beyond(seq, self.own.seq(log))).sum(),
            }
        })
    }

    /// Linked members, and whether they have said what they have.
    pub(crate) fn linked(&self) -> impl Iterator<Item = (PeerId, bool)> + '_ {
        self.neighbours.iter().filter(|(_, n)| n.is_member()).map(|(peer, n)| (*peer, n.was_heard()))
    }

    /// Where neighbours that were heard are behind.
    pub(crate) fn missing<'a>(&'a self, config: &'a Config) -> impl Iterator<Item = Missing> + 'a {
        self.neighbours.iter().filter(|(_, n)| n.was_heard()).flat_map(move |(peer, neighbour)| self.gaps(config, peer, neighbour))
    }

    /// Logs that go on of which somebody has not said to have all: one that ended in a fork ends
    /// elsewhere for others, and their own they have.
    fn gaps<'a>(&'a self, config: &'a Config, peer: &'a PeerId, neighbour: &'a Neighbour) -> impl Iterator<Item = Missing> + 'a {
        // Side by side, because both are sorted: a look-up for each of them took a tenth of all
        // that a crowd costs.
        let mut said = neighbour.said().peekable();
        self.own.iter().filter_map(move |head| {
            while said.next_if(|(log, _)| **log < head.log).is_some() {}
            let said = said.next_if(|(log, _)| **log == head.log).map_or(0, |(_, seq)| seq);
            if said >= head.seq || head.log.device == *peer || self.stopped.contains(&head.log) {
                return None;
            }
            // To an author it is said at once what arrived, so silence means that it did not.
            let on_its_way = neighbour.has(&head.log) >= head.seq && head.log.device != self.me;
            let longest = match neighbour.active {
                _ if head.log.device == self.me => config.acks_after,
                true => config.calm_heads_after,
                false => config.far_heads_after,
            };
            let said_within = longest + config.tell_every;
            Some(Missing {
                peer: *peer,
                log: head.log,
                from: said + 1,
                count: neighbour_view::beyond(head.seq, said),
                on_its_way,
                said_within,
            })
        })
    }

    pub(crate) fn knows(&mut self, peer: &PeerId, log: LogKey, seq: u32) {
        if let Some(neighbour) = self.neighbours.get_mut(peer) {
            neighbour.note(log, seq);
        }
    }

    fn advance<R: rand::Rng>(&mut self, around: &mut Around<'_, R>, log: LogKey, head: Head) {
        self.own.set(log, head);
        self.news.add(log);
        self.heads_soon(around);
        self.changed_at = around.now;
        self.rest_at.get_or_insert(around.now + around.config.rest_after);
        if self.neighbours.contains_key(&log.device) {
            self.acks.insert(log);
            self.acks_at.get_or_insert(around.config.tell_at(around.now + around.config.acks_after));
        }
        if self.wants.target(&log).is_some_and(|target| target <= head.seq) {
            self.unwant(around.now, &log);
        }
    }

    /// What was asked for as a branch belongs to a log that has not forked here, so far. Once it
    /// has, the want comes back.
    fn unask_elsewhere(&mut self, now: Millis, asked: &LogKey, log: &LogKey) {
        if asked != log {
            self.unwant(now, asked);
        }
    }

    /// A log forked. The others, who may not know of it, hear of the branches; that a log is
    /// shorter is no news to anybody.
    pub(crate) fn recut<R: rand::Rng>(&mut self, around: &mut Around<'_, R>, ends: &[(LogKey, Ending)]) {
        for (log, ending) in ends {
            let (head, closed) = match ending {
                Ending::Closed(head) => (*head, true),
                Ending::Open(head) => (Some(*head), false),
                Ending::Gone => (None, false),
            };
            self.own.end(*log, head);
            self.unwant(around.now, log);
            if closed {
                self.stopped.insert(*log);
            } else {
                self.stopped.remove(log);
            }
            let Some(head) = head else { continue };
            self.news.add(*log);
            if self.neighbours.contains_key(&log.device) {
                self.acks.insert(*log);
                self.acks_at.get_or_insert(around.config.tell_at(around.now + around.config.acks_after));
            }
            let more = self.neighbours.iter().map(|(peer, n)| (n.has_said(log), *peer)).max().filter(|(seq, _)| *seq > head.seq);
            if let Some((seq, peer)) = more {
                self.want(around.now, &peer, *log, seq, around.now);
            }
        }
        self.heads_soon(around);
        self.changed_at = around.now;
        self.rest_at.get_or_insert(around.now + around.config.rest_after);
        self.pursue(around);
    }

    /// The log ends here; the neighbours get both histories, so that it ends there too.
    fn on_fork<R>(&mut self, around: &mut Around<'_, R>, log: LogKey, head: Option<Head>, proof: [Vec<RawEvent>; 2]) {
        self.stopped.insert(log);
        self.unwant(around.now, &log);
        self.own.end(log, head);
        let peers: Vec<PeerId> = self.neighbours.iter().filter(|(_, n)| n.is_member()).map(|(peer, _)| *peer).collect();
        for events in proof.into_iter().filter(|events| !events.is_empty() && !peers.is_empty()) {
            let run = wire::message::Run { ttl: around.config.ttl, room: self.id, events };
            around.out.push(Effect::Spread { peers: peers.clone(), message: Message::Run(run) });
        }
    }
}
