//! Golden vectors: what another implementation must read and write, byte for byte
//! (`docs/vectors/*.json`).
//!
//! Each is made here from fixed keys and compared with the committed file, and the file's bytes are
//! read back.

mod addresses;
mod edges;
mod names;
mod reach;
mod signatures;

use std::path::Path;

use data_encoding::HEXLOWER;
use identity::{Identity, PeerId};
use serde_json::{Value, json};
use zeroize::Zeroizing;

use crate::address::Address;
use crate::fixtures::{ana, ben, chi, room, sealed, static_key};
use crate::frame::{pack_records, records, write_handshake};
use crate::handshake::{Handshake, Role, Session, Step, WEAK_KEYS};
use crate::ids::{EpochId, LogId, LogKey};
use crate::invite::{Invite, InviteKind};
use crate::limits::REKEY_FRAMES;
use crate::message::*;
use crate::name_seal::Naming;

mod texts;

fn hex(bytes: &[u8]) -> String {
    HEXLOWER.encode(bytes)
}

fn bytes(value: &Value) -> Vec<u8> {
    HEXLOWER.decode(value.as_str().expect("a text").as_bytes()).expect("hex")
}

/// The committed file, which says the same as `fresh`.
fn check(name: &str, fresh: &Value) -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/vectors").join(name);
    if std::env::var_os("GRAPEVINE_REGENERATE").is_some() {
        std::fs::create_dir_all(path.parent().expect("file has a folder")).expect("folder is writable");
        std::fs::write(&path, format!("{fresh:#}\n")).expect("vectors are writable");
    }
    let text = std::fs::read_to_string(&path).unwrap_or_default();
    // As values: the order of an object's keys depends on features that other crates turn on.
    let committed = serde_json::from_str(&text).unwrap_or_default();
    assert!(committed == *fresh, "docs/vectors/{name} is stale: run GRAPEVINE_REGENERATE=1 cargo test -p grapevine-wire golden");
    committed
}

fn list<'a>(vectors: &'a Value, key: &str) -> &'a Vec<Value> {
    vectors.get(key).and_then(Value::as_array).expect("a list")
}

/// A handshake between fixed keys: its three messages, and both ends.
fn handshake(ephemeral: (u8, u8)) -> ([Vec<u8>; 3], Session, Session) {
    let (dialling, first) =
        Handshake::initiate_with(ana(), &static_key(11), Some(ben().peer()), Some(&[ephemeral.0; 32])).expect("ana can dial");
    let dialled = Handshake::respond_with(ben(), &static_key(12), Some(&[ephemeral.1; 32])).expect("ben can answer");
    let Ok(Step::Reply(dialled, second)) = dialled.read(&first) else { panic!("ben answers") };
    let Ok(Step::Done { reply: Some(third), session: at_ana }) = dialling.read(&second) else { panic!("ana ends it") };
    let Ok(Step::Done { reply: None, session: at_ben }) = dialled.read(&third) else { panic!("ben ends it") };
    ([first, second, third], at_ana, at_ben)
}

/// Seals `plaintext` as every frame up to number `last`, and gives those with the numbers asked
/// for.
fn frames(from: &mut Session, plaintext: &[u8], numbers: &[u64]) -> Vec<Value> {
    let mut chosen = Vec::new();
    let mut frame = Vec::new();
    for number in 0..=*numbers.iter().max().expect("some numbers") {
        frame.clear();
        from.cipher.seal(plaintext, &mut frame).expect("a short plaintext");
        if numbers.contains(&number) {
            chosen.push(json!({ "number": number, "frame": hex(&frame) }));
        }
    }
    chosen
}

fn side(who: &Identity, [seed, x25519, ephemeral]: [u8; 3]) -> Value {
    json!({
        "ed25519_seed": hex(&[seed; 32]),
        "x25519_static": hex(&[x25519; 32]),
        "x25519_ephemeral": hex(&[ephemeral; 32]),
        "peer_id": who.peer().to_string(),
    })
}

#[test]
fn golden_handshake() {
    let ([first, second, third], mut at_ana, mut at_ben) = handshake((21, 22));
    let framed = [&first, &second, &third].map(|body| {
        let mut out = Vec::new();
        write_handshake(body, &mut out);
        hex(&out)
    });
    let numbers = [0, 1, REKEY_FRAMES - 1, REKEY_FRAMES, REKEY_FRAMES + 1];
    let tag = |role| room_tag(&room(), &at_ben.hash, role).to_string();
    let tags = json!({ "room": room().to_string(), "initiator": tag(Role::Initiator), "responder": tag(Role::Responder) });
    let (ping, pong) = (b"\x00\x02\x02\x07\x00\x00".to_vec(), b"\x00\x02\x03\x07\x00\x00".to_vec());
    let fresh = json!({
        "about": "Noise_XX_25519_ChaChaPoly_BLAKE2s, prologue grapevine/1. All keys are private halves.",
        "initiator": side(&ana(), [1, 11, 21]),
        "responder": side(&ben(), [2, 12, 22]),
        "messages": framed,
        "final_hash": hex(&at_ana.hash),
        "room_tags": tags,
        "crossed_first_messages": reach::crossed_messages(),
        "refused_x25519": WEAK_KEYS.iter().map(|key| hex(key)).collect::<Vec<_>>(),
        "initiator_plaintext": hex(&ping),
        "initiator_frames": frames(&mut at_ana, &ping, &numbers),
        "responder_plaintext": hex(&pong),
        "responder_frames": frames(&mut at_ben, &pong, &numbers),
    });
    let committed = check("handshake.json", &fresh);

    let messages: Vec<Vec<u8>> = list(&committed, "messages").iter().map(bytes).collect();
    let dialled = Handshake::respond_with(ben(), &static_key(12), Some(&[22; 32])).expect("ben can answer");
    let Ok(Step::Reply(dialled, _)) = dialled.read(&messages[0][4..]) else { panic!("the first message reads") };
    let Ok(Step::Done { session: mut at_ben, .. }) = dialled.read(&messages[2][4..]) else { panic!("the third message reads") };
    assert_eq!(at_ben.peer, ana().peer());
    let (dialling, _) = Handshake::initiate_with(ana(), &static_key(11), None, Some(&[21; 32])).expect("ana can dial");
    let Ok(Step::Done { session: mut at_ana, .. }) = dialling.read(&messages[1][4..]) else { panic!("the second message reads") };
    assert_eq!(at_ana.peer, ben().peer());
    for (to, side) in [(&mut at_ben, "initiator"), (&mut at_ana, "responder")] {
        let frame = bytes(&list(&committed, &format!("{side}_frames"))[0]["frame"]);
        let mut plaintext = Vec::new();
        to.cipher.open(&frame[4..], &mut plaintext).expect("the first frame opens");
        assert_eq!(plaintext, bytes(&committed[format!("{side}_plaintext")]));
    }
}

#[test]
fn golden_frames() {
    let sets: [Vec<Vec<u8>>; 6] = [
        vec![],
        vec![b"\x02\x07".to_vec()],
        vec![b"\x02\x07".to_vec(), b"\x03\x08".to_vec(), b"\x04\x00".to_vec()],
        vec![vec![0x90; 61]],
        vec![vec![0x90; 62]],
        vec![vec![0x90; 63]],
    ];
    let vectors: Vec<Value> = sets
        .iter()
        .map(|set| {
            let mut plaintext = Vec::new();
            assert_eq!(pack_records(set.iter().map(Vec::as_slice), &mut plaintext), set.len());
            json!({ "records": set.iter().map(|record| hex(record)).collect::<Vec<_>>(), "plaintext": hex(&plaintext) })
        })
        .collect();
    let read = |name: &str, plaintext: &str, records: &[&str]| json!({ "name": name, "plaintext": plaintext, "records": records });
    let fresh = json!({
        "about": "Records packed and padded, as they are sealed into a frame. What is in read_only is read, though nobody writes it so.",
        "plaintexts": vectors,
        "read_only": [
            read("no padding", "00020207", &["0207"]),
            read("a single byte that is left is padding", "0002020700", &["0207"]),
            read("what follows a length of 0 is padding, whatever it is", "0002020700000002ff", &["0207"]),
            read("a single byte and nothing else", "07", &[]),
        ],
        "refused": [
            { "name": "a record that is longer than its frame", "plaintext": "00030207" },
            { "name": "the same after a record that is whole", "plaintext": "00020207000202" },
        ],
    });
    let committed = check("frames.json", &fresh);
    for vector in list(&committed, "plaintexts").iter().chain(list(&committed, "read_only")) {
        let plaintext = bytes(&vector["plaintext"]);
        let read: Vec<Vec<u8>> = records(&plaintext).map(|record| record.expect("whole").to_vec()).collect();
        assert_eq!(read, list(vector, "records").iter().map(bytes).collect::<Vec<_>>());
    }
    for vector in list(&committed, "refused") {
        assert!(records(&bytes(&vector["plaintext"])).any(|record| record.is_err()), "{}", vector["name"]);
    }
}

fn event(len: usize) -> RawEvent {
    RawEvent((0..len).map(|index| index as u8).collect::<Vec<_>>().into())
}

fn messages() -> Vec<(&'static str, Message)> {
    let log = LogKey { device: ana().peer(), log: LogId(LogId::CONTROL | 300) };
    let heads = vec![
        HeadOf { log, seq: 3, hash: [0xc3; 8] },
        HeadOf { log: LogKey { device: ben().peer(), log: LogId(7) }, seq: 70_000, hash: [0xc4; 8] },
    ];
    let addresses = ["192.168.1.20:4000", "[2001:db8::1]:4000"].map(|text| Address::announced(text.to_owned())).to_vec();
    let hello = Hello { boot_nonce: 0x0102_0304_0506_0708, addresses: addresses.clone(), agent: "grapevine 0.1.0".to_owned() };
    let link = [0x68; 32];
    let join = Join::make(&Identity::from_seed(&[5; 32]), room().hint(), sealed(Naming::Join, "Ben"), &link, &ben().peer());
    let record = PeerRecord::make(&ana(), 1_700_000_000_000, addresses);
    let keys = [(true, 0xe1, 0xa1), (false, 0xe2, 0xa2)];
    let keys = keys.map(|(whole, epoch, secret)| {
        let ended = whole.then(|| vec![[0x11; 8], [0x22; 8]]);
        EpochKey { whole, epoch: EpochId([epoch; 16]), secret: SecretBytes([secret; 32]), ended }
    });
    vec![
        ("hello", Message::Hello(hello)),
        ("ping", Message::Ping(250)),
        ("pong", Message::Pong(251)),
        ("bye shutdown", Message::Bye(Bye::Shutdown)),
        ("bye renew", Message::Bye(Bye::Renew)),
        ("bye surplus", Message::Bye(Bye::Surplus)),
        ("rooms, link hash 68…68", Message::Rooms([Role::Initiator, Role::Responder].map(|role| room_tag(&room(), &link, role)).to_vec())),
        ("join, link hash 68…68, joiner ben, invite key from Ed25519 seed 05…05", Message::Join(join)),
        ("welcome to a room", Message::Welcome(Welcome { room: Some(room()), name: sealed(Naming::Welcome, "Garden") })),
        ("welcome as a contact", Message::Welcome(Welcome { room: None, name: sealed(Naming::Welcome, "Ana") })),
        ("join refused, used up", Message::JoinRefused(JoinRefused::UsedUp)),
        ("contact request", Message::ContactRequest(ContactRequest { name: sealed(Naming::ContactRequest, "Ána 🍇") })),
        ("contact answer", Message::ContactAnswer(ContactAnswer { accepted: true, name: sealed(Naming::ContactAnswer, "Ben") })),
        ("records, signed by ana", Message::Records(vec![record])),
        ("time, asking for the other's", Message::Time(Time { now_ms: 1_700_000_000_123, ask: true })),
        ("name", Message::Name(sealed(Naming::Name, "Ana"))),
        ("run", Message::Run(Run { ttl: 32, room: room(), events: vec![event(230)] })),
        ("digest", Message::Digest(Digest { room: room(), digest: [0xd1; 16] })),
        ("heads", Message::Heads(Heads { room: room(), heads })),
        ("need", Message::Need(Need { room: room(), log, from: 1, to: 2048 })),
        ("data", Message::Data(Data { room: room(), log, last: 251, events: vec![event(227), event(300)] })),
        ("data, nothing here", Message::Data(Data { room: room(), log, last: 0, events: vec![] })),
        ("key request", Message::KeyRequest(KeyRequest { room: room(), epochs: vec![EpochId([0xe1; 16]), EpochId([0xe2; 16])] })),
        ("keys, one whole, one for control events", Message::Keys(Keys { room: room(), keys: keys.to_vec() })),
        ("keys, none", Message::Keys(Keys { room: room(), keys: vec![] })),
        ("prune", Message::Prune(room())),
        ("graft", Message::Graft(room())),
        ("neighbour", Message::Neighbour(Neighbour { room: room(), urgent: true, degree: 2 })),
        ("neighbour reply", Message::NeighbourReply(NeighbourReply { room: room(), accepted: true, degree: 5 })),
        ("disconnect", Message::Disconnect(Disconnect { room: room(), degree: 7 })),
        ("forward join", Message::ForwardJoin(ForwardJoin { room: room(), ttl: 6, peer: ben().peer() })),
        ("shuffle", Message::Shuffle(Shuffle { room: room(), answer: false, peers: vec![ana().peer(), ben().peer()] })),
    ]
}

fn refused_messages() -> Vec<(&'static str, Vec<u8>)> {
    let run = |rest: &[u8]| [[0x10, 0x01].as_slice(), room().as_bytes(), rest].concat();
    vec![
        ("no type", vec![]),
        ("an unknown type below 0x80", vec![0x7f, 0x00]),
        ("a byte after the message", vec![0x02, 0x07, 0x00]),
        ("a token cut short", vec![0x02, 0xfd, 0x00]),
        ("a token written longer than needed", vec![0x02, 0xfb, 0x07, 0x00]),
        ("an unknown reason", vec![0x04, 0x08]),
        ("a sealed name of 40 bytes: without a name", [[0x09, 40].as_slice(), &[b'a'; 40]].concat()),
        ("a sealed name of 297 bytes", [[0x0d, 251, 0x29, 0x01].as_slice(), &[b'a'; 297]].concat()),
        ("2^63 room tags", vec![0x05, 0xfd, 0, 0, 0, 0, 0, 0, 0, 0x80]),
        ("a run without events", run(&[0])),
        ("a run with an event shorter than a header", run(&[1, 226])),
        ("a run with ttl 33", [[0x10, 33].as_slice(), room().as_bytes(), &[1, 227], &[0; 227]].concat()),
        ("keys that are neither whole nor for control events", [[0x16].as_slice(), room().as_bytes(), &[1, 2], &[0; 48]].concat()),
        ("65 epochs asked for", [[0x15].as_slice(), room().as_bytes(), &[65], &[0xe1; 65 * 16]].concat()),
        ("a need from 0", [[0x13].as_slice(), room().as_bytes(), ana().peer().as_bytes(), &[7, 0, 5]].concat()),
    ]
}

#[test]
fn golden_messages() {
    let all = || messages().into_iter().chain(edges::messages()).chain(reach::messages());
    let vectors: Vec<Value> =
        all().map(|(name, message)| json!({ "name": name, "shows": format!("{message:?}"), "record": hex(&message.encode()) })).collect();
    let refused = |(name, record): (&str, Vec<u8>)| {
        let fault = Message::decode(&record).expect_err(name);
        json!({ "name": name, "fault": fault.to_string(), "record": hex(&record) })
    };
    let fresh = json!({
        "about": "Records: type, then body. Ana has Ed25519 seed 01…01, ben 02…02; the room is 77…77. Events are filler: 00 01 02 …. \
            A long record is `record`, and then so many times `then`.",
        "messages": vectors,
        "refused": refused_messages().into_iter().chain(edges::refused()).chain(reach::refused()).map(refused).collect::<Vec<_>>(),
        "refused_long": edges::refused_long(),
        "skipped": [{ "name": "an unknown type from 0x80 on", "record": "c0010203" }, { "name": "the same without a body", "record": "ff" }],
        "skipped_long": edges::skipped_long(),
    });
    let committed = check("messages.json", &fresh);
    for vector in list(&committed, "skipped") {
        assert_eq!(Message::decode(&bytes(&vector["record"])), Ok(None), "{}", vector["name"]);
    }
    let long = |vector: &Value| {
        let times = vector["times"].as_u64().and_then(|times| usize::try_from(times).ok()).expect("a number");
        [bytes(&vector["record"]), bytes(&vector["then"]).repeat(times)].concat()
    };
    for vector in list(&committed, "refused_long") {
        assert_eq!(Message::decode(&long(vector)), Err(MessageFault::Limit("bytes of a record")), "{}", vector["name"]);
    }
    for vector in list(&committed, "skipped_long") {
        assert_eq!(Message::decode(&long(vector)), Ok(None), "{}", vector["name"]);
    }
    for (vector, (name, message)) in list(&committed, "messages").iter().zip(all()) {
        assert_eq!(Message::decode(&bytes(&vector["record"])), Ok(Some(message)), "{name}");
    }
}

fn invites() -> Vec<Invite> {
    let parse = |texts: &[&str]| texts.iter().map(|text| text.parse().expect("an address")).collect::<Vec<_>>();
    let seed = |byte| Zeroizing::new([byte; 16]);
    let kind = InviteKind::Room { hint: room().hint() };
    vec![
        Invite::from_seed(kind, seed(9), ana().peer(), parse(&["192.168.1.20:4000"])),
        Invite::from_seed(kind, seed(10), ana().peer(), parse(&["192.168.1.20:4000", "[2001:db8::1]:4000", "ana.example.org:4000"])),
        Invite::from_seed(InviteKind::Contact, seed(11), chi().peer(), parse(&[])),
    ]
}

fn refused_invites() -> Vec<(&'static str, String)> {
    let whole = |version: u8, flags: u8, addresses: &[u8]| {
        let mut bytes = [[version, flags].as_slice(), &[0; 16], &[9; 16], ana().peer().as_bytes(), addresses].concat();
        bytes.extend_from_slice(&crate::hash(&bytes)[..4]);
        format!("gv1{}", data_encoding::BASE32_NOPAD.encode(&bytes).to_ascii_lowercase())
    };
    let mut changed = whole(1, 1, &[0]);
    changed.replace_range(20..21, if changed.as_bytes()[20] == b'a' { "b" } else { "a" });
    // 71 bytes are 113 characters and three bits, so the last one stands for a multiple of four.
    let mut left_over = whole(1, 1, &[0]);
    let last = left_over.pop().expect("a letter");
    left_over.push(char::from(last as u8 + 1));
    vec![
        ("a changed character", changed),
        ("a later version", whole(2, 1, &[0])),
        ("a flag of a later version", whole(1, 3, &[0])),
        ("a room invite without a hint", whole(1, 0, &[0])),
        ("a multicast address", whole(1, 1, &[1, 4, 224, 0, 0, 1, 15, 160])),
        ("port 0", whole(1, 1, &[1, 4, 10, 0, 0, 1, 0, 0])),
        ("nine addresses", whole(1, 1, &[[9].as_slice(), &[4, 10, 0, 0, 1, 15, 160].repeat(9)].concat())),
        ("a host name that resolvers read as a number", whole(1, 1, &[[1, 1, 5].as_slice(), b"127.1", &[15, 160]].concat())),
        ("bytes after the addresses", whole(1, 1, &[0, 0])),
        ("an unknown form of address", whole(1, 1, &[1, 2, 10, 0, 0, 1, 15, 160])),
        ("fewer addresses than announced", whole(1, 1, &[2, 4, 10, 0, 0, 1, 15, 160])),
        ("an unspecified address", whole(1, 1, &[&[1, 6][..], &[0; 16], &[15, 160]].concat())),
        ("a broadcast address", whole(1, 1, &[1, 4, 255, 255, 255, 255, 15, 160])),
        ("a host name with a label that ends in a hyphen", whole(1, 1, &[&[1, 1, 2][..], b"a-", &[15, 160]].concat())),
        ("bits that are left over and not zero", left_over),
        ("a later version by its first letters", format!("gv2{}", &whole(2, 1, &[0])[3..])),
        ("nothing of an invite", "Sunday at six".to_owned()),
    ]
}

#[test]
fn golden_invites() {
    let vector = |invite: &Invite| {
        json!({
            "contact": invite.kind() == InviteKind::Contact,
            "hint": hex(&invite.hint()),
            "seed": hex(&**invite.seed()),
            "inviter": invite.inviter().to_string(),
            "addresses": invite.addresses().iter().map(ToString::to_string).collect::<Vec<_>>(),
            "invite_key": invite.keys().peer().to_string(),
            "text": invite.to_text(),
            "link": invite.to_link(),
        })
    };
    let refused = |(name, text): &(&str, String)| {
        let fault = Invite::parse(text).expect_err(name);
        json!({ "name": name, "fault": fault.to_string(), "text": text })
    };
    let fresh = json!({
        "about": "Invites. invite_key is the public half of the key pair that the seed derives.",
        "invites": invites().iter().map(vector).collect::<Vec<_>>(),
        "refused": refused_invites().iter().map(refused).collect::<Vec<_>>(),
        "addresses": addresses::right(),
        "no_addresses": addresses::wrong(),
    });
    let committed = check("invites.json", &fresh);
    for (vector, invite) in list(&committed, "invites").iter().zip(invites()) {
        for form in ["text", "link"] {
            assert_eq!(Invite::parse(vector[form].as_str().expect("a text")), Ok(invite.clone()));
        }
        let key: PeerId = vector["invite_key"].as_str().and_then(|text| text.parse().ok()).expect("a key");
        assert_eq!(invite.keys().peer(), key);
    }
}

#[test]
fn fixed_keys_give_fixed_handshakes_and_only_those() {
    assert_eq!(handshake((21, 22)).0, handshake((21, 22)).0);
    assert_ne!(handshake((21, 22)).0, handshake((21, 23)).0);
}
