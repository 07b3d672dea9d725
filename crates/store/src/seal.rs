//! Values are sealed, names in keys are keyed hashes: a thief of the disk learns sizes and times,
//! not who, where or what.

use ring::aead::Aad;
use rooms::keys::xchacha;
use zeroize::Zeroizing;

const NONCE_BYTES: usize = 24;
const TAG_BYTES: usize = 16;
/// What sealing adds to a value.
pub(crate) const OVERHEAD_BYTES: usize = NONCE_BYTES + TAG_BYTES;

/// The keys of one profile's store, both derived from its root key.
pub(crate) struct Sealer {
    values: Zeroizing<[u8; 32]>,
    names: Zeroizing<[u8; 32]>,
}

/// The value was not sealed under this key for this place: another key, or damage.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Unreadable;

impl Sealer {
    pub(crate) fn new(root: &[u8; 32]) -> Self {
        let values = Zeroizing::new(blake3::derive_key("grapevine/1 store values", root));
        let names = Zeroizing::new(blake3::derive_key("grapevine/1 store names", root));
        Sealer { values, names }
    }

    /// `nonce ‖ ciphertext ‖ tag`, bound to the row's whole key so that rows cannot be swapped.
    pub(crate) fn seal(&self, key: &[u8], plain: &[u8]) -> Vec<u8> {
        let mut nonce = [0; NONCE_BYTES];
        rand::fill(&mut nonce);
        let mut row = Vec::with_capacity(plain.len().saturating_add(OVERHEAD_BYTES));
        row.extend_from_slice(&nonce);
        row.extend_from_slice(plain);
        let tag = xchacha(&self.values, &nonce).zip(row.get_mut(NONCE_BYTES..)).and_then(|((cipher, nonce), text)| {
            // Refused are only texts beyond 256 GiB; such a row would come back as unreadable,
            // never as clear text.
            cipher.seal_in_place_separate_tag(nonce, Aad::from(key), text).ok()
        });
        match tag {
            Some(tag) => row.extend_from_slice(tag.as_ref()),
            None => row.clear(),
        }
        row
    }

    pub(crate) fn unseal(&self, key: &[u8], row: &[u8]) -> Result<Vec<u8>, Unreadable> {
        let (nonce, sealed) = row.split_first_chunk::<NONCE_BYTES>().ok_or(Unreadable)?;
        let (cipher, nonce) = xchacha(&self.values, nonce).ok_or(Unreadable)?;
        let mut plain = sealed.to_vec();
        let length = cipher.open_in_place(nonce, Aad::from(key), &mut plain).map_err(|_| Unreadable)?.len();
        plain.truncate(length);
        Ok(plain)
    }

    /// Stands for a name (room, device, invite key) in row keys. `kind` keeps equal bytes of
    /// different kinds apart.
    pub(crate) fn name(&self, kind: u8, id: &[u8; 32]) -> [u8; 16] {
        let mut input = [kind; 33];
        input[1..].copy_from_slice(id);
        let hash = blake3::keyed_hash(&self.names, &input);
        let mut name = [0; 16];
        name.copy_from_slice(&hash.as_bytes()[..16]);
        name
    }
}

#[cfg(test)]
mod tests {
    use chacha20poly1305::aead::{Aead, Payload as AeadPayload};
    use chacha20poly1305::{KeyInit, XChaCha20Poly1305, XNonce};

    use super::*;

    #[test]
    fn a_row_opens_only_in_its_place_under_its_key_and_unchanged() {
        let (ours, theirs) = (Sealer::new(&[1; 32]), Sealer::new(&[2; 32]));
        let row = ours.seal(b"place", b"what ana said");
        assert_eq!(row.len(), 13 + OVERHEAD_BYTES);
        assert_eq!(ours.unseal(b"place", &row).as_deref(), Ok(b"what ana said".as_slice()));
        assert_eq!(ours.unseal(b"other", &row), Err(Unreadable));
        assert_eq!(theirs.unseal(b"place", &row), Err(Unreadable));
        for at in 0..row.len() {
            let mut bent = row.clone();
            bent[at] ^= 1;
            assert_eq!(ours.unseal(b"place", &bent), Err(Unreadable), "bit in byte {at}");
            assert_eq!(ours.unseal(b"place", &row[..at]), Err(Unreadable), "cut at {at}");
        }
    }

    /// What is on disks was sealed by another library, and may be opened by another one.
    #[test]
    fn a_row_is_sealed_as_others_seal_it() {
        let ours = Sealer::new(&[1; 32]);
        let theirs = XChaCha20Poly1305::new((&*ours.values).into());
        for length in [0, 1, 63, 64, 65, 400, 70_000] {
            let plain: Vec<u8> = (0..length).map(|at| at as u8).collect();
            let row = ours.seal(b"place", &plain);
            let (nonce, sealed) = row.split_first_chunk::<NONCE_BYTES>().expect("a nonce");
            let opened = theirs.decrypt(&XNonce::from(*nonce), AeadPayload { msg: sealed, aad: b"place" });
            assert_eq!(opened.as_deref(), Ok(plain.as_slice()));
            let sealed = theirs.encrypt(&XNonce::from([9; 24]), AeadPayload { msg: &plain, aad: b"place" }).expect("short enough");
            assert_eq!(ours.unseal(b"place", &[&[9; 24], sealed.as_slice()].concat()), Ok(plain));
        }
    }

    #[test]
    fn the_same_value_is_never_sealed_alike_twice() {
        let ours = Sealer::new(&[1; 32]);
        assert_ne!(ours.seal(b"place", b"x"), ours.seal(b"place", b"x"));
    }

    #[test]
    fn names_depend_on_key_kind_and_id() {
        let (ours, theirs) = (Sealer::new(&[1; 32]), Sealer::new(&[2; 32]));
        assert_eq!(ours.name(b'r', &[7; 32]), ours.name(b'r', &[7; 32]));
        assert_ne!(ours.name(b'r', &[7; 32]), ours.name(b'd', &[7; 32]));
        assert_ne!(ours.name(b'r', &[7; 32]), theirs.name(b'r', &[7; 32]));
    }
}
