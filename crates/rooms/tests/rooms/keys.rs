//! What is said under an epoch opens with its secret, and with nothing else.

use proptest::prelude::*;
use rooms::keys::{ControlSecret, EpochId, EpochSecret, Held, Keyring, Sealing, WrongKey};
use rooms::{Author, BadPayload, Clock, Draft, Event, HEADER_BYTES, Header, Payload, kind};
use wire::{LogId, RawEvent, RoomId};

use crate::people::*;

const CONTROL: LogId = LogId(LogId::CONTROL | 1);

pub(crate) fn secret() -> EpochSecret {
    EpochSecret::from_bytes([0xe; 32])
}

pub(crate) fn epoch_of(secret: &EpochSecret) -> EpochId {
    secret.control().id(&room())
}

pub(crate) fn ring_with(held: Held) -> Keyring {
    let ring = Keyring::default();
    assert_eq!(ring.put(&room(), held.control().id(&room()), held), Ok(true));
    ring
}

/// As it comes from a peer.
fn received(event: &Event) -> Event {
    Event::decode(event.raw().clone()).expect("an event as its author made it")
}

/// What ana says in this log, as it comes from a peer.
fn sealed(log: LogId, payload: &Payload) -> Event {
    let sealing = Sealing::direct(epoch_of(&secret()), secret());
    let draft = Draft::new(payload, NOON, &[7; 34]).expect("may be written");
    let written = Author::new(room(), log, None).append(&ana(), &[draft], &mut Clock::new(), NOON, [0; 16], Some(&sealing));
    let written = written.expect("within all limits").remove(0);
    assert_eq!(written.content(), Some(payload.encode().as_slice()), "the author reads it without a key");
    assert_ne!(written.payload(), written.content());
    received(&written)
}

/// Any header and any sealed bytes under it, with the right length and hash.
fn carried(header: &Header, payload: &[u8]) -> Event {
    let header = Header { payload_len: payload.len() as u32, payload_hash: wire::hash(payload), ..header.clone() };
    Event::decode(forge(&header, None, payload)).expect("of the right form")
}

#[test]
fn whoever_holds_the_secret_reads_what_is_said() {
    let ring = ring_with(Held::Whole(secret()));
    for (log, payload) in [(LogId(1), message("Good morning")), (CONTROL, create())] {
        let event = sealed(log, &payload);
        assert_eq!(Payload::of(&event), Err(BadPayload::Sealed));
        assert_eq!(Payload::of(&Keyring::default().open(event.clone())), Err(BadPayload::Sealed));
        assert_eq!(Payload::of(&ring.open(event)), Ok(payload));
    }
}

#[test]
fn the_secret_for_control_events_opens_those_alone_until_the_whole_one_comes() {
    let ring = ring_with(Held::Control(secret().control()));
    let (content, control) = (sealed(LogId(1), &message("hello")), sealed(CONTROL, &create()));
    assert_eq!([&content, &control].map(|event| ring.can_open(&event.header)), [false, true]);
    assert_eq!([&content, &control].map(|event| ring.open(event.clone()).content().is_some()), [false, true]);
    assert!(ring.sealing(&room(), &epoch_of(&secret())).is_none(), "nothing is said under it");

    let put = |held| ring.put(&room(), epoch_of(&secret()), held);
    assert_eq!(put(Held::Control(secret().control())), Ok(false));
    assert_eq!(put(Held::Whole(secret())), Ok(true));
    assert_eq!(put(Held::Control(secret().control())), Ok(false), "the whole one stays");
    assert_eq!([&content, &control].map(|event| ring.open(event.clone()).content().is_some()), [true, true]);
    assert!(ring.can_open(&content.header));
}

#[test]
fn one_id_has_one_secret() {
    let (ring, other) = (ring_with(Held::Whole(secret())), EpochSecret::from_bytes([0xf; 32]));
    let put = |held| ring.put(&room(), epoch_of(&secret()), held);
    assert_eq!(put(Held::Whole(other.clone())), Err(WrongKey));
    assert_eq!(put(Held::Control(other.control())), Err(WrongKey));
    assert_eq!(put(Held::Control(ControlSecret::from_bytes(secret().to_bytes()))), Err(WrongKey), "one for the other");
    assert_eq!(put(Held::Whole(EpochSecret::from_bytes(secret().control().to_bytes()))), Err(WrongKey));
    assert_eq!(ring.put(&RoomId([1; 32]), epoch_of(&secret()), Held::Whole(secret())), Err(WrongKey), "of another room");
    assert_eq!(ring.put(&room(), EpochId([0; 16]), Held::Whole(secret())), Err(WrongKey));
    assert_eq!(ring.held(&room(), &epoch_of(&secret())), Some(Held::Whole(secret())));
    assert_eq!(ring.held(&RoomId([1; 32]), &epoch_of(&secret())), None);
}

#[test]
fn a_message_with_any_bit_changed_says_nothing() {
    let ring = ring_with(Held::Whole(secret()));
    let event = sealed(LogId(1), &message("Good morning"));
    assert!(ring.open(event.clone()).content().is_some());
    let wire = event.raw().0.to_vec();
    let payload_at = wire.len() - event.payload().expect("it has one").len();
    // All before the payload's hash, then the payload; not the flags, the hash and the signature.
    let bytes = (1..=194).chain(payload_at..wire.len());
    let mut tried = 0;
    for bit in bytes.flat_map(|at| (at * 8)..(at * 8 + 8)) {
        let mut bent = wire.clone();
        bent[bit / 8] ^= 1 << (bit % 8);
        let hash = wire::hash(&bent[payload_at..]);
        bent[1 + 194..1 + HEADER_BYTES].copy_from_slice(&hash);
        // The rest has another version, length, or kind for its log: no event.
        if let Ok(bent) = Event::decode(RawEvent(bent.into())) {
            assert!(ring.open(bent.clone()).content().is_none() || !bent.is_sealed(), "bit {bit}");
            tried += 1;
        }
    }
    assert!(tried > 1700, "{tried}");
}

/// Which key and what beside it: each of these alone is enough to shut it.
#[test]
fn what_ana_said_cannot_be_carried_elsewhere() {
    let event = sealed(LogId(1), &message("I agree"));
    let payload = event.payload().expect("it has one");
    let (header, elsewhere, other) = (&event.header, RoomId([1; 32]), EpochSecret::from_bytes([0xf; 32]));
    let ring = ring_with(Held::Whole(secret()));
    ring.put(&elsewhere, secret().control().id(&elsewhere), Held::Whole(secret())).expect("the same secret in another room");
    ring.put(&room(), epoch_of(&other), Held::Whole(other.clone())).expect("another epoch of the room");
    assert!(ring.open(carried(header, payload)).content().is_some());

    let changed = |change: &dyn Fn(&mut Header)| {
        let mut header = header.clone();
        change(&mut header);
        assert!(ring.can_open(&header), "the key for it is here");
        ring.open(carried(&header, payload)).content().map(<[u8]>::to_vec)
    };
    assert_eq!(changed(&|header| header.device = ben().peer()), None, "as somebody else's");
    assert_eq!(changed(&|header| header.log = LogId(2)), None, "in another log");
    assert_eq!(changed(&|header| header.epoch = epoch_of(&other).0), None, "in another epoch");
    assert_eq!(changed(&|header| (header.room, header.epoch) = (elsewhere, secret().control().id(&elsewhere).0)), None, "in another room");
    assert_eq!(changed(&|header| header.seq += 1), None, "at another place");
    assert_eq!(changed(&|header| header.prev = wire::ChainHash([9; 32])), None, "after something else");
    assert_eq!(changed(&|header| header.hlc.0 += 1), None, "at another time");
    assert_eq!(changed(&|header| header.uuid.0[0] ^= 1), None, "as another message");
    assert_eq!(changed(&|header| header.ctl[0] ^= 1), None, "by other rights");
    assert_eq!(changed(&|header| header.kind = kind::EDIT), None, "as an edit");
    assert_eq!(changed(&|header| header.nonce[0] ^= 1), None, "with another nonce");
    let longer = carried(header, &[payload, &[0]].concat());
    assert_eq!(ring.open(longer).content(), None, "with more behind it");
}

#[test]
fn what_is_in_the_clear_open_already_or_erased_stays_as_it_is() {
    let ring = ring_with(Held::Whole(secret()));
    let clear = Device::new(ana()).says("hello");
    assert!(ring.can_open(&clear.header));
    assert_eq!(ring.open_verified(clear.clone()).content(), clear.content());
    let erased = sealed(LogId(1), &message("hello")).without_payload();
    assert_eq!(Payload::of(&ring.open(erased)), Err(BadPayload::Erased));
    let open = ring.open(sealed(LogId(1), &message("hello")));
    assert_eq!(open.without_payload().content(), None);
    assert_eq!(Keyring::default().open(open.clone()).content(), open.content());
    assert_eq!(ring.open(carried(&open.header, &[7; 15])).content(), None, "shorter than a seal");
    assert_eq!(ring.open(carried(&open.header, &[])).content(), None);
}

#[test]
fn a_room_that_is_forgotten_is_shut_and_what_was_begun_is_sealed_alike() {
    let ring = ring_with(Held::Whole(secret()));
    let event = sealed(LogId(1), &message("hello"));
    let sealing = ring.sealing(&room(), &epoch_of(&secret())).expect("it is whole");
    assert_eq!(sealing.epoch(), epoch_of(&secret()));
    let seal = |sealing: &Sealing| sealing.seal(&event.header, &message("hello").encode());
    assert_eq!(Some(seal(&sealing).as_slice()), event.payload());
    assert!(ring.open(event.clone()).content().is_some());
    ring.forget_room(&RoomId([1; 32]));
    assert!(ring.open(event.clone()).content().is_some());
    ring.forget_room(&room());
    assert!(ring.open(event.clone()).content().is_none(), "no key of its logs is left");
    assert_eq!(Some(seal(&sealing).as_slice()), event.payload());
    assert!(ring.open(event.clone()).content().is_none(), "nor does sealing bring one back");
}

#[test]
fn threads_share_the_keys() {
    let ring = Keyring::default();
    let events: Vec<Event> = (1..=8).map(|log| sealed(LogId(log), &message("hello"))).collect();
    std::thread::scope(|scope| {
        let readers: Vec<_> =
            (0..4).map(|_| scope.spawn(|| while !events.iter().all(|event| ring.open(event.clone()).content().is_some()) {})).collect();
        ring.clone().put(&room(), epoch_of(&secret()), Held::Whole(secret())).expect("the right one");
        readers.into_iter().for_each(|reader| reader.join().expect("it ends once the key is there"));
    });
}

#[test]
fn secrets_do_not_show() {
    let ring = ring_with(Held::Whole(secret()));
    let sealing = ring.sealing(&room(), &epoch_of(&secret())).expect("it is whole");
    let shown = format!("{ring:?} {sealing:?} {:?} {:?}", Held::Whole(secret()), Held::Control(secret().control()));
    let id = format!("{:?}", epoch_of(&secret()));
    assert_eq!(shown, format!("Keyring Sealing({id}) Whole(EpochSecret) Control(ControlSecret)"));
}

proptest! {
    #[test]
    fn whatever_is_sealed_opens_to_the_same(
        (bytes, nonce) in (any::<[u8; 32]>(), any::<[u8; 24]>()),
        (log, seq) in (any::<u64>(), 1..u32::MAX),
        content in prop::collection::vec(any::<u8>(), 0..3000),
    ) {
        let secret = EpochSecret::from_bytes(bytes);
        let (log, epoch) = (LogId(log), epoch_of(&secret));
        let kind = if log.is_control() { kind::SET } else { kind::MESSAGE };
        let header = Header { log, seq, kind, nonce, epoch: epoch.0, payload_len: content.len() as u32 + 16, ..header(b"") };
        let payload = Sealing::direct(epoch, secret.clone()).seal(&header, &content);
        prop_assert_eq!(payload.len(), content.len() + 16);
        let event = carried(&header, &payload);
        let opened = ring_with(Held::Whole(secret.clone())).open(event.clone());
        prop_assert_eq!(opened.content(), Some(content.as_slice()));
        let with_control = ring_with(Held::Control(secret.control())).open(event.clone());
        prop_assert_eq!(with_control.content().is_some(), log.is_control());
        let other = EpochSecret::from_bytes(bytes.map(|byte| byte ^ 1));
        let alike = Header { epoch: epoch_of(&other).0, ..event.header.clone() };
        prop_assert!(ring_with(Held::Whole(other)).open(carried(&alike, &payload)).content().is_none());
    }
}
