use identity::{BadSignature, PeerId, Signature};
use proptest::prelude::*;

use super::*;
use crate::fixtures::{ana, ben, chi, room, sealed};
use crate::handshake::Role;
use crate::ids::{LogId, LogKey, RoomId};
use crate::limits::{MAX_ADDRESS, MAX_EVENT, MIN_EVENT};
use crate::name_seal::Naming;

fn check_fault(message: Message, expected: MessageFault) {
    assert_eq!(message.check(), Err(expected), "{message:?}");
}

fn announced(texts: &[&str]) -> Vec<Address> {
    texts.iter().map(|text| Address::announced((*text).to_owned())).collect()
}

fn hello() -> Hello {
    Hello { boot_nonce: 7, addresses: announced(&["192.168.1.20:4000"]), agent: "grapevine 0.1".to_owned() }
}

fn log() -> LogKey {
    LogKey { device: ana().peer(), log: LogId(5) }
}

fn event(len: usize) -> RawEvent {
    RawEvent(vec![0xe5; len].into())
}

fn run(ttl: u8, events: Vec<RawEvent>) -> Message {
    Message::Run(Run { ttl, room: room(), events })
}

#[test]
fn an_empty_record_is_refused() {
    assert_eq!(Message::decode(&[]), Err(MessageFault::Empty));
}

#[test]
fn unknown_types_end_the_link_below_0x80_and_are_skipped_above() {
    for unknown in [0x00, 0x0e, 0x0f, 0x17, 0x1f, 0x27, 0x7f] {
        assert_eq!(Message::decode(&[unknown, 1, 2]), Err(MessageFault::UnknownType(unknown)));
    }
    for ignorable in [0x86, 0x8f, 0x95, 0xff] {
        assert_eq!(Message::decode(&[ignorable, 1, 2]), Ok(None));
    }
}

#[test]
fn a_record_over_its_limit_is_refused_and_one_to_be_skipped_may_fill_the_frame() {
    let records = |filler: usize| {
        let addresses = [MAX_ADDRESS, MAX_ADDRESS, MAX_ADDRESS, filler].map(|len| Address::announced("a".repeat(len)));
        codec::encode(&(kind::RECORDS, vec![PeerRecord::make(&ana(), 1, addresses.to_vec()); MAX_RECORDS]))
    };
    let (most, over) = (records(84), records(104));
    assert!(most.len() <= MAX_RECORD && over.len() > MAX_RECORD, "{} {}", most.len(), over.len());
    assert!(Message::decode(&most).is_ok());
    assert_eq!(Message::decode(&over), Err(MessageFault::Limit("bytes of a record")));
    assert_eq!(Message::decode(&vec![0xc0; crate::limits::MAX_PLAINTEXT - 2]), Ok(None));
}

#[test]
fn trailing_bytes_after_a_message_are_refused() {
    let mut record = Message::Ping(5).encode().to_vec();
    record.push(0);
    assert_eq!(Message::decode(&record), Err(MessageFault::Codec(CodecFault::Trailing)));
}

#[test]
fn unknown_reasons_are_refused() {
    assert!(Message::decode(&[kind::BYE, 7]).is_ok());
    assert_eq!(Message::decode(&[kind::BYE, 8]), Err(MessageFault::Codec(CodecFault::Malformed)));
    assert_eq!(Message::decode(&[kind::JOIN_REFUSED, 3]), Err(MessageFault::Codec(CodecFault::Malformed)));
}

#[test]
fn every_sealed_name_has_a_length_that_one_can_have() {
    for (len, right) in [(0, false), (40, false), (41, true), (296, true), (297, false)] {
        let name: SealedName = codec::decode(&codec::encode(&vec![7u8; len])).expect("bytes");
        let proof = Signature::from_bytes([0; 64]);
        for message in [
            Message::Welcome(Welcome { room: None, name: name.clone() }),
            Message::Welcome(Welcome { room: Some(room()), name: name.clone() }),
            Message::ContactRequest(ContactRequest { name: name.clone() }),
            Message::ContactAnswer(ContactAnswer { accepted: false, name: name.clone() }),
            Message::Join(Join { key: [1; 32], hint: [2; 16], name: name.clone(), proof, pass: proof }),
            Message::Name(name.clone()),
        ] {
            assert_eq!(message.check().is_ok(), right, "{len}: {message:?}");
        }
    }
}

#[test]
fn names_are_sealed_for_the_record_that_they_stand_in() {
    let named = |naming| match naming {
        Naming::Join => Message::Join(Join::make(&chi(), [0; 16], sealed(naming, "Ana"), &[0; 32], &ana().peer())),
        Naming::Welcome => Message::Welcome(Welcome { room: None, name: sealed(naming, "Ana") }),
        Naming::ContactRequest => Message::ContactRequest(ContactRequest { name: sealed(naming, "Ana") }),
        Naming::ContactAnswer => Message::ContactAnswer(ContactAnswer { accepted: true, name: sealed(naming, "Ana") }),
        Naming::Name => Message::Name(sealed(naming, "Ana")),
    };
    for naming in [Naming::Join, Naming::Welcome, Naming::ContactRequest, Naming::ContactAnswer, Naming::Name] {
        assert_eq!(named(naming).encode().first(), Some(&(naming as u8)), "{naming:?}");
    }
}

#[test]
fn nine_addresses_or_a_long_one_and_a_long_or_blank_agent_are_refused() {
    check_fault(Message::Hello(Hello { addresses: announced(&[""; 9]), ..hello() }), MessageFault::Limit("addresses"));
    check_fault(Message::Hello(Hello { addresses: announced(&[&"a".repeat(256)]), ..hello() }), MessageFault::Limit("an address"));
    check_fault(Message::Hello(Hello { addresses: announced(&["a\n:1"]), ..hello() }), MessageFault::Limit("an address"));
    for agent in ["a".repeat(65), String::new(), " ".to_owned(), "\u{200b}".to_owned(), "\u{7}".to_owned()] {
        check_fault(Message::Hello(Hello { agent, ..hello() }), MessageFault::Limit("agent"));
    }
    let record = PeerRecord::make(&ana(), 1, announced(&[""; 9]));
    check_fault(Message::Records(vec![record]), MessageFault::Limit("addresses"));
}

#[test]
fn lists_beyond_their_limits_are_refused() {
    check_fault(Message::Rooms(vec![RoomTag([0; 16]); MAX_TAGS + 1]), MessageFault::Limit("room tags"));
    let record = PeerRecord::make(&ana(), 1, vec![]);
    check_fault(Message::Records(vec![record; MAX_RECORDS + 1]), MessageFault::Limit("peer records"));
    let head = HeadOf { log: log(), seq: 1, hash: [0; 8] };
    check_fault(Message::Heads(Heads { room: room(), heads: vec![head; MAX_HEADS + 1] }), MessageFault::Limit("heads"));
}

#[test]
fn the_longest_messages_fit_into_a_frame() {
    let heads = vec![HeadOf { log: LogKey { log: LogId(u64::MAX), ..log() }, seq: u32::MAX, hash: [255; 8] }; MAX_HEADS];
    let events = vec![event(MAX_EVENT), event(MAX_RUN_BYTES - MAX_EVENT)];
    let small = vec![event(MIN_EVENT); MAX_RUN_BYTES / MIN_EVENT];
    for message in [
        Message::Rooms(vec![RoomTag([255; 16]); MAX_TAGS]),
        Message::Heads(Heads { room: room(), heads }),
        run(MAX_TTL, events.clone()),
        Message::Data(Data { room: room(), log: LogKey { log: LogId(u64::MAX), ..log() }, last: u32::MAX, events }),
        run(0, small),
    ] {
        let record = message.encode();
        assert!(record.len() <= MAX_RECORD, "{} bytes", record.len());
        assert_eq!(Message::decode(&record), Ok(Some(message)));
    }
}

#[test]
fn ttl_0_passes_and_255_is_refused() {
    assert_eq!(run(0, vec![event(300)]).check(), Ok(()));
    check_fault(run(33, vec![event(300)]), MessageFault::Limit("ttl"));
    check_fault(run(255, vec![event(300)]), MessageFault::Limit("ttl"));
}

#[test]
fn runs_hold_one_event_at_least_and_56_kib_at_most() {
    check_fault(run(1, vec![]), MessageFault::Limit("events of a run"));
    let too_much = vec![event(MAX_EVENT), event(MAX_RUN_BYTES - MAX_EVENT + 1)];
    check_fault(run(1, too_much.clone()), MessageFault::Limit("bytes of events"));
    check_fault(Message::Data(Data { room: room(), log: log(), last: 9, events: too_much }), MessageFault::Limit("bytes of events"));
    assert_eq!(Message::Data(Data { room: room(), log: log(), last: 9, events: vec![] }).check(), Ok(()));
}

#[test]
fn events_shorter_than_a_header_or_longer_than_32_kib_are_refused() {
    for (len, allowed) in [(0, false), (MIN_EVENT - 1, false), (MIN_EVENT, true), (MAX_EVENT, true), (MAX_EVENT + 1, false)] {
        let record = tagged(kind::RUN, &Run { ttl: 1, room: room(), events: vec![event(len)] });
        assert_eq!(Message::decode(&record).is_ok(), allowed, "{len} bytes");
    }
}

#[test]
fn a_run_that_claims_2_63_events_or_bytes_is_refused() {
    let mut many = [[kind::RUN, 1].as_slice(), room().as_bytes(), &[253]].concat();
    many.extend_from_slice(&(1u64 << 63).to_le_bytes());
    assert_eq!(Message::decode(&many), Err(MessageFault::Codec(CodecFault::Length)));
    let mut long = [[kind::RUN, 1].as_slice(), room().as_bytes(), &[1, 253]].concat();
    long.extend_from_slice(&(1u64 << 63).to_le_bytes());
    assert_eq!(Message::decode(&long), Err(MessageFault::Codec(CodecFault::Malformed)));
    let absent = [[kind::RUN, 1].as_slice(), room().as_bytes(), &[1, 251, 0x00, 0x04, 1, 2, 3]].concat();
    assert_eq!(Message::decode(&absent), Err(MessageFault::Codec(CodecFault::Truncated)));
}

#[test]
fn ranges_run_forward_from_1() {
    for (from, to, right) in [(1, 1, true), (1, u32::MAX, true), (0, 5, false), (6, 5, false)] {
        assert_eq!(Message::Need(Need { room: room(), log: log(), from, to }).check().is_ok(), right, "{from} to {to}");
    }
    let head = HeadOf { log: log(), seq: 0, hash: [0; 8] };
    check_fault(Message::Heads(Heads { room: room(), heads: vec![head] }), MessageFault::Limit("seq of a head"));
}

#[test]
fn a_peer_record_vouches_for_every_field() {
    let record = PeerRecord::make(&ana(), 5, announced(&["10.0.0.1:4000"]));
    assert_eq!(record.verify(), Ok(()));
    let changed = [
        PeerRecord { device: ben().peer(), ..record.clone() },
        PeerRecord { seq: 6, ..record.clone() },
        PeerRecord { addresses: vec![], ..record.clone() },
        PeerRecord { addresses: announced(&["10.0.0.2:4000"]), ..record.clone() },
    ];
    for record in changed {
        assert_eq!(record.verify(), Err(BadSignature), "{record:?}");
    }
}

#[test]
fn many_peer_records_become_messages_that_fit_and_keep_their_order() {
    let long = |seq| PeerRecord::make(&ana(), seq, vec![Address::announced("a".repeat(255)); 8]);
    let short = |seq| PeerRecord::make(&ben(), seq, vec![]);
    for records in [(0..100).map(long).collect::<Vec<_>>(), (0..200).map(short).collect(), vec![]] {
        let messages = PeerRecord::messages(records.clone());
        let mut read = Vec::new();
        for message in &messages {
            let record = message.encode();
            assert!(record.len() <= MAX_RECORD);
            match Message::decode(&record) {
                Ok(Some(Message::Records(records))) => read.extend(records),
                other => panic!("{other:?}"),
            }
        }
        assert_eq!(read, records);
    }
}

#[test]
fn a_join_is_good_for_one_link_and_one_joiner() {
    let (link, invite) = ([4; 32], chi());
    let join = Join::make(&invite, room().hint(), sealed(Naming::Join, "Ben"), &link, &ben().peer());
    assert_eq!(join.verify(&link, &ben().peer()), Ok(()));
    assert_eq!(join.key, *invite.peer().as_bytes());
    assert_eq!(join.verify(&[5; 32], &ben().peer()), Err(BadSignature), "replayed on another link");
    assert_eq!(join.verify(&link, &ana().peer()), Err(BadSignature), "presented by somebody else");
    assert_eq!(Join { key: *ana().peer().as_bytes(), ..join }.verify(&link, &ben().peer()), Err(BadSignature), "for another invite");
}

#[test]
fn a_pass_is_good_for_one_room_and_one_joiner_on_every_link() {
    let (link, invite) = ([4; 32], chi());
    let join = |hint, link| Join::make(&invite, hint, sealed(Naming::Join, "Ben"), link, &ben().peer());
    let good = join(room().hint(), &link);
    assert_eq!(good.pass, join(room().hint(), &[5; 32]).pass);
    assert_eq!(verify_pass(&good.key, &room().hint(), &ben().peer(), &good.pass), Ok(()));
    assert_eq!(verify_pass(&good.key, &[1; 16], &ben().peer(), &good.pass), Err(BadSignature), "for another room");
    assert_eq!(verify_pass(&good.key, &room().hint(), &ana().peer(), &good.pass), Err(BadSignature), "for somebody else");
    assert_eq!(verify_pass(ana().peer().as_bytes(), &room().hint(), &ben().peer(), &good.pass), Err(BadSignature), "of another invite");
    assert_eq!(verify_pass(&good.key, &room().hint(), &ben().peer(), &good.proof), Err(BadSignature), "made for a link");
    // A joiner whose pass the others would not take is not let in.
    let wrong = Join { pass: join([1; 16], &link).pass, ..good };
    assert_eq!(wrong.verify(&link, &ben().peer()), Err(BadSignature));
}

#[test]
fn room_tags_differ_by_room_link_and_role() {
    let tag = room_tag(&room(), &[1; 32], Role::Initiator);
    assert_eq!(tag, room_tag(&room(), &[1; 32], Role::Initiator));
    assert_ne!(tag, room_tag(&room(), &[1; 32], Role::Responder));
    assert_ne!(tag, room_tag(&room(), &[2; 32], Role::Initiator));
    assert_ne!(tag, room_tag(&RoomId([1; 32]), &[1; 32], Role::Initiator));
}

#[test]
fn debug_of_an_event_shows_its_length_only() {
    assert_eq!(format!("{:?}", event(312)), "RawEvent(312 B)");
}

fn any_name() -> impl Strategy<Value = SealedName> {
    prop::collection::vec(any::<u8>(), 41..=296).prop_map(|bytes| codec::decode(&codec::encode(&bytes)).expect("bytes"))
}

fn any_addresses() -> impl Strategy<Value = Vec<Address>> {
    let text = prop_oneof!["[ -~]{0,40}", "[a-zA-Z]{1,8}:[1-9]", any::<std::net::SocketAddr>().prop_map(|socket| socket.to_string())];
    proptest::collection::vec(text.prop_map(Address::announced), 0..=MAX_ADDRESSES)
}

fn any_log() -> impl Strategy<Value = LogKey> {
    any::<([u8; 32], u64)>().prop_map(|(device, log)| LogKey { device: PeerId::from_bytes(device), log: LogId(log) })
}

fn any_events(least: usize) -> impl Strategy<Value = Vec<RawEvent>> {
    let event = prop::collection::vec(any::<u8>(), MIN_EVENT..400).prop_map(|bytes| RawEvent(bytes.into()));
    prop::collection::vec(event, least..5)
}

fn any_signature() -> impl Strategy<Value = Signature> {
    any::<([u8; 32], [u8; 32])>().prop_map(|(head, tail)| {
        let mut bytes = [0; 64];
        bytes[..32].copy_from_slice(&head);
        bytes[32..].copy_from_slice(&tail);
        Signature::from_bytes(bytes)
    })
}

fn any_record() -> impl Strategy<Value = PeerRecord> {
    (any::<[u8; 32]>(), any::<u64>(), any_addresses(), any_signature()).prop_map(|(device, seq, addresses, sig)| PeerRecord {
        device: PeerId::from_bytes(device),
        seq,
        addresses,
        sig,
    })
}

fn any_of_talk() -> impl Strategy<Value = Message> {
    use Bye::*;
    let bye = prop::sample::select(vec![Shutdown, NotWelcome, Replaced, Protocol, TooSlow, Busy, Renew]);
    let refused = prop::sample::select(vec![JoinRefused::UnknownInvite, JoinRefused::UsedUp, JoinRefused::Full]);
    prop_oneof![
        (any::<u64>(), any_addresses(), "[!-~][ -~]{0,63}").prop_map(|(boot_nonce, addresses, agent)| Message::Hello(Hello {
            boot_nonce,
            addresses,
            agent
        })),
        any::<u64>().prop_map(Message::Ping),
        any::<(u64, bool)>().prop_map(|(now_ms, ask)| Message::Time(Time { now_ms, ask })),
        any::<u64>().prop_map(Message::Pong),
        bye.prop_map(Message::Bye),
        prop::collection::vec(any::<[u8; 16]>().prop_map(RoomTag), 0..40).prop_map(Message::Rooms),
        (any::<([u8; 32], [u8; 16])>(), any_name(), any_signature(), any_signature())
            .prop_map(|((key, hint), name, proof, pass)| Message::Join(Join { key, hint, name, proof, pass })),
        (any::<Option<[u8; 32]>>(), any_name()).prop_map(|(room, name)| Message::Welcome(Welcome { room: room.map(RoomId), name })),
        refused.prop_map(Message::JoinRefused),
        any_name().prop_map(|name| Message::ContactRequest(ContactRequest { name })),
        (any::<bool>(), any_name()).prop_map(|(accepted, name)| Message::ContactAnswer(ContactAnswer { accepted, name })),
        any_name().prop_map(Message::Name),
        prop::collection::vec(any_record(), 0..4).prop_map(Message::Records),
    ]
}

fn any_of_spread() -> impl Strategy<Value = Message> {
    let room = || any::<[u8; 32]>().prop_map(RoomId);
    let head = (any_log(), 1u32.., any::<[u8; 8]>()).prop_map(|(log, seq, hash)| HeadOf { log, seq, hash });
    prop_oneof![
        (0..=MAX_TTL, room(), any_events(1)).prop_map(|(ttl, room, events)| Message::Run(Run { ttl, room, events })),
        (room(), any::<[u8; 16]>()).prop_map(|(room, digest)| Message::Digest(Digest { room, digest })),
        (room(), prop::collection::vec(head, 0..20)).prop_map(|(room, heads)| Message::Heads(Heads { room, heads })),
        (room(), any_log(), any::<(u32, u32)>()).prop_map(|(room, log, (a, b))| {
            let (from, to) = (a.min(b).max(1), a.max(b).max(1));
            Message::Need(Need { room, log, from, to })
        }),
        (room(), any_log(), any::<u32>(), any_events(0)).prop_map(|(room, log, last, events)| Message::Data(Data {
            room,
            log,
            last,
            events
        })),
    ]
}

proptest! {
    #[test]
    fn any_message_round_trips(message in prop_oneof![any_of_talk(), any_of_spread()]) {
        let record = message.encode();
        prop_assert_eq!(Message::decode(&record), Ok(Some(message)));
    }

    #[test]
    fn a_changed_message_never_panics_and_what_is_accepted_has_one_encoding(
        message in prop_oneof![any_of_talk(), any_of_spread()],
        at in any::<prop::sample::Index>(),
        byte: u8,
    ) {
        let mut record = message.encode().to_vec();
        let at = at.index(record.len());
        record[at] = byte;
        if let Ok(Some(message)) = Message::decode(&record) {
            prop_assert_eq!(&*message.encode(), record.as_slice());
        }
    }

    #[test]
    fn random_bytes_never_panic(kind in 0u8..0x18, body in prop::collection::vec(any::<u8>(), 0..300)) {
        let record = [[kind].as_slice(), &body].concat();
        if let Ok(Some(message)) = Message::decode(&record) {
            prop_assert_eq!(&*message.encode(), record.as_slice());
        }
    }
}
