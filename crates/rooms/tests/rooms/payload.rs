//! What events say: round trips, limits, texts that are none.

use crate::people::*;
use identity::PeerId;
use proptest::prelude::*;
use rooms::limits::{MAX_EMOJI_BYTES, MAX_TEXT_BYTES};
use rooms::{BadPayload, Draft, Hlc, Payload, Target, Uuid, kind};
use wire::EventId;

fn target() -> impl Strategy<Value = Target> {
    any::<(u64, [u8; 16], [u8; 32])>().prop_map(|(hlc, uuid, id)| Target { hlc: Hlc(hlc), uuid: Uuid(uuid), id: EventId(id) })
}

fn any_payload() -> impl Strategy<Value = Payload> {
    let name = || "[a-zäß愛🍇][a-zäß愛🍇 ]{0,15}";
    let text = || "[a-z🍇][^\0]{0,79}";
    prop_oneof![
        (any::<[u8; 16]>(), name(), name()).prop_map(|(nonce, name, creator)| Payload::Create { nonce, name, creator }),
        (any::<[u8; 32]>(), name(), 1..=u32::MAX, any::<Option<[u8; 32]>>()).prop_map(|(device, name, round, invite)| Payload::Add {
            device: PeerId::from_bytes(device),
            name,
            round,
            invite
        }),
        (1..=u32::MAX).prop_map(|round| Payload::Leave { round }),
        any::<([u8; 32], u32, u64)>().prop_map(|(key, uses, expires)| Payload::Invite { key, uses, expires }),
        any::<[u8; 32]>().prop_map(|key| Payload::Revoke { key }),
        (text(), prop::option::of(target())).prop_map(|(text, reply)| Payload::Message { text, reply }),
        (target(), text()).prop_map(|(target, text)| Payload::Edit { target, text }),
        target().prop_map(|target| Payload::Delete { target }),
        (target(), prop::sample::select(vec!["🍇", "👍", "❤\u{fe0f}"]).prop_map(str::to_owned), any::<bool>())
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
    assert_eq!(Draft::new(payload, NOON, &[0; 10]).map(|_| ()), read, "what a reader refuses, a writer does not write");
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

#[test]
fn a_round_starts_at_one() {
    assert_eq!(decoded(&add(ben().peer(), "Ben", 0)), Err(BadPayload::Round));
    assert_eq!(decoded(&Payload::Leave { round: 0 }), Err(BadPayload::Round));
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
