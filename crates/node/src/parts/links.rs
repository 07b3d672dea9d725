//! The network, the links that are up, and those that are wanted.

use std::collections::{BTreeMap, VecDeque};

use gossip::Millis;
use identity::PeerId;
use net::{LinkId, Net, Outbox};
use wire::message::{Bye, Message, Need};
use wire::{Address, Role};

use super::common_rooms::CommonRooms;
use super::tags::InCommon;
use crate::view::LinkState;

/// Ranges that wait to be served to one peer; what does not fit is asked for again.
const MAX_SERVES: usize = 16;
/// Between two looks for links that are not needed.
const SWEEP_EVERY_MS: u64 = 10_000;
/// Age before a link can be found superfluous: both sides need time to learn what they share.
const SURPLUS_AFTER_MS: u64 = 30_000;

/// One link that is up.
pub(crate) struct OpenLink {
    pub(crate) up_at: Millis,
    pub(crate) id: LinkId,
    /// They came to this device's port.
    pub(crate) came_in: bool,
    pub(crate) role: Role,
    pub(crate) hash: [u8; 32],
    pub(crate) outbox: Outbox,
    pub(crate) faults: u32,
    pub(crate) serves: VecDeque<Need>,
    /// A batch of the first of these is being read.
    pub(crate) reading: bool,
    /// Events sent in answer to Needs.
    pub(crate) served: u64,
    pub(crate) welcome: bool,
    /// Rooms in common, as proved by tags.
    pub(crate) rooms: InCommon,
    /// Introductions that were looked at while its peer was in the lobby.
    pub(crate) looked: u32,
    /// As it is shown; kept here because its peer may become known while linked.
    pub(crate) state: LinkState,
    /// Where its peer says that it listens.
    pub(crate) listening: Vec<Address>,
    /// Sequence number of the own record that its peer was sent.
    pub(crate) told_record: u64,
    /// The own name that its peer was told.
    pub(crate) told_name: Option<String>,
}

impl OpenLink {
    /// Remembers a range to be served, if there is room for it.
    pub(crate) fn queue_serve(&mut self, need: Need) {
        if self.serves.len() < MAX_SERVES && !self.serves.contains(&need) {
            self.serves.push_back(need);
        }
    }

    /// Nothing is under way on it, and both sides had time to learn what they share.
    fn may_be_surplus(&self, now: Millis) -> bool {
        self.welcome && self.serves.is_empty() && now >= self.up_at + SURPLUS_AFTER_MS
    }
}

/// All links that are up, and to whom there should be one.
pub(crate) struct Links {
    net: Net,
    up: BTreeMap<PeerId, OpenLink>,
    /// To whom links are kept, with the addresses that the network was given.
    wanted: BTreeMap<PeerId, Vec<Address>>,
    /// Which rooms the network was told to be in common with whom.
    pub(crate) common: CommonRooms,
    /// Gossip wants others than before.
    wants_stale: bool,
    /// When links are looked through for those that are not needed.
    sweep_at: Option<Millis>,
}

impl Links {
    pub(crate) fn new(net: Net, common: CommonRooms) -> Self {
        Links { net, up: BTreeMap::new(), wanted: BTreeMap::new(), common, wants_stale: false, sweep_at: None }
    }

    pub(crate) fn net(&self) -> &Net {
        &self.net
    }

    pub(crate) fn get(&self, peer: &PeerId) -> Option<&OpenLink> {
        self.up.get(peer)
    }

    pub(crate) fn get_mut(&mut self, peer: &PeerId) -> Option<&mut OpenLink> {
        self.up.get_mut(peer)
    }

    pub(crate) fn len(&self) -> usize {
        self.up.len()
    }

    /// How many of them are with such peers.
    pub(crate) fn count(&self, such: impl Fn(&PeerId) -> bool) -> usize {
        self.up.keys().filter(|peer| such(peer)).count()
    }

    pub(crate) fn all(&self) -> impl Iterator<Item = (&PeerId, &OpenLink)> {
        self.up.iter()
    }

    pub(crate) fn peers(&self) -> Vec<PeerId> {
        self.up.keys().copied().collect()
    }

    pub(crate) fn insert(&mut self, peer: PeerId, link: OpenLink) {
        let sweep_at = link.up_at + SURPLUS_AFTER_MS;
        self.sweep_at = Some(self.sweep_at.map_or(sweep_at, |at| at.min(sweep_at)));
        self.up.insert(peer, link);
    }

    pub(crate) fn remove(&mut self, peer: &PeerId) {
        self.up.remove(peer);
    }

    /// Sends a message once; if a control message does not fit, the link ends by itself.
    pub(crate) fn tell(&self, peer: &PeerId, message: &Message) {
        if let Some(link) = self.up.get(peer) {
            let _not_repeated = link.outbox.offer(message.class(), message.encode());
        }
    }

    /// A stranger may stay beyond the time of the lobby.
    pub(crate) fn let_stay(&self, peer: &PeerId) {
        if let Some(link) = self.up.get(peer) {
            self.net.welcome(*peer, link.id);
        }
    }

    pub(crate) fn end(&self, peer: &PeerId, why: Bye) {
        if let Some(link) = self.up.get(peer) {
            self.net.close(*peer, link.id, why);
        }
    }

    /// To whom links are kept.
    pub(crate) fn wanted(&self) -> impl Iterator<Item = &PeerId> {
        self.wanted.keys()
    }

    pub(crate) fn note_wants_stale(&mut self) {
        self.wants_stale = true;
    }

    pub(crate) fn are_wants_stale(&self) -> bool {
        self.wants_stale
    }

    /// Has the network keep links to these peers, at these addresses, and to no others.
    pub(crate) fn want(&mut self, wanted: BTreeMap<PeerId, Vec<Address>>) {
        self.wants_stale = false;
        let gone: Vec<PeerId> = self.wanted.keys().filter(|peer| !wanted.contains_key(peer)).copied().collect();
        for peer in gone {
            self.wanted.remove(&peer);
            self.net.unwant(peer);
        }
        for (peer, addresses) in wanted {
            if self.wanted.get(&peer) != Some(&addresses) {
                self.net.want(peer, addresses.clone());
                self.wanted.insert(peer, addresses);
            }
        }
    }

    /// When links are looked through.
    pub(crate) fn wake(&self) -> Option<Millis> {
        self.sweep_at.into_iter().chain(self.common.wake()).min()
    }

    /// Peers whose links may be of no use, if it is time to look.
    pub(crate) fn take_due(&mut self, now: Millis) -> Vec<PeerId> {
        if self.sweep_at.is_none_or(|at| now < at) {
            return Vec::new();
        }
        self.sweep_at = (!self.up.is_empty()).then_some(now + SWEEP_EVERY_MS);
        self.up.iter().filter(|(_, link)| link.may_be_surplus(now)).map(|(peer, _)| *peer).collect()
    }
}
