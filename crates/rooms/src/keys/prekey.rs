//! Keys to which secrets can be sealed for a member who is away.

use std::fmt;

use wire::ids::EventId;
use zeroize::{Zeroize, ZeroizeOnDrop};

use crate::keys::envelope;

/// A member's public key, as it was published.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Prekey {
    /// The event that published it.
    pub id: EventId,
    /// Of X25519.
    pub key: [u8; 32],
}

/// The private half of a prekey.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct PrekeySecret {
    secret: [u8; 32],
    public: [u8; 32],
}

impl PrekeySecret {
    /// One that was kept.
    pub fn from_bytes(secret: [u8; 32]) -> Self {
        Self { public: envelope::public(&secret), secret }
    }

    /// For sealed storage.
    pub fn to_bytes(&self) -> [u8; 32] {
        self.secret
    }

    /// The public half.
    pub fn public(&self) -> [u8; 32] {
        self.public
    }

    pub(crate) fn secret(&self) -> &[u8; 32] {
        &self.secret
    }
}

/// A new prekey, made of random bytes: both halves, and the public one.
pub fn prekey_pair(random: [u8; 32]) -> (PrekeySecret, [u8; 32]) {
    let secret = PrekeySecret::from_bytes(envelope::derive_secret(random));
    let public = secret.public;
    (secret, public)
}

/// Whether secrets can be sealed to it. A key of small order would seal to everybody.
pub fn is_prekey(key: &[u8; 32]) -> bool {
    // The highest bit is not read (RFC 7748 §5).
    let mut point = *key;
    let [.., last] = &mut point;
    *last &= 0x7f;
    !SMALL_ORDER.contains(&point)
}

/// All writings of points whose order divides 8, on the curve and on its twist.
const SMALL_ORDER: [[u8; 32]; 7] = [
    [0; 32],
    [1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0],
    [
        0xe0, 0xeb, 0x7a, 0x7c, 0x3b, 0x41, 0xb8, 0xae, 0x16, 0x56, 0xe3, 0xfa, 0xf1, 0x9f, 0xc4, 0x6a, 0xda, 0x09, 0x8d, 0xeb, 0x9c, 0x32,
        0xb1, 0xfd, 0x86, 0x62, 0x05, 0x16, 0x5f, 0x49, 0xb8, 0x00,
    ],
    [
        0x5f, 0x9c, 0x95, 0xbc, 0xa3, 0x50, 0x8c, 0x24, 0xb1, 0xd0, 0xb1, 0x55, 0x9c, 0x83, 0xef, 0x5b, 0x04, 0x44, 0x5c, 0xc4, 0x58, 0x1c,
        0x8e, 0x86, 0xd8, 0x22, 0x4e, 0xdd, 0xd0, 0x9f, 0x11, 0x57,
    ],
    // p − 1, p and p + 1.
    near_p(0xec),
    near_p(0xed),
    near_p(0xee),
];

/// The prime of the field is all ones but for its first byte and its highest bit.
const fn near_p(first: u8) -> [u8; 32] {
    let mut bytes = [0xff; 32];
    bytes[0] = first;
    bytes[31] = 0x7f;
    bytes
}

impl fmt::Debug for PrekeySecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PrekeySecret")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seals(key: &[u8; 32]) -> bool {
        envelope::seal(key, b"info", b"aad", b"text", [9; 32]).is_some()
    }

    #[test]
    fn what_would_seal_to_everybody_is_no_prekey_however_it_is_written() {
        for point in SMALL_ORDER {
            for high in [0, 0x80] {
                let mut key = point;
                key[31] |= high;
                assert!(!is_prekey(&key), "{key:?}");
                assert!(!seals(&key), "{key:?}");
            }
        }
    }

    #[test]
    fn everything_near_them_is_a_prekey() {
        let beside = SMALL_ORDER.iter().flat_map(|point| {
            let changed = |change: u8| {
                let mut key = *point;
                key[0] = key[0].wrapping_add(change);
                key
            };
            [changed(2), changed(u8::MAX - 2)]
        });
        let beside: Vec<[u8; 32]> = beside.filter(|key| !SMALL_ORDER.contains(key)).collect();
        assert!(beside.len() > 8);
        for key in beside.into_iter().chain([[7; 32], [0xff; 32], prekey_pair([1; 32]).1]) {
            assert!(is_prekey(&key), "{key:?}");
            assert!(seals(&key), "{key:?}");
        }
    }

    #[test]
    fn a_prekey_that_was_kept_is_the_same_key() {
        let (secret, public) = prekey_pair([1; 32]);
        let kept = PrekeySecret::from_bytes(secret.to_bytes());
        assert_eq!((kept.to_bytes(), kept.public()), (secret.to_bytes(), public));
        assert_eq!(format!("{kept:?}"), "PrekeySecret");
    }
}
