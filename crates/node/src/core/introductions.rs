//! What linked peers tell each other of themselves: where they and other members can be dialled.

use identity::PeerId;
use rand::seq::IteratorRandom;
use store::Setting;
use wire::Address;
use wire::ids::RoomId;
use wire::message::{Bye, Message, PeerRecord};

use super::Core;
use crate::parts::people::MAX_ADDRESSES;

/// Records of members that a newly met one gets at once; others come with the shuffles of the
/// overlay.
const RECORDS_TO_BEGIN_WITH: usize = 16;

impl Core {
    /// Signs a new record of the own addresses, and sends it to all who are welcome.
    pub(crate) fn renew_record(&mut self) {
        let last = self.disk.store().setting(Setting::RecordSeq).and_then(|text| text.parse::<u64>().ok()).unwrap_or(0);
        let seq = self.clocks.wall().max(last.saturating_add(1));
        self.keep_setting(Setting::RecordSeq, &seq.to_string());
        self.own.set_record(PeerRecord::make(self.own.identity(), seq, self.own_addresses()));
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
    pub(super) fn send_records_of(&mut self, room: RoomId, peer: PeerId) {
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
        person.row.record = Some(record);
        self.keep_person(&device);
        self.tell_address(device);
        true
    }
}
