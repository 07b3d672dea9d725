//! Logs written by hand: every field of an event is at its author's mercy.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, LazyLock};
use std::time::{SystemTime, UNIX_EPOCH};

use identity::Identity;
use rooms::keys::{EpochSecret, Sealing};
use rooms::{Event, Header, Hlc, Payload, Uuid, kind};
use wire::ids::{ChainHash, EpochId, LogId, RoomId};
use wire::message::RawEvent;

const SIGNED_WITH_PAYLOAD: u8 = 3;

pub(crate) fn now_ms() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

/// Up to 32 random bytes, cheap enough to have many.
pub(crate) fn random<const N: usize>() -> [u8; N] {
    static SECRET: LazyLock<[u8; 32]> = LazyLock::new(|| *Identity::generate().peer().as_bytes());
    static NEXT: AtomicU64 = AtomicU64::new(0);
    let bytes = wire::hash(&[&SECRET[..], &NEXT.fetch_add(1, Ordering::Relaxed).to_be_bytes()].concat());
    std::array::from_fn(|at| bytes[at])
}

/// Bytes by which sealing makes content longer.
const TAG: usize = 16;

/// One log and where it ends. A copy of it writes another history.
#[derive(Clone)]
pub(crate) struct Pen {
    pub(crate) who: Arc<Identity>,
    room: RoomId,
    pub(crate) log: LogId,
    seq: u32,
    prev: ChainHash,
    hlc: Hlc,
    sealing: Option<Sealing>,
}

impl Pen {
    /// A new content log, begun in the first round. Without `sealing` it is in the clear.
    pub(crate) fn content(who: &Arc<Identity>, room: RoomId, sealing: Option<Sealing>) -> Pen {
        let (log, prev) = (LogId::in_round(1, false, u64::from_be_bytes(random())), ChainHash([0; 32]));
        Pen { who: who.clone(), room, log, seq: 0, prev, hlc: Hlc::default(), sealing }
    }

    /// A log that its author's own program began, after its last event.
    pub(crate) fn going_on(who: &Arc<Identity>, last: &Event, sealing: Option<Sealing>) -> Pen {
        let header = &last.header;
        Pen { log: header.log, seq: header.seq, prev: last.chain(), hlc: header.hlc, ..Pen::content(who, header.room, sealing) }
    }

    /// The same log, from now on under another key.
    pub(crate) fn sealed_by(&mut self, sealing: Sealing) {
        self.sealing = Some(sealing);
    }

    /// A new content log of the same author.
    pub(crate) fn fresh(&self) -> Pen {
        self.by(&self.who.clone())
    }

    /// A new content log of somebody else, under the same key.
    pub(crate) fn by(&self, who: &Arc<Identity>) -> Pen {
        Pen::content(who, self.room, self.sealing.clone())
    }

    /// A new control log of the same author.
    pub(crate) fn control(&self) -> Pen {
        let fresh = self.fresh();
        Pen { log: LogId(fresh.log.0 | LogId::CONTROL), ..fresh }
    }

    /// The same log, as if its end were another event.
    pub(crate) fn after(&self, prev: ChainHash) -> Pen {
        Pen { prev, ..self.clone() }
    }

    /// The same log, in the clear.
    pub(crate) fn in_the_clear(&self) -> Pen {
        Pen { sealing: None, ..self.clone() }
    }

    /// A new content log of the same author, under another key.
    pub(crate) fn under(&self, epoch: EpochId, secret: &EpochSecret) -> Pen {
        Pen::content(&self.who, self.room, Some(Sealing::direct(epoch, secret.clone())))
    }

    /// A text that is one event of a log of its own.
    pub(crate) fn lone_text(&self, text: &str, twist: impl FnOnce(&mut Header)) -> Event {
        self.fresh().twisted(&Payload::Message { text: text.to_owned(), reply: None }, twist)
    }

    pub(crate) fn text(&mut self, text: &str) -> Event {
        self.write(&Payload::Message { text: text.to_owned(), reply: None })
    }

    /// The next event of the log, as it should be.
    pub(crate) fn write(&mut self, payload: &Payload) -> Event {
        self.twisted(payload, |_| {})
    }

    /// The next event of the log, with something in its header changed before it was sealed and
    /// signed; the log goes on after it.
    pub(crate) fn twisted(&mut self, payload: &Payload, twist: impl FnOnce(&mut Header)) -> Event {
        let raw = self.raw(payload.kind(), &payload.encode(), twist, |_, _| {});
        let event = Event::decode(raw).expect("its form is right");
        (self.seq, self.prev, self.hlc) = (event.header.seq, event.chain(), event.header.hlc);
        event
    }

    /// The same, with any bytes for content, and changed again after it was sealed. The log does
    /// not go on after it.
    pub(crate) fn raw(
        &self,
        kind: u8,
        content: &[u8],
        before: impl FnOnce(&mut Header),
        after: impl FnOnce(&mut Header, &mut Vec<u8>),
    ) -> RawEvent {
        let mut header = self.next_header(kind);
        before(&mut header);
        let mut payload = self.seal(&mut header, content);
        after(&mut header, &mut payload);
        let bytes = header.encode();
        let sig = self.who.sign(b"grapevine/1 event", &bytes);
        RawEvent([&[SIGNED_WITH_PAYLOAD][..], &bytes, sig.as_bytes(), &payload].concat().into())
    }

    fn next_header(&self, kind: u8) -> Header {
        let now = now_ms();
        Header {
            room: self.room,
            device: self.who.peer(),
            log: self.log,
            seq: self.seq.wrapping_add(1),
            prev: self.prev,
            hlc: Hlc::from_ms(now).max(Hlc(self.hlc.0.saturating_add(1))),
            uuid: Uuid::v7(now, &random()),
            ctl: [0; 16],
            kind,
            epoch: [0; 16],
            nonce: [0; 24],
            payload_len: 0,
            payload_hash: [0; 32],
        }
    }

    /// The one place where content becomes what travels.
    fn seal(&self, header: &mut Header, content: &[u8]) -> Vec<u8> {
        let sealing = self.sealing.as_ref().filter(|_| !kind::is_clear(header.kind));
        let length = content.len() + if sealing.is_some() { TAG } else { 0 };
        header.payload_len = u32::try_from(length).unwrap_or(u32::MAX);
        let payload = match sealing {
            Some(sealing) => {
                (header.epoch, header.nonce) = (sealing.epoch().0, random());
                sealing.seal(header, content)
            }
            None => content.to_vec(),
        };
        header.payload_hash = wire::hash(&payload);
        payload
    }
}

/// Content of a message of this text.
pub(crate) fn text_bytes(text: &str) -> (u8, Vec<u8>) {
    (kind::MESSAGE, Payload::Message { text: text.to_owned(), reply: None }.encode())
}
