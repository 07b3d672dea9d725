//! Ana, ben, chi and the others of the tests: fixed keys, a clock that only the test moves.

use std::collections::BTreeMap;

use identity::{Identity, PeerId};
use rooms::authority::{Role, Setting};
use rooms::keys::{EpochSecret, Held, Keyring, Sealing};
use rooms::{Author, Clock, CutList, Draft, EventFault, Header, Payload, Run, ShownPass, Signatures, Verified, group_room_id, run};
use wire::message::Join;
use wire::{EventId, LogId, NameSeal, Naming, RawEvent, RoomId};

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

pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
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
    /// The event that gave it the right by which it acts; of a stranger one that is nowhere.
    pub(crate) right: EventId,
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
        Self { identity, clock: Clock::new(), now: NOON, right: EventId([0; 32]), control, content, uuids: 0 }
    }

    pub(crate) fn draft(&mut self, payload: &Payload) -> Draft {
        self.uuids += 1;
        let mut random = [0; Draft::RANDOM_BYTES];
        random[2..10].copy_from_slice(&self.uuids.to_be_bytes());
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
        let events = author.append(&self.identity, &drafts, &mut self.clock, self.now, [0; 16], None).expect("within all limits");
        if let Some(create) = events.iter().find(|event| event.header.kind == rooms::kind::CREATE) {
            self.right = create.id();
        }
        events
    }

    /// Acts from now on by the right that this event gave it.
    pub(crate) fn acts_by(&mut self, event: &Verified) {
        self.right = event.id();
    }

    pub(crate) fn says(&mut self, text: &str) -> Verified {
        self.write(&message(text))
    }

    pub(crate) fn adds(&mut self, whom: &Identity, name: &str, round: u32) -> Verified {
        self.write(&Payload::Add { by: self.right, device: whom.peer(), name: name.into(), round, pass: None })
    }

    /// Lets somebody in who shows an invite, which that event announced.
    pub(crate) fn lets_in(&mut self, offer: &Verified, invite: &Identity, whom: &Identity, name: &str) -> Verified {
        let pass = Some(pass(offer.id(), invite, &whom.peer()));
        self.write(&Payload::Add { by: self.right, device: whom.peer(), name: name.into(), round: 1, pass })
    }

    /// Leaves, and says that all of that counts.
    pub(crate) fn leaves(&mut self, round: u32, cut: CutList) -> Verified {
        self.write(&Payload::Leave { by: self.right, round, cut })
    }

    pub(crate) fn removes(&mut self, whom: &Identity, round: u32, cut: CutList) -> Verified {
        self.write(&Payload::Remove { by: self.right, device: whom.peer(), round, cut })
    }

    /// Gives somebody in their first round another role.
    pub(crate) fn gives(&mut self, whom: &Identity, turn: u32, role: Role, cut: CutList) -> Verified {
        self.write(&Payload::SetRole { by: self.right, device: whom.peer(), round: 1, turn, role, cut })
    }

    pub(crate) fn sets(&mut self, version: u32, setting: Setting) -> Verified {
        self.write(&Payload::Set { by: self.right, version, setting, known: Vec::new() })
    }

    pub(crate) fn invites(&mut self, invite: &Identity, uses: u32, expires: u64) -> Verified {
        self.write(&Payload::Invite { by: self.right, key: *invite.peer().as_bytes(), uses, expires })
    }

    pub(crate) fn revokes(&mut self, offer: &Verified, used: &[(PeerId, u32)]) -> Verified {
        self.write(&Payload::Revoke { by: self.right, invite: offer.id(), used: used.to_vec() })
    }
}

/// What a newcomer shows who has an invite to the room, which that event announced.
pub(crate) fn pass(offer: EventId, invite: &Identity, newcomer: &PeerId) -> ShownPass {
    let name = NameSeal::new(invite, newcomer, &[0; 32]).expect("sound keys").seal(Naming::Join, [0; 24], "x");
    let join = Join::make(invite, room().hint(), name, &[0; 32], newcomer);
    ShownPass { invite: offer, key: join.key, proof: join.pass }
}

/// Up to these events everything counts.
pub(crate) fn cut(events: &[&Verified]) -> CutList {
    let mut cut = BTreeMap::new();
    for event in events {
        let last: &mut u32 = cut.entry(event.header.log).or_default();
        *last = event.header.seq.max(*last);
    }
    cut.into_iter().map(|(log, last)| (log, last, Vec::new())).collect()
}

pub(crate) fn message(text: &str) -> Payload {
    Payload::Message { text: text.into(), reply: None }
}

pub(crate) fn add(device: PeerId, name: &str, round: u32) -> Payload {
    Payload::Add { by: EventId([0x22; 32]), device, name: name.into(), round, pass: None }
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

/// The secret of the only epoch.
pub(crate) fn secret() -> EpochSecret {
    EpochSecret::from_bytes([0xe0; 32])
}

/// What seals under it.
pub(crate) fn sealing() -> Sealing {
    Sealing::direct(secret().control().id(&room()), secret())
}

/// Who has it.
pub(crate) fn keyring() -> Keyring {
    let keyring = Keyring::default();
    keyring.put(&room(), sealing().epoch(), Held::Whole(secret())).expect("it is the right one");
    keyring
}
