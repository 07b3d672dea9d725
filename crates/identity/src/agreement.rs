//! A secret of two devices that know each other's names, and nothing else of each other.

use zeroize::Zeroizing;

use crate::keys::{Identity, decompress};
use crate::peer::PeerId;

impl Identity {
    /// What this device and that peer can compute, and nobody else: X25519 (RFC 7748) between the
    /// two identities, whose Ed25519 keys stand for points of Curve25519 as libsodium does it. None
    /// if the peer's name is no sound key.
    pub fn agree(&self, peer: &PeerId) -> Option<Zeroizing<[u8; 32]>> {
        let theirs = decompress(peer).ok()?.to_montgomery();
        let own = Zeroizing::new(self.key.to_scalar_bytes());
        let agreed = Zeroizing::new(theirs.mul_clamped(*own).to_bytes());
        (*agreed != [0; 32]).then_some(agreed)
    }
}

#[cfg(test)]
mod tests {
    use curve25519_dalek::MontgomeryPoint;
    use data_encoding::HEXLOWER;

    use super::*;

    fn unhex(text: &str) -> [u8; 32] {
        HEXLOWER.decode(text.as_bytes()).expect("hex digits").try_into().expect("32 bytes")
    }

    /// The example of libsodium, `test/default/ed25519_convert.c`.
    const SEED: &str = "421151a459faeade3d247115f94aedae42318124095afabe4d1451a559faedee";
    const X25519_PUBLIC: &str = "f1814f0e8ff1043d8a44d25babff3cedcae6c22c3edaa48f857ae70de2baae50";
    const X25519_SECRET: &str = "8052030376d47112be7f73ed7a019293dd12ad910b654455798b4667d73de166";

    #[test]
    fn an_identity_stands_for_the_curve25519_key_that_libsodium_makes_of_it() {
        let ana = Identity::from_seed(&unhex(SEED));
        let public = decompress(&ana.peer()).expect("a sound key").to_montgomery().to_bytes();
        assert_eq!(HEXLOWER.encode(&public), X25519_PUBLIC);
        // Clamped, as RFC 7748 does before it multiplies.
        let mut secret = ana.key.to_scalar_bytes();
        secret[0] &= 0xf8;
        secret[31] = (secret[31] & 0x7f) | 0x40;
        assert_eq!(HEXLOWER.encode(&secret), X25519_SECRET);
    }

    #[test]
    fn both_agree_on_what_x25519_gives_for_these_keys() {
        let (ana, ben) = (Identity::from_seed(&unhex(SEED)), Identity::from_seed(&[2; 32]));
        let agreed = ana.agree(&ben.peer()).expect("sound keys");
        assert_eq!(ben.agree(&ana.peer()), Some(agreed.clone()));
        let by_hand = MontgomeryPoint(unhex(X25519_PUBLIC)).mul_clamped(ben.key.to_scalar_bytes());
        assert_eq!(*agreed, by_hand.to_bytes());
        assert_ne!(ana.agree(&Identity::from_seed(&[3; 32]).peer()), Some(agreed));
    }

    /// RFC 7748, 6.1.
    #[test]
    fn the_multiplication_is_that_of_rfc_7748() {
        let alice = MontgomeryPoint(unhex("8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a"));
        let bob = unhex("5dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb");
        let agreed = alice.mul_clamped(bob).to_bytes();
        assert_eq!(HEXLOWER.encode(&agreed), "4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742");
    }

    #[test]
    fn with_what_is_no_key_nobody_agrees() {
        let ana = Identity::from_seed(&[1; 32]);
        let mut one = [0; 32];
        one[0] = 1;
        for weak in [[0; 32], one, [0xff; 32]] {
            assert_eq!(ana.agree(&PeerId::from_bytes(weak)), None);
        }
    }
}
