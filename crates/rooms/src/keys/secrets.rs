//! The secret of an epoch, and what is derived from it.

use std::fmt;

use identity::PeerId;
use wire::derive;
use wire::ids::{EpochId, LogId, RoomId};
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

/// The secret of an epoch: opens all that was said under it.
#[derive(Clone, PartialEq, Eq, Zeroize, ZeroizeOnDrop)]
pub struct EpochSecret([u8; 32]);

/// What opens the control events of an epoch and nothing else: for newcomers, of times that are not
/// for them.
#[derive(Clone, PartialEq, Eq, Zeroize, ZeroizeOnDrop)]
pub struct ControlSecret([u8; 32]);

/// What is held of an epoch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Held {
    /// All of it.
    Whole(EpochSecret),
    /// Control events only.
    Control(ControlSecret),
}

impl EpochSecret {
    /// 32 random bytes, or those that were given.
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// For sealed storage, and for members who may have it.
    pub fn to_bytes(&self) -> [u8; 32] {
        self.0
    }

    /// What opens its control events. Tells nothing about the rest.
    pub fn control(&self) -> ControlSecret {
        ControlSecret(derive("control", &self.0))
    }
}

impl ControlSecret {
    /// As it was given.
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// For sealed storage, and for members who may have it.
    pub fn to_bytes(&self) -> [u8; 32] {
        self.0
    }

    /// The epoch's id, which no other secret has. Zero is no id: who gets that mints again.
    pub fn id(&self, room: &RoomId) -> EpochId {
        let [id, _] = halves(&derive("epoch id", &secret_and(&self.0, &[room.as_bytes()])));
        EpochId(id)
    }

    /// Under which members know each other on a link.
    pub fn tag_key(&self) -> [u8; 32] {
        derive("tag key", &self.0)
    }
}

impl Held {
    /// The part that everybody has who has any.
    pub fn control(&self) -> ControlSecret {
        match self {
            Held::Whole(secret) => secret.control(),
            Held::Control(secret) => secret.clone(),
        }
    }

    /// Whether it opens what is said in this log.
    pub(crate) fn opens(&self, log: LogId) -> bool {
        matches!(self, Held::Whole(_)) || log.is_control()
    }

    /// Seals and opens one log of a device. None: it does not open such a log.
    pub(crate) fn log_key(&self, room: &RoomId, device: &PeerId, log: LogId) -> Option<Zeroizing<[u8; 32]>> {
        let key = |secret: &[u8; 32]| {
            let place: [&[u8]; 3] = [room.as_bytes(), device.as_bytes(), &log.0.to_be_bytes()];
            Zeroizing::new(derive("log key", &secret_and(secret, &place)))
        };
        match self {
            _ if log.is_control() => Some(key(&self.control().0)),
            Held::Whole(secret) => Some(key(&secret.0)),
            Held::Control(_) => None,
        }
    }
}

/// The two halves of a hash.
pub(crate) fn halves(hash: &[u8; 32]) -> [[u8; 16]; 2] {
    let (mut first, mut second) = ([0; 16], [0; 16]);
    let (one, other) = hash.split_at(16);
    first.copy_from_slice(one);
    second.copy_from_slice(other);
    [first, second]
}

/// A secret with what it is used for; erased after that.
fn secret_and(secret: &[u8; 32], place: &[&[u8]]) -> Zeroizing<Vec<u8>> {
    // Room for all at once: growing would leave copies behind.
    let mut bytes = Zeroizing::new(Vec::with_capacity(place.iter().fold(secret.len(), |sum, part| sum.saturating_add(part.len()))));
    bytes.extend_from_slice(secret);
    place.iter().for_each(|part| bytes.extend_from_slice(part));
    bytes
}

impl fmt::Debug for EpochSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("EpochSecret")
    }
}

impl fmt::Debug for ControlSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ControlSecret")
    }
}
