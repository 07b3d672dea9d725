//! The address book: who is known, under which name, at which addresses, and how the link with them
//! stands.

use std::collections::BTreeSet;

use gossip::Input;
use identity::PeerId;
use net::{Path, Reason};
use store::{Contact, Setting};
use wire::ids::RoomId;
use wire::{Address, Likeness, Role};

use super::Core;
use crate::parts::people::{MAX_ADDRESSES, Someone};
use crate::parts::room::Room;
use crate::view::{LinkState, Me, Refused};

/// When a peer was last seen is written down as soon as it is met again, if what is written is
/// older than this; else when the link ends. Lowered: a row for each link that comes up again, all
/// at once after a change of network. Raised: after a crash a peer seems to have been away for
/// longer.
const SEEN_ROUGHLY: u64 = 60 * 60 * 1000;

impl Core {
    /// The best name that is known.
    pub(crate) fn name_of(&self, peer: &PeerId) -> String {
        if *peer == self.own.peer() {
            return self.own.name().to_owned();
        }
        let known = self.people.get(peer).map(|p| p.row.name.as_str()).filter(|name| !name.is_empty());
        let in_rooms = || self.rooms.values().find_map(|room| room.members.name_of(peer)).filter(|name| !name.is_empty());
        // Where they were dialled says more to the user, who typed it, than the beginning of a key.
        let dialled = || self.people.get(peer).filter(|p| p.row.contact == Contact::Asked)?.row.addresses.first().map(ToString::to_string);
        known.or_else(in_rooms).map(str::to_owned).or_else(dialled).unwrap_or_else(|| peer.short())
    }

    /// The entry of another person, made if there is room for it.
    pub(super) fn someone(&mut self, peer: PeerId) -> Option<&mut Someone> {
        if peer == self.own.peer() {
            return None;
        }
        let linked = self.links.get(&peer).map(|link| link.state.clone());
        self.people.get_or_add(peer, linked)
    }

    pub(super) fn keep_person(&mut self, peer: &PeerId) {
        if let Some(row) = self.people.get(peer).map(|p| p.row.clone()) {
            self.keep(&row);
        }
        self.notices.person(*peer);
    }

    /// Notes a name and addresses from an invite, a request or a typed address.
    pub(crate) fn learn(&mut self, peer: PeerId, name: &str, addresses: &[Address]) {
        let Some(person) = self.someone(peer) else { return };
        let renamed = !name.is_empty() && person.row.name != name;
        if renamed {
            person.row.name = name.to_owned();
        }
        for address in addresses.iter().rev() {
            person.row.addresses.retain(|known| known != address);
            person.row.addresses.insert(0, address.clone());
        }
        person.row.addresses.truncate(MAX_ADDRESSES);
        self.keep_person(&peer);
        self.tell_address(peer);
        if renamed {
            self.on_renamed(&peer);
        }
    }

    /// The name of another person that looks like this name of `peer`: one's own, a contact's, or
    /// that of another who is known; in this order. A name cannot be refused to anyone, so the
    /// window tells.
    pub(super) fn looks_like(&mut self, peer: &PeerId, name: &str) -> Option<String> {
        let wanted = Likeness::of(name);
        if *peer != self.own.peer() && Likeness::of(self.own.name()).is_like(&wanted) {
            return Some(self.own.name().to_owned());
        }
        self.people.name_like(&wanted, peer)
    }

    /// Notes a co-member by what they say on their link.
    pub(crate) fn learn_co_member(&mut self, peer: PeerId, name: &str) {
        self.learn(peer, name, &self.listening(&peer));
    }

    pub(crate) fn set_contact(&mut self, peer: PeerId, contact: Contact) {
        let Some(person) = self.someone(peer) else { return };
        if person.row.contact != contact {
            person.row.contact = contact;
            self.notices.me();
            self.keep_person(&peer);
            self.refresh_wants();
        }
    }

    /// A link came up.
    pub(crate) fn on_met(&mut self, peer: PeerId, path: Path, role: Role) {
        let wall = self.clocks.wall();
        let known = self.people.contains_key(&peer);
        if !known && !self.rooms.is_co_member(&peer) {
            return;
        }
        let listening = self.listening(&peer);
        let Some(person) = self.someone(peer) else { return };
        let before = person.row.clone();
        if let (Role::Initiator, Path::Tcp(remote)) = (role, path) {
            person.row.last_good_address = Some(remote.into());
        }
        if person.row.record.is_none() {
            let fresh: Vec<Address> = listening.into_iter().filter(|address| !person.row.addresses.contains(address)).collect();
            person.row.addresses.extend(fresh);
            person.row.addresses.truncate(MAX_ADDRESSES);
        }
        let seen_of_late = before.last_seen_ms.is_some_and(|seen| seen.saturating_add(SEEN_ROUGHLY) > wall);
        let as_kept = seen_of_late && person.row == before;
        person.row.last_seen_ms = Some(wall);
        match as_kept {
            true => self.notices.person(peer),
            false => self.keep_person(&peer),
        }
        self.tell_address(peer);
        self.refresh_wants();
    }

    /// All who are linked are seen for the last time now.
    pub(crate) fn keep_last_seen(&mut self) {
        self.links.peers().iter().for_each(|peer| self.note_seen(peer));
    }

    fn note_seen(&mut self, peer: &PeerId) {
        let wall = self.clocks.wall();
        if let Some(person) = self.people.get_mut(peer) {
            person.row.last_seen_ms = Some(wall);
            self.keep_person(peer);
        }
    }

    /// Where a linked peer listens, as it says.
    pub(crate) fn listening(&self, peer: &PeerId) -> Vec<Address> {
        let said = self.links.get(peer).map(|link| link.listening.as_slice()).unwrap_or_default();
        said.iter().filter(|address| !address.is_zoned()).cloned().collect()
    }

    pub(crate) fn on_lost(&mut self, peer: PeerId, reason: Reason) {
        tracing::debug!(peer = %peer.short(), %reason, "link down");
        self.note_seen(&peer);
    }

    /// The network says how it stands with a peer.
    pub(crate) fn on_link_state(&mut self, peer: PeerId, state: LinkState) {
        self.on_state_for_attempts(peer, &state);
        if matches!(state, LinkState::Waiting { .. } | LinkState::Unreachable { .. }) {
            self.gossip(Input::Unreached { peer });
        }
        let Some(person) = self.people.get_mut(&peer) else { return };
        let last_seen = person.row.last_seen_ms;
        person.link = match state {
            LinkState::Unreachable { .. } => LinkState::Unreachable { last_seen },
            other => other,
        };
        self.notices.person(peer);
    }

    pub(super) fn on_renamed(&mut self, peer: &PeerId) {
        let name = self.name_of(peer);
        let mut direct = Vec::new();
        for room in self.rooms.values_mut().filter(|room| room.members.is_member(peer)) {
            self.notices.room(room.id());
            self.notices.members(room.id());
            if room.other() == Some(*peer) {
                room.row.name = name.clone();
                direct.push(room.row.clone());
            }
        }
        direct.iter().for_each(|row| self.keep(row));
    }

    /// Shows or hides this device's name on the local network.
    pub fn set_nearby_visible(&mut self, visible: bool) -> Result<Me, Refused> {
        self.own.set_visible_nearby(visible);
        self.keep_setting(Setting::NearbyVisible, if visible { "yes" } else { "no" });
        self.announce();
        self.notices.me();
        Ok(self.me_row())
    }

    /// Dials a person now.
    pub fn redial(&mut self, peer: PeerId) -> Result<(), Refused> {
        if !self.people.contains_key(&peer) {
            return Err(Refused::UnknownPeer);
        }
        self.links.net().dial_now(peer);
        Ok(())
    }

    /// Tells the network to whom links are to be kept: contacts, those who are asked, and whom
    /// gossip chose among the members of each room.
    pub(crate) fn refresh_wants(&mut self) {
        let mut wanted: BTreeSet<PeerId> =
            self.people.values().filter(|p| matches!(p.row.contact, Contact::Yes | Contact::Asked)).map(|p| p.row.peer).collect();
        wanted.extend(self.spreading.engine().wanted());
        wanted.extend(self.attempts.inviters());
        wanted.extend(self.rooms.still_unmet());
        let addresses = |peer: &PeerId| self.people.get(peer).map(Someone::addresses).unwrap_or_default();
        self.links.want(wanted.into_iter().map(|peer| (peer, addresses(&peer))).collect());
        self.note_common_stale();
        self.note_meetings_stale();
    }

    /// Tells gossip that a member can be dialled, in every group room that they share. In a direct
    /// room there is no choice.
    pub(super) fn tell_address(&mut self, peer: PeerId) {
        if self.people.get(&peer).is_none_or(|p| p.addresses().is_empty()) {
            return;
        }
        let shared = |room: &&Room| room.other().is_none() && room.members.is_member(&peer) && !room.is_quiet();
        let shared: Vec<RoomId> = self.rooms.values().filter(shared).map(|room| room.id()).collect();
        for room in shared {
            self.gossip(Input::Known { room, peers: vec![peer] });
        }
    }

    /// Tells gossip which of these members of a room can be dialled, and who is none any more.
    pub(crate) fn tell_members(&mut self, room: RoomId, peers: impl IntoIterator<Item = PeerId>) {
        let Some(state) = self.rooms.get(&room).filter(|state| state.other().is_none() && !state.is_quiet()) else { return };
        let (members, gone): (Vec<PeerId>, Vec<PeerId>) = peers.into_iter().partition(|peer| state.members.is_member(peer));
        let dialled = |peer: &PeerId| self.people.get(peer).is_some_and(|p| !p.addresses().is_empty());
        let known: Vec<PeerId> = members.into_iter().filter(dialled).collect();
        self.gossip(Input::Known { room, peers: known });
        for peer in gone {
            self.gossip(Input::Forgotten { room, peer });
        }
    }
}
