//! What every call needs besides the room.

use identity::PeerId;
use rand::RngExt;

use crate::{Config, Effect, Millis};

/// What every call needs besides the room.
pub(crate) struct Around<'a, R> {
    pub(crate) now: Millis,
    pub(crate) me: PeerId,
    pub(crate) config: &'a Config,
    pub(crate) rng: &'a mut R,
    pub(crate) out: &'a mut Vec<Effect>,
}

impl<R> Around<'_, R> {
    /// The time after this wait.
    pub(crate) fn after(&self, wait: Millis) -> Millis {
        self.now.saturating_add(wait)
    }

    /// How long ago a time was.
    pub(crate) fn since(&self, at: Millis) -> Millis {
        self.now.saturating_sub(at)
    }
}

impl<R: rand::Rng> Around<'_, R> {
    /// A random time, after a wait of `least` to `most`.
    pub(crate) fn within(&mut self, least: Millis, most: Millis) -> Millis {
        let wait = self.rng.random_range(least..=most);
        self.after(wait)
    }

    /// The time after `wait`, ± 50 %, so that devices that started together do not act together.
    pub(crate) fn jittered(&mut self, wait: Millis) -> Millis {
        self.within(wait / 2, wait.saturating_add(wait / 2))
    }
}
