//! Who may help whom: two peers with whom this device has a room in common, and who both are
//! members of it.

use std::collections::{BTreeMap, BTreeSet};

use identity::PeerId;

use super::Core;

impl Core {
    /// Who is linked or wanted, or who is a member where, has changed.
    pub(crate) fn note_common_stale(&mut self) {
        self.links.common.note_stale();
    }

    /// The network wants to know of somebody who may be a member.
    pub(crate) fn on_who_is(&mut self, peer: PeerId) {
        self.links.common.ask(peer);
    }

    /// Tells the network which rooms this device has in common with those who are linked or
    /// wanted, or whom it asked about, if that has changed. A direct room has nobody who could
    /// help.
    pub(crate) fn tell_common_rooms(&mut self) {
        if !self.links.common.take_due(self.clocks.mono()) {
            return;
        }
        let peers: BTreeSet<PeerId> =
            self.links.peers().into_iter().chain(self.links.wanted().copied()).chain(self.links.common.asked()).collect();
        let mut common: BTreeMap<PeerId, Vec<u64>> = BTreeMap::new();
        for room in self.rooms.values().filter(|room| room.may_write() && room.other().is_none()) {
            let number = self.links.common.number(&room.id());
            for peer in peers.iter().filter(|peer| room.members.is_member(peer)) {
                common.entry(*peer).or_default().push(number);
            }
        }
        for (peer, rooms) in self.links.common.tell(common) {
            self.links.net().set_common(peer, rooms);
        }
    }
}
