//! The 226 bytes that a signature covers and that an event's id is the hash of.

use identity::PeerId;
use wire::ids::{ChainHash, LogId, RoomId};

use crate::clock::Hlc;
use crate::fault::EventFault;
use crate::kind;
use crate::limits::{HEADER_BYTES, MAX_PAYLOAD_BYTES};
use crate::position::Uuid;

const VERSION: u8 = 1;

/// What an event says of itself (`docs/PROTOCOL.md` §2).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    /// The room that it belongs to.
    pub room: RoomId,
    /// Who wrote it.
    pub device: PeerId,
    /// In which of the device's logs.
    pub log: LogId,
    /// Its number there, from 1.
    pub seq: u32,
    /// Chain hash of the event before; for the first, of the log before, or zero.
    pub prev: ChainHash,
    /// When it was written, by the author's hybrid clock.
    pub hlc: Hlc,
    /// Tells events of one moment apart.
    pub uuid: Uuid,
    /// Control logs that the author had: first 16 bytes of the digest over their heads.
    pub ctl: [u8; 16],
    /// What it is: one of [`kind`], or one of a later version.
    pub kind: u8,
    /// The epoch under whose key the payload is; zero if it is in the clear.
    pub epoch: [u8; 16],
    /// Nonce of the payload's encryption; zero if it is in the clear.
    pub nonce: [u8; 24],
    /// Length of the payload in bytes, as it travels.
    pub payload_len: u32,
    /// BLAKE3 of the payload, as it travels: who has no key can check it.
    pub payload_hash: [u8; 32],
}

impl Header {
    /// The bytes; the integers are big-endian.
    pub fn encode(&self) -> [u8; HEADER_BYTES] {
        let mut bytes = [0; HEADER_BYTES];
        let mut rest = bytes.as_mut_slice();
        let fields: [&[u8]; 14] = [
            &[VERSION],
            self.room.as_bytes(),
            self.device.as_bytes(),
            &self.log.0.to_be_bytes(),
            &self.seq.to_be_bytes(),
            self.prev.as_bytes(),
            &self.hlc.0.to_be_bytes(),
            &self.uuid.0,
            &self.ctl,
            &[self.kind],
            &self.epoch,
            &self.nonce,
            &self.payload_len.to_be_bytes(),
            &self.payload_hash,
        ];
        for field in fields {
            let (place, after) = rest.split_at_mut(field.len());
            place.copy_from_slice(field);
            rest = after;
        }
        bytes
    }

    /// Reads a header and checks what can be seen from it alone: version, that the kind belongs in
    /// the log, sequence number, payload size.
    pub fn decode(bytes: &[u8; HEADER_BYTES]) -> Result<Self, EventFault> {
        let (version, header) = read(bytes).ok_or(EventFault::Size)?;
        if version != VERSION {
            return Err(EventFault::Version);
        }
        if header.kind == 0 || kind::is_control(header.kind) != header.log.is_control() {
            return Err(EventFault::Kind);
        }
        if header.seq == 0 {
            return Err(EventFault::Seq);
        }
        if usize::try_from(header.payload_len).is_ok_and(|len| len <= MAX_PAYLOAD_BYTES) {
            Ok(header)
        } else {
            Err(EventFault::PayloadSize)
        }
    }
}

fn read(bytes: &[u8]) -> Option<(u8, Header)> {
    let rest = &mut &*bytes;
    let [version] = take(rest)?;
    let header = Header {
        room: RoomId(take(rest)?),
        device: PeerId::from_bytes(take(rest)?),
        log: LogId(u64::from_be_bytes(take(rest)?)),
        seq: u32::from_be_bytes(take(rest)?),
        prev: ChainHash(take(rest)?),
        hlc: Hlc(u64::from_be_bytes(take(rest)?)),
        uuid: Uuid(take(rest)?),
        ctl: take(rest)?,
        kind: u8::from_be_bytes(take(rest)?),
        epoch: take(rest)?,
        nonce: take(rest)?,
        payload_len: u32::from_be_bytes(take(rest)?),
        payload_hash: take(rest)?,
    };
    rest.is_empty().then_some((version, header))
}

fn take<const N: usize>(rest: &mut &[u8]) -> Option<[u8; N]> {
    let (field, after) = rest.split_first_chunk()?;
    *rest = after;
    Some(*field)
}
