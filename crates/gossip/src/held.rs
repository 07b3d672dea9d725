//! Large runs of this device of which others tell first.

use identity::PeerId;

use crate::Millis;

/// An own log whose last run was pushed to a few, and of which Heads do not tell yet.
pub(crate) struct Held {
    pub(crate) seq: u32,
    /// To whom it was pushed.
    pub(crate) given: Vec<PeerId>,
    pub(crate) until: Millis,
    /// It is known to spread, and is held for the second time.
    pub(crate) spreads: bool,
}
