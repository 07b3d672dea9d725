//! Who somebody is: the device's key, its public half as a name, and where the private half is kept.
mod emoji;
mod fingerprint;
mod keys;
mod peer;
mod words;
pub use fingerprint::{Emoji, Fingerprint};
pub use keys::{BadSignature, Identity, VerifyingKeys, verify};
pub use peer::{BadPeerId, PeerId, Signature};
