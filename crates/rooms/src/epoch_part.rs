//! What an Epoch event says: for whom the secret of an epoch is, and the secret for each of them,
//! sealed. An epoch for many people takes several such events.

use std::fmt;

use bincode::{Decode, Encode};
use wire::ids::EpochId;

use crate::limits::{MAX_EPOCH_ENDED, MAX_EPOCH_PARTS, MAX_EPOCH_SEALS};

/// How the lists of an epoch name a membership: not who it is, unless one knows who might
/// be meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode)]
pub struct To(pub [u8; 8]);

/// The secret of an epoch, sealed to one prekey: `enc[32] ‖ ciphertext and tag[48]`.
#[derive(Clone, Copy, PartialEq, Eq, Encode, Decode)]
pub struct SealedSecret(pub [u8; 80]);

impl fmt::Debug for SealedSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SealedSecret")
    }
}

/// One of the parts in which an epoch is announced.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct EpochPart {
    /// The epoch. It commits to the secret.
    pub epoch: EpochId,
    /// Digest of all memberships that had ended when it was minted, in any part.
    pub gone: [u8; 16],
    /// Which part this is, from 1.
    pub part: u8,
    /// How many there are.
    pub parts: u8,
    /// The recipients of this part, sorted; none for one whose prekey was not known.
    pub seals: Vec<(To, Option<SealedSecret>)>,
    /// The memberships that had ended, those of this part, sorted.
    pub ended: Vec<To>,
}

impl EpochPart {
    /// Whether it is a part as the protocol has it.
    pub(crate) fn is_sound(&self) -> bool {
        let is_numbered = (1..=self.parts).contains(&self.part) && self.parts <= MAX_EPOCH_PARTS;
        let is_sorted =
            self.seals.iter().is_sorted_by(|(one, _), (next, _)| one < next) && self.ended.iter().is_sorted_by(|one, next| one < next);
        let is_short = self.seals.len() <= MAX_EPOCH_SEALS && self.ended.len() <= MAX_EPOCH_ENDED;
        self.epoch != EpochId([0; 16]) && is_numbered && is_sorted && is_short
    }
}
