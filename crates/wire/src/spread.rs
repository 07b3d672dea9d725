//! Bodies of the messages by which events spread and are repaired.

use std::fmt;
use std::sync::Arc;

use bincode::de::Decoder;
use bincode::de::read::Reader;
use bincode::enc::Encoder;
use bincode::error::{DecodeError, EncodeError};
use bincode::{Decode, Encode};

use crate::ids::{LogKey, RoomId};
use crate::limits::{MAX_EVENT, MIN_EVENT};

/// Fresh events of one log, spreading hop by hop. The events are in wire form (`rooms::run` reads
/// them).
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct Run {
    /// Hops that are left.
    pub ttl: u8,
    /// Their room.
    pub room: RoomId,
    /// Consecutive, the last one signed.
    pub events: Vec<RawEvent>,
}

/// An event as bytes: `flags ‖ header ‖ sig? ‖ payload?` (`docs/PROTOCOL.md` §2). Shared, because
/// it goes to many peers and to the store.
#[derive(Clone, PartialEq, Eq)]
pub struct RawEvent(pub Arc<[u8]>);

/// All logs of a room in one digest.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct Digest {
    /// The room.
    pub room: RoomId,
    /// BLAKE3 over all sorted heads, first 16 bytes.
    pub digest: [u8; 16],
}

/// What one has of some logs of a room. Each head is a statement of its own.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct Heads {
    /// The room.
    pub room: RoomId,
    /// At most [`crate::limits::MAX_HEADS`].
    pub heads: Vec<HeadOf>,
}

/// How far one log has come at the sender.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub struct HeadOf {
    /// The log.
    pub log: LogKey,
    /// Its last sequence number there.
    pub seq: u32,
    /// First 8 bytes of that event's chain hash.
    pub hash: [u8; 8],
}

/// Asks for a range of one log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Need {
    /// The room.
    pub room: RoomId,
    /// The log.
    pub log: LogKey,
    /// First sequence number wanted.
    pub from: u32,
    /// Last sequence number wanted.
    pub to: u32,
}

/// A part of what was asked for: consecutive events, the last one signed.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct Data {
    /// The room.
    pub room: RoomId,
    /// The log.
    pub log: LogKey,
    /// Last sequence number that will be sent for the Need that this answers.
    pub last: u32,
    /// In wire form; empty when nothing of the range is here.
    pub events: Vec<RawEvent>,
}

impl Encode for RawEvent {
    fn encode<E: Encoder>(&self, encoder: &mut E) -> Result<(), EncodeError> {
        self.0.as_ref().encode(encoder)
    }
}

/// One allocation, after the length is known to be that of an event and to be there.
impl<Context> Decode<Context> for RawEvent {
    fn decode<D: Decoder<Context = Context>>(decoder: &mut D) -> Result<Self, DecodeError> {
        let len = u64::decode(decoder)?;
        let len = usize::try_from(len).map_err(|_| DecodeError::OutsideUsizeRange(len))?;
        if !(MIN_EVENT..=MAX_EVENT).contains(&len) {
            return Err(DecodeError::Other("length of an event"));
        }
        decoder.claim_bytes_read(len)?;
        let bytes =
            decoder.reader().peek_read(len).and_then(|left| left.get(..len)).ok_or(DecodeError::UnexpectedEnd { additional: len })?;
        let event = Self(bytes.into());
        decoder.reader().consume(len);
        Ok(event)
    }
}

bincode::impl_borrow_decode!(RawEvent);

impl fmt::Debug for RawEvent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RawEvent({} B)", self.0.len())
    }
}
