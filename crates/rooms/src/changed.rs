//! What an event changed in a room.

use std::collections::{BTreeMap, BTreeSet};

use identity::PeerId;

use crate::membership_line::MembershipLine;
use crate::position::Position;

/// What an event changed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Changed {
    /// Devices that are now members, or no longer, or under another name, or by another right.
    pub members: BTreeSet<PeerId>,
    /// Devices that are now known to have been members, or no longer, or of which more or less
    /// counts.
    pub known: BTreeSet<PeerId>,
    /// Lines that the history now shows, in order.
    pub shown: BTreeMap<Position, MembershipLine>,
    /// Lines that it no longer shows.
    pub hidden: BTreeSet<Position>,
    /// Something that is set of the room is not as before, its name for one.
    pub name: bool,
    /// Some invite stands otherwise than before.
    pub invites: bool,
}

impl Changed {
    /// Nothing changed.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}
