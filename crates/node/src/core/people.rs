//! The address book: who is known, under which name, at which addresses, and how the link with them
//! stands.

use std::collections::BTreeSet;
use std::net::SocketAddr;

use gossip::Input;
use identity::PeerId;
use net::Reason;
use store::{Contact, PeerRow, RequestRow, Setting};
use wire::ids::RoomId;
use wire::message::{Bye, ContactAnswer, ContactRequest, Message, PeerRecord};
use wire::tidy_name;
use wire::{Address, Role};

use super::Core;
use crate::view::{LinkState, Me, Refused};

/// People who are remembered.
const MAX_PEOPLE: usize = 4_096;
/// Contact requests that wait for an answer; more are turned away until some are answered.
const MAX_REQUESTS: usize = 64;
/// Addresses kept for one person.
const MAX_ADDRESSES: usize = 8;
/// Older than this, when somebody was last seen is written down as soon as they are met again; else
/// when the link ends. Lowered: a row for each link that comes up again, all at once after a change
/// of network. Raised: after a crash somebody seems to have been away for longer.
const SEEN_ROUGHLY: u64 = 60 * 60 * 1000;

/// Somebody known.
pub(crate) struct Someone {
    pub(crate) row: PeerRow,
    pub(crate) link: LinkState,
}

impl Someone {
    fn new(peer: PeerId, name: String) -> Self {
        let row =
            PeerRow { peer, name, contact: Contact::No, record: None, addresses: Vec::new(), last_good_address: None, last_seen_ms: None };
        Someone { row, link: LinkState::Unreachable { last_seen: None } }
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

impl Core {
    pub(crate) fn load_people(&mut self) {
        for row in self.store.all::<PeerRow>() {
            let link = LinkState::Unreachable { last_seen: row.last_seen_ms };
            self.people.insert(row.peer, Someone { row, link });
        }
    }

    pub(crate) fn is_contact(&self, peer: &PeerId) -> bool {
        self.people.get(peer).is_some_and(|p| p.row.contact == Contact::Yes)
    }

    pub(crate) fn is_asked(&self, peer: &PeerId) -> bool {
        self.people.get(peer).is_some_and(|p| p.row.contact == Contact::Asked)
    }

    /// The best name that is known.
    pub(crate) fn name_of(&self, peer: &PeerId) -> String {
        if *peer == self.peer {
            return self.name.clone();
        }
        let known = self.people.get(peer).map(|p| p.row.name.as_str()).filter(|name| !name.is_empty());
        let in_rooms = || self.rooms.values().find_map(|room| room.members.name_of(peer)).filter(|name| !name.is_empty());
        // Where they were dialled says more to whoever dialled than the beginning of a key.
        let dialled = || self.people.get(peer).filter(|p| p.row.contact == Contact::Asked)?.row.addresses.first().map(ToString::to_string);
        known.or_else(in_rooms).map(str::to_owned).or_else(dialled).unwrap_or_else(|| peer.short())
    }

    /// The entry of somebody, made if there is room for it.
    fn someone(&mut self, peer: PeerId) -> Option<&mut Someone> {
        if peer == self.peer || (!self.people.contains_key(&peer) && self.people.len() >= MAX_PEOPLE) {
            return None;
        }
        let linked = self.links.get(&peer).map(|link| link.state.clone());
        Some(self.people.entry(peer).or_insert_with(|| {
            let new = Someone::new(peer, String::new());
            Someone { link: linked.unwrap_or(new.link), row: new.row }
        }))
    }

    fn keep_person(&mut self, peer: &PeerId) {
        if let Some(row) = self.people.get(peer).map(|p| p.row.clone()) {
            self.keep(&row);
        }
        self.changed.person(*peer);
    }

    /// Notes a name and addresses from an invite, a request or a typed address.
    pub(crate) fn learn(&mut self, peer: PeerId, name: &str, addresses: &[Address]) {
        let Some(person) = self.someone(peer) else { return };
        let renamed = !name.is_empty() && person.row.record.is_none() && person.row.name != name;
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

    pub(crate) fn set_contact(&mut self, peer: PeerId, contact: Contact) {
        let Some(person) = self.someone(peer) else { return };
        if person.row.contact != contact {
            person.row.contact = contact;
            self.changed.me = true;
            self.keep_person(&peer);
            self.refresh_wants();
        }
    }

    /// A link came up.
    pub(crate) fn on_met(&mut self, peer: PeerId, remote: SocketAddr, role: Role) {
        let wall = self.now.wall;
        let known = self.people.contains_key(&peer);
        if !known && !self.is_co_member(&peer) {
            return;
        }
        let listening = self.listening(&peer);
        let Some(person) = self.someone(peer) else { return };
        let before = person.row.clone();
        if role == Role::Initiator {
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
            true => self.changed.person(peer),
            false => self.keep_person(&peer),
        }
        self.tell_address(peer);
        self.refresh_wants();
    }

    /// Everybody who is linked is seen for the last time now.
    pub(crate) fn keep_last_seen(&mut self) {
        self.links.peers().iter().for_each(|peer| self.note_seen(peer));
    }

    fn note_seen(&mut self, peer: &PeerId) {
        let wall = self.now.wall;
        if let Some(person) = self.people.get_mut(peer) {
            person.row.last_seen_ms = Some(wall);
            self.keep_person(peer);
        }
    }

    /// Where somebody who is linked listens, as they say.
    pub(crate) fn listening(&self, peer: &PeerId) -> Vec<Address> {
        let said = self.links.get(peer).map(|link| link.listening.as_slice()).unwrap_or_default();
        said.iter().filter(|address| !address.is_zoned()).cloned().collect()
    }

    pub(crate) fn is_co_member(&self, peer: &PeerId) -> bool {
        self.rooms.values().any(|room| room.members.is_member(peer))
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
        self.changed.person(peer);
    }

    /// Records that their subjects signed: of the sender, and of members of common rooms.
    pub(crate) fn on_records(&mut self, peer: PeerId, records: Vec<PeerRecord>) {
        if self.links.get(&peer).is_none_or(|link| !link.welcome) {
            return;
        }
        let mut news = false;
        for record in records {
            let about_sender = record.device == peer;
            if record.device == self.peer || !(about_sender || self.peer_exchange) {
                continue;
            }
            let known = self.people.contains_key(&record.device) || self.is_co_member(&record.device);
            let newer = self.people.get(&record.device).and_then(|p| p.row.record.as_ref()).is_none_or(|old| old.seq < record.seq);
            if !known || !newer {
                continue;
            }
            if self.signatures.verify_record(&record).is_err() {
                return self.end_link(&peer, Bye::Protocol);
            }
            news |= self.take_record(record);
        }
        if news {
            self.refresh_wants();
        }
    }

    fn take_record(&mut self, record: PeerRecord) -> bool {
        let device = record.device;
        let Some(person) = self.someone(device) else { return false };
        let name = tidy_name(&record.name);
        let renamed = person.row.name != name;
        person.row.name = name;
        person.row.record = Some(record);
        self.keep_person(&device);
        self.tell_address(device);
        if renamed {
            self.on_renamed(&device);
        }
        true
    }

    fn on_renamed(&mut self, peer: &PeerId) {
        let name = self.name_of(peer);
        let mut direct = Vec::new();
        for room in self.rooms.values_mut().filter(|room| room.members.is_member(peer)) {
            self.changed.room(room.id());
            self.changed.members.insert(room.id());
            if room.other() == Some(*peer) {
                room.row.name = name.clone();
                direct.push(room.row.clone());
            }
        }
        direct.iter().for_each(|row| self.keep(row));
    }

    /// Says anew who this device is and where it listens.
    pub(crate) fn renew_record(&mut self) {
        let last = self.store.setting(Setting::RecordSeq).and_then(|text| text.parse::<u64>().ok()).unwrap_or(0);
        let seq = self.now.wall.max(last.saturating_add(1));
        self.keep_setting(Setting::RecordSeq, &seq.to_string());
        self.own_record = Some(PeerRecord::make(&self.me, seq, self.name.clone(), self.own_addresses()));
        for peer in self.links.peers() {
            self.send_own_record(&peer);
        }
    }

    /// Where others may dial this device.
    pub(crate) fn own_addresses(&self) -> Vec<Address> {
        self.addresses.iter().take(MAX_ADDRESSES).copied().map(Address::from).collect()
    }

    /// Announces the name on the local network, if the user wants that.
    pub(crate) fn announce(&mut self) {
        self.net.announce(self.nearby_visible.then(|| self.name.clone()));
    }

    /// Changes the display name.
    pub fn set_name(&mut self, name: String) -> Result<Me, Refused> {
        self.keep_setting(Setting::DisplayName, &name);
        self.name = name;
        self.announce();
        self.renew_record();
        self.changed.me = true;
        let rooms: Vec<RoomId> = self.rooms.keys().copied().collect();
        self.changed.members.extend(rooms);
        Ok(self.me_row())
    }

    /// Shows or hides this device's name on the local network.
    pub fn set_nearby_visible(&mut self, visible: bool) -> Result<Me, Refused> {
        self.nearby_visible = visible;
        self.keep_setting(Setting::NearbyVisible, if visible { "yes" } else { "no" });
        self.announce();
        self.changed.me = true;
        Ok(self.me_row())
    }

    /// Dials somebody now.
    pub fn redial(&mut self, peer: PeerId) -> Result<(), Refused> {
        if !self.people.contains_key(&peer) {
            return Err(Refused::UnknownPeer);
        }
        self.net.dial_now(peer);
        Ok(())
    }

    /// Tells the network to whom links are to be kept: contacts, those who are asked, and whom
    /// gossip chose among the members of each room.
    pub(crate) fn refresh_wants(&mut self) {
        self.wants_stale = false;
        let mut wanted: BTreeSet<PeerId> =
            self.people.values().filter(|p| matches!(p.row.contact, Contact::Yes | Contact::Asked)).map(|p| p.row.peer).collect();
        wanted.extend(self.gossip.wanted());
        wanted.extend(self.attempts.values().filter_map(|attempt| attempt.inviter()));
        let gone: Vec<PeerId> = self.wanted.keys().filter(|peer| !wanted.contains(peer)).copied().collect();
        for peer in gone {
            self.wanted.remove(&peer);
            self.net.unwant(peer);
        }
        for peer in wanted {
            let addresses = self.people.get(&peer).map(Someone::addresses).unwrap_or_default();
            if self.wanted.get(&peer) != Some(&addresses) {
                self.net.want(peer, addresses.clone());
                self.wanted.insert(peer, addresses);
            }
        }
    }

    /// Tells gossip that a member can be dialled, in every group room that they share. In a direct
    /// room there is nobody to choose from.
    fn tell_address(&mut self, peer: PeerId) {
        if self.people.get(&peer).is_none_or(|p| p.addresses().is_empty()) {
            return;
        }
        let shared = |room: &&super::room::Room| room.other().is_none() && room.members.is_member(&peer);
        let shared: Vec<RoomId> = self.rooms.values().filter(shared).map(|room| room.id()).collect();
        for room in shared {
            self.gossip(Input::Known { room, peers: vec![peer] });
        }
    }

    /// Tells gossip which of these members of a room can be dialled, and who is none any more.
    pub(crate) fn tell_members(&mut self, room: RoomId, peers: impl IntoIterator<Item = PeerId>) {
        let Some(state) = self.rooms.get(&room).filter(|state| state.other().is_none()) else { return };
        let (members, gone): (Vec<PeerId>, Vec<PeerId>) = peers.into_iter().partition(|peer| state.members.is_member(peer));
        let dialled = |peer: &PeerId| self.people.get(peer).is_some_and(|p| !p.addresses().is_empty());
        let known: Vec<PeerId> = members.into_iter().filter(dialled).collect();
        self.gossip(Input::Known { room, peers: known });
        for peer in gone {
            self.gossip(Input::Forgotten { room, peer });
        }
    }

    /// Somebody wants to become a contact.
    pub(crate) fn on_contact_request(&mut self, peer: PeerId, request: &ContactRequest) {
        let contact = self.people.get(&peer).map_or(Contact::No, |p| p.row.contact);
        match contact {
            // They were away when they were accepted.
            Contact::Yes => self.answer(&peer, true),
            Contact::Asked => self.become_contacts(peer, &request.name),
            Contact::Declined => self.answer(&peer, false),
            Contact::No => self.note_request(peer, &request.name),
        }
    }

    fn note_request(&mut self, peer: PeerId, name: &str) {
        if self.requests.len() >= MAX_REQUESTS && !self.requests.contains_key(&peer) {
            return self.end_link(&peer, Bye::Busy);
        }
        let addresses = self.listening(&peer);
        let row = RequestRow { peer, name: name.to_owned(), at_ms: self.now.wall, addresses };
        self.keep(&row);
        if self.requests.insert(peer, row).is_none() {
            self.changed.requests_added.push(peer);
        }
        self.welcome_to_wait(peer);
    }

    /// Whoever has asked may keep the link until the answer.
    fn welcome_to_wait(&mut self, peer: PeerId) {
        if let Some(link) = self.links.get(&peer) {
            self.net.welcome(peer, link.id);
        }
    }

    fn answer(&mut self, peer: &PeerId, accepted: bool) {
        let name = self.name.clone();
        self.tell(peer, &Message::ContactAnswer(ContactAnswer { accepted, name }));
    }

    /// Both sides agree: the direct room opens.
    pub(crate) fn become_contacts(&mut self, peer: PeerId, name: &str) {
        let was = self.is_contact(&peer);
        self.learn(peer, name, &self.listening(&peer));
        self.set_contact(peer, Contact::Yes);
        if !was {
            self.answer(&peer, true);
        }
        if self.requests.remove(&peer).is_some() {
            self.forget::<RequestRow>(&peer);
            self.changed.requests_gone.push(peer);
        }
        self.welcome(peer);
        if let Some(room) = self.ensure_direct(peer) {
            self.on_contact_for_attempts(peer, room);
        }
    }

    pub(crate) fn on_contact_answer(&mut self, peer: PeerId, answer: &ContactAnswer) {
        if !self.is_asked(&peer) {
            return;
        }
        if answer.accepted {
            self.become_contacts(peer, &answer.name);
        } else {
            self.set_contact(peer, Contact::No);
            self.forget_awaited(peer);
            self.on_declined_for_attempts(peer);
        }
    }

    /// The user answers a contact request.
    pub fn answer_request(&mut self, peer: PeerId, accept: bool) -> Result<(), Refused> {
        let request = self.requests.get(&peer).cloned().ok_or(Refused::UnknownPeer)?;
        self.learn(peer, &request.name, &request.addresses);
        if accept {
            // The answer goes at once if they are linked; else they ask again when they are.
            self.become_contacts(peer, &request.name);
            return Ok(());
        }
        self.requests.remove(&peer);
        self.forget::<RequestRow>(&peer);
        self.changed.requests_gone.push(peer);
        self.set_contact(peer, Contact::Declined);
        self.answer(&peer, false);
        Ok(())
    }
}
