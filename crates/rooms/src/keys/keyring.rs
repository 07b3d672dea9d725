//! The keys that a device holds, and what they seal and open.

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use wire::ids::{EpochId, RoomId};
use zeroize::Zeroizing;

use crate::event::{Event, Verified};
use crate::header::Header;
use crate::keys::cipher;
use crate::keys::log_keys::{LogKeys, Place};
use crate::keys::secrets::{EpochSecret, Held};
use crate::limits::SEALED_HEADER_BYTES;

/// The secrets of a device, of all its rooms. Cloning shares them.
///
/// As many epochs of a room as are put in: who puts them in bounds them. Keys of logs that are
/// derived of them are remembered, the latest few thousand. Nothing is sealed or opened under the
/// lock.
#[derive(Clone, Default)]
pub struct Keyring(Arc<RwLock<Keys>>);

#[derive(Default)]
struct Keys {
    held: HashMap<RoomId, BTreeMap<EpochId, Held>>,
    logs: LogKeys,
}

/// A secret that is not the one of the epoch. Nothing changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not the secret of this epoch")]
pub struct WrongKey;

impl Keyring {
    /// Holds a secret. True if it opens something that was shut before: it is new, or whole where
    /// only the one for control events was held. Refused if it is not the secret of this epoch.
    pub fn put(&self, room: &RoomId, epoch: EpochId, held: Held) -> Result<bool, WrongKey> {
        if epoch == EpochId([0; 16]) || held.control().id(room) != epoch {
            return Err(WrongKey);
        }
        let mut keys = self.write();
        let of_room = keys.held.entry(*room).or_default();
        let is_new = match (of_room.get(&epoch), &held) {
            (None, _) | (Some(Held::Control(_)), Held::Whole(_)) => true,
            (Some(Held::Whole(_)), _) | (Some(Held::Control(_)), Held::Control(_)) => false,
        };
        if is_new {
            of_room.insert(epoch, held);
        }
        Ok(is_new)
    }

    /// What is held of an epoch.
    pub fn held(&self, room: &RoomId, epoch: &EpochId) -> Option<Held> {
        self.read().held(room, epoch).cloned()
    }

    /// Forgets all secrets of a room.
    pub fn forget_room(&self, room: &RoomId) {
        let mut keys = self.write();
        keys.held.remove(room);
        keys.logs.forget_room(room);
    }

    /// Whether the key is here for what this header announces. True of what is in the clear.
    pub fn can_open(&self, header: &Header) -> bool {
        let epoch = EpochId(header.epoch);
        epoch == EpochId([0; 16]) || self.read().held(&header.room, &epoch).is_some_and(|held| held.opens(header.log))
    }

    /// The event with what it says; as it is if it was not sealed, is open already, was erased, if
    /// its key is not here, or if it does not open under it.
    pub fn open(&self, event: Event) -> Event {
        match self.content(&event) {
            Some(content) => event.with_content(content),
            None => event,
        }
    }

    /// The same of one that its author made.
    pub fn open_verified(&self, event: Verified) -> Verified {
        match self.content(&event) {
            Some(content) => event.with_content(content),
            None => event,
        }
    }

    /// What seals under an epoch; none if not all of its secret is held.
    pub fn sealing(&self, room: &RoomId, epoch: &EpochId) -> Option<Sealing> {
        let held = self.held(room, epoch)?;
        matches!(held, Held::Whole(_)).then(|| Sealing { epoch: *epoch, held, keys: self.clone() })
    }

    fn content(&self, event: &Event) -> Option<Arc<[u8]>> {
        if !event.is_sealed() || event.content().is_some() {
            return None;
        }
        let sealed = event.payload()?;
        let key = self.log_key(&place(&event.header), None)?;
        cipher::open(&key, &event.header.nonce, event.header_bytes().get(..SEALED_HEADER_BYTES)?, sealed)
    }

    /// The key of a log; derived of what is held of its epoch, or else of `held`.
    fn log_key(&self, place: &Place, held: Option<&Held>) -> Option<Zeroizing<[u8; 32]>> {
        if let Some(key) = self.read().logs.get(place) {
            return Some(key.clone());
        }
        let mut keys = self.write();
        // One that is given is that of a room which was forgotten meanwhile: it is not remembered.
        let Some(known) = keys.held(&place.room, &place.epoch) else {
            return held?.log_key(&place.room, &place.device, place.log);
        };
        let key = known.log_key(&place.room, &place.device, place.log)?;
        keys.logs.keep(*place, key.clone());
        Some(key)
    }

    fn read(&self) -> RwLockReadGuard<'_, Keys> {
        self.0.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// No code between lock and unlock can panic half-way through a change, so poisoned keys are
    /// whole.
    fn write(&self) -> RwLockWriteGuard<'_, Keys> {
        self.0.write().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Keys {
    fn held(&self, room: &RoomId, epoch: &EpochId) -> Option<&Held> {
        self.held.get(room)?.get(epoch)
    }
}

/// Seals one's own events under an epoch.
#[derive(Clone)]
pub struct Sealing {
    epoch: EpochId,
    held: Held,
    keys: Keyring,
}

impl Sealing {
    /// Under a secret that is in no keyring.
    pub fn direct(epoch: EpochId, secret: EpochSecret) -> Self {
        Self { epoch, held: Held::Whole(secret), keys: Keyring::default() }
    }

    /// For the header.
    pub fn epoch(&self) -> EpochId {
        self.epoch
    }

    /// What travels instead of the content: `ciphertext ‖ tag`. The header is complete but for the
    /// payload's hash, with the length of what this returns.
    pub fn seal(&self, header: &Header, content: &[u8]) -> Vec<u8> {
        let bytes = header.encode();
        let Some(key) = self.keys.log_key(&Place { epoch: self.epoch, ..place(header) }, Some(&self.held)) else { return Vec::new() };
        cipher::seal(&key, &header.nonce, bytes.get(..SEALED_HEADER_BYTES).unwrap_or_default(), content)
    }
}

fn place(header: &Header) -> Place {
    Place { room: header.room, epoch: EpochId(header.epoch), device: header.device, log: header.log }
}

impl fmt::Debug for Keyring {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Keyring")
    }
}

impl fmt::Debug for Sealing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Sealing({:?})", self.epoch)
    }
}
