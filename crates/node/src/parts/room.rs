//! The state of one room in memory; its history stays on disk.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use identity::PeerId;
use rooms::{Author, Clock, Logs, Membership, Position};
use store::{RoomKind, RoomRow, Standing};
use wire::ids::{LogId, RoomId};

use super::acks::Acks;
use super::keys::room_keys::RoomKeys;
use super::late::Late;
use crate::view::Level;

/// One room.
pub(crate) struct Room {
    pub(crate) row: RoomRow,
    /// Shared until it changes: the simulator runs thousands of nodes of one room.
    pub(crate) members: Arc<Membership>,
    pub(crate) logs: Logs,
    /// Follows what is shown here.
    pub(crate) clock: Clock,
    /// Own content log, begun with the first event.
    pub(crate) content: Option<Author>,
    /// Own control log.
    pub(crate) control: Option<Author>,
    pub(crate) last: Option<Last>,
    /// The newest message that anything was said about: for newer ones, nothing has to be looked
    /// up.
    pub(crate) newest_target: Option<Position>,
    pub(crate) unread: u32,
    /// Part of the unread.
    pub(crate) late: Late,
    pub(crate) lacking: u32,
    pub(crate) level: Level,
    /// After leaving: a member has the Leave.
    pub(crate) leave_heard: bool,
    /// Others ended one's membership.
    pub(crate) removed: bool,
    /// Whose words are here and not shown: they are not known to have been members.
    pub(crate) hidden: BTreeSet<PeerId>,
    /// Own logs: on disk up to here.
    pub(crate) saved: BTreeMap<LogId, u32>,
    /// What members said that they have of own logs.
    pub(crate) acks: Acks,
    /// Epochs, prekeys, and what waits for keys.
    pub(crate) keys: RoomKeys,
}

/// Newest message, for the list of rooms.
#[derive(Clone)]
pub(crate) struct Last {
    pub(crate) position: Position,
    pub(crate) author: PeerId,
    pub(crate) text: String,
}

impl Room {
    pub(crate) fn id(&self) -> RoomId {
        self.row.room
    }

    /// The other person of a direct room.
    pub(crate) fn other(&self) -> Option<PeerId> {
        match self.row.kind {
            RoomKind::Direct(peer) => Some(peer),
            RoomKind::Group => None,
        }
    }

    /// Events are exchanged.
    pub(crate) fn is_active(&self) -> bool {
        self.row.standing != Standing::Requested
    }

    /// This device is no member any more, and those who are know it. It looks for nobody; but who
    /// is linked may tell it that it was let in again.
    pub(crate) fn is_quiet(&self) -> bool {
        self.row.standing == Standing::Left && (self.leave_heard || self.removed)
    }

    /// This device is a member, or about to be.
    pub(crate) fn takes_part(&self) -> bool {
        matches!(self.row.standing, Standing::Member | Standing::Joining)
    }

    /// What is said here is for this peer.
    pub(crate) fn is_shared_with(&self, peer: &PeerId) -> bool {
        self.members.is_member(peer) && !self.is_quiet()
    }

    /// Words of this device are here, and are not shown.
    pub(crate) fn is_hidden(&self, device: &PeerId) -> bool {
        !self.members.was_member(device) && self.logs.of(device).any(|(key, _)| !key.log.is_control())
    }

    pub(crate) fn may_write(&self) -> bool {
        self.row.standing == Standing::Member
    }
}
