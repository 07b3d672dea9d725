//! Lazy push: telling neighbours by Heads what changed here. Heads are Plumtree's IHAVE, and the
//! acknowledgement for authors.
//!
//! Each neighbour is told at a random time of its own. If a device missed something, one of its
//! neighbours is therefore early, and a neighbour that has said meanwhile that it has the event
//! need not be told. Heads are most of what spreading costs, so neighbours that hear of events from
//! others too are told later.

use std::collections::BTreeMap;

use identity::PeerId;
use rand::seq::IteratorRandom;
use wire::ids::RoomId;
use wire::message::{HeadOf, Heads, Message, Neighbour as Ask};

use crate::around::Around;
use crate::room::Room;
use crate::{Effect, Millis};

/// All Heads go to one neighbour at most this often.
const FULL_HEADS_PAUSE: Millis = 500;
/// With more changed logs than this, those that all neighbours were told of are forgotten.
const FEW_LOGS: usize = 64;

impl Room {
    /// Plans when each neighbour is told what changed.
    pub(crate) fn heads_soon<R: rand::Rng>(&mut self, around: &mut Around<'_, R>) {
        if self.news.spread {
            return;
        }
        let (now, config) = (around.now, around.config);
        let alone = self.actives() < config.active_min;
        let calm = self.is_calm(around);
        for neighbour in self.neighbours.values_mut().filter(|n| n.heads_at.is_none()) {
            let wait = match neighbour.active {
                _ if alone => config.heads_after,
                true if calm && !neighbour.looks_out_for => config.calm_heads_after,
                false if !neighbour.is_needy(config, now) => config.far_heads_after,
                true | false => config.heads_after,
            };
            let at = config.tell_at(around.within(wait / 4, wait));
            neighbour.heads_at = Some(at);
            self.news.at = Some(self.news.at.map_or(at, |first| first.min(at)));
        }
        self.news.spread = true;
    }

    /// Plans that all are told soon of what they can have from nobody else.
    pub(crate) fn heads_early<R: rand::Rng>(&mut self, around: &mut Around<'_, R>) {
        let config = around.config;
        for neighbour in self.neighbours.values_mut() {
            let at = config.tell_at(around.within(0, config.heads_after / 2));
            neighbour.heads_at = Some(neighbour.heads_at.map_or(at, |planned| planned.min(at)));
        }
        self.news.at = self.neighbours.values().filter_map(|n| n.heads_at).min();
    }

    /// Neither tree nor view have changed for a while.
    fn is_calm<R>(&self, around: &Around<'_, R>) -> bool {
        around.since(self.troubled_at) >= around.config.calm_after
    }

    /// While all is calm most neighbours tell late what they have. A few beside the tree are asked
    /// to tell early, so that a break is noticed all the same.
    pub(crate) fn keep_lookouts<R: rand::Rng>(&mut self, around: &mut Around<'_, R>) {
        if !self.is_calm(around) {
            return;
        }
        let config = around.config;
        let mut have = self.neighbours.values().filter(|n| n.active && !n.eager && n.lookout).count();
        while have != config.lookouts {
            let more = have < config.lookouts;
            let some = self.neighbours.iter().filter(|(_, n)| n.active && !n.eager && n.lookout != more).map(|(peer, _)| *peer);
            let Some(peer) = some.choose(around.rng) else { return };
            let degree = self.degree();
            if let Some(neighbour) = self.neighbours.get_mut(&peer) {
                neighbour.lookout = more;
            }
            around.out.push(Effect::Send { peer, message: Message::Neighbour(Ask { room: self.id, urgent: more, degree }) });
            have = if more { have.saturating_add(1) } else { have.saturating_sub(1) };
        }
    }

    /// The tree or the view changed. What neighbours may have missed by that, they are told soon.
    pub(crate) fn trouble<R: rand::Rng>(&mut self, around: &mut Around<'_, R>) {
        let calm = self.is_calm(around);
        self.troubled_at = around.now;
        if calm {
            self.hasten_heads(around);
        }
    }

    /// Active neighbours who were to be told late are told as early as when the tree is broken.
    pub(crate) fn hasten_heads<R: rand::Rng>(&mut self, around: &mut Around<'_, R>) {
        let config = around.config;
        if self.news.at.is_none() {
            return;
        }
        for at in self.neighbours.values_mut().filter(|n| n.active).filter_map(|n| n.heads_at.as_mut()) {
            *at = (*at).min(config.tell_at(around.within(config.heads_after / 4, config.heads_after)));
        }
        self.news.at = self.neighbours.values().filter_map(|n| n.heads_at).min();
    }

    /// Tells all neighbours at once, because there is none to push to.
    pub(crate) fn heads_now(&mut self, now: Millis) {
        self.neighbours.values_mut().for_each(|n| n.heads_at = Some(now));
        self.news.at = Some(now);
    }

    /// Tells the neighbours whose time has come what changed, as far as they are not known to have
    /// it.
    pub(crate) fn tell_heads<R>(&mut self, around: &mut Around<'_, R>) {
        let (own, held, news) = (&self.own, &self.held, &mut self.news);
        for (peer, neighbour) in &mut self.neighbours {
            if neighbour.heads_at.take_if(|at| *at <= around.now).is_none() {
                continue;
            }
            let changed = news.logs.iter().filter(|(log, change)| **change > neighbour.told && !held.contains_key(log));
            let changed = changed.filter_map(|(log, _)| own.get(log));
            let told = |head: &HeadOf| {
                let for_them = neighbour.is_member() || head.log.log.is_control();
                for_them && head.log.device != *peer && neighbour.has(&head.log) < head.seq
            };
            let heads: Vec<HeadOf> = changed.filter(told).collect();
            neighbour.told = news.count;
            send_heads(self.id, *peer, &heads, around.out);
        }
        news.at = self.neighbours.values().filter_map(|n| n.heads_at).min();
        news.spread = false;
        if news.at.is_none() {
            news.logs.clear();
        } else if news.logs.len() > FEW_LOGS {
            let all = self.neighbours.values().filter(|n| n.heads_at.is_some()).map(|n| n.told).min().unwrap_or(news.count);
            news.logs.retain(|_, change| *change > all);
        }
    }

    /// Tells linked authors that their events are here.
    pub(crate) fn tell_authors<R>(&mut self, around: &mut Around<'_, R>) {
        self.acks_at = None;
        let mut by_author: BTreeMap<PeerId, Vec<HeadOf>> = BTreeMap::new();
        for head in std::mem::take(&mut self.acks).iter().filter_map(|log| self.own.get(log)) {
            by_author.entry(head.log.device).or_default().push(head);
        }
        for (peer, heads) in by_author {
            let Some(neighbour) = self.neighbours.get(&peer) else { continue };
            let heads: Vec<HeadOf> = heads.into_iter().filter(|h| neighbour.is_member() || h.log.log.is_control()).collect();
            send_heads(self.id, peer, &heads, around.out);
        }
    }

    pub(crate) fn send_all_heads<R>(&mut self, around: &mut Around<'_, R>, peer: PeerId) {
        let Some(neighbour) = self.neighbours.get_mut(&peer) else { return };
        if neighbour.full_heads_at.is_some_and(|at| around.since(at) < FULL_HEADS_PAUSE) {
            return;
        }
        neighbour.full_heads_at = Some(around.now);
        let control_only = !neighbour.is_member();
        let heads: Vec<HeadOf> =
            self.own.iter().filter(|h| !control_only || h.log.log.is_control()).filter(|h| !self.held.contains_key(&h.log)).collect();
        send_heads(self.id, peer, &heads, around.out);
    }
}

fn send_heads(room: RoomId, peer: PeerId, heads: &[HeadOf], out: &mut Vec<Effect>) {
    for part in heads.chunks(wire::limits::MAX_HEADS) {
        out.push(Effect::Send { peer, message: Message::Heads(Heads { room, heads: part.to_vec() }) });
    }
}
