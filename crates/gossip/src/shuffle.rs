//! Random walks and shuffles of HyParView: how members become candidates of each other.

use identity::PeerId;
use rand::seq::IteratorRandom;
use wire::message::{ForwardJoin, Message, Shuffle};

use crate::Effect;
use crate::around::Around;
use crate::dial::DialState;
use crate::room::Room;

impl Room {
    /// A newcomer is made known by some random walks.
    pub(crate) fn announce<R: rand::Rng>(&mut self, around: &mut Around<'_, R>, newcomer: PeerId) {
        let walk = around.config.walk;
        let others = self.neighbours.iter().filter(|(peer, n)| n.active && **peer != newcomer).map(|(peer, _)| *peer);
        for peer in others.sample(around.rng, around.config.walks) {
            self.walk_on(around, peer, newcomer, walk);
        }
        // And the newcomer gets to know some others.
        self.shuffle_with(around, newcomer, true);
    }

    fn walk_on<R: rand::Rng>(&self, around: &mut Around<'_, R>, peer: PeerId, newcomer: PeerId, ttl: u8) {
        around.out.push(Effect::Introduce { peer, subjects: vec![newcomer] });
        let join = Message::ForwardJoin(ForwardJoin { room: self.id, ttl, peer: newcomer });
        around.out.push(Effect::Send { peer, message: join });
    }

    pub(crate) fn on_forward_join<R: rand::Rng>(&mut self, around: &mut Around<'_, R>, from: PeerId, join: ForwardJoin) {
        let newcomer = join.peer;
        // A peer that is no candidate is no member, as far as is known here, or cannot be dialled.
        if newcomer == around.me || !self.candidates.contains(&newcomer) {
            return;
        }
        let ttl = join.ttl.min(around.config.walk);
        if ttl == around.config.trace {
            self.candidates.at_hand(around.config, newcomer, around.rng);
        }
        let others = self.neighbours.iter().filter(|(peer, n)| n.active && **peer != from && **peer != newcomer);
        let next = others.map(|(peer, _)| *peer).choose(around.rng);
        match next {
            Some(peer) if ttl > 0 => self.walk_on(around, peer, newcomer, ttl.saturating_sub(1)),
            _ if self.seeks(around.config) && !self.neighbours.contains_key(&newcomer) && !self.dials.contains_key(&newcomer) => {
                self.dial(around, newcomer, DialState::Dialling);
                self.tend_at = self.tend_at.min(around.after(around.config.patience));
            }
            _ => self.candidates.at_hand(around.config, newcomer, around.rng),
        }
    }

    /// Sends some of the candidates at hand; the peer answers with some of its own.
    pub(crate) fn shuffle_with<R: rand::Rng>(&mut self, around: &mut Around<'_, R>, peer: PeerId, answer: bool) {
        let mut peers = self.candidates.sample(around.config.shuffle_peers, around.rng, &peer);
        let near = self.neighbours.iter().filter(|(near, n)| n.active && **near != peer).map(|(near, _)| *near);
        peers.extend(near.sample(around.rng, 3));
        peers.sort();
        peers.dedup();
        if peers.is_empty() {
            return;
        }
        around.out.push(Effect::Introduce { peer, subjects: peers.clone() });
        around.out.push(Effect::Send { peer, message: Message::Shuffle(Shuffle { room: self.id, answer, peers }) });
    }

    pub(crate) fn on_shuffle<R: rand::Rng>(&mut self, around: &mut Around<'_, R>, from: PeerId, shuffle: Shuffle) {
        if !shuffle.answer {
            self.shuffle_with(around, from, true);
        }
        for peer in shuffle.peers.into_iter().filter(|peer| *peer != around.me && !self.neighbours.contains_key(peer)) {
            self.candidates.at_hand(around.config, peer, around.rng);
        }
        self.tend(around);
    }
}
