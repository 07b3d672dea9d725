//! The moment of a turn.

use gossip::Millis;

use crate::view::Time;

/// A moment: on the clock that never goes back, and on the wall.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Now {
    pub(crate) mono: Millis,
    pub(crate) wall: Time,
}
