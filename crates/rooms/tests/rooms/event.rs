//! Bytes to events and back; what is refused before any signature is looked at.

use crate::people::*;
use proptest::prelude::*;
use rooms::limits::{MAX_EVENT, MAX_PAYLOAD_BYTES};
use rooms::{Author, BadPayload, Clock, Draft, Event, EventFault, Header, Hlc, Payload, Proof, Uuid, Verified, kind};
use wire::{ChainHash, LogId, RawEvent, RoomId};

prop_compose! {
    fn any_header()(
        ids: ([u8; 32], [u8; 32], u64, u32, [u8; 32]),
        time: (u64, [u8; 16], [u8; 16]),
        kind in 1..=255_u8,
        keys: ([u8; 16], [u8; 24]),
        payload_len in 0..=MAX_PAYLOAD_BYTES as u32,
        payload_hash: [u8; 32],
    ) -> Header {
        let log = if kind::is_control(kind) { ids.2 | LogId::CONTROL } else { ids.2 & !LogId::CONTROL };
        Header {
            room: RoomId(ids.0), device: identity::PeerId::from_bytes(ids.1), log: LogId(log), seq: ids.3.max(1), prev: ChainHash(ids.4),
            hlc: Hlc(time.0), uuid: Uuid(time.1), ctl: time.2, kind, epoch: keys.0, nonce: keys.1, payload_len, payload_hash,
        }
    }
}

proptest! {
    #[test]
    fn every_header_is_read_back_as_it_was_written(header in any_header()) {
        prop_assert_eq!(Header::decode(&header.encode()), Ok(header));
    }

    #[test]
    fn every_event_is_read_back_and_keeps_its_bytes(kind in 16..=255_u8, payload in prop::collection::vec(any::<u8>(), 0..600), signed: bool) {
        let header = Header { kind, ..header(&payload) };
        let ana = ana();
        let raw = forge(&header, signed.then_some(&ana), &payload);
        let event = Event::decode(raw.clone()).expect("its form is right");
        prop_assert_eq!(&event.header, &header);
        prop_assert_eq!(event.sig.is_some(), signed);
        prop_assert_eq!(event.payload(), Some(payload.as_slice()));
        prop_assert!(std::sync::Arc::ptr_eq(&event.raw().0, &raw.0), "shared, not copied");
        prop_assert_eq!(event.id().0, wire::hash(&header.encode()));
        let signed_part = event.sig.map_or(header.encode().to_vec(), |sig| [header.encode().as_slice(), sig.as_bytes()].concat());
        prop_assert_eq!(event.chain().0, wire::hash(&signed_part));
    }

    #[test]
    fn any_bytes_are_an_event_or_a_fault(bytes in prop::collection::vec(any::<u8>(), 0..700), flags in 0..=4_u8) {
        let bytes = [&[flags, 1], bytes.as_slice()].concat();
        if let Ok(event) = Event::decode(RawEvent(bytes.clone().into())) {
            prop_assert_eq!(&*event.raw().0, bytes.as_slice());
        }
    }
}

#[test]
fn an_event_cut_anywhere_is_refused() {
    let whole = Device::new(ana()).says("good morning");
    let bytes = &whole.raw().0;
    for len in 0..bytes.len() {
        assert!(Event::decode(RawEvent(bytes[..len].into())).is_err(), "cut to {len} bytes");
    }
    let longer = [bytes, [0].as_slice()].concat();
    assert_eq!(Event::decode(RawEvent(longer.into())), Err(EventFault::Size));
}

#[test]
fn a_header_that_contradicts_itself_is_refused() {
    fn refused(change: impl Fn(&mut Header), with: EventFault) {
        let mut header = header(b"hello");
        change(&mut header);
        assert_eq!(Event::decode(forge(&header, Some(&ana()), b"hello")), Err(with));
    }
    refused(|header| header.kind = 0, EventFault::Kind);
    refused(|header| header.kind = kind::ADD, EventFault::Kind);
    refused(|header| header.log = LogId(LogId::CONTROL | 1), EventFault::Kind);
    refused(|header| header.seq = 0, EventFault::Seq);
    refused(|header| header.payload_len = 4, EventFault::Size);
    refused(|header| header.payload_len = 6, EventFault::Size);
    refused(|header| header.payload_len = MAX_PAYLOAD_BYTES as u32 + 1, EventFault::PayloadSize);
    refused(|header| header.payload_len = u32::MAX, EventFault::PayloadSize);
    refused(|header| header.payload_hash = [0; 32], EventFault::PayloadHash);
}

#[test]
fn another_version_and_other_flags_are_refused() {
    let mut bytes = forge(&header(b"hello"), Some(&ana()), b"hello").0.to_vec();
    bytes[1] = 2;
    assert_eq!(Event::decode(RawEvent(bytes.clone().into())), Err(EventFault::Version));
    bytes[1] = 1;
    bytes[0] = 7;
    assert_eq!(Event::decode(RawEvent(bytes.into())), Err(EventFault::Flags));
}

#[test]
fn the_largest_payload_fits_and_one_byte_more_does_not() {
    let fits = |len: usize| {
        let payload = vec![b'x'; len];
        Event::decode(forge(&header(&payload), Some(&ana()), &payload)).map(|event| event.raw().0.len())
    };
    assert_eq!(fits(MAX_PAYLOAD_BYTES), Ok(MAX_EVENT));
    assert_eq!(fits(MAX_PAYLOAD_BYTES + 1), Err(EventFault::Size));
}

#[test]
fn an_erased_event_keeps_its_place_and_its_proof() {
    let whole = Device::new(ana()).says("I take that back");
    let erased = whole.without_payload();
    assert_eq!((erased.payload(), erased.id(), erased.chain(), erased.sig), (None, whole.id(), whole.chain(), whole.sig));
    assert_eq!(erased.raw().0.len(), 1 + 226 + 64);
    assert_eq!(Payload::of(&erased), Err(BadPayload::Erased));
    assert_eq!(erased.without_payload(), erased);
    assert_eq!(Verified::from_store(erased.raw().clone(), Proof::Own), Ok(erased.clone()));
    check(&raw(&[erased])).expect("the signature covers the payload by its hash");
}

#[test]
fn unknown_kinds_are_valid_and_say_nothing() {
    for unknown in [22, 100, 255] {
        let verified = check(&[forge(&Header { kind: unknown, ..header(b"later") }, Some(&ana()), b"later")]).expect("kept and relayed");
        assert_eq!(Payload::of(&verified[0]), Err(BadPayload::Unknown));
    }
    let sealed = check(&[forge(&Header { epoch: [1; 16], ..header(b"secret") }, Some(&ana()), b"secret")]).expect("kept and relayed");
    assert_eq!(Payload::of(&sealed[0]), Err(BadPayload::Sealed));
}

#[test]
fn what_a_peer_sends_is_sealed_but_for_prekeys_and_epochs() {
    let run = |epoch: u8, kind: u8| {
        let header = Header { epoch: [epoch; 16], kind, ..header(b"hello") };
        rooms::run::decode(&[forge(&header, Some(&ana()), b"hello")], &room()).expect("its form is right").check_sealed()
    };
    for kind in [kind::MESSAGE, kind::REACTION, 22, 255] {
        assert_eq!((run(0, kind), run(1, kind)), (Err(EventFault::Epoch), Ok(())), "kind {kind}");
    }
    for kind in [kind::PREKEY, kind::EPOCH] {
        assert_eq!((run(0, kind), run(1, kind)), (Ok(()), Err(EventFault::Epoch)), "kind {kind}");
    }
}

#[test]
fn a_sealed_event_says_what_it_said_once_it_is_opened_and_nothing_once_it_is_erased() {
    let draft = Draft::new(&message("hello"), NOON, &[1; 34]).expect("may be written");
    let mut author = Author::new(room(), LogId(1), None);
    let written = author.append(&ana(), &[draft], &mut Clock::new(), NOON, [0; 16], Some(&sealing())).expect("within all limits");
    assert_eq!(Payload::of(&written[0]), Ok(message("hello")), "its author need not open it");
    let came = check(&raw(&written)).expect("a run").remove(0);
    assert_eq!(Payload::of(&came), Err(BadPayload::Sealed));
    let opened = keyring().open_verified(came.clone());
    assert_eq!((Payload::of(&opened), opened.raw()), (Ok(message("hello")), came.raw()));
    assert_eq!(Payload::of(&opened.without_payload()), Err(BadPayload::Erased));
    let run = rooms::run::decode(&raw(&written), &room()).expect("a run").opened(|event| keyring().open(event));
    assert_eq!(run.verify(&rooms::Signatures::new(1, 1)).map(|events| Payload::of(&events[0])), Ok(Ok(message("hello"))));
}
