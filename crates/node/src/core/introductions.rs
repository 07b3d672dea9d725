//! What linked peers tell each other of themselves: which rooms they have, and where they and other
//! members can be dialled.

use identity::PeerId;
use rand::RngExt;
use rand::seq::{IteratorRandom, SliceRandom};
use store::Setting;
use wire::ids::{RoomId, RoomTag};
use wire::message::{Bye, Message, PeerRecord, room_tag};
use wire::{Address, limits, tidy_name};

use super::Core;
use crate::parts::people::MAX_ADDRESSES;
use crate::parts::room::Room;

/// Records of members that a newly met one gets at once; others come with the shuffles of the
/// overlay.
const RECORDS_TO_BEGIN_WITH: usize = 16;

impl Core {
    /// The tags of all rooms that are taken part in, padded with random ones so that their number
    /// stays unknown.
    pub(crate) fn introduce_rooms(&mut self, peer: &PeerId) {
        let Some(link) = self.links.get(peer) else { return };
        let (hash, role) = (link.hash, link.role);
        let (quiet, active): (Vec<&Room>, Vec<&Room>) =
            self.rooms.values().filter(|room| room.is_active()).partition(|room| room.is_quiet());
        let mut tags: Vec<RoomTag> =
            active.into_iter().chain(quiet).take(limits::MAX_TAGS).map(|room| room_tag(&room.id(), &hash, role)).collect();
        let padded = tags.len().next_power_of_two().min(limits::MAX_TAGS);
        while tags.len() < padded {
            tags.push(RoomTag(self.rng.random()));
        }
        tags.shuffle(&mut self.rng);
        self.links.tell(peer, &Message::Rooms(tags));
    }

    /// Finds the rooms in common; answers with the own tags if one is new, since the other side may
    /// have learnt of it meanwhile.
    pub(crate) fn on_tags(&mut self, peer: PeerId, tags: &[RoomTag]) {
        let Some(link) = self.links.get(&peer) else { return };
        let (hash, theirs) = (link.hash, link.role.other());
        let known = link.rooms.clone();
        // The id of a direct room is no secret: only the other one of the two has it in common.
        let may_share = |room: &&Room| room.is_active() && room.other().is_none_or(|other| other == peer);
        let fits = |id: &RoomId| tags.contains(&room_tag(id, &hash, theirs));
        let common: Vec<RoomId> = self.rooms.values().filter(may_share).map(|room| room.id()).filter(fits).collect();
        let fresh: Vec<RoomId> = common.iter().filter(|id| !known.contains(id)).copied().collect();
        if fresh.is_empty() {
            return;
        }
        if let Some(link) = self.links.get_mut(&peer) {
            link.rooms.extend(&fresh);
        }
        self.introduce_rooms(&peer);
        self.welcome(peer);
        self.rooms.note_met(&peer, &fresh);
        for room in fresh {
            self.restate_neighbour(room, peer);
            self.send_records_of(room, peer);
            self.notices.room(room);
        }
    }

    /// Signs a new record of the own name and addresses, and sends it to all who are welcome.
    pub(crate) fn renew_record(&mut self) {
        let last = self.disk.store().setting(Setting::RecordSeq).and_then(|text| text.parse::<u64>().ok()).unwrap_or(0);
        let seq = self.clocks.wall().max(last.saturating_add(1));
        self.keep_setting(Setting::RecordSeq, &seq.to_string());
        self.own.set_record(PeerRecord::make(self.own.identity(), seq, self.own.name().to_owned(), self.own_addresses()));
        for peer in self.links.peers() {
            self.send_own_record(&peer);
        }
    }

    /// Where others may dial this device, best first.
    pub(crate) fn own_addresses(&self) -> Vec<Address> {
        self.own.addresses().iter().take(MAX_ADDRESSES).copied().map(Address::from).collect()
    }

    /// Announces the name on the local network, if the user wants that.
    pub(crate) fn announce(&mut self) {
        self.links.net().announce(self.own.is_visible_nearby().then(|| self.own.name().to_owned()));
    }

    /// Own name and addresses, signed, to a peer that is welcome and has not seen them yet.
    pub(crate) fn send_own_record(&mut self, peer: &PeerId) {
        let Some(record) = self.own.record().cloned() else { return };
        let Some(link) = self.links.get_mut(peer).filter(|link| link.welcome && link.told_record < record.seq) else { return };
        let (seq, message) = (record.seq, Message::Records(vec![record]));
        if link.outbox.offer(message.class(), message.encode()).is_ok() {
            link.told_record = seq;
        }
    }

    /// What is known of the members of a common room, so that they find each other when this device
    /// is away.
    fn send_records_of(&mut self, room: RoomId, peer: PeerId) {
        if !self.own.exchanges_peers() {
            return;
        }
        let Some(state) = self.rooms.get(&room).filter(|state| state.members.is_member(&peer)) else { return };
        // People are fewer than members in a large room.
        let others = self.people.iter().filter(|(other, _)| **other != peer && state.members.is_member(other));
        let known = others.filter(|(_, person)| person.row.record.is_some()).map(|(other, _)| *other);
        let some = known.sample(&mut self.rng, RECORDS_TO_BEGIN_WITH);
        self.send_records(&peer, &some);
    }

    /// Sends what these people said of themselves.
    pub(crate) fn send_records(&mut self, peer: &PeerId, subjects: &[PeerId]) {
        if !self.own.exchanges_peers() {
            return;
        }
        let records = subjects.iter().filter_map(|subject| match *subject == self.own.peer() {
            true => self.own.record().cloned(),
            false => self.people.get(subject)?.row.record.clone(),
        });
        for message in PeerRecord::messages(records) {
            self.links.tell(peer, &message);
        }
    }

    /// Records that their subjects signed: of the sender, and of members of common rooms.
    pub(crate) fn on_records(&mut self, peer: PeerId, records: Vec<PeerRecord>) {
        if self.links.get(&peer).is_none_or(|link| !link.welcome) {
            return;
        }
        let mut news = false;
        for record in records {
            let about_sender = record.device == peer;
            if record.device == self.own.peer() || !(about_sender || self.own.exchanges_peers()) {
                continue;
            }
            let known = self.people.contains_key(&record.device) || self.rooms.is_co_member(&record.device);
            let newer = self.people.get(&record.device).and_then(|p| p.row.record.as_ref()).is_none_or(|old| old.seq < record.seq);
            if !known || !newer {
                continue;
            }
            if self.rooms.signatures().verify_record(&record).is_err() {
                return self.links.end(&peer, Bye::Protocol);
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
}
