//! Events that are not what they say, or that say what their author may not.

use std::sync::Arc;

use identity::{Identity, PeerId, Signature};
use rooms::{Event, Hlc, Payload, Position, Uuid, kind};
use wire::ids::{ChainHash, EventId, RoomId};
use wire::message::{Data, Digest, HeadOf, Heads, Message, Need, RawEvent};

use crate::member::{Member, live};
use crate::pen::{Pen, now_ms, random, text_bytes};
use crate::scene::Scene;

/// The year 2100, in milliseconds.
const YEAR_2100: u64 = 4_102_444_800_000;

/// A key of small order: under it a signature of zeros is right for every message, if one does not
/// look closely.
fn small_order() -> PeerId {
    let mut key = [0; 32];
    key[0] = 1;
    PeerId::from_bytes(key)
}

/// An event with its signature replaced.
fn resigned(raw: &RawEvent, sig: [u8; 64]) -> RawEvent {
    let at = 1 + rooms::HEADER_BYTES;
    RawEvent([&raw.0[..at], &sig, &raw.0[at + Signature::LEN..]].concat().into())
}

/// The first bytes of an event.
fn cut(raw: &RawEvent, end: usize) -> RawEvent {
    RawEvent(raw.0[..end].into())
}

/// Mallory says each of these; it is refused for that reason, and counted against her.
fn are_refused(scene: &Scene, mallory: &mut Member, cases: Vec<(&str, Vec<RawEvent>, &str)>) {
    for (what, events, why) in cases {
        let room = mallory.room;
        mallory.is_faulted(scene, what, &live(room, events));
        if !why.is_empty() {
            assert_eq!(scene.why(&mallory.peer()), why, "{what}");
        }
    }
}

#[test]
fn mallory_sends_events_with_a_bad_signature_or_a_small_order_key() {
    let mut scene = Scene::new();
    let mut mallory = Member::join(&scene);
    let add = Payload::Add { by: mallory.right(), device: small_order(), name: "nobody".to_owned(), round: 1, pass: None };
    let add = mallory.control.write(&add);
    mallory.tell([&add]);
    scene.until_members(&["ana", "ben", "nobody", "outsider"]);
    let good = mallory.pen.clone().text("signed by nobody").raw().clone();
    let of = |device: PeerId| mallory.pen.lone_text("not mine", |header| header.device = device).raw().clone();
    let ben = scene.ben.id().parse().expect("an id");
    // R is the neutral element and S is zero.
    let mut nothing = [0; 64];
    nothing[0] = 1;
    let mut flipped: [u8; 64] = *good.0[1 + rooms::HEADER_BYTES..].first_chunk().expect("it is signed");
    flipped[40] ^= 1;
    let cases = vec![
        ("a flipped bit in a signature", vec![resigned(&good, flipped)], ""),
        ("a signature of zeros", vec![resigned(&good, [0; 64])], ""),
        ("another's name over one's own signature", vec![of(ben)], ""),
        ("a key of small order and a signature that fits all", vec![resigned(&of(small_order()), nothing)], ""),
    ];
    are_refused(&scene, &mut mallory, cases);
    scene.until_others(&[]);
    scene.is_well();
}

#[test]
fn mallory_sends_events_whose_form_is_wrong() {
    let mut scene = Scene::new();
    let mut mallory = Member::join(&scene);
    let (kind, text) = text_bytes("wrong in form");
    let pen = mallory.pen.clone();
    let wrong =
        |after: &dyn Fn(&mut rooms::Header, &mut Vec<u8>)| vec![pen.raw(kind, &text, |_| {}, |header, payload| after(header, payload))];
    let good = pen.raw(kind, &text, |_| {}, |_, _| {});
    let mut bare = cut(&mallory.control.raw(kind::SET, &[0], |_| {}, |_, _| {}), 1 + rooms::HEADER_BYTES + Signature::LEN).0.to_vec();
    bare[0] = 1;
    let twice = |hlc: u64| {
        let mut pen = pen.clone();
        let first = pen.text("first");
        let second = pen.twisted(&Payload::Message { text: "second".to_owned(), reply: None }, |header| header.hlc = Hlc(hlc));
        vec![first.raw().clone(), second.raw().clone()]
    };
    let cases = vec![
        ("a wrong hash of the payload", wrong(&|header, _| header.payload_hash[0] ^= 1), "the payload does not match its hash"),
        ("another payload", wrong(&|_, payload| payload[0] ^= 1), "the payload does not match its hash"),
        ("a payload that is longer than it says", wrong(&|_, payload| payload.push(0)), "the size does not fit"),
        ("a payload that is shorter than it says", wrong(&|header, _| header.payload_len += 1), "the size does not fit"),
        ("a payload of 4 GiB", wrong(&|header, _| header.payload_len = u32::MAX), "the payload is too large"),
        ("words in the clear", vec![pen.in_the_clear().raw(kind, &text, |_| {}, |_, _| {})], ""),
        ("half an event", vec![cut(&good, 280)], "the size does not fit"),
        ("seq 0", wrong(&|header, _| header.seq = 0), "the sequence number does not follow"),
        ("kind 0", wrong(&|header, _| header.kind = 0), "the kind does not belong in this log"),
        ("a control kind in a content log", wrong(&|header, _| header.kind = kind::ADD), "the kind does not belong in this log"),
        ("another room inside", wrong(&|header, _| header.room = RoomId([7; 32])), "an event of another room"),
        ("a control event without its payload", vec![RawEvent(bare.into())], "a control event without its payload"),
        ("hlc that stands still in a run", twice(0), "time runs backwards in a log"),
    ];
    are_refused(&scene, &mut mallory, cases);
    scene.until_others(&[]);
    scene.is_well();
}

#[test]
fn mallory_brings_events_of_somebody_who_is_no_member_and_of_an_unknown_room() {
    let mut scene = Scene::new();
    let mut mallory = Member::join(&scene);
    let stranger = Arc::new(Identity::generate());
    let room = mallory.room;
    let foreign = mallory.pen.by(&stranger).lone_text("let me in", |_| {});
    let said = [live(room, vec![foreign.raw().clone()])];
    mallory.is_not_faulted(&scene, "an author whose Add may still come", &said);
    // A room that ana does not have: nothing is kept of it, and nothing is asked about it.
    let elsewhere = RoomId([9; 32]);
    let text = Pen::content(&mallory.me, elsewhere, None).lone_text("elsewhere", |_| {});
    let log = text.log_key();
    let about = [
        live(elsewhere, vec![text.raw().clone()]),
        Message::Digest(Digest { room: elsewhere, digest: [1; 16] }),
        Message::Heads(Heads { room: elsewhere, heads: vec![HeadOf { log, seq: 7, hash: [0; 8] }] }),
        Message::Need(Need { room: elsewhere, log, from: 1, to: u32::MAX }),
        Message::Data(Data { room: elsewhere, log, last: 1, events: vec![text.raw().clone()] }),
        Message::Graft(elsewhere),
    ];
    mallory.link.say_all(&about);
    let answers = mallory.barrier();
    let is_about = |message: &Message| format!("{message:?}").contains(&format!("{elsewhere:?}"));
    assert!(!answers.iter().any(is_about), "{answers:?}");
    assert_eq!(scene.ana.snapshot()["rooms"].as_array().map(Vec::len), Some(1));
    scene.until_others(&[]);
    scene.is_well();
}

#[test]
fn mallory_dates_events_back_far_ahead_and_to_the_end_of_time() {
    let mut scene = Scene::new();
    let mut mallory = Member::join(&scene);
    let dated = |member: &Member, text: &str, hlc: Hlc| member.pen.lone_text(text, |header| header.hlc = hlc);
    let old = dated(&mallory, "in 1970", Hlc(1));
    let new = dated(&mallory, "in 2100", Hlc::from_ms(YEAR_2100));
    let last = dated(&mallory, "at the end of time", Hlc(u64::MAX));
    mallory.tell([&old, &new, &last]);
    // Her log goes back in time.
    let first = mallory.pen.text("now");
    let mut pen = mallory.pen.clone();
    let back =
        pen.twisted(&Payload::Message { text: "before".to_owned(), reply: None }, |header| header.hlc = Hlc::from_ms(now_ms() - 60_000));
    mallory.tell([&first]);
    scene.until_others(&["in 1970", "now"]);
    let back = live(mallory.room, vec![back.raw().clone()]);
    mallory.is_faulted(&scene, "hlc backwards", &back);
    // Nobody's clock followed her into the future: what the two say is shown at once.
    scene.talk("while some words are dated ahead");
    scene.until_others(&["in 1970", "now"]);
    let ahead = mallory.need(new.log_key(), 1, 1);
    assert_eq!(ahead, [[new.raw().clone()]], "what is dated ahead is kept, and relayed");
    scene.is_well();
}

#[test]
fn mallory_gives_two_events_one_uuid_and_both_nodes_order_them_alike() {
    let mut scene = Scene::new();
    let mut mallory = Member::join(&scene);
    let (hlc, uuid) = (Hlc::from_ms(now_ms()), Uuid(random()));
    let mut events: Vec<Event> = (0..8)
        .map(|n| {
            let same = |header: &mut rooms::Header| (header.hlc, header.uuid) = (hlc, uuid);
            mallory.pen.lone_text(&format!("twin {n}"), same)
        })
        .collect();
    mallory.tell(&events);
    events.sort_by_key(Event::id);
    let names: Vec<String> = events.iter().map(|event| event.id().to_string()).collect();
    scene.until_others(&["twin 0", "twin 1", "twin 2", "twin 3", "twin 4", "twin 5", "twin 6", "twin 7"]);
    let all = scene.ana.history(&scene.room, None);
    let twins: Vec<_> = all.into_iter().filter(|entry| entry.text.starts_with("twin")).map(|entry| entry.id).collect();
    assert_eq!(twins, names, "where all else is equal, ids decide");
    scene.is_well();
}

#[test]
fn mallory_edits_and_deletes_what_ana_said_and_answers_what_nobody_said() {
    let mut scene = Scene::new();
    let mut mallory = Member::join(&scene);
    let before = scene.ana.texts(&scene.room);
    let words = before.first().expect("ana said something").clone();
    let target: Position =
        Position::from_text(scene.ana.message(&scene.room, &words)["position"].as_str().expect("text")).expect("a position");
    let shown = scene.shown(&words);
    let nothing = Position { hlc: Hlc::from_ms(now_ms()), uuid: Uuid([3; 16]), id: EventId([3; 32]) };
    // Another's message, one that nobody wrote, and one whose time does not fit its id.
    for target in [target, nothing, Position { hlc: Hlc(target.hlc.0 + 1), ..target }] {
        let edit = mallory.pen.write(&Payload::Edit { target, text: "I owe mallory".to_owned() });
        let delete = mallory.pen.write(&Payload::Delete { target });
        let events = [&edit, &delete].map(|event| live(mallory.room, vec![event.raw().clone()]));
        mallory.is_not_faulted(&scene, "others may show it otherwise", &events);
    }
    let reply = mallory.pen.write(&Payload::Message { text: "as you said".to_owned(), reply: Some(nothing) });
    let react = mallory.pen.write(&Payload::Reaction { target: nothing, emoji: "👍".to_owned(), on: true });
    mallory.tell([&reply, &react]);
    scene.until_others(&["as you said"]);
    scene.shown("as you said");
    assert_eq!(scene.shown(&words), shown, "it stands as it was written");
    scene.is_well();
}

#[test]
fn mallory_spams_reactions_and_only_her_latest_are_kept() {
    let mut scene = Scene::new();
    let mut mallory = Member::join(&scene);
    let words = scene.ana.texts(&scene.room).first().expect("ana said something").clone();
    let target: Position =
        Position::from_text(scene.ana.message(&scene.room, &words)["position"].as_str().expect("text")).expect("a position");
    // On and off, 3 000 of them.
    let emoji = ["👍", "🎉", "🚀", "🐟", "🍋", "🌋", "🎈", "🧭"];
    let mut events = Vec::new();
    for n in 0..3_000 {
        let emoji = emoji[n % emoji.len()].to_owned();
        events.push(mallory.pen.write(&Payload::Reaction { target, emoji, on: n % 3 != 0 }));
    }
    let runs: Vec<Message> =
        events.chunks(100).map(|run| live(mallory.room, run.iter().map(|event| event.raw().clone()).collect())).collect();
    let mut mallory = scene.talk_during("while mallory reacts", move || {
        mallory.link.say_all(&runs);
        mallory.barrier();
        mallory
    });
    let last = mallory.pen.text("that was all");
    mallory.tell([&last]);
    scene.until_others(&["that was all"]);
    let body = scene.shown(&words);
    let reactions = body["reactions"].as_array().expect("a list");
    assert!((1..=emoji.len()).contains(&reactions.len()), "{body}");
    scene.is_well();
}

#[test]
fn mallory_points_back_into_bens_log_and_her_words_are_not_shown() {
    let mut scene = Scene::new();
    let mut mallory = Member::join(&scene);
    let ben: PeerId = scene.ben.id().parse().expect("an id");
    let bens = mallory.fetch(|log| !log.is_control()).into_iter().find(|event| event.header.device == ben).expect("ben said something");
    let first = mallory.pen.text("mine");
    let stolen = mallory.pen.after(bens.chain()).text("after his words");
    let made_up = mallory.pen.after(ChainHash([5; 32])).text("after nothing");
    mallory.tell([&first, &stolen, &made_up]);
    mallory.barrier();
    scene.until_others(&["mine"]);
    let second = mallory.pen.text("mine too");
    mallory.tell([&second]);
    scene.until_others(&["mine", "mine too"]);
    scene.is_well();
}
