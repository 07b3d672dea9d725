//! How one stands with a linked device, for whoever looks.

use identity::PeerId;
use wire::ids::LogKey;

use crate::Millis;

/// A linked device in one room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NeighbourView {
    /// Who.
    pub peer: PeerId,
    /// A member, as far as is known here.
    pub member: bool,
    /// In the active view.
    pub active: bool,
    /// Fresh events are pushed to them at once.
    pub eager: bool,
    /// This device chose them.
    pub dialled: bool,
    /// They have said what they have; until then the two counts below say nothing.
    pub heard: bool,
    /// Events that are here and that they are not known, or about, to have.
    pub lacks: u64,
    /// Events that they are known to have and that are missing here.
    pub ahead: u64,
}

/// A log that is here of which a linked device has not said to have all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Missing {
    /// Who.
    pub peer: PeerId,
    /// Which log.
    pub log: LogKey,
    /// The first event that they have not said to have.
    pub from: u32,
    /// How many from there on.
    pub count: u64,
    /// All of these were pushed to them: they will say so when logs are next compared.
    pub on_its_way: bool,
    /// If they have it, they say so within this time after they got it.
    pub said_within: Millis,
}

/// Events of a log that one end has beyond the other.
pub(crate) fn beyond(more: u32, less: u32) -> u64 {
    u64::from(more.saturating_sub(less))
}
