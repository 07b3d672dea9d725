//! What a caller that steps the node by hand looks at.

use gossip::Engine;
use identity::PeerId;
use wire::ids::RoomId;

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

    pub(crate) fn linked(&self) -> Vec<PeerId> {
        self.links.peers()
    }
}
