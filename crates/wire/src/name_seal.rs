//! Names that two devices tell each other on a link, sealed to the two: with the link's own
//! encryption taken off, nobody reads them.

use std::fmt;

use bincode::{Decode, Encode};
use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use identity::{Identity, PeerId};
use zeroize::Zeroizing;

use crate::limits::MAX_NAME_BYTES;
use crate::pair_key::pair_key;
use crate::text::check_name;

const NONCE: usize = 24;
const TAG: usize = 16;

/// Which record a name stands in. A name that was sealed for one is none in another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Naming {
    /// Of who joins.
    Join = 0x06,
    /// Of the room, or of the new contact.
    Welcome = 0x07,
    /// Of who asks.
    ContactRequest = 0x09,
    /// Of who answers.
    ContactAnswer = 0x0a,
    /// Of the sender, from now on.
    Name = 0x0d,
}

/// A name as it travels: `nonce[24] ‖ ciphertext ‖ tag[16]`.
#[derive(Clone, PartialEq, Eq, Encode, Decode)]
pub struct SealedName(Vec<u8>);

impl fmt::Debug for SealedName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SealedName({} B)", self.0.len())
    }
}

impl SealedName {
    /// Neither shorter nor longer than a sealed name can be.
    pub(crate) fn fits(&self) -> bool {
        (NONCE + 1 + TAG..=NONCE + MAX_NAME_BYTES + TAG).contains(&self.0.len())
    }
}

/// Seals and opens the names on one link.
pub struct NameSeal {
    key: Zeroizing<[u8; 32]>,
    /// h* of the link.
    link: [u8; 32],
}

impl NameSeal {
    /// For the link with this peer whose final handshake hash is `link`. None if the peer's name is
    /// no sound key; such a peer completes no handshake.
    pub fn new(own: &Identity, peer: &PeerId, link: &[u8; 32]) -> Option<Self> {
        Some(NameSeal { key: pair_key("lobby", own, peer)?, link: *link })
    }

    /// A name for this record, under a nonce that was never used on any link of the two.
    pub fn seal(&self, naming: Naming, nonce: [u8; NONCE], name: &str) -> SealedName {
        let aad = self.aad(naming);
        let payload = Payload { msg: name.as_bytes(), aad: &aad };
        // It fails only for texts of many gigabytes; what is empty opens nowhere.
        let sealed = self.cipher().encrypt(&XNonce::from(nonce), payload).unwrap_or_default();
        SealedName([nonce.as_slice(), &sealed].concat())
    }

    /// The name, if it was sealed by the other side, for this record, on this link, and is one.
    pub fn open(&self, naming: Naming, sealed: &SealedName) -> Option<String> {
        let (nonce, sealed) = sealed.0.split_first_chunk::<NONCE>()?;
        let aad = self.aad(naming);
        let name = self.cipher().decrypt(&XNonce::from(*nonce), Payload { msg: sealed, aad: &aad }).ok()?;
        String::from_utf8(name).ok().filter(|name| check_name(name).is_ok())
    }

    fn cipher(&self) -> XChaCha20Poly1305 {
        XChaCha20Poly1305::new(&(*self.key).into())
    }

    fn aad(&self, naming: Naming) -> [u8; 33] {
        let mut aad = [naming as u8; 33];
        if let Some((_, link)) = aad.split_first_mut() {
            link.copy_from_slice(&self.link);
        }
        aad
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures::{ana, ben, chi};

    const LINK: [u8; 32] = [0x68; 32];
    const ALL: [Naming; 5] = [Naming::Join, Naming::Welcome, Naming::ContactRequest, Naming::ContactAnswer, Naming::Name];

    fn between(own: &Identity, peer: &Identity, link: [u8; 32]) -> NameSeal {
        NameSeal::new(own, &peer.peer(), &link).expect("sound keys")
    }

    fn sealed() -> SealedName {
        between(&ana(), &ben(), LINK).seal(Naming::Join, [7; 24], "Ana")
    }

    #[test]
    fn a_name_is_read_by_the_other_side_and_its_bytes_show_nothing() {
        let sealed = sealed();
        assert!(sealed.fits() && !sealed.0.windows(3).any(|three| three == b"Ana"));
        assert_eq!(between(&ben(), &ana(), LINK).open(Naming::Join, &sealed).as_deref(), Some("Ana"));
    }

    #[test]
    fn a_name_of_another_record_opens_nowhere() {
        for other in ALL.into_iter().filter(|naming| *naming != Naming::Join) {
            assert_eq!(between(&ben(), &ana(), LINK).open(other, &sealed()), None, "{other:?}");
        }
    }

    #[test]
    fn a_name_of_another_link_opens_nowhere() {
        for byte in 0..32 {
            let mut link = LINK;
            link[byte] ^= 1;
            assert_eq!(between(&ben(), &ana(), link).open(Naming::Join, &sealed()), None);
        }
    }

    #[test]
    fn nobody_but_the_two_reads_or_makes_a_name() {
        assert_eq!(between(&chi(), &ana(), LINK).open(Naming::Join, &sealed()), None);
        assert_eq!(between(&chi(), &ben(), LINK).open(Naming::Join, &sealed()), None);
        let forged = between(&chi(), &ben(), LINK).seal(Naming::Join, [7; 24], "Ana");
        assert_eq!(between(&ben(), &ana(), LINK).open(Naming::Join, &forged), None);
    }

    #[test]
    fn a_name_with_any_byte_changed_or_cut_off_opens_nowhere() {
        let (ben, good) = (between(&ben(), &ana(), LINK), sealed());
        for at in 0..good.0.len() {
            let mut bad = good.clone();
            bad.0[at] ^= 1;
            assert_eq!(ben.open(Naming::Join, &bad), None, "byte {at}");
            assert_eq!(ben.open(Naming::Join, &SealedName(good.0[..at].to_vec())), None, "{at} bytes");
        }
    }

    #[test]
    fn what_is_no_name_is_none_although_it_was_sealed_well() {
        let (ana, ben) = (between(&ana(), &ben(), LINK), between(&ben(), &ana(), LINK));
        for bad in ["", " ", "\u{200b}", "a\nb", "\u{202e}nimda", &"a".repeat(65)] {
            assert_eq!(ben.open(Naming::Name, &ana.seal(Naming::Name, [7; 24], bad)), None, "{bad:?}");
        }
        let longest = "🍇".repeat(64);
        let sealed = ana.seal(Naming::Name, [7; 24], &longest);
        assert!(sealed.fits());
        assert_eq!(ben.open(Naming::Name, &sealed), Some(longest));
        let not_utf8 =
            ana.cipher().encrypt(&XNonce::from([7; 24]), Payload { msg: &[0xc3, 0x28], aad: &ana.aad(Naming::Name) }).expect("short");
        assert_eq!(ben.open(Naming::Name, &SealedName([&[7; 24], not_utf8.as_slice()].concat())), None);
    }
}
