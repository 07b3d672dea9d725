//! Who a device is: its key, its public half as a name, and where the private half is
//! kept.
//!
//! Owns: Ed25519 device keys, [`PeerId`], [`Signature`] and the one rule by which signatures are
//! accepted, fingerprints that two people compare by eye or ear, and custody (system keychain, or a
//! passphrase file). Never does: networking, storage of anything but the identity, or a silent step
//! from the keychain to a file; no secret appears in `Debug`, in logs, or in clear on disk. Data
//! passes as plain values: bytes in, [`Identity`] and [`PeerId`] out. Keychain calls block and may
//! wait for a person, so callers with a screen use the `*_within` functions of [`custody`]. Start
//! in `peer.rs`, then `keys.rs`; `custody/mod.rs` tells how an identity is made and found again.

#![cfg_attr(not(test), warn(clippy::unwrap_used, clippy::expect_used))]

mod agreement;
#[cfg(feature = "custody")]
pub mod custody;
mod emoji;
mod fingerprint;
mod keys;
mod peer;
mod words;

#[cfg(feature = "custody")]
pub use custody::{Choice, Custody, CustodyError, Found, Secrets};
pub use emoji::Emoji;
pub use fingerprint::Fingerprint;
pub use keys::{BadSignature, Identity, UnpackedKey, VerifyingKeys, verify};
pub use peer::{BadPeerId, PeerId, Signature};
pub use zeroize::Zeroizing;
