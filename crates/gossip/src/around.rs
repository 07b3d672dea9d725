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

/// Around `base`, ± 50 %, so that devices that started together do not act together.
pub(crate) fn jittered<R: rand::Rng>(base: Millis, rng: &mut R) -> Millis {
    rng.random_range(base / 2..=base + base / 2)
}
