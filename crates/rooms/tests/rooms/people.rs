//! Ana, ben, chi and the others of the tests: fixed keys, a clock that only the test moves.

use identity::{Identity, PeerId};
use rooms::{Author, Clock, Draft, EventFault, Header, Payload, Run, Signatures, Verified, group_room_id, run};
use wire::{LogId, RawEvent, RoomId};

/// A Thursday in October 2025.
pub(crate) const NOON: u64 = 1_760_000_000_000;
pub(crate) const NONCE: [u8; 16] = [7; 16];

pub(crate) fn ana() -> Identity {
    Identity::from_seed(&[0xa; 32])
}

pub(crate) fn ben() -> Identity {
    Identity::from_seed(&[0xb; 32])
}

pub(crate) fn chi() -> Identity {
    Identity::from_seed(&[0xc; 32])
}

/// The room that ana made.
pub(crate) fn room() -> RoomId {
    group_room_id(&ana().peer(), &NONCE)
}

/// A person with a control log and a content log in one room.
pub(crate) struct Device {
    pub(crate) identity: Identity,
    pub(crate) clock: Clock,
    pub(crate) now: u64,
    control: Author,
    content: Author,
    uuids: u64,
}

impl Device {
    pub(crate) fn new(identity: Identity) -> Self {
        Self::within(room(), identity)
    }

    pub(crate) fn within(room: RoomId, identity: Identity) -> Self {
        let number = u64::from(identity.peer().as_bytes()[0]);
        let control = Author::new(room, LogId(LogId::CONTROL | number), None);
        let content = Author::new(room, LogId(number), None);
        Self { identity, clock: Clock::new(), now: NOON, control, content, uuids: 0 }
    }

    pub(crate) fn draft(&mut self, payload: &Payload) -> Draft {
        self.uuids += 1;
        let mut random = [0; 10];
        random[2..].copy_from_slice(&self.uuids.to_be_bytes());
        Draft::new(payload, self.now, &random).expect("tests write what may be written")
    }

    /// Writes one event, signed.
    pub(crate) fn write(&mut self, payload: &Payload) -> Verified {
        self.write_all(std::slice::from_ref(payload)).remove(0)
    }

    /// Writes events of one log with one signature.
    pub(crate) fn write_all(&mut self, payloads: &[Payload]) -> Vec<Verified> {
        let drafts: Vec<Draft> = payloads.iter().map(|payload| self.draft(payload)).collect();
        let control = drafts.iter().any(|draft| rooms::kind::is_control(draft.kind));
        let author = if control { &mut self.control } else { &mut self.content };
        author.append(&self.identity, &drafts, &mut self.clock, self.now, [0; 16]).expect("within all limits")
    }

    pub(crate) fn says(&mut self, text: &str) -> Verified {
        self.write(&message(text))
    }

    pub(crate) fn adds(&mut self, whom: &Identity, name: &str, round: u32) -> Verified {
        self.write(&add(whom.peer(), name, round))
    }
}

pub(crate) fn message(text: &str) -> Payload {
    Payload::Message { text: text.into(), reply: None }
}

pub(crate) fn add(device: PeerId, name: &str, round: u32) -> Payload {
    Payload::Add { device, name: name.into(), round, invite: None }
}

pub(crate) fn create() -> Payload {
    Payload::Create { nonce: NONCE, name: "Allotment".into(), creator: "Ana".into() }
}

pub(crate) fn raw(events: &[Verified]) -> Vec<RawEvent> {
    events.iter().map(|event| event.raw().clone()).collect()
}

pub(crate) fn received(events: &[Verified]) -> Run {
    run::decode(&raw(events), &room()).expect("a run as its author made it")
}

pub(crate) fn check(events: &[RawEvent]) -> Result<Vec<Verified>, EventFault> {
    run::decode(events, &room())?.verify(&Signatures::new(8, 1))
}

/// An event in wire form with any header, signed if there is a signer.
pub(crate) fn forge(header: &Header, signer: Option<&Identity>, payload: &[u8]) -> RawEvent {
    let bytes = header.encode();
    let sig = signer.map(|signer| signer.sign(b"grapevine/1 event", &bytes));
    let sig: &[u8] = sig.as_ref().map_or(&[], |sig| sig.as_bytes());
    let flags = if sig.is_empty() { 2 } else { 3 };
    RawEvent([&[flags], bytes.as_slice(), sig, payload].concat().into())
}

/// The header of a first message of ana's, with the payload's fields filled in.
pub(crate) fn header(payload: &[u8]) -> Header {
    Header {
        room: room(),
        device: ana().peer(),
        log: LogId(1),
        seq: 1,
        prev: wire::ChainHash([0; 32]),
        hlc: rooms::Hlc::from_ms(NOON),
        uuid: rooms::Uuid([0; 16]),
        ctl: [0; 16],
        kind: rooms::kind::MESSAGE,
        epoch: [0; 16],
        nonce: [0; 24],
        payload_len: payload.len() as u32,
        payload_hash: wire::hash(payload),
    }
}
