//! One event, as bytes that are shared and never written anew, and what they say.

use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

use bincode::{Decode, Encode};
use identity::Signature;
use wire::ids::{ChainHash, EventId, Head, LogKey};
use wire::message::RawEvent;

use crate::fault::EventFault;
use crate::header::Header;
use crate::limits::{HEADER_BYTES, MAX_EVENT};
use crate::position::Position;

/// What an event's signature is made for.
pub(crate) const EVENT_CONTEXT: &[u8] = b"grapevine/1 event";

const SIGNED: u8 = 1;
const HAS_PAYLOAD: u8 = 2;
const HEADER_END: usize = 1 + HEADER_BYTES;

/// An event whose form is right: size, flags, header, length and hash of the payload. Whether its
/// author made it is not known; see [`Verified`].
///
/// Cloning is cheap: the bytes are shared. Two are the same if their bytes are, opened or not.
#[derive(Clone, Debug)]
pub struct Event {
    /// What it says of itself.
    pub header: Header,
    /// The author's signature over the header, if this event carries one.
    pub sig: Option<Signature>,
    raw: RawEvent,
    payload_at: Option<usize>,
    id: EventId,
    chain: ChainHash,
    content: Option<Content>,
}

/// What a sealed payload says.
#[derive(Clone)]
struct Content(Arc<[u8]>);

impl fmt::Debug for Content {
    /// Its length: people's words do not belong in logs.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Content({} B)", self.0.len())
    }
}

impl PartialEq for Event {
    fn eq(&self, other: &Self) -> bool {
        self.raw == other.raw
    }
}

impl Eq for Event {}

impl Event {
    /// Reads an event in wire form, `flags ‖ header ‖ sig? ‖ payload?`.
    pub fn decode(raw: RawEvent) -> Result<Self, EventFault> {
        let bytes: &[u8] = &raw.0;
        if bytes.len() > MAX_EVENT {
            return Err(EventFault::Size);
        }
        let (flags, rest) = bytes.split_first().ok_or(EventFault::Size)?;
        if flags & !(SIGNED | HAS_PAYLOAD) != 0 {
            return Err(EventFault::Flags);
        }
        let (header_bytes, rest) = rest.split_first_chunk().ok_or(EventFault::Size)?;
        let header = Header::decode(header_bytes)?;
        let (sig, rest) = if flags & SIGNED != 0 {
            let (sig, rest) = rest.split_first_chunk().ok_or(EventFault::Size)?;
            (Some(Signature::from_bytes(*sig)), rest)
        } else {
            (None, rest)
        };
        let payload_at = if flags & HAS_PAYLOAD != 0 {
            check_payload(&header, rest)?;
            Some(bytes.len().saturating_sub(rest.len()))
        } else if rest.is_empty() {
            None
        } else {
            return Err(EventFault::Size);
        };
        let id = blake3::hash(header_bytes);
        let chain = match &sig {
            // Header and signature lie side by side, so the chain hash needs no copy.
            Some(_) => blake3::hash(bytes.get(1..HEADER_END + Signature::LEN).ok_or(EventFault::Size)?),
            None => id,
        };
        Ok(Self { header, sig, payload_at, id: EventId(id.into()), chain: ChainHash(chain.into()), content: None, raw })
    }

    /// Puts an event together from a header and its bytes. The caller answers for the header's
    /// payload fields.
    pub(crate) fn assemble(header: Header, header_bytes: &[u8; HEADER_BYTES], sig: Option<Signature>, payload: &[u8]) -> Self {
        let sig_bytes: &[u8] = sig.as_ref().map_or(&[], |sig| sig.as_bytes());
        let id = blake3::hash(header_bytes);
        let chain = if sig.is_some() { blake3::Hasher::new().update(header_bytes).update(sig_bytes).finalize() } else { id };
        let flags = HAS_PAYLOAD | if sig.is_some() { SIGNED } else { 0 };
        let bytes = [&[flags], header_bytes.as_slice(), sig_bytes, payload].concat();
        let payload_at = Some(bytes.len().saturating_sub(payload.len()));
        let (id, chain) = (EventId(id.into()), ChainHash(chain.into()));
        Self { header, sig, raw: RawEvent(bytes.into()), payload_at, id, chain, content: None }
    }

    /// The bytes as they came: relayed and stored as they are, never encoded anew.
    pub fn raw(&self) -> &RawEvent {
        &self.raw
    }

    /// BLAKE3 of the header.
    pub fn id(&self) -> EventId {
        self.id
    }

    /// What the next event's `prev` holds.
    pub fn chain(&self) -> ChainHash {
        self.chain
    }

    /// The payload as it travels, sealed or in the clear; none once it has been erased.
    pub fn payload(&self) -> Option<&[u8]> {
        self.raw.0.get(self.payload_at?..)
    }

    /// Its payload is under the key of an epoch.
    pub fn is_sealed(&self) -> bool {
        self.header.epoch != [0; 16]
    }

    /// It is sealed and was not opened, and its payload is here.
    pub fn is_shut(&self) -> bool {
        self.is_sealed() && self.payload_at.is_some() && self.content.is_none()
    }

    /// What the payload says; none once it has been erased, nor while it is sealed and nobody
    /// opened it.
    pub fn content(&self) -> Option<&[u8]> {
        if self.is_sealed() { self.content.as_ref().map(|content| &*content.0) } else { self.payload() }
    }

    /// The same event, opened: its sealed payload says this. Nothing changes if it is not sealed or
    /// was erased.
    pub fn with_content(self, content: Arc<[u8]>) -> Self {
        let content = (self.is_sealed() && self.payload_at.is_some()).then_some(Content(content));
        Self { content, ..self }
    }

    /// The place in the room's order.
    pub fn position(&self) -> Position {
        Position { hlc: self.header.hlc, uuid: self.header.uuid, id: self.id }
    }

    /// The log that it belongs to.
    pub fn log_key(&self) -> LogKey {
        LogKey { device: self.header.device, log: self.header.log }
    }

    /// This event as the last of its log.
    pub fn head(&self) -> Head {
        Head { seq: self.header.seq, chain: self.chain }
    }

    /// The same event with its content erased; id, chain and signature stay as they are.
    pub fn without_payload(&self) -> Self {
        let Some(end) = self.payload_at else { return self.clone() };
        let mut bytes: Vec<u8> = self.raw.0.iter().take(end).copied().collect();
        if let Some(flags) = bytes.first_mut() {
            *flags &= !HAS_PAYLOAD;
        }
        Self { raw: RawEvent(bytes.into()), payload_at: None, content: None, ..self.clone() }
    }

    /// The bytes that are signed.
    pub(crate) fn header_bytes(&self) -> &[u8] {
        self.raw.0.get(1..HEADER_END).unwrap_or_default()
    }
}

fn check_payload(header: &Header, payload: &[u8]) -> Result<(), EventFault> {
    if usize::try_from(header.payload_len) != Ok(payload.len()) {
        return Err(EventFault::Size);
    }
    if blake3::hash(payload) == header.payload_hash { Ok(()) } else { Err(EventFault::PayloadHash) }
}

/// Why an event is believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub enum Proof {
    /// Its own signature was checked here. A range that is served may end with it.
    Own,
    /// A later event of its log vouches for it. It may carry a signature too, but that one was not
    /// checked here. Its author could put noise there, and a peer that ended a range with it would
    /// be taken for the forger.
    Later,
}

/// An event that its author made. Only [`Run::verify`](crate::Run::verify),
/// [`Author::append`](crate::Author::append) and reading back what was stored make one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verified {
    event: Event,
    proof: Proof,
}

impl Verified {
    /// Reads back an event that was [`Verified`] when it was stored, with the [`Proof`] that it
    /// had. For the store alone: the form is checked again, the signature is not, because sealed
    /// storage vouches for it.
    pub fn from_store(raw: RawEvent, proof: Proof) -> Result<Self, EventFault> {
        Event::decode(raw).map(|event| Self { event, proof })
    }

    pub(crate) fn vouched(event: Event, proof: Proof) -> Self {
        Self { event, proof }
    }

    /// Why it is believed; kept with it in the store.
    pub fn proof(&self) -> Proof {
        self.proof
    }

    /// The same event with its content erased.
    pub fn without_payload(&self) -> Self {
        Self { event: self.event.without_payload(), proof: self.proof }
    }

    /// The same event, opened; see [`Event::with_content`].
    pub fn with_content(self, content: Arc<[u8]>) -> Self {
        Self { event: self.event.with_content(content), proof: self.proof }
    }

    /// Leaves the proof behind.
    pub fn into_event(self) -> Event {
        self.event
    }
}

impl Deref for Verified {
    type Target = Event;

    fn deref(&self) -> &Event {
        &self.event
    }
}
