//! Golden payloads: each kind at its edges, and what says nothing although its event is valid
//! (`docs/vectors/payloads.json`).

use rooms::{Payload, Position, kind};
use serde_json::{Value, json};
use wire::codec::encode;

use crate::people::*;
use crate::vectors::{check_file, hex, says, unhex};

fn target() -> Position {
    Device::new(ana()).says("Good morning").position()
}

fn payloads() -> Vec<(&'static str, Payload)> {
    let target = target();
    let reaction = |on| Payload::Reaction { target, emoji: "👍".into(), on };
    let again = Payload::Add { device: ben().peer(), name: "Ben".into(), round: 300, invite: Some([0x11; 32]) };
    vec![
        ("add without an invite", add(ben().peer(), "Ben", 1)),
        ("add of a later round, by an invite", again),
        ("leave of a later round", Payload::Leave { round: 300 }),
        ("invite with an end", Payload::Invite { key: [0x11; 32], uses: 1000, expires: NOON }),
        ("message that answers nothing", message("hello")),
        ("message that answers another", Payload::Message { text: "hello".into(), reply: Some(target) }),
        ("message of one character", message("a")),
        ("message whose length needs three bytes", message(&"a".repeat(251))),
        ("message of lines", message("one\n\ttwo\r\n")),
        ("reaction set", reaction(true)),
        ("reaction taken back", reaction(false)),
    ]
}

/// Kind and bytes, with the reason in words.
fn meaningless() -> Vec<(&'static str, u8, Vec<u8>)> {
    let to = encode(&target());
    vec![
        ("a kind of a later version", 20, vec![1, 2, 3]),
        ("a control kind of a later version", 6, vec![]),
        ("an empty payload", kind::MESSAGE, vec![]),
        ("an empty text", kind::MESSAGE, vec![0, 0]),
        ("a text with a NUL", kind::MESSAGE, vec![3, b'a', 0, b'b', 0]),
        ("an option of 2", kind::MESSAGE, vec![1, b'a', 2]),
        ("a byte after the fields", kind::MESSAGE, vec![1, b'a', 0, 0]),
        ("a length written longer than needed", kind::MESSAGE, vec![251, 1, 0, b'a', 0]),
        ("a bool of 2", kind::REACTION, [to.as_slice(), &encode(&"👍"), &[2]].concat()),
        ("an emoji of 65 bytes", kind::REACTION, [to.as_slice(), &encode(&"a".repeat(65)), &[1]].concat()),
        ("a target without its id", kind::DELETE, to[..to.len() - 32].to_vec()),
        ("a leave of round 0", kind::LEAVE, vec![0]),
        ("a round too large for its type", kind::LEAVE, vec![253, 0, 0, 0, 0, 1, 0, 0, 0]),
        ("an add with a name of 65 characters", kind::ADD, encode(&(ben().peer(), "a".repeat(65), 1u32, None::<[u8; 32]>))),
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
