//! Golden events for writers of other clients: `docs/vectors/events.json`. Rewritten when asked,
//! and a difference fails.

use std::path::PathBuf;

use identity::Identity;
use rooms::authority::{Role, Setting};
use rooms::keys::{mint, prekey_pair, recipient};
use rooms::{
    Author, BadPayload, Branch, Clock, Draft, Event, EventFault, Header, Logs, Payload, Signatures, Verified, canonical_emoji,
    direct_room_id, group_room_id, kind, run,
};
use serde_json::{Value, json};
use wire::{ChainHash, LogId, RawEvent};

use crate::describe::describe;
use crate::people::*;

fn path(file: &str) -> PathBuf {
    [env!("CARGO_MANIFEST_DIR"), "..", "..", "docs", "vectors", file].iter().collect()
}

pub(crate) fn unhex(text: &str) -> Vec<u8> {
    let digits: Vec<u8> = text.chars().map(|digit| digit.to_digit(16).expect("a hex digit") as u8).collect();
    digits.chunks(2).map(|pair| pair[0] << 4 | pair[1]).collect()
}

fn draft(number: u8, payload: &Payload) -> Draft {
    Draft::new(payload, NOON, &[number; 34]).expect("may be written")
}

/// A log of `who`'s: every payload is written, sealed if it is to be, and signed by itself.
fn log(who: &Identity, log: LogId, payloads: &[Payload]) -> Vec<Verified> {
    let (mut author, mut clock) = (Author::new(room(), log, None), Clock::new());
    let one = |(number, payload): (usize, &Payload)| {
        author
            .append(who, &[draft(number as u8, payload)], &mut clock, NOON, [0xcc; 16], Some(&sealing()))
            .expect("within all limits")
            .remove(0)
    };
    payloads.iter().enumerate().map(one).collect()
}

/// The invite that ana makes.
pub(crate) fn invite() -> Identity {
    Identity::from_seed(&[0x11; 32])
}

const CONTROL: LogId = LogId(LogId::CONTROL | 1);

/// What ana does in her room, all by the right that its Create gives her.
fn control_payloads() -> Vec<Payload> {
    let by = log(&ana(), CONTROL, &[create()]).remove(0).id();
    let (key, device) = (*invite().peer().as_bytes(), ben().peer());
    let offer = Payload::Invite { by, key, uses: 1, expires: 0 };
    let invited = log(&ana(), CONTROL, &[create(), offer.clone()]).remove(1).id();
    let cut = vec![(LogId(2), 40, vec![]), (CONTROL, 3, vec![2])];
    let set = |setting, known| Payload::Set { by, version: 1, setting, known };
    vec![
        create(),
        offer,
        Payload::Add { by, device, name: "Ben".into(), round: 1, pass: Some(pass(invited, &invite(), &device)) },
        Payload::Revoke { by, invite: invited, used: vec![(device, 1)] },
        Payload::SetRole { by, device, round: 1, turn: 1, role: Role::Admin, cut: vec![] },
        set(Setting::Name("Orchard".into()), vec![]),
        set(Setting::AdminsAdd(true), vec![(ana().peer(), vec![(CONTROL, 6, vec![])]), (device, vec![(CONTROL, 3, vec![2])])]),
        Payload::Remove { by, device, round: 1, cut },
        Payload::Leave { by, round: 1, cut: vec![(LogId(1), 5, vec![]), (CONTROL, 8, vec![])] },
    ]
}

/// Ana's prekey, the epoch that she mints for herself and ben, and what she says under it.
fn content_payloads() -> Vec<Payload> {
    let (_, key) = prekey_pair([0xaa; 32]);
    let (_, bens) = prekey_pair([0xbb; 32]);
    let to = |who: &Identity| recipient(&room(), &who.peer(), 1);
    let recipients = [(to(&ana()), None), (to(&ben()), Some(bens))];
    let epoch = mint(&room(), &ana().peer(), &[], &secret(), &recipients, [0xdd; 32]);
    let hello = message("Good morning 🍇");
    let first = [vec![Payload::Prekey { key }], epoch, vec![hello]].concat();
    let target = log(&ana(), LogId(1), &first)[2].position();
    let more = vec![
        Payload::Message { text: "and a reply".into(), reply: Some(target) },
        Payload::Edit { target, text: "Good evening".into() },
        Payload::Reaction { target, emoji: "👍".into(), on: true },
        Payload::Delete { target },
    ];
    [first, more].concat()
}

/// What a device makes of events that a peer sends.
fn received(events: &[RawEvent]) -> Result<Vec<Verified>, EventFault> {
    let run = run::decode(events, &room())?;
    run.check_sealed()?;
    run.verify(&Signatures::new(8, 1))
}

/// Events that look right and are not, with the words of the fault.
fn refused() -> Vec<(&'static str, Vec<RawEvent>)> {
    let signed = |header: &Header| vec![forge(header, Some(&ana()), b"hello")];
    // The form is that of a sealed one.
    let good = Header { epoch: sealing().epoch().0, ..header(b"hello") };
    let other = |change: fn(&mut Header)| {
        let mut header = good.clone();
        change(&mut header);
        signed(&header)
    };
    let chain = |prev: ChainHash| {
        vec![forge(&good, None, b"hello"), signed(&Header { seq: 2, prev, hlc: rooms::Hlc(u64::MAX), ..good.clone() }).remove(0)]
    };
    // A first event that is right, and a second one that is but for this change.
    let second = |change: fn(&mut Header), signer: Option<&Identity>| {
        let first = forge(&good, None, b"hello");
        let prev = ChainHash(*Event::decode(first.clone()).expect("it is right").chain().as_bytes());
        let mut header = Header { seq: 2, prev, hlc: rooms::Hlc(good.hlc.0 + 1), ..good.clone() };
        change(&mut header);
        vec![first, forge(&header, signer, b"hello")]
    };
    let bytes = |change: fn(&mut Vec<u8>)| {
        let mut bytes = forge(&good, Some(&ana()), b"hello").0.to_vec();
        change(&mut bytes);
        vec![RawEvent(bytes.into())]
    };
    let me = ana();
    vec![
        ("signed by somebody else", vec![forge(&good, Some(&ben()), b"hello")]),
        ("not signed", vec![forge(&good, None, b"hello")]),
        ("sequence number 0", other(|header| header.seq = 0)),
        ("kind 0", other(|header| header.kind = 0)),
        ("control kind in a content log", other(|header| header.kind = 2)),
        ("payload length of another payload", other(|header| header.payload_len = 4)),
        ("payload hash of another payload", other(|header| header.payload_hash = [0; 32])),
        ("a room that the run is not for", other(|header| header.room = wire::RoomId([1; 32]))),
        ("prev is not the chain hash of the event before", chain(ChainHash([0; 32]))),
        ("content kind in a control log", other(|header| header.log = LogId(LogId::CONTROL | 1))),
        ("a payload longer than an event can carry", other(|header| header.payload_len = 32_478)),
        ("a flag of a later version", bytes(|bytes| bytes[0] = 7)),
        ("an event of version 2", bytes(|bytes| bytes[1] = 2)),
        ("cut short inside the signature", bytes(|bytes| bytes.truncate(280))),
        ("a byte after the payload", bytes(|bytes| bytes.push(0))),
        ("a payload although the flags say none", bytes(|bytes| bytes[0] = 1)),
        ("a control event without its payload", vec![log(&ana(), CONTROL, &[create()]).remove(0).without_payload().raw().clone()]),
        ("a sequence number left out", second(|header| header.seq = 3, Some(&me))),
        ("time that does not rise", second(|header| header.hlc.0 -= 1, Some(&me))),
        ("two logs in one run", second(|header| header.log = LogId(2), Some(&me))),
        ("a run whose last event is not signed", second(|_| (), None)),
        ("a message in the clear", other(|header| header.epoch = [0; 16])),
        ("a prekey that is sealed", other(|header| header.kind = rooms::kind::PREKEY)),
        ("no event", vec![]),
    ]
}

/// Three lines, after the first of which ana's log goes on in two ways.
fn fork() -> Value {
    let line = |author: &mut Author, text: &str, number: u8| {
        author
            .append(&ana(), &[draft(number, &message(text))], &mut Clock::new(), NOON, [0xcc; 16], None)
            .expect("within all limits")
            .remove(0)
    };
    let mut author = Author::new(room(), LogId(3), None);
    let common = line(&mut author, "before", 1);
    let mut copy = Author::resume(room(), LogId(3), common.head(), common.header.hlc);
    let ways = [line(&mut author, "in one way", 2), line(&mut copy, "in another", 3)];
    let branch = |first: &Verified| {
        let key = Branch { of: LogId(3), after: common.head(), first: first.chain() }.key(ana().peer());
        json!({ "event": describe(first), "log": key.log.to_string() })
    };
    json!({ "common": describe(&common), "branches": ways.each_ref().map(branch) })
}

const REACTIONS: [&str; 8] = ["👍", "❤", "❤\u{fe0f}", "👍\u{fe0f}", "1\u{20e3}", "🇵🇹", "🧑🏽\u{200d}🚀", "🏳\u{200d}🌈"];
const NO_REACTIONS: [&str; 8] = ["", " ", "x", "hello world", "\n", "\u{202e}", "👍👍", "🇵"];

fn golden() -> Value {
    let (control, content) = (log(&ana(), CONTROL, &control_payloads()), log(&ana(), LogId(1), &content_payloads()));
    let drafts: Vec<Draft> = (0..3).map(|number| draft(number, &message(&format!("line {number}")))).collect();
    let run =
        Author::new(room(), LogId(2), Some(content[6].chain())).append(&ana(), &drafts, &mut Clock::new(), NOON, [0; 16], Some(&sealing()));
    let run = run.expect("within all limits");
    let mut logs = Logs::new();
    for last in [&control[8], &content[6], &run[2]] {
        logs.advance(last.log_key(), last.head(), last.header.hlc).expect("it begins");
    }
    let fault = |(why, events): &(&str, Vec<RawEvent>)| {
        let wire: Vec<String> = events.iter().map(|raw| hex(&raw.0)).collect();
        json!({ "why": why, "fault": received(events).expect_err(why).to_string(), "wire": wire })
    };
    let person = |who: &Identity| json!({ "seed": hex(&*who.seed()), "device": who.peer().to_string() });
    json!({
        "format": "Grapevine events, version 1; see docs/PROTOCOL.md §2. Bytes are in hexadecimal.",
        "people": { "ana": person(&ana()), "ben": person(&ben()) },
        "group_room": { "creator": ana().peer().to_string(), "nonce": hex(&NONCE), "id": group_room_id(&ana().peer(), &NONCE).to_string() },
        "direct_room": {
            "devices": [ana().peer().to_string(), ben().peer().to_string()],
            "id": direct_room_id(&ana().peer(), &ben().peer()).to_string(),
        },
        "epoch": {
            "about": "All but prekeys and epochs is sealed under it; `content` is what `payload` says once opened.",
            "secret": hex(&secret().to_bytes()),
            "control_secret": hex(&secret().control().to_bytes()),
            "id": sealing().epoch().to_string(),
            "prekeys": { "ana": hex(&prekey_pair([0xaa; 32]).1), "ben": hex(&prekey_pair([0xbb; 32]).1) },
        },
        "control_log": control.iter().map(|event| describe(event)).collect::<Vec<_>>(),
        "content_log": content.iter().map(|event| describe(event)).collect::<Vec<_>>(),
        "run_with_one_signature": run.iter().map(|event| describe(event)).collect::<Vec<_>>(),
        "reactions": {
            "about": "An emoji as somebody may write it, and its one form; what is no reaction.",
            "written": REACTIONS.map(|written| json!({ "written": written, "kept": canonical_emoji(written) })),
            "refused": NO_REACTIONS,
        },
        "erased": describe(&content[2].without_payload()),
        "digest_of_these_three_logs": hex(&logs.digest()),
        "control_digest_of_these_three_logs": hex(&logs.control_digest()),
        "digest_of_no_logs": hex(&Logs::new().digest()),
        "fork": fork(),
        "refused": refused().iter().map(fault).collect::<Vec<_>>(),
    })
}

#[test]
fn golden_events_are_what_the_code_writes() {
    check_file("events.json", &golden());
}

/// The committed file, which says the same as `fresh`.
pub(crate) fn check_file(file: &str, fresh: &Value) -> Value {
    if std::env::var_os("GRAPEVINE_REGENERATE").is_some() {
        std::fs::create_dir_all(path(file).parent().expect("file has a folder")).expect("folder is writable");
        std::fs::write(path(file), format!("{fresh:#}\n")).expect("generated file is writable");
    }
    // Compared as values: the order of keys depends on features that other crates of the workspace
    // choose.
    let committed = committed(file);
    assert!(committed == *fresh, "docs/vectors/{file} is stale: run GRAPEVINE_REGENERATE=1 cargo test -p grapevine-rooms golden");
    committed
}

fn committed(file: &str) -> Value {
    let text = std::fs::read_to_string(path(file)).unwrap_or_default();
    serde_json::from_str(&text).unwrap_or_default()
}

fn wire_of(events: &Value) -> Vec<RawEvent> {
    let events = events.as_array().expect("a list").iter();
    events.map(|event| RawEvent(unhex(event.get("wire").unwrap_or(event).as_str().expect("hex")).into())).collect()
}

#[test]
fn golden_events_are_read_and_verified() {
    let golden = committed("events.json");
    for log in ["control_log", "content_log", "run_with_one_signature"] {
        let shut = received(&wire_of(&golden[log])).expect("a valid run");
        let is_shut = |event: &Verified| Payload::of(event) == Err(BadPayload::Sealed);
        assert!(shut.iter().all(|event| is_shut(event) != kind::is_clear(event.header.kind)));
        let events: Vec<Verified> = shut.into_iter().map(|event| keyring().open_verified(event)).collect();
        assert!(!events.is_empty());
        for (event, described) in events.iter().zip(golden[log].as_array().expect("a list")) {
            assert_eq!(&describe(event), described);
            let payload = Payload::of(event).expect("a known kind");
            assert_eq!(hex(&payload.encode()), described["content"].as_str().expect("hex"));
        }
    }
    received(&wire_of(&json!([golden["erased"]]))).expect("erasing keeps it valid");
}

#[test]
fn golden_reactions_have_one_form() {
    let reactions = &committed("events.json")["reactions"];
    for reaction in reactions["written"].as_array().expect("a list") {
        assert_eq!(canonical_emoji(reaction["written"].as_str().expect("a text")), reaction["kept"].as_str(), "{reaction}");
    }
    for none in reactions["refused"].as_array().expect("a list") {
        assert_eq!(canonical_emoji(none.as_str().expect("a text")), None, "{none}");
    }
}

#[test]
fn golden_faults_are_refused() {
    let golden = committed("events.json");
    let refused = golden["refused"].as_array().expect("a list");
    assert!(!refused.is_empty());
    for fault in refused {
        assert!(received(&wire_of(&fault["wire"])).is_err(), "{}", fault["why"]);
    }
}
