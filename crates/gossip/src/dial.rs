//! Links to members that the overlay of a room asked for.

use crate::Millis;

/// A link that was asked for.
pub(crate) struct Dial {
    pub(crate) since: Millis,
    pub(crate) state: DialState,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum DialState {
    /// Waiting for the link.
    Dialling,
    /// Waiting for the link, only to see whether the peer has events that are missing here.
    Wandering,
    /// The link is up.
    Linked,
    /// No link came, or it broke; the network tries again by itself.
    Failed,
}
