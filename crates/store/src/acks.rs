//! Acknowledgements: what members said that they have of one's own logs, so that *delivered* is
//! still known after a restart while they are away.

use bincode::{Decode, Encode};
use identity::PeerId;
use wire::ids::{LogId, RoomId};

use crate::entry::Entry;
use crate::error::StoreError;
use crate::key;
use crate::records::row_entry;
use crate::store::Store;

/// What one member of a room has.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct AckRow {
    /// The member that said so.
    pub peer: PeerId,
    /// One's own logs, each up to this number. How many there are is for the owner of the rows to
    /// bound.
    pub logs: Vec<(LogId, u32)>,
}

impl Store {
    /// Writes what these members of a room have, in place of what was known of each of them. It is
    /// not waited for: a crash may forget it.
    pub fn put_acks(&self, room: &RoomId, rows: &[AckRow]) -> Result<(), StoreError> {
        let rows = rows.iter().map(|row| row_entry(self.ack_key(room, &row.peer), row));
        self.write(rows.collect::<Result<Vec<_>, _>>()?)
    }

    /// What members of a room have. Rows that damage made unreadable are left out and counted.
    pub fn acks(&self, room: &RoomId) -> Vec<AckRow> {
        self.rows_under(&key::named(key::ACK, &self.room_name(room)))
    }

    /// Forgets what a member has; fine if nothing was known.
    pub fn forget_acks(&self, room: &RoomId, peer: &PeerId) -> Result<(), StoreError> {
        self.write([Entry::NoRow { key: self.ack_key(room, peer) }])
    }

    fn ack_key(&self, room: &RoomId, peer: &PeerId) -> Vec<u8> {
        key::in_room(key::ACK, &self.room_name(room), &self.disk().sealer().name(key::ACK, peer.as_bytes()))
    }
}
