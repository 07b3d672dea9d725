//! What custody keeps: the identity's seed and the store key, together, so that neither is lost
//! alone.

use std::fmt;

use zeroize::Zeroizing;

use super::CustodyError;
use crate::keys::Identity;
use crate::peer::PeerId;

/// Everything secret that outlives a run of the program.
pub struct Secrets {
    /// The device's key.
    pub identity: Identity,
    /// Root key that seals the database; random, unrelated to the identity.
    pub store_key: Zeroizing<[u8; 32]>,
}

/// First byte of the kept form. A new layout takes a new number.
const VERSION: u8 = 1;

/// Length of the kept form: version ‖ seed ‖ store key.
pub(super) const KEPT_LEN: usize = 1 + 32 + 32;

impl Secrets {
    pub(super) fn generate() -> Self {
        let mut store_key = Zeroizing::new([0; 32]);
        rand::fill(&mut *store_key);
        Self { identity: Identity::generate(), store_key }
    }

    /// The bytes that the keychain item and the sealed file hold.
    pub(super) fn to_kept(&self) -> Zeroizing<[u8; KEPT_LEN]> {
        let mut kept = Zeroizing::new([0; KEPT_LEN]);
        kept[0] = VERSION;
        kept[1..33].copy_from_slice(&*self.identity.seed());
        kept[33..].copy_from_slice(&*self.store_key);
        kept
    }

    /// None if these are not bytes that some version of [`Self::to_kept`] known here has written.
    pub(super) fn from_kept(kept: &[u8]) -> Option<Self> {
        let (&version, keys) = kept.split_first()?;
        let (seed, store_key) = keys.split_first_chunk::<32>()?;
        let store_key: &[u8; 32] = store_key.try_into().ok()?;
        (version == VERSION).then(|| Self { identity: Identity::from_seed(seed), store_key: Zeroizing::new(*store_key) })
    }

    pub(super) fn belonging_to(self, peer: &PeerId) -> Result<Self, CustodyError> {
        if self.identity.peer() == *peer { Ok(self) } else { Err(CustodyError::WrongIdentity) }
    }
}

impl fmt::Debug for Secrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Secrets({:?})", self.identity.peer())
    }
}
