//! People who are known, and those who ask to be.

use std::collections::{BTreeMap, BTreeSet};

use identity::PeerId;
use store::{Contact, PeerRow, RequestRow};
use wire::{Address, Likeness};

use super::likeness::Likenesses;
use crate::view::LinkState;

/// People who are remembered.
const MAX_PEOPLE: usize = 4_096;
/// Contact requests that wait for an answer; more are turned away until some are answered.
const MAX_REQUESTS: usize = 64;
/// Addresses kept for one person.
pub(crate) const MAX_ADDRESSES: usize = 8;

/// A person who is known.
pub(crate) struct Someone {
    pub(crate) row: PeerRow,
    pub(crate) link: LinkState,
}

impl Someone {
    fn new(peer: PeerId, link: LinkState) -> Self {
        let name = String::new();
        let row =
            PeerRow { peer, name, contact: Contact::No, record: None, addresses: Vec::new(), last_good_address: None, last_seen_ms: None };
        Someone { row, link }
    }

    /// Where to dial, best first.
    pub(crate) fn addresses(&self) -> Vec<Address> {
        // A zone that others tell is one of theirs, and means nothing here.
        let record = self.row.record.iter().flat_map(|record| &record.addresses).filter(|address| !address.is_zoned());
        let all = self.row.last_good_address.iter().chain(record).chain(&self.row.addresses);
        let mut seen = BTreeSet::new();
        all.filter(|address| seen.insert(*address)).take(MAX_ADDRESSES).cloned().collect()
    }
}

/// The address book, and contact requests of people who may not be in it.
#[derive(Default)]
pub(crate) struct People {
    known: BTreeMap<PeerId, Someone>,
    requests: BTreeMap<PeerId, RequestRow>,
    likenesses: Likenesses,
}

impl People {
    /// Takes over what was written down.
    pub(crate) fn restore(people: Vec<PeerRow>, requests: Vec<RequestRow>) -> Self {
        let someone = |row: PeerRow| {
            let link = LinkState::Unreachable { last_seen: row.last_seen_ms };
            (row.peer, Someone { row, link })
        };
        People {
            known: people.into_iter().map(someone).collect(),
            requests: requests.into_iter().map(|row| (row.peer, row)).collect(),
            likenesses: Likenesses::default(),
        }
    }

    pub(crate) fn get(&self, peer: &PeerId) -> Option<&Someone> {
        self.known.get(peer)
    }

    pub(crate) fn get_mut(&mut self, peer: &PeerId) -> Option<&mut Someone> {
        self.known.get_mut(peer)
    }

    pub(crate) fn contains_key(&self, peer: &PeerId) -> bool {
        self.known.contains_key(peer)
    }

    pub(crate) fn keys(&self) -> impl Iterator<Item = &PeerId> {
        self.known.keys()
    }

    pub(crate) fn values(&self) -> impl Iterator<Item = &Someone> {
        self.known.values()
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (&PeerId, &Someone)> {
        self.known.iter()
    }

    /// The entry of a person, made if there is room for it. `link`: how the link with them stands,
    /// if it is up.
    pub(crate) fn get_or_add(&mut self, peer: PeerId, link: Option<LinkState>) -> Option<&mut Someone> {
        if !self.known.contains_key(&peer) && self.known.len() >= MAX_PEOPLE {
            return None;
        }
        let link = || link.unwrap_or(LinkState::Unreachable { last_seen: None });
        Some(self.known.entry(peer).or_insert_with(|| Someone::new(peer, link())))
    }

    fn contact(&self, peer: &PeerId) -> Contact {
        self.known.get(peer).map_or(Contact::No, |person| person.row.contact)
    }

    pub(crate) fn is_contact(&self, peer: &PeerId) -> bool {
        self.contact(peer) == Contact::Yes
    }

    pub(crate) fn is_asked(&self, peer: &PeerId) -> bool {
        self.contact(peer) == Contact::Asked
    }

    pub(crate) fn request(&self, peer: &PeerId) -> Option<&RequestRow> {
        self.requests.get(peer)
    }

    pub(crate) fn asking(&self) -> impl Iterator<Item = &PeerId> {
        self.requests.keys()
    }

    /// Whether this person may ask, or has asked already.
    pub(crate) fn has_room_for_request(&self, peer: &PeerId) -> bool {
        self.requests.len() < MAX_REQUESTS || self.requests.contains_key(peer)
    }

    /// True if this person had not asked before.
    pub(crate) fn add_request(&mut self, row: RequestRow) -> bool {
        self.requests.insert(row.peer, row).is_none()
    }

    /// True if there was one.
    pub(crate) fn remove_request(&mut self, peer: &PeerId) -> bool {
        self.requests.remove(peer).is_some()
    }

    /// The name of another person than `peer` that looks like this; a contact's, if there is one.
    pub(crate) fn name_like(&mut self, wanted: &Likeness, peer: &PeerId) -> Option<String> {
        let People { known, likenesses, .. } = self;
        likenesses.update(known.iter().map(|(peer, person)| (peer, &person.row.name)), |peer| known.contains_key(peer));
        let is_contact = |other: &PeerId| known.get(other).is_some_and(|person| person.row.contact == Contact::Yes);
        likenesses.like(wanted, peer, is_contact).cloned()
    }
}
