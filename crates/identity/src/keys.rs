//! Signing, and the one rule by which every member accepts or refuses a signature.

use std::collections::HashMap;
use std::fmt;

use ed25519_dalek::{Signer, SigningKey, VerifyingKey};
use zeroize::Zeroizing;

use crate::peer::{PeerId, Signature};

/// A device's key pair. The private half is erased from memory on drop, and never shown.
pub struct Identity {
    key: SigningKey,
}

impl Identity {
    /// Makes a new key from the operating system's randomness.
    pub fn generate() -> Self {
        let mut seed = Zeroizing::new([0; 32]);
        rand::fill(&mut *seed);
        Self::from_seed(&seed)
    }

    /// The key that belongs to a 32-byte seed; the same seed gives the same key for ever (RFC 8032).
    pub fn from_seed(seed: &[u8; 32]) -> Self {
        Self { key: SigningKey::from_bytes(seed) }
    }

    /// The private half, for custody alone. Erased when the returned value is dropped.
    pub fn seed(&self) -> Zeroizing<[u8; 32]> {
        Zeroizing::new(self.key.to_bytes())
    }

    /// The public half.
    pub fn peer(&self) -> PeerId {
        PeerId::from_bytes(self.key.verifying_key().to_bytes())
    }

    /// Signs `context ‖ message`.
    ///
    /// The context says what kind of thing is signed (`b"grapevine/1 event"`), so that a signature made for one
    /// purpose is worthless for another. No context may be the beginning of another one.
    pub fn sign(&self, context: &'static [u8], message: &[u8]) -> Signature {
        Signature::from_bytes(self.key.sign(&signed_bytes(context, message)).to_bytes())
    }
}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Identity({:?})", self.peer())
    }
}

/// The signature is not one that the named device made for this context and message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the signature does not belong to this key, context and message")]
pub struct BadSignature;

/// Checks that `peer` signed `context ‖ message`.
///
/// Refused besides plain forgeries: names that are not the canonical encoding of a curve point, small-order keys
/// (one signature would fit many messages), small-order or malleable signatures.
/// Invariant: all members agree about every (name, message, signature), guarded by `both_doors_agree_on_any_bytes`.
pub fn verify(peer: &PeerId, context: &'static [u8], message: &[u8], signature: &Signature) -> Result<(), BadSignature> {
    check(&decompress(peer)?, context, message, signature)
}

/// The same rule as [`verify`], with a memory of recently seen keys: unpacking a key costs about a tenth of a check.
///
/// Holds at most `2 × capacity` keys of 192 bytes, in two generations: when the young one is full, the old one is dropped.
/// Only keys that proved themselves by a good signature enter, so that noise cannot push out friends.
pub struct VerifyingKeys {
    capacity: usize,
    young: HashMap<PeerId, VerifyingKey>,
    old: HashMap<PeerId, VerifyingKey>,
}

impl VerifyingKeys {
    /// An empty memory with generations of `capacity` keys (at least one).
    pub fn new(capacity: usize) -> Self {
        Self { capacity: capacity.max(1), young: HashMap::new(), old: HashMap::new() }
    }

    /// Exactly [`verify`], only quicker for a known peer.
    pub fn verify(&mut self, peer: &PeerId, context: &'static [u8], message: &[u8], signature: &Signature) -> Result<(), BadSignature> {
        if let Some(key) = self.young.get(peer) {
            return check(key, context, message, signature);
        }
        let key = match self.old.get(peer) {
            Some(key) => *key,
            None => decompress(peer)?,
        };
        check(&key, context, message, signature)?;
        self.remember(*peer, key);
        Ok(())
    }

    fn remember(&mut self, peer: PeerId, key: VerifyingKey) {
        if self.young.len() >= self.capacity {
            self.old = std::mem::take(&mut self.young);
        }
        self.young.insert(peer, key);
    }
}

impl fmt::Debug for VerifyingKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "VerifyingKeys({} young, {} old)", self.young.len(), self.old.len())
    }
}

fn check(key: &VerifyingKey, context: &'static [u8], message: &[u8], signature: &Signature) -> Result<(), BadSignature> {
    let signature = ed25519_dalek::Signature::from_bytes(signature.as_bytes());
    key.verify_strict(&signed_bytes(context, message), &signature).map_err(|_| BadSignature)
}

fn decompress(peer: &PeerId) -> Result<VerifyingKey, BadSignature> {
    if !is_canonical(peer.as_bytes()) {
        return Err(BadSignature);
    }
    let key = VerifyingKey::from_bytes(peer.as_bytes()).map_err(|_| BadSignature)?;
    if key.is_weak() { Err(BadSignature) } else { Ok(key) }
}

/// Whether the y coordinate is below p = 2²⁵⁵ − 19. The library reduces a larger one, which would give one device two names.
fn is_canonical(bytes: &[u8; 32]) -> bool {
    let [low, middle @ .., high] = bytes;
    !(*low >= 0xed && middle.iter().all(|b| *b == 0xff) && high & 0x7f == 0x7f)
}

fn signed_bytes(context: &'static [u8], message: &[u8]) -> Vec<u8> {
    [context, message].concat()
}
