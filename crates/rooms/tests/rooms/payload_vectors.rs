//! Golden payloads: each kind at its edges, and what says nothing although its event is valid
//! (`docs/vectors/payloads.json`).

use identity::PeerId;
use rooms::authority::{Role, Setting};
use rooms::{CutList, EpochPart, Payload, Position, SealedSecret, ShownPass, To, kind};
use serde_json::{Value, json};
use wire::LogId;
use wire::codec::encode;
use wire::ids::EpochId;

use crate::describe::says;
use crate::people::*;
use crate::vectors::{check_file, invite, unhex};

fn target() -> Position {
    Device::new(ana()).says("Good morning").position()
}

fn payloads() -> Vec<(&'static str, Payload)> {
    let target = target();
    let reaction = |on| Payload::Reaction { target, emoji: "👍".into(), on };
    let (by, device, pass) = (wire::EventId([0x22; 32]), ben().peer(), Some(pass(wire::EventId([0x33; 32]), &invite(), &ben().peer())));
    let key = *invite().peer().as_bytes();
    let again = Payload::Add { by, device, name: "Ben".into(), round: 300, pass };
    let of_round = |round, control| LogId::in_round(round, control, 7);
    let cut = vec![(LogId(1), 250, vec![]), (of_round(2, false), 251, vec![]), (of_round(300, true), u32::MAX, vec![1, 250, u32::MAX])];
    let set = |setting| Payload::Set { by, version: 1, setting, known: vec![] };
    let sealed = Some(SealedSecret([0x5e; 80]));
    let role = |role| Payload::SetRole { by, device, round: 1, turn: 2, role, cut: vec![] };
    let known = vec![(ana().peer(), cut.clone()), (ben().peer(), vec![])];
    vec![
        ("add without an invite", add(ben().peer(), "Ben", 1)),
        ("add of a later round, by an invite", again),
        ("leave that says nothing of logs", Payload::Leave { by, round: 1, cut: vec![] }),
        ("leave of a later round", Payload::Leave { by, round: 300, cut: cut.clone() }),
        ("invite with an end", Payload::Invite { by, key, uses: 1000, expires: NOON }),
        ("revoke of an invite that nobody used", Payload::Revoke { by, invite: wire::EventId([0x33; 32]), used: vec![] }),
        (
            "revoke of an invite that two people used",
            Payload::Revoke { by, invite: wire::EventId([0x33; 32]), used: vec![(ana().peer(), 1), (device, 300)] },
        ),
        ("remove, with a log of each kind and round", Payload::Remove { by, device, round: 300, cut }),
        ("role of a member", role(Role::Member)),
        ("role of an admin", role(Role::Admin)),
        ("role of an owner", role(Role::Owner)),
        ("set the name", set(Setting::Name("Orchard".into()))),
        ("set what the room is about", set(Setting::Topic("beds\nand benches".into()))),
        ("set that it is about nothing", set(Setting::Topic(String::new()))),
        ("set that only admins add people", Payload::Set { by, version: 300, setting: Setting::AdminsAdd(true), known }),
        ("set that everybody adds people", set(Setting::AdminsAdd(false))),
        ("set that new members see what was said before", set(Setting::History(true))),
        ("message that answers nothing", message("hello")),
        ("message that answers another", Payload::Message { text: "hello".into(), reply: Some(target) }),
        ("message of one character", message("a")),
        ("message whose length needs three bytes", message(&"a".repeat(251))),
        ("message of lines", message("one\n\ttwo\r\n")),
        ("reaction set", reaction(true)),
        ("reaction taken back", reaction(false)),
        ("prekey", Payload::Prekey { key: [0x77; 32] }),
        ("epoch for nobody else", Payload::Epoch(epoch_part(1, 1, vec![]))),
        (
            "part of an epoch, one recipient without a prekey",
            Payload::Epoch(epoch_part(2, 3, vec![(To([1; 8]), None), (To([2; 8]), sealed)])),
        ),
        ("part of an epoch, two whose memberships had ended", Payload::Epoch(with_ended(&[3, 4]))),
        ("the last part that an epoch can have", Payload::Epoch(epoch_part(64, 64, vec![(To([1; 8]), sealed)]))),
    ]
}

fn epoch_part(part: u8, parts: u8, seals: Vec<(To, Option<SealedSecret>)>) -> EpochPart {
    EpochPart { epoch: EpochId([0xe1; 16]), gone: [0x90; 16], part, parts, seals, ended: Vec::new() }
}

fn with_ended(ended: &[u8]) -> EpochPart {
    EpochPart { ended: ended.iter().map(|number| To([*number; 8])).collect(), ..epoch_part(1, 1, vec![]) }
}

/// Kind and bytes, with the reason in words.
fn meaningless() -> Vec<(&'static str, u8, Vec<u8>)> {
    let about = encode(&target());
    let (by, device) = ([0x22; 32], ben().peer());
    let name = |name: &str| encode(&(by, device, name, 1u32, None::<ShownPass>));
    let cut = |first: u64, second: u64| encode(&(by, device, 1u32, vec![(first, 1u32, Vec::<u32>::new()), (second, 1, vec![])]));
    let except = |except: &[u32]| encode(&(by, device, 1u32, vec![(1u64, 7u32, except.to_vec())]));
    let set = |version: u32, setting: &Setting| encode(&(by, version, setting, Vec::<(PeerId, CutList)>::new()));
    let known = |first, second| encode(&(by, 1u32, Setting::AdminsAdd(true), vec![(first, CutList::new()), (second, CutList::new())]));
    let to = |numbers: &[u8]| numbers.iter().map(|number| (To([*number; 8]), None)).collect();
    let none = EpochPart { epoch: EpochId([0; 16]), ..epoch_part(1, 1, vec![]) };
    let many = |count: u16| (0..count).map(|number| To([number.to_be_bytes(); 4].concat().try_into().expect("8 bytes")));
    let too_many = many(301).map(|to| (to, None)).collect();
    let too_many_ended = EpochPart { ended: many(513).collect(), ..epoch_part(1, 1, vec![]) };
    vec![
        ("a prekey of 31 bytes", kind::PREKEY, vec![0x77; 31]),
        ("an epoch whose id is zero", kind::EPOCH, encode(&none)),
        ("part 0 of an epoch", kind::EPOCH, encode(&epoch_part(0, 1, vec![]))),
        ("part 3 of two", kind::EPOCH, encode(&epoch_part(3, 2, vec![]))),
        ("an epoch of 65 parts", kind::EPOCH, encode(&epoch_part(1, 65, vec![]))),
        ("recipients that are not in order", kind::EPOCH, encode(&epoch_part(1, 1, to(&[2, 1])))),
        ("a recipient twice", kind::EPOCH, encode(&epoch_part(1, 1, to(&[1, 1])))),
        ("301 recipients in a part", kind::EPOCH, encode(&epoch_part(1, 1, too_many))),
        ("memberships that ended, not in order", kind::EPOCH, encode(&with_ended(&[2, 1]))),
        ("a membership that ended, twice", kind::EPOCH, encode(&with_ended(&[1, 1]))),
        ("513 memberships that ended in a part", kind::EPOCH, encode(&too_many_ended)),
        ("a kind of a later version", 22, vec![1, 2, 3]),
        ("a control kind of a later version", 9, vec![]),
        ("an empty payload", kind::MESSAGE, vec![]),
        ("an empty text", kind::MESSAGE, vec![0, 0]),
        ("a text with a NUL", kind::MESSAGE, vec![3, b'a', 0, b'b', 0]),
        ("an option of 2", kind::MESSAGE, vec![1, b'a', 2]),
        ("a byte after the fields", kind::MESSAGE, vec![1, b'a', 0, 0]),
        ("a length written longer than needed", kind::MESSAGE, vec![251, 1, 0, b'a', 0]),
        ("a bool of 2", kind::REACTION, [about.as_slice(), &encode(&"👍"), &[2]].concat()),
        ("an emoji of 65 bytes", kind::REACTION, [about.as_slice(), &encode(&"a".repeat(65)), &[1]].concat()),
        ("a target without its id", kind::DELETE, about[..about.len() - 32].to_vec()),
        ("a leave of round 0", kind::LEAVE, encode(&(by, 0u32, CutList::new()))),
        ("a round too large for its type", kind::LEAVE, [by.as_slice(), &[253, 0, 0, 0, 0, 1, 0, 0, 0], &[0]].concat()),
        ("an add with a name of 65 characters", kind::ADD, name(&"a".repeat(65))),
        ("an add of the first version, without a right", kind::ADD, encode(&(device, "Ben", 1u32, None::<[u8; 32]>))),
        ("a cut whose logs are not in order", kind::REMOVE, cut(2, 1)),
        ("a cut with a log twice", kind::REMOVE, cut(1, 1)),
        ("a cut whose exceptions are not in order", kind::REMOVE, except(&[4, 3])),
        ("a cut with an exception beyond its end", kind::REMOVE, except(&[8])),
        ("known people who are not in order", kind::SET, known([2; 32], [1; 32])),
        ("a role that there is not", kind::SET_ROLE, encode(&(by, device, 1u32, 1u32, 3u8, CutList::new()))),
        ("a change of role that is the 0th", kind::SET_ROLE, encode(&(by, device, 1u32, 0u32, Role::Admin, CutList::new()))),
        ("a setting of a later version", kind::SET, encode(&(by, 1u32, 4u8, true, 0u8))),
        ("version 0 of a setting", kind::SET, set(0, &Setting::History(true))),
        ("a topic that shows nothing", kind::SET, set(1, &Setting::Topic("\u{200b}".into()))),
        ("a topic of 1025 bytes", kind::SET, set(1, &Setting::Topic("a".repeat(1025)))),
        ("a room name of two lines", kind::SET, set(1, &Setting::Name("a\nb".into()))),
    ]
}

#[test]
fn golden_payloads_are_read_and_what_says_nothing_is_not() {
    let one = |(name, payload): &(&str, Payload)| json!({ "name": name, "kind": payload.kind(), "payload": hex(&payload.encode()), "says": says(payload) });
    let nothing = |(name, kind, bytes): &(&str, u8, Vec<u8>)| {
        let why = Payload::decode(*kind, bytes).expect_err(name);
        json!({ "name": name, "kind": kind, "payload": hex(bytes), "why": why.to_string() })
    };
    let fresh = json!({
        "format": "Payloads by kind; see docs/PROTOCOL.md §2. An event with one of says_nothing is valid, kept and relayed.",
        "payloads": payloads().iter().map(one).collect::<Vec<_>>(),
        "says_nothing": meaningless().iter().map(nothing).collect::<Vec<_>>(),
    });
    let committed = check_file("payloads.json", &fresh);
    let list = |key: &str| committed[key].as_array().expect("a list").clone();
    let read = |vector: &Value| {
        let kind = vector["kind"].as_u64().and_then(|kind| u8::try_from(kind).ok()).expect("a kind");
        Payload::decode(kind, &unhex(vector["payload"].as_str().expect("hex")))
    };
    for (vector, (name, payload)) in list("payloads").iter().zip(payloads()) {
        assert_eq!(read(vector), Ok(payload), "{name}");
    }
    for vector in list("says_nothing") {
        assert!(read(&vector).is_err(), "{}", vector["name"]);
    }
}
