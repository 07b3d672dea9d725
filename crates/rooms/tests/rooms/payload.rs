//! What events say: round trips, limits, texts that are none.

use std::collections::BTreeSet;

use crate::people::*;
use identity::{PeerId, Signature};
use proptest::prelude::*;
use rooms::authority::{Role, Setting};
use rooms::limits::{MAX_EMOJI_BYTES, MAX_TEXT_BYTES, MAX_TOPIC_BYTES};
use rooms::{BadPayload, CutList, Draft, Hlc, Payload, ShownPass, Target, Uuid, kind};
use wire::{EventId, LogId};

fn target() -> impl Strategy<Value = Target> {
    any::<(u64, [u8; 16], [u8; 32])>().prop_map(|(hlc, uuid, id)| Target { hlc: Hlc(hlc), uuid: Uuid(uuid), id: EventId(id) })
}

fn right() -> impl Strategy<Value = EventId> {
    any::<[u8; 32]>().prop_map(EventId)
}

fn device() -> impl Strategy<Value = PeerId> {
    any::<[u8; 32]>().prop_map(PeerId::from_bytes)
}

fn any_cut() -> impl Strategy<Value = CutList> {
    let kept = (any::<u32>(), prop::collection::btree_set(any::<u32>(), 0..3));
    let one = |(log, (last, except)): (u64, (u32, BTreeSet<u32>))| {
        let last = except.iter().copied().max().unwrap_or(last).max(last);
        (LogId(log), last, except.into_iter().collect())
    };
    prop::collection::btree_map(any::<u64>(), kept, 0..4).prop_map(move |cut| cut.into_iter().map(one).collect())
}

fn pass() -> impl Strategy<Value = Option<ShownPass>> {
    prop::option::of((right(), any::<[u8; 32]>(), prop::collection::vec(any::<u8>(), 64)).prop_map(|(invite, key, proof)| ShownPass {
        invite,
        key,
        proof: Signature::from_bytes(proof.try_into().expect("64 bytes")),
    }))
}

fn any_control() -> impl Strategy<Value = Payload> {
    let name = || "[a-zäß愛🍇][a-zäß愛🍇 ]{0,15}";
    let number = || 1..=u32::MAX;
    let role = prop::sample::select(vec![Role::Member, Role::Admin, Role::Owner]);
    let setting = prop_oneof![
        name().prop_map(Setting::Name),
        "([a-z🍇][^\0]{0,79})?".prop_map(Setting::Topic),
        any::<bool>().prop_map(Setting::AdminsAdd),
        any::<bool>().prop_map(Setting::History),
    ];
    let known = prop::collection::btree_map(device(), any_cut(), 0..3).prop_map(|known| known.into_iter().collect());
    prop_oneof![
        (any::<[u8; 16]>(), name(), name()).prop_map(|(nonce, name, creator)| Payload::Create { nonce, name, creator }),
        (right(), device(), name(), number(), pass()).prop_map(|(by, device, name, round, pass)| Payload::Add {
            by,
            device,
            name,
            round,
            pass
        }),
        (right(), number(), any_cut()).prop_map(|(by, round, cut)| Payload::Leave { by, round, cut }),
        (right(), any::<([u8; 32], u32, u64)>()).prop_map(|(by, (key, uses, expires))| Payload::Invite { by, key, uses, expires }),
        (right(), right(), prop::collection::vec((device(), any::<u32>()), 0..4)).prop_map(|(by, invite, used)| Payload::Revoke {
            by,
            invite,
            used
        }),
        (right(), device(), number(), any_cut()).prop_map(|(by, device, round, cut)| Payload::Remove { by, device, round, cut }),
        (right(), device(), number(), number(), role, any_cut()).prop_map(|(by, device, round, turn, role, cut)| Payload::SetRole {
            by,
            device,
            round,
            turn,
            role,
            cut
        }),
        (right(), number(), setting, known).prop_map(|(by, version, setting, known)| Payload::Set { by, version, setting, known }),
    ]
}

fn any_payload() -> impl Strategy<Value = Payload> {
    let text = || "[a-z🍇][^\0]{0,79}";
    prop_oneof![
        4 => any_control(),
        1 => (text(), prop::option::of(target())).prop_map(|(text, reply)| Payload::Message { text, reply }),
        1 => (target(), text()).prop_map(|(target, text)| Payload::Edit { target, text }),
        1 => target().prop_map(|target| Payload::Delete { target }),
        1 => (target(), prop::sample::select(vec!["🍇", "👍", "❤\u{fe0f}"]).prop_map(str::to_owned), any::<bool>())
            .prop_map(|(target, emoji, on)| Payload::Reaction { target, emoji, on }),
    ]
}

proptest! {
    #[test]
    fn every_payload_is_read_back_as_it_was_written(payload in any_payload()) {
        prop_assert_eq!(Payload::decode(payload.kind(), &payload.encode()), Ok(payload));
    }

    #[test]
    fn a_payload_with_a_byte_too_many_or_too_few_is_refused(payload in any_payload()) {
        let bytes = payload.encode();
        prop_assert!(Payload::decode(payload.kind(), &[bytes.as_slice(), &[0]].concat()).is_err());
        prop_assert!(Payload::decode(payload.kind(), &bytes[..bytes.len() - 1]).is_err());
    }

    #[test]
    fn any_bytes_are_a_payload_or_a_fault(kind: u8, bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        if let Ok(payload) = Payload::decode(kind, &bytes) {
            prop_assert_eq!(payload.encode(), bytes);
        }
    }
}

fn decoded(payload: &Payload) -> Result<(), BadPayload> {
    let read = Payload::decode(payload.kind(), &payload.encode()).map(|_| ());
    assert_eq!(Draft::new(payload, NOON, &[0; 34]).map(|_| ()), read, "what a reader refuses, a writer does not write");
    read
}

#[test]
fn texts_show_something_are_bounded_and_hold_no_nul() {
    assert_eq!(decoded(&message("a\0b")), Err(BadPayload::Text));
    assert_eq!(decoded(&message(&"x".repeat(MAX_TEXT_BYTES))), Ok(()));
    assert_eq!(decoded(&message(&"x".repeat(MAX_TEXT_BYTES + 1))), Err(BadPayload::Text));
    assert_eq!(decoded(&message("مرحبا \u{202e} z\u{300}\u{300}\u{300}")), Ok(()), "how it looks is for the window to decide");
    let edit = |text: &str| Payload::Edit { target: people_target(), text: text.into() };
    for nothing in ["", " \n", "\u{200b}", "\u{2060}\u{ad}", "\u{fe0f}", "\u{202e}\u{7}"] {
        assert_eq!(decoded(&message(nothing)), Err(BadPayload::Text), "{}", nothing.escape_unicode());
        assert_eq!(decoded(&edit(nothing)), Err(BadPayload::Text), "{}", nothing.escape_unicode());
    }
    assert_eq!(decoded(&message("می\u{200c}خواهم")), Ok(()));
    assert_eq!(decoded(&edit(&"x".repeat(MAX_TEXT_BYTES + 1))), Err(BadPayload::Text));
}

fn people_target() -> Target {
    Device::new(ana()).says("hello").position()
}

#[test]
fn a_reaction_is_one_emoji_in_one_form() {
    let react = |emoji: &str| Payload::Reaction { target: people_target(), emoji: emoji.into(), on: true };
    assert_eq!(decoded(&react("👩🏽‍❤️‍💋‍👨🏿")), Ok(()));
    assert_eq!(decoded(&react("❤\u{fe0f}")), Ok(()));
    let long = "👍".repeat(MAX_EMOJI_BYTES);
    for none in ["", "❤", "❤\u{fe0e}", "hello world", "\n", "\u{202e}", "👍👍", "x", "👍 ", "🇵", &long] {
        assert_eq!(decoded(&react(none)), Err(BadPayload::Emoji), "{}", none.escape_unicode());
    }
}

#[test]
fn names_follow_the_one_rule_for_names() {
    assert_eq!(decoded(&add(ben().peer(), &"ä".repeat(64), 1)), Ok(()));
    assert_eq!(decoded(&add(ben().peer(), &"a".repeat(65), 1)), Err(BadPayload::Text));
    for bad in ["ben\u{202e}", "", " ", "\u{200b}"] {
        assert_eq!(decoded(&add(ben().peer(), bad, 1)), Err(BadPayload::Text));
    }
    let create = |name: &str, creator: &str| Payload::Create { nonce: NONCE, name: name.into(), creator: creator.into() };
    for bad in ["a\nb", "", "\u{2060}"] {
        assert_eq!(decoded(&create("Allotment", bad)), Err(BadPayload::Text));
        assert_eq!(decoded(&create(bad, "Ana")), Err(BadPayload::Text));
    }
    assert_eq!(decoded(&create(&"x".repeat(65), "Ana")), Err(BadPayload::Text));
}

fn set(setting: Setting) -> Payload {
    Payload::Set { by: EventId([0; 32]), version: 1, setting, known: vec![] }
}

#[test]
fn what_is_set_follows_the_rules_for_names_and_texts() {
    assert_eq!(decoded(&set(Setting::Name("a\nb".into()))), Err(BadPayload::Text));
    for good in ["", "beds\nand benches", &"x".repeat(MAX_TOPIC_BYTES)] {
        assert_eq!(decoded(&set(Setting::Topic(good.into()))), Ok(()));
    }
    for bad in [" ", "\u{200b}", "a\0b", &"x".repeat(MAX_TOPIC_BYTES + 1)] {
        assert_eq!(decoded(&set(Setting::Topic(bad.into()))), Err(BadPayload::Text), "{}", bad.escape_unicode());
    }
}

#[test]
fn a_round_a_turn_and_a_version_start_at_one() {
    let (by, device, cut) = (EventId([0; 32]), ben().peer(), vec![]);
    let role = |round, turn| Payload::SetRole { by, device, round, turn, role: Role::Admin, cut: vec![] };
    let zeros = [
        add(device, "Ben", 0),
        Payload::Leave { by, round: 0, cut: cut.clone() },
        Payload::Remove { by, device, round: 0, cut },
        role(0, 1),
        role(1, 0),
        Payload::Set { by, version: 0, setting: Setting::History(true), known: vec![] },
    ];
    for zero in zeros {
        assert_eq!(decoded(&zero), Err(BadPayload::Round), "{zero:?}");
    }
}

#[test]
fn a_cut_has_one_form() {
    let by = EventId([0; 32]);
    let good = || Vec::<u32>::new();
    let all = [
        ([1, 2], good(), Ok(())),
        ([1, 2], vec![3, 7], Ok(())),
        ([2, 1], good(), Err(BadPayload::Layout)),
        ([1, 1], good(), Err(BadPayload::Layout)),
        ([1, 2], vec![5, 4], Err(BadPayload::Layout)),
        ([1, 2], vec![4, 4], Err(BadPayload::Layout)),
        ([1, 2], vec![8], Err(BadPayload::Layout)),
    ];
    for (logs, except, read) in all {
        let cut: CutList = logs.map(|log| (LogId(log), 7, except.clone())).into();
        let device = ben().peer();
        let known = |known| Payload::Set { by, version: 1, setting: Setting::AdminsAdd(true), known };
        let all = [
            Payload::Leave { by, round: 1, cut: cut.clone() },
            Payload::Remove { by, device, round: 1, cut: cut.clone() },
            Payload::SetRole { by, device, round: 1, turn: 1, role: Role::Member, cut: cut.clone() },
            known(vec![(device, cut)]),
        ];
        for payload in all {
            assert_eq!(decoded(&payload), read, "{payload:?}");
        }
        let read = if except.is_empty() { read } else { Ok(()) };
        let people = known(logs.map(|n| (PeerId::from_bytes([n as u8; 32]), vec![])).into());
        assert_eq!(decoded(&people), read, "{people:?}");
    }
}

#[test]
fn a_cut_of_the_shortest_numbers_is_read_whatever_its_length() {
    for logs in [100, 200, 250, 5_000] {
        let cut = (0..logs).map(|log| (LogId(log), 1, vec![])).collect();
        assert_eq!(decoded(&Payload::Leave { by: EventId([0; 32]), round: 1, cut }), Ok(()), "{logs}");
    }
}

#[test]
fn lengths_that_promise_more_than_there_is_are_refused() {
    // A text of 2⁶³ bytes, one that is not UTF-8, and a length in a form longer than needed.
    for bytes in [vec![253, 0, 0, 0, 0, 0, 0, 0, 0x80, b'x', 0], vec![2, 0xff, 0xfe, 0], vec![251, 1, 0, b'x', 0]] {
        assert_eq!(Payload::decode(kind::MESSAGE, &bytes), Err(BadPayload::Layout));
    }
}

#[test]
fn debug_shows_no_words_of_people() {
    let shown = format!("{:?} {:?}", message("the spare key is under the pot"), create());
    assert!(!shown.contains("spare") && !shown.contains("Allotment") && !shown.contains("Ana"), "{shown}");
}
