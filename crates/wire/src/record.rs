//! What a device says of itself to people it may not be linked to.

use bincode::{Decode, Encode};
use identity::{BadSignature, Identity, PeerId, Signature, verify};

use crate::address::Address;
use crate::codec;

const RECORD: &[u8] = b"grapevine/1 record";

/// What a device says of itself, relayed by others; `sig` makes it impossible to invent.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct PeerRecord {
    /// The subject.
    pub device: PeerId,
    /// Milliseconds when made; the higher replaces the lower.
    pub seq: u64,
    /// Where it listens, best first.
    pub addresses: Vec<Address>,
    /// By the subject over the bincode of the fields before, context "record".
    pub sig: Signature,
}

impl PeerRecord {
    /// Signs what `identity` says of itself. `seq` is milliseconds since 1970.
    pub fn make(identity: &Identity, seq: u64, addresses: Vec<Address>) -> Self {
        let device = identity.peer();
        let sig = identity.sign(RECORD, &codec::encode(&(&device, seq, &addresses)));
        Self { device, seq, addresses, sig }
    }

    /// Whether the subject itself said this.
    pub fn verify(&self) -> Result<(), BadSignature> {
        let said = codec::encode(&(&self.device, self.seq, &self.addresses));
        verify(&self.device, RECORD, &said, &self.sig)
    }
}
