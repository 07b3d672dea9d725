//! The state of one room: neighbours, and what happens to them. `overlay` chooses them, `tree`
//! pushes along them, `repair` makes up for what was missed.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use identity::PeerId;
use rand::seq::IteratorRandom;
use wire::ids::{Head, LogKey, RoomId};
use wire::message::Message;

use crate::around::Around;
use crate::candidates::Candidates;
use crate::dial::Dial;
use crate::heads::OwnHeads;
use crate::held::Held;
use crate::neighbour::{Neighbour, Request};
use crate::news::News;
use crate::wants::Wants;
use crate::{Effect, Millis, Trust};

/// One room.
pub(crate) struct Room {
    pub(crate) id: RoomId,
    pub(crate) me: PeerId,
    pub(crate) own: OwnHeads,
    /// Boxed, because a map makes room for eleven at once and most direct rooms have one.
    pub(crate) neighbours: BTreeMap<PeerId, Box<Neighbour>>,
    pub(crate) candidates: Candidates,
    pub(crate) dials: BTreeMap<PeerId, Dial>,
    pub(crate) wants: Wants,
    /// When there is next something to do about `wants`.
    pub(crate) pursue_at: Millis,
    /// Logs that ended in a fork. They are never asked for again.
    pub(crate) stopped: BTreeSet<LogKey>,
    pub(crate) news: News,
    /// Own logs whose last run is large, and of which others tell first.
    pub(crate) held: BTreeMap<LogKey, Held>,
    /// When the tree or the active view last changed.
    pub(crate) troubled_at: Millis,
    /// Logs that changed whose authors are linked.
    pub(crate) acks: BTreeSet<LogKey>,
    pub(crate) acks_at: Option<Millis>,
    pub(crate) digest_at: Millis,
    /// When logs last changed, and when to check whether they have been at rest since.
    pub(crate) changed_at: Millis,
    pub(crate) rest_at: Option<Millis>,
    pub(crate) tend_at: Millis,
    pub(crate) shuffle_at: Millis,
    pub(crate) wander_at: Millis,
    pub(crate) lacking: u32,
    /// When `lacking` was counted.
    pub(crate) counted_at: Millis,
    /// The author whose duplicates lead to pruning, and when the last event of theirs came.
    pub(crate) leader: Option<(PeerId, Millis)>,
    /// Runs that came live lately, and their authors.
    pub(crate) fresh: VecDeque<(u128, PeerId)>,
    /// Runs that were lately asked for, and of whom, because the tree seemed broken.
    pub(crate) fetched: VecDeque<(u128, PeerId)>,
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
            held: BTreeMap::new(),
            troubled_at: now,
            acks: BTreeSet::new(),
            acks_at: None,
            digest_at: around.jittered(config.digest_every),
            changed_at: now,
            rest_at: None,
            tend_at: Millis::MAX,
            shuffle_at: around.jittered(config.shuffle_every),
            wander_at: around.jittered(config.wander_every),
            lacking: 0,
            counted_at: now,
            leader: None,
            fresh: VecDeque::new(),
            fetched: VecDeque::new(),
        }
    }

    pub(crate) fn neighbour_up<R: rand::Rng>(&mut self, around: &mut Around<'_, R>, peer: PeerId, trust: Trust) {
        let now = around.now;
        // Whenever anybody comes or goes all are stated anew. Of those for whom nothing has changed
        // nothing is asked: in a large room all would tell each other of all logs.
        if self.trust(&peer) == Some(trust) {
            return self.tend(around);
        }
        let neighbour = self.neighbours.entry(peer).or_insert_with(|| Box::new(Neighbour::new(trust, now)));
        neighbour.trust = trust;
        match trust {
            Trust::Member => {
                self.send_digest(around, peer);
                self.greet(around, peer);
            }
            // A peer that has nothing yet has no Heads to send. The Digest asks for its Heads.
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
        self.lose_held(around.now, peer);
        self.lose(around, *peer, gone.active);
        if gone.active {
            self.regrow(around);
            // What was on its way through that neighbour may be lost.
            let near = self.neighbours.iter().filter(|(_, n)| n.active).map(|(peer, _)| *peer).choose(around.rng);
            near.into_iter().for_each(|near| self.send_digest(around, near));
        }
        self.pursue(around);
    }

    pub(crate) fn trust(&self, peer: &PeerId) -> Option<Trust> {
        self.neighbours.get(peer).map(|n| n.trust)
    }

    /// A message from a neighbour, other than a run.
    pub(crate) fn on_message<R: rand::Rng>(&mut self, around: &mut Around<'_, R>, peer: PeerId, message: Message) {
        let now = around.now;
        let Some(neighbour) = self.neighbours.get_mut(&peer) else { return };
        let about_views = !matches!(message, Message::Digest(_) | Message::Heads(_) | Message::Need(_) | Message::Data(_));
        if about_views {
            // A peer whose Add has not come here may ask too early; that is no fault.
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

    /// Does what is due.
    pub(crate) fn tick<R: rand::Rng>(&mut self, around: &mut Around<'_, R>) {
        let now = around.now;
        if self.acks_at.is_some_and(|at| at <= now) {
            self.tell_authors(around);
        }
        if self.held_until() <= now {
            self.tell_held(around);
        }
        if self.news.at.is_some_and(|at| at <= now) {
            self.tell_heads(around);
        }
        if self.digest_at <= now {
            self.digest_at = around.jittered(around.config.digest_every);
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

    /// Once nothing new has come for a while, sends each active neighbour a digest: equal digests
    /// show that both have everything, which silence does not.
    fn compare_at_rest<R: rand::Rng>(&mut self, around: &mut Around<'_, R>) {
        let at = self.changed_at.saturating_add(around.config.rest_after);
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
        told.min(self.held_until()).min(overlay).min(repair).min(self.tend_at)
    }
}
