//! What docs/PROTOCOL.md promises to authors of other clients, said to a real node by hand.

use identity::PeerId;
use serde_json::json;
use wire::ids::{LogId, LogKey, RoomId};
use wire::message::{Bye, ContactRequest, Data, JoinRefused, Message, Need, PeerRecord, RawEvent, Run, Welcome};
use wire::{Address, Naming};

use crate::outsider::Outsider;
use crate::peer::Peer;

/// The room that a message is about, if it is one of spreading or repair.
fn about(message: &Message) -> Option<RoomId> {
    match message {
        Message::Digest(digest) => Some(digest.room),
        Message::Heads(heads) => Some(heads.room),
        Message::Neighbour(ask) => Some(ask.room),
        _ => None,
    }
}

/// The direct room of two people, as §2.1 says.
fn direct(one: &PeerId, other: &PeerId) -> RoomId {
    RoomId(wire::derive("direct", &[one.min(other).as_bytes().as_slice(), one.max(other).as_bytes()].concat()))
}

/// What ana answers to a Need for events that nobody has. By then she has dealt with all that was
/// said before.
fn answer_of_nothing(ben: &mut Outsider, room: RoomId, from: u32) -> Data {
    let log = LogKey { device: ben.me.peer(), log: LogId(7) };
    ben.say(&Message::Need(Need { room, log, from, to: u32::MAX }));
    ben.until("Data", |message| if let Message::Data(data) = message { Some(data.clone()) } else { None }).0
}

/// A member whom ana has let in, and the room, which both have named.
fn member(ana: &Peer, room: &str) -> (Outsider, RoomId) {
    let mut ben = Outsider::dial(ana);
    let join = Message::Join(ben.join_by(&ana.invite(Some(room), 1)));
    ben.say(&join);
    let welcomed = |message: &Message| if let Message::Welcome(Welcome { room, .. }) = message { *room } else { None };
    let (room, _) = ben.until("a Welcome", welcomed);
    ben.name(&[room]);
    ben.until("a Digest", |message| matches!(message, Message::Digest(_)).then_some(()));
    (ben, room)
}

#[test]
fn ben_hears_of_the_room_once_he_has_named_it_and_not_before() {
    let ana = Peer::start("ana");
    let room = ana.create_room("Harbour walk");
    let mut ben = Outsider::dial(&ana);
    let join = Message::Join(ben.join_by(&ana.invite(Some(&room), 1)));
    ben.say(&join);
    let welcome = |message: &Message| if let Message::Welcome(welcome) = message { Some(welcome.clone()) } else { None };
    let (welcome, before) = ben.until("a Welcome", welcome);
    let id = welcome.room.expect("it is to a room");
    assert_eq!((id.to_string(), ben.seal().open(Naming::Welcome, &welcome.name).as_deref()), (room, Some("Harbour walk")));
    let ((), between) = ben.until("her tags, which follow the Welcome", |message| matches!(message, Message::Rooms(_)).then_some(()));
    let meanwhile = [before, between, ben.settle()].concat();
    assert!(!meanwhile.iter().any(|message| about(message).is_some()), "{meanwhile:?}");
    ben.name(&[id]);
    ben.until("a Digest", |message| (about(message) == Some(id) && matches!(message, Message::Digest(_))).then_some(()));
    ben.say(&join);
    ben.until("a Welcome although he is a member", |message| {
        matches!(message, Message::Welcome(again) if again.room == welcome.room).then_some(())
    });
}

#[test]
fn a_join_is_refused_with_a_reason_and_a_wrong_proof_is_not_answered() {
    let ana = Peer::start("ana");
    let room = ana.create_room("Harbour walk");
    let invite = ana.invite(Some(&room), 1);
    let mut ben = Outsider::dial(&ana);
    let good = ben.join_by(&invite);
    let other = ben.join_by(&wire::Invite::new(wire::InviteKind::Room { hint: good.hint }, ben.me.peer(), []).to_text());
    let mut wrong = good.clone();
    wrong.key = other.key;
    ben.say(&Message::Join(wrong));
    ben.settle();
    ben.say(&Message::Join(other));
    let answers: Vec<Message> = ben.rest().into_iter().filter(|message| !matches!(message, Message::Rooms(_))).collect();
    assert_eq!(answers, [Message::JoinRefused(JoinRefused::UnknownInvite), Message::Bye(Bye::NotWelcome)]);

    let mut chi = Outsider::dial(&ana);
    chi.say(&Message::Join(chi.join_by(&invite)));
    chi.until("a Welcome", |message| matches!(message, Message::Welcome(_)).then_some(()));
    let mut dan = Outsider::dial(&ana);
    dan.say(&Message::Join(dan.join_by(&invite)));
    let (why, _) = dan.until("a refusal", |message| if let Message::JoinRefused(why) = message { Some(*why) } else { None });
    assert_eq!(why, JoinRefused::UsedUp);
}

#[test]
fn the_eighth_fault_ends_a_link_and_a_copy_is_none() {
    let ana = Peer::start("ana");
    let (mut ben, room) = member(&ana, &ana.create_room("Harbour walk"));
    let bad = |n: u8| Message::Run(Run { ttl: 1, room, events: vec![RawEvent(vec![n; 230].into())] });
    for n in [10; 20].into_iter().chain(11..17) {
        ben.say(&bad(n));
    }
    answer_of_nothing(&mut ben, room, 1);
    ben.say(&bad(17));
    assert_eq!(ben.rest().last(), Some(&Message::Bye(Bye::Protocol)));
}

#[test]
fn data_without_events_names_the_number_before_the_one_that_is_missing() {
    let ana = Peer::start("ana");
    let (mut ben, room) = member(&ana, &ana.create_room("Harbour walk"));
    for (from, last) in [(1, 0), (50, 49)] {
        let data = answer_of_nothing(&mut ben, room, from);
        assert_eq!((data.last, data.events.len()), (last, 0));
    }
}

#[test]
fn what_is_skipped_may_fill_a_frame_and_what_is_known_may_not() {
    let ana = Peer::start("ana");
    let (mut ben, _) = member(&ana, &ana.create_room("Harbour walk"));
    ben.send(&[0xc0; 65_517]);
    ben.send(&[0xff]);
    ben.settle();
    let addresses = vec![Address::announced("a".repeat(255)); 3];
    let record = PeerRecord::make(&ben.me, 1, [addresses, vec![Address::announced("a".repeat(100))]].concat());
    let long = wire::codec::encode(&(0x0b_u8, vec![record; 64]));
    assert!(long.len() > 61_438);
    ben.send(&long);
    assert_eq!(ben.rest().last(), Some(&Message::Bye(Bye::Protocol)));
}

#[test]
fn a_direct_room_is_in_common_from_the_moment_both_agree() {
    let ana = Peer::start("ana");
    let mut ben = Outsider::dial(&ana);
    let ana_id = ana.snapshot()["me"]["peer"].as_str().expect("an id").parse().expect("an id");
    let room = direct(&ben.me.peer(), &ana_id);
    let name = ben.seal().seal(Naming::ContactRequest, [7; 24], "ben");
    ben.say(&Message::ContactRequest(ContactRequest { name }));
    ben.name(&[room]);
    let meanwhile = ben.settle();
    assert!(!meanwhile.iter().any(|message| about(message).is_some()), "{meanwhile:?}");
    let who = ben.me.peer().to_string();
    ana.watch("the request is there", |ana| (ana.snapshot()["requests"][0]["peer"] == who.as_str()).then_some(()));
    ana.call("answer_request", json!({"peer": who, "accept": true}));
    let answer = |message: &Message| if let Message::ContactAnswer(answer) = message { Some(answer.clone()) } else { None };
    let (answer, _) = ben.until("her answer", answer);
    assert_eq!((answer.accepted, ben.seal().open(Naming::ContactAnswer, &answer.name).as_deref()), (true, Some("ana")));
    ben.name(&[room]);
    ben.until("a Digest", |message| (about(message) == Some(room)).then_some(()));
}
