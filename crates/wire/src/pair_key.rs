//! A key that two devices can compute, and nobody else.

use identity::{Identity, PeerId};
use zeroize::Zeroizing;

use crate::hash::derive;

/// `derive(purpose, dh ‖ smaller ‖ greater)`: the same for both of two devices, `dh` being X25519
/// between their identities. None if the peer's name is no sound key.
pub fn pair_key(purpose: &'static str, own: &Identity, peer: &PeerId) -> Option<Zeroizing<[u8; 32]>> {
    let (agreed, me) = (own.agree(peer)?, own.peer());
    let (smaller, greater) = if me < *peer { (&me, peer) } else { (peer, &me) };
    let material = Zeroizing::new([agreed.as_slice(), smaller.as_bytes(), greater.as_bytes()].concat());
    Some(Zeroizing::new(derive(purpose, &material)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures::{ana, ben, chi};

    #[test]
    fn both_have_the_same_key_and_no_other_pair_or_purpose_has_it() {
        let key = pair_key("test", &ana(), &ben().peer());
        assert!(key.is_some());
        assert_eq!(pair_key("test", &ben(), &ana().peer()), key);
        assert_ne!(pair_key("test", &ana(), &chi().peer()), key);
        assert_ne!(pair_key("test", &chi(), &ben().peer()), key);
        assert_ne!(pair_key("another test", &ana(), &ben().peer()), key);
        assert_eq!(pair_key("test", &ana(), &PeerId::from_bytes([0; 32])), None);
    }
}
