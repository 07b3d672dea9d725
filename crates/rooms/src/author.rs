//! Writing one's own log.

use identity::Identity;
use wire::ids::{ChainHash, Head, LogId, RoomId};

use crate::clock::{Clock, Hlc};
use crate::event::{EVENT_CONTEXT, Event, Proof, Verified};
use crate::header::Header;
use crate::keys::Sealing;
use crate::kind;
use crate::limits::{HEADER_BYTES, MAX_CONTENT_BYTES, MAX_RUN_BYTES, MAX_RUN_EVENTS, SEAL_BYTES};
use crate::payload::{BadPayload, Payload};
use crate::position::Uuid;

/// Something to be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Draft {
    /// What it is, one of [`kind`].
    pub kind: u8,
    /// Its content, encoded.
    pub payload: Vec<u8>,
    /// Its UUID, version 7.
    pub uuid: Uuid,
    /// For sealing it.
    pub nonce: [u8; 24],
}

impl Draft {
    /// Random bytes that one takes.
    pub const RANDOM_BYTES: usize = 10 + 24;

    /// A draft of `payload`; `random` makes the UUID and the nonce. Refuses what other members
    /// would not show.
    pub fn new(payload: &Payload, now_ms: u64, random: &[u8; Self::RANDOM_BYTES]) -> Result<Self, BadPayload> {
        payload.check()?;
        let (mut for_uuid, mut nonce) = ([0; 10], [0; 24]);
        for_uuid.copy_from_slice(&random[..10]);
        nonce.copy_from_slice(&random[10..]);
        Ok(Self { kind: payload.kind(), payload: payload.encode(), uuid: Uuid::v7(now_ms, &for_uuid), nonce })
    }

    /// What seals it: nothing does if its kind is in the clear.
    fn sealed_by<'a>(&self, sealing: Option<&'a Sealing>) -> Option<&'a Sealing> {
        sealing.filter(|_| !kind::is_clear(self.kind))
    }
}

/// One of one's own logs, and where it ends.
///
/// Deliberately not `Clone`: two copies would sign two events with one sequence number. Events that
/// were appended must be stored before the next start resumes the log; if storing fails, begin a
/// new log.
#[derive(Debug)]
pub struct Author {
    room: RoomId,
    log: LogId,
    seq: u32,
    prev: ChainHash,
    last_hlc: Hlc,
}

/// Why nothing was appended. The log is as it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AppendRefused {
    /// A payload is larger than [`MAX_CONTENT_BYTES`].
    #[error("the payload is too large")]
    TooLarge,
    /// A control event for a content log, or the other way round.
    #[error("the kind does not belong in this log")]
    WrongLog,
    /// The log has no sequence numbers left; begin a new one.
    #[error("the log is full")]
    LogFull,
}

impl Author {
    /// A new log. `log` is random, its highest bit set for a control log ([`LogId::CONTROL`]);
    /// `before` is the last chain hash that this device knows of its log before, if there was one.
    pub fn new(room: RoomId, log: LogId, before: Option<ChainHash>) -> Self {
        Self { room, log, seq: 0, prev: before.unwrap_or(ChainHash([0; 32])), last_hlc: Hlc::default() }
    }

    /// Goes on with a log that was stopped cleanly. After anything else, and after a restore, begin
    /// a [`new`](Self::new) one: others may have more of the old one than this device remembers.
    pub fn resume(room: RoomId, log: LogId, head: Head, last_hlc: Hlc) -> Self {
        Self { room, log, seq: head.seq, prev: head.chain, last_hlc }
    }

    /// The id of this log.
    pub fn log(&self) -> LogId {
        self.log
    }

    /// The last event; none if nothing was written yet.
    pub fn head(&self) -> Option<Head> {
        (self.seq > 0).then_some(Head { seq: self.seq, chain: self.prev })
    }

    /// The time of the last event.
    pub fn last_hlc(&self) -> Hlc {
        self.last_hlc
    }

    /// Writes events, one after the other, and signs the last one. If they are more than a run may
    /// hold, one signature per run.
    ///
    /// `ctl` is [`Logs::control_digest`](crate::Logs::control_digest). `sealing` seals all but
    /// prekeys and epochs; what is returned is open. Without it all is in the clear, which no peer
    /// takes. Each returned stretch that ends in [`Proof::Own`] is a run. Invariant: no sequence
    /// number is ever used twice, guarded by `ana_never_signs_two_events_with_one_number`.
    pub fn append(
        &mut self,
        identity: &Identity,
        drafts: &[Draft],
        clock: &mut Clock,
        now_ms: u64,
        ctl: [u8; 16],
        sealing: Option<&Sealing>,
    ) -> Result<Vec<Verified>, AppendRefused> {
        self.check(drafts)?;
        clock.follow(self.last_hlc);
        let mut written = Vec::with_capacity(drafts.len());
        let (mut events, mut bytes) = (0_usize, 0_usize);
        let mut drafts = drafts.iter().peekable();
        while let Some(draft) = drafts.next() {
            events = events.saturating_add(1);
            bytes = bytes.saturating_add(wire_bytes(draft));
            let ends_run =
                drafts.peek().is_none_or(|next| events == MAX_RUN_EVENTS || bytes.saturating_add(wire_bytes(next)) > MAX_RUN_BYTES);
            let header = self.header(identity, draft, clock.tick(now_ms), ctl);
            let event = write_one(identity, header, draft, sealing, ends_run);
            self.seq = event.header.seq;
            self.prev = event.chain();
            self.last_hlc = event.header.hlc;
            written.push(Verified::vouched(event, if ends_run { Proof::Own } else { Proof::Later }));
            if ends_run {
                (events, bytes) = (0, 0);
            }
        }
        Ok(written)
    }

    fn check(&self, drafts: &[Draft]) -> Result<(), AppendRefused> {
        if drafts.iter().any(|draft| draft.payload.len() > MAX_CONTENT_BYTES) {
            return Err(AppendRefused::TooLarge);
        }
        if drafts.iter().any(|draft| draft.kind == 0 || kind::is_control(draft.kind) != self.log.is_control()) {
            return Err(AppendRefused::WrongLog);
        }
        let last = u32::try_from(drafts.len()).ok().and_then(|more| self.seq.checked_add(more));
        last.map(|_| ()).ok_or(AppendRefused::LogFull)
    }

    fn header(&self, identity: &Identity, draft: &Draft, hlc: Hlc, ctl: [u8; 16]) -> Header {
        Header {
            room: self.room,
            device: identity.peer(),
            log: self.log,
            // Cannot overflow: `check` looked at the last one.
            seq: self.seq.saturating_add(1),
            prev: self.prev,
            hlc,
            uuid: draft.uuid,
            ctl,
            kind: draft.kind,
            epoch: [0; 16],
            nonce: [0; 24],
            payload_len: draft.payload.len() as u32,
            payload_hash: [0; 32],
        }
    }
}

/// Completes the header, and signs it if that is due.
fn write_one(identity: &Identity, mut header: Header, draft: &Draft, sealing: Option<&Sealing>, signed: bool) -> Event {
    let sealed = draft.sealed_by(sealing).map(|sealing| {
        header.epoch = sealing.epoch().0;
        header.nonce = draft.nonce;
        // Sealed with the rest: it must be right before.
        header.payload_len = draft.payload.len().saturating_add(SEAL_BYTES) as u32;
        sealing.seal(&header, &draft.payload)
    });
    let payload = sealed.as_ref().unwrap_or(&draft.payload);
    header.payload_hash = blake3::hash(payload).into();
    let bytes = header.encode();
    let sig = signed.then(|| identity.sign(EVENT_CONTEXT, &bytes));
    let event = Event::assemble(header, &bytes, sig, payload);
    if sealed.is_some() { event.with_content(draft.payload.as_slice().into()) } else { event }
}

/// Upper bound of what the event will take on the wire.
fn wire_bytes(draft: &Draft) -> usize {
    (1 + HEADER_BYTES + identity::Signature::LEN + SEAL_BYTES).saturating_add(draft.payload.len())
}
