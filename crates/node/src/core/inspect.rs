//! What a caller that steps the node by hand looks at.

use gossip::Engine;
use identity::PeerId;
use rooms::Payload;
use rooms::keys::{EpochId, EpochSecret, Held};
use store::OwnPrekeyRow;
use wire::ids::{EventId, RoomId};
use wire::message::RawEvent;

use super::Core;

impl Core {
    pub(crate) fn store(&self) -> &store::Store {
        self.disk.store()
    }

    pub(crate) fn engine(&self) -> &Engine {
        self.spreading.engine()
    }

    pub(crate) fn room_logs(&mut self, room: &RoomId) -> Option<&mut rooms::Logs> {
        self.rooms.get_mut(room).map(|state| &mut state.logs)
    }

    pub(crate) fn has_member(&self, room: &RoomId, peer: &PeerId) -> bool {
        self.rooms.get(room).is_some_and(|state| state.members.is_member(peer))
    }

    /// All events of a room as they lie on the disk.
    pub(crate) fn raw_events(&self, room: &RoomId) -> Vec<RawEvent> {
        let store = self.disk.store();
        let raw = |(log, end): (wire::ids::LogKey, rooms::LogHead)| store.range(room, log, 1, end.head.seq, usize::MAX);
        store.heads(room).into_iter().flat_map(raw).collect()
    }

    /// The epoch that a message is sealed under.
    pub(crate) fn epoch_of(&self, room: &RoomId, message: &EventId) -> Option<EpochId> {
        let place = self.disk.store().find(room, message)?;
        self.disk.store().event(room, &place).map(|event| EpochId(event.header.epoch))
    }

    /// All that was said under an epoch can be read.
    pub(crate) fn holds_epoch(&self, room: &RoomId, epoch: &EpochId) -> bool {
        matches!(self.disk.store().keyring().held(room, epoch), Some(Held::Whole(_)))
    }

    pub(crate) fn newest_epoch(&self, room: &RoomId) -> Option<EpochId> {
        self.rooms.get(room)?.keys.epochs.newest(|_| true).first().copied()
    }

    /// As if it were long ago that they were replaced.
    pub(crate) fn erase_prekeys(&mut self, room: &RoomId) {
        let wall = self.clocks.wall();
        let Some(state) = self.rooms.get_mut(room) else { return };
        state.keys.prekeys.replace_all(wall);
        for key in state.keys.prekeys.take_erased(u64::MAX) {
            self.forget_in::<OwnPrekeyRow>(room, &key);
        }
    }

    /// What a changed program could write.
    pub(crate) fn write_in_the_clear(&mut self, room: RoomId, payloads: &[Payload]) {
        self.append(room, payloads, None).expect("the node takes its own events");
    }

    pub(crate) fn learn_secret(&mut self, room: RoomId, epoch: EpochId, secret: EpochSecret) {
        self.hold_key(room, epoch, Held::Whole(secret));
    }

    pub(crate) fn linked(&self) -> Vec<PeerId> {
        self.links.peers()
    }
}
