//! Times, and whose clock is off.

use identity::PeerId;

/// Milliseconds since 1970 UTC.
pub type Time = u64;

/// A clock that is off.
#[derive(Clone, Debug, PartialEq)]
pub struct ClockOff {
    /// Whose clock, and their name.
    pub whose: Whose,
    /// Ahead of the others; of an unclear one, theirs is ahead of one's own.
    pub fast: bool,
    /// By how many minutes, rounded.
    pub minutes: u32,
}

/// Whose clock is off, with their name.
#[derive(Clone, Debug, PartialEq)]
pub enum Whose {
    /// This computer's.
    Own,
    /// Theirs.
    Theirs((PeerId, String)),
    /// Theirs or this computer's.
    Unclear((PeerId, String)),
}
