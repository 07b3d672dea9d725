//! The overlay of one room: each member has a few symmetric active neighbours, and candidates to
//! replace them.
//!
//! HyParView (Leitão, Pereira, Rodrigues: "HyParView: a membership protocol for reliable
//! gossip-based broadcast", DSN 2007), with these differences. A neighbour is active only after its
//! reply. Part of the active view is chosen by a secret rank, so that flooding the views gains
//! nothing. A neighbour that would be left with too few is never evicted. Shuffles are exchanged
//! with a neighbour instead of sent on a walk. All members ever heard of are remembered, and one of
//! them is dialled now and then, so that the halves of a healed partition find each other.

use identity::PeerId;
use rand::seq::IteratorRandom;
use wire::message::{Disconnect, Message, Neighbour as Ask, NeighbourReply};

use crate::around::Around;
use crate::dial::{Dial, DialState};
use crate::room::Room;
use crate::{Effect, Millis};

/// Failed dials of a room that the network goes on repeating. The oldest is given up first.
const MAX_FAILED_DIALS: usize = 8;

impl Room {
    pub(crate) fn actives(&self) -> usize {
        self.neighbours.values().filter(|n| n.active).count()
    }

    pub(crate) fn degree(&self) -> u8 {
        u8::try_from(self.actives()).unwrap_or(u8::MAX)
    }

    /// Takes members with addresses as candidates.
    pub(crate) fn learn<R: rand::Rng>(&mut self, around: &mut Around<'_, R>, peers: &[PeerId]) {
        let mut news = false;
        for peer in peers.iter().filter(|peer| **peer != around.me) {
            news |= self.candidates.add(around.config, *peer, around.rng);
        }
        if news {
            self.tend(around);
        }
    }

    pub(crate) fn unlearn<R: rand::Rng>(&mut self, around: &mut Around<'_, R>, peer: &PeerId) {
        self.candidates.remove(peer);
        self.release(around, peer);
        if let Some(neighbour) = self.neighbours.get_mut(peer) {
            neighbour.deactivate();
        }
        self.tend(around);
    }

    /// A dial of this peer failed; the network repeats it while the peer is wanted.
    pub(crate) fn unreached<R: rand::Rng>(&mut self, around: &mut Around<'_, R>, peer: &PeerId) {
        let Some(dial) = self.dials.get_mut(peer) else { return };
        match dial.state {
            DialState::Dialling => {
                dial.state = DialState::Failed;
                self.candidates.rest(peer, around.after(around.config.rest));
                self.tend(around);
            }
            DialState::Wandering => {
                self.candidates.rest(peer, around.after(around.config.rest));
                self.release(around, peer);
            }
            DialState::Linked | DialState::Failed => {}
        }
    }

    /// A member is linked. It is asked to be an active neighbour if one is needed, or if the link
    /// was made for that.
    pub(crate) fn greet<R: rand::Rng>(&mut self, around: &mut Around<'_, R>, peer: PeerId) {
        let seeks = self.seeks(around.config);
        let Some(dial) = self.dials.get_mut(&peer) else { return self.tend(around) };
        if dial.state == DialState::Wandering && !seeks {
            if let Some(neighbour) = self.neighbours.get_mut(&peer) {
                neighbour.looked_up = true;
            }
            return;
        }
        dial.state = DialState::Linked;
        self.ask(around, peer);
    }

    /// A peer that was dialled to see what it has: if it has the same events it is let go; if it
    /// has others, it becomes a bridge between the two parts.
    pub(crate) fn on_looked_up<R: rand::Rng>(&mut self, around: &mut Around<'_, R>, peer: PeerId, equal: bool) {
        let Some(neighbour) = self.neighbours.get_mut(&peer) else { return };
        if std::mem::take(&mut neighbour.looked_up) {
            match self.dials.get_mut(&peer) {
                Some(dial) if !equal => {
                    dial.state = DialState::Linked;
                    self.ask(around, peer);
                }
                _ => self.release(around, &peer),
            }
        }
    }

    /// An active neighbour, or a dial, is gone.
    pub(crate) fn lose<R: rand::Rng>(&mut self, around: &mut Around<'_, R>, peer: PeerId, was_active: bool) {
        if let Some(dial) = self.dials.get_mut(&peer) {
            // The network dials it again by itself.
            *dial = Dial { since: around.now, state: DialState::Failed };
        }
        if was_active {
            self.trouble(around);
            self.candidates.rest(&peer, around.after(around.config.patience));
            self.candidates.at_hand(around.config, peer, around.rng);
        }
        self.tend(around);
    }

    /// Keeps the active view as full as it should be.
    pub(crate) fn tend<R: rand::Rng>(&mut self, around: &mut Around<'_, R>) {
        let (now, config) = (around.now, around.config);
        self.give_up_waiting(around);
        for _ in 0..config.active_max {
            if !self.seeks(config) {
                break;
            }
            let linked = self.neighbours.iter().filter(|(_, n)| n.is_member() && !n.active && n.asked.is_none() && n.rests_until <= now);
            if let Some(peer) = linked.map(|(peer, _)| *peer).choose(around.rng) {
                self.ask(around, peer);
                continue;
            }
            let anchor = self.neighbours.values().filter(|n| n.active && n.chosen).count() < config.chosen_min.div_ceil(2);
            let free = |peer: &PeerId| !self.dials.contains_key(peer) && !self.neighbours.contains_key(peer);
            let Some(peer) = self.candidates.pick(anchor, now, around.rng, free) else { break };
            self.dial(around, peer, DialState::Dialling);
        }
        self.drop_failed(around);
        self.tend_at = self.next_tend(around.config, now);
    }

    pub(crate) fn seeks(&self, config: &crate::Config) -> bool {
        let (mut actives, mut chosen, mut asked) = (0_usize, 0_usize, 0_usize);
        for neighbour in self.neighbours.values() {
            actives = actives.saturating_add(usize::from(neighbour.active));
            chosen = chosen.saturating_add(usize::from(neighbour.active && neighbour.chosen));
            asked = asked.saturating_add(usize::from(neighbour.asked.is_some()));
        }
        let pending = asked.saturating_add(self.dials.values().filter(|d| d.state == DialState::Dialling).count());
        let (all, chosen) = (actives.saturating_add(pending), chosen.saturating_add(pending));
        all < config.active_max && (all < config.active_wanted || chosen < config.chosen_min)
    }

    fn next_tend(&self, config: &crate::Config, now: Millis) -> Millis {
        let asked = self.neighbours.values().filter_map(|n| n.asked);
        let waits = |d: &&Dial| matches!(d.state, DialState::Dialling | DialState::Wandering);
        let dials = self.dials.values().filter(waits).map(|d| d.since.saturating_add(config.patience));
        let next = asked.chain(dials).min().unwrap_or(Millis::MAX);
        // Peers that rest are asked again later. Without candidates there is nothing to try.
        let again = if self.seeks(config) && self.candidates.len() > 0 { now.saturating_add(config.patience) } else { Millis::MAX };
        next.min(again).max(now.saturating_add(1))
    }

    fn give_up_waiting<R: rand::Rng>(&mut self, around: &mut Around<'_, R>) {
        let (now, config) = (around.now, around.config);
        let silent = self.neighbours.iter().filter(|(_, n)| n.asked.is_some_and(|until| until <= now));
        for peer in silent.map(|(peer, _)| *peer).collect::<Vec<_>>() {
            if let Some(neighbour) = self.neighbours.get_mut(&peer) {
                (neighbour.asked, neighbour.rests_until) = (None, around.after(config.rest));
            }
            self.release(around, &peer);
        }
        let late = self.dials.iter().filter(|(_, dial)| around.since(dial.since) >= config.patience);
        let late: Vec<(PeerId, DialState)> = late.map(|(peer, dial)| (*peer, dial.state)).collect();
        for (peer, state) in late {
            match state {
                DialState::Dialling => {
                    self.candidates.rest(&peer, around.after(config.rest));
                    if let Some(dial) = self.dials.get_mut(&peer) {
                        dial.state = DialState::Failed;
                    }
                }
                DialState::Wandering => self.release(around, &peer),
                DialState::Linked | DialState::Failed => {}
            }
        }
    }

    fn drop_failed<R: rand::Rng>(&mut self, around: &mut Around<'_, R>) {
        loop {
            let failed = self.dials.iter().filter(|(_, dial)| dial.state == DialState::Failed);
            // In a full view no dial is waited for any more.
            let kept = if self.seeks(around.config) { MAX_FAILED_DIALS } else { 0 };
            if failed.clone().count() <= kept {
                return;
            }
            let Some(peer) = failed.min_by_key(|(_, dial)| dial.since).map(|(peer, _)| *peer) else { return };
            self.release(around, &peer);
        }
    }

    pub(crate) fn dial<R: rand::Rng>(&mut self, around: &mut Around<'_, R>, peer: PeerId, state: DialState) {
        self.dials.insert(peer, Dial { since: around.now, state });
        around.out.push(Effect::WantsChanged);
    }

    fn release<R: rand::Rng>(&mut self, around: &mut Around<'_, R>, peer: &PeerId) {
        if self.dials.remove(peer).is_some() {
            around.out.push(Effect::WantsChanged);
        }
    }

    fn ask<R: rand::Rng>(&mut self, around: &mut Around<'_, R>, peer: PeerId) {
        // Peers that may still accept count too. So only the first one is asked as if this device
        // had no neighbour.
        let asked = self.neighbours.values().filter(|n| n.asked.is_some()).count();
        let degree = self.degree().saturating_add(u8::try_from(asked).unwrap_or(u8::MAX));
        let Some(neighbour) = self.neighbours.get_mut(&peer).filter(|n| n.is_member() && !n.active) else { return };
        neighbour.asked = Some(around.after(around.config.patience));
        let urgent = usize::from(degree) < around.config.active_min;
        let ask = Message::Neighbour(Ask { room: self.id, urgent, degree });
        around.out.push(Effect::Send { peer, message: ask });
        self.tend_at = self.tend_at.min(around.after(around.config.patience));
    }

    /// A peer wants to be an active neighbour.
    pub(crate) fn on_ask<R: rand::Rng>(&mut self, around: &mut Around<'_, R>, peer: PeerId, ask: Ask) {
        let Some(neighbour) = self.neighbours.get_mut(&peer) else { return };
        neighbour.says_degree(ask.degree, around.now);
        if neighbour.active && neighbour.asked.is_none() {
            neighbour.looks_out_for = ask.urgent;
        }
        let accepted = neighbour.active || self.admits(around, &peer, ask.urgent);
        if accepted {
            self.activate(around, peer, false);
        }
        let reply = NeighbourReply { room: self.id, accepted, degree: self.degree() };
        around.out.push(Effect::Send { peer, message: Message::NeighbourReply(reply) });
        if ask.urgent && ask.degree == 0 {
            self.announce(around, peer);
        }
    }

    fn admits<R: rand::Rng>(&mut self, around: &mut Around<'_, R>, peer: &PeerId, urgent: bool) -> bool {
        let config = around.config;
        let actives = self.actives();
        if actives < config.active_max {
            let inbound = self.neighbours.values().filter(|n| n.active && !n.chosen).count();
            let small = self.candidates.len() <= config.active_max;
            return small || urgent || inbound < config.inbound_max;
        }
        urgent && self.evict(around, peer)
    }

    /// Makes room for a peer in need. Of the neighbours that can spare one, the one goes that is no
    /// branch of the tree and has most neighbours.
    fn evict<R: rand::Rng>(&mut self, around: &mut Around<'_, R>, but: &PeerId) -> bool {
        let spare = |degree: u8| degree != u8::MAX && usize::from(degree) > around.config.active_min;
        let able = self.neighbours.iter().filter(|(peer, n)| n.active && *peer != but && spare(n.degree));
        let Some(peer) = able.max_by_key(|(_, n)| (!n.eager, !n.chosen, n.degree)).map(|(peer, _)| *peer) else { return false };
        self.part(around, peer);
        true
    }

    /// Ends being neighbours.
    fn part<R: rand::Rng>(&mut self, around: &mut Around<'_, R>, peer: PeerId) {
        if let Some(neighbour) = self.neighbours.get_mut(&peer) {
            neighbour.deactivate();
            neighbour.rests_until = around.after(around.config.rest);
        }
        self.release(around, &peer);
        let farewell = Message::Disconnect(Disconnect { room: self.id, degree: self.degree() });
        around.out.push(Effect::Send { peer, message: farewell });
    }

    pub(crate) fn on_reply<R: rand::Rng>(&mut self, around: &mut Around<'_, R>, peer: PeerId, reply: NeighbourReply) {
        let full = self.actives() >= around.config.active_max;
        let Some(neighbour) = self.neighbours.get_mut(&peer) else { return };
        neighbour.says_degree(reply.degree, around.now);
        let asked = neighbour.asked.take().is_some();
        if reply.accepted && !neighbour.active {
            // Too late, or others were faster. The peer must not believe that this device is its
            // neighbour.
            if asked && !full { self.activate(around, peer, true) } else { self.part(around, peer) }
        } else if !reply.accepted && asked {
            neighbour.rests_until = around.after(around.config.rest);
            self.release(around, &peer);
        } else if neighbour.active && asked {
            // Both asked, so it counts as chosen by both.
            neighbour.chosen = true;
        }
        self.tend(around);
    }

    pub(crate) fn on_disconnect<R: rand::Rng>(&mut self, around: &mut Around<'_, R>, peer: PeerId, degree: u8) {
        let Some(neighbour) = self.neighbours.get_mut(&peer) else { return };
        neighbour.says_degree(degree, around.now);
        neighbour.deactivate();
        neighbour.rests_until = around.after(around.config.rest);
        self.release(around, &peer);
        self.trouble(around);
        self.regrow(around);
        self.tend(around);
    }

    fn activate<R: rand::Rng>(&mut self, around: &mut Around<'_, R>, peer: PeerId, chosen: bool) {
        let Some(neighbour) = self.neighbours.get_mut(&peer).filter(|n| !n.active) else { return };
        (neighbour.active, neighbour.chosen) = (true, chosen);
        if self.eagers() < around.config.fanout {
            self.graft(around, peer);
        }
    }

    /// What is due in the overlay.
    pub(crate) fn keep_overlay<R: rand::Rng>(&mut self, around: &mut Around<'_, R>) {
        let now = around.now;
        if self.tend_at <= now {
            self.tend(around);
        }
        self.keep_lookouts(around);
        if self.shuffle_at <= now {
            self.shuffle_at = around.jittered(around.config.shuffle_every);
            let near = self.neighbours.iter().filter(|(_, n)| n.active).map(|(peer, _)| *peer).choose(around.rng);
            if let Some(peer) = near.filter(|_| self.candidates.len() > around.config.active_max) {
                self.shuffle_with(around, peer, false);
            }
        }
        if self.wander_at <= now {
            self.wander_at = around.jittered(around.config.wander_every);
            self.thin(around);
            let free = |peer: &PeerId| !self.dials.contains_key(peer) && !self.neighbours.contains_key(peer);
            if let Some(peer) = self.candidates.pick_any(around.rng, free) {
                self.dial(around, peer, DialState::Wandering);
                self.tend_at = self.tend_at.min(around.after(around.config.patience));
            }
        }
    }

    /// Bridges and urgent requests fill the view. A neighbour that was chosen beyond need, and is
    /// no branch of the tree, is let go.
    fn thin<R: rand::Rng>(&mut self, around: &mut Around<'_, R>) {
        let config = around.config;
        let chosen = self.neighbours.iter().filter(|(_, n)| n.active && n.chosen);
        if self.candidates.len() <= config.active_max
            || self.actives().saturating_sub(1) <= config.active_wanted
            || chosen.clone().count() <= config.chosen_min
        {
            return;
        }
        let spare = chosen.filter(|(_, n)| !n.eager && n.degree != u8::MAX && usize::from(n.degree) > config.active_min);
        if let Some(peer) = spare.map(|(peer, _)| *peer).choose(around.rng) {
            self.part(around, peer);
        }
    }

    /// Whether the link with a peer is of use to this room.
    pub(crate) fn holds(&self, config: &crate::Config, peer: &PeerId) -> bool {
        if self.dials.contains_key(peer) || self.is_asked(peer) {
            return true;
        }
        let Some(neighbour) = self.neighbours.get(peer) else { return false };
        let poor = |degree: usize| degree < config.active_min;
        // A peer with too few neighbours keeps its link, even if it is no active neighbour here: it
        // gets Heads.
        neighbour.active
            || !neighbour.is_member()
            || neighbour.asked.is_some()
            || poor(self.actives())
            || poor(usize::from(neighbour.degree))
    }
}
