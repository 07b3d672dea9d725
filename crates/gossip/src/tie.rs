//! How one stands with a linked device, for whoever looks.

use identity::PeerId;

/// A linked device in one room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tie {
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
    /// Events that are here and that they are not known to have.
    pub lacks: u64,
    /// Events that they are known to have and that are missing here.
    pub ahead: u64,
}
