//! The state of one room in memory; its history stays on disk.

use std::collections::BTreeMap;
use std::sync::Arc;

use identity::PeerId;
use rooms::{Author, Clock, Logs, Membership, Position};
use store::{RoomKind, RoomRow, Standing};
use wire::ids::{LogId, RoomId};

use super::acks::Acks;
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
    /// Own logs: on disk up to here.
    pub(crate) saved: BTreeMap<LogId, u32>,
    /// What members said that they have of own logs.
    pub(crate) acks: Acks,
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

    /// Takes part: events are exchanged.
    pub(crate) fn is_active(&self) -> bool {
        match self.row.standing {
            Standing::Member | Standing::Joining => true,
            Standing::Requested => false,
            // Until a member has heard that it was left.
            Standing::Left => !self.leave_heard,
        }
    }

    pub(crate) fn may_write(&self) -> bool {
        self.row.standing == Standing::Member
    }
}
