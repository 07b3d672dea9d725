//! What the history of a room shows of its membership.

use identity::PeerId;

use crate::authority::{Role, Setting};
use crate::position::Position;

/// What the history shows of a control event that changed something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MembershipLine {
    /// Position of the control event.
    pub position: Position,
    /// Who did it.
    pub author: PeerId,
    /// What it changed.
    pub what: What,
}

/// What the author did to the room.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum What {
    /// Made it.
    Created {
        /// The room's name.
        name: String,
    },
    /// Let a person in.
    Added {
        /// The device that was let in.
        peer: PeerId,
        /// Their name.
        name: String,
        /// They came with an invite.
        invited: bool,
    },
    /// Went.
    Left,
    /// Put somebody out.
    Removed {
        /// The device that was put out.
        peer: PeerId,
    },
    /// Gave somebody another role.
    Role {
        /// The device that has it.
        peer: PeerId,
        /// The role.
        role: Role,
    },
    /// Set something of the room.
    Set(Setting),
}
