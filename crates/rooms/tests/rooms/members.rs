//! Who is in a room, scene by scene, and what the history shows of it.

use identity::{Identity, PeerId};
use rooms::limits::{CONTROL_EVENT_BYTES, MAX_CONTROL_EVENTS_PER_MEMBER, MAX_PENDING_EVENTS};
use rooms::{Admission, CutList, Membership, Payload, Verified, What, direct_room_id, group_room_id, kind};

use crate::people::*;

pub(crate) fn after(events: &[Verified]) -> Membership {
    let mut room = Membership::group(room());
    for event in events {
        room.apply(event);
    }
    room
}

pub(crate) fn who(room: &Membership) -> Vec<PeerId> {
    room.members().map(|member| member.peer).collect()
}

pub(crate) fn sorted(people: &[&Identity]) -> Vec<PeerId> {
    let mut peers: Vec<PeerId> = people.iter().map(|person| person.peer()).collect();
    peers.sort();
    peers
}

pub(crate) fn shown(room: &Membership) -> Vec<(PeerId, What)> {
    room.lines().into_iter().map(|line| (line.author, line.what)).collect()
}

pub(crate) fn added(peer: &Identity, name: &str) -> What {
    What::Added { peer: peer.peer(), name: name.into(), invited: false }
}

/// Ana's room with ben in it, and the events that made it so.
pub(crate) fn with_ben() -> (Device, Device, Vec<Verified>) {
    let (mut a, mut b) = (Device::new(ana()), Device::new(ben()));
    let events = vec![a.write(&create()), a.adds(&ben(), "Ben", 1)];
    b.acts_by(&events[1]);
    b.now += 1;
    (a, b, events)
}

#[test]
fn ana_makes_a_room_and_adds_ben_who_adds_chi() {
    let (_, mut b, events) = with_ben();
    let room = after(&[events, vec![b.adds(&chi(), "Chi", 1)]].concat());
    assert_eq!(who(&room), sorted(&[&ana(), &ben(), &chi()]));
    assert_eq!((room.name(), room.creator(), room.member_count()), (Some("Allotment"), Some(ana().peer()), 3));
    assert_eq!(room.name_of(&chi().peer()), Some("Chi"));
    let names: Vec<_> = room.members().map(|member| (member.name, member.creator, member.round)).collect();
    assert!(names.contains(&("Ana", true, 1)) && names.contains(&("Ben", false, 1)));
    let created = What::Created { name: "Allotment".into() };
    assert_eq!(shown(&room), [(ana().peer(), created), (ana().peer(), added(&ben(), "Ben")), (ben().peer(), added(&chi(), "Chi"))]);
}

#[test]
fn each_event_tells_what_it_changed() {
    let (mut a, mut b) = (Device::new(ana()), Device::new(ben()));
    let mut room = Membership::group(room());
    let created = room.apply(&a.write(&create()));
    assert!(created.name && created.known.contains(&ana().peer()) && created.members.contains(&ana().peer()));
    let late = a.adds(&ben(), "Ben", 1);
    b.acts_by(&late);
    let early = b.adds(&chi(), "Chi", 1);
    assert!(room.apply(&early).is_empty(), "ben is not known yet");
    let changed = room.apply(&late);
    assert_eq!(changed.known.into_iter().collect::<Vec<_>>(), sorted(&[&ben(), &chi()]));
    assert_eq!(changed.shown.len(), 2);
    assert_eq!(room.line(&early).map(|line| line.what), Some(added(&chi(), "Chi")));
    assert!(room.apply(&late).is_empty(), "a second copy changes nothing");
}

#[test]
fn ben_leaves_and_comes_back_in_the_next_round() {
    let (mut a, mut b, events) = with_ben();
    let mut room = after(&events);
    assert_eq!(room.round(&ben().peer()), Some(1));
    room.apply(&b.leaves(1, vec![]));
    assert!(!room.is_member(&ben().peer()) && room.was_member(&ben().peer()));
    assert_eq!((room.round(&ben().peer()), room.next_round(&ben().peer())), (None, Some(2)));
    assert_eq!(shown(&room).last(), Some(&(ben().peer(), What::Left)));
    assert!(room.apply(&a.adds(&ben(), "Ben", 1)).members.is_empty(), "that round is over");
    a.now += 2;
    room.apply(&a.adds(&ben(), "Benjamin", 2));
    assert_eq!((room.round(&ben().peer()), room.name_of(&ben().peer())), (Some(2), Some("Benjamin")));
    assert_eq!(shown(&room).len(), 4);
}

#[test]
fn two_members_let_chi_in_at_once_and_the_history_shows_it_once() {
    let (mut a, mut b, events) = with_ben();
    let mut room = after(&events);
    a.now += 5;
    let (later, earlier) = (a.adds(&chi(), "Chi of Ana", 1), b.adds(&chi(), "Chi", 1));
    room.apply(&later);
    let changed = room.apply(&earlier);
    assert_eq!((changed.hidden.first(), changed.shown.keys().next()), (Some(&later.position()), Some(&earlier.position())));
    assert_eq!(room.name_of(&chi().peer()), Some("Chi"), "the earliest one names");
    assert_eq!((room.line(&later), shown(&room).len()), (None, 3));
}

#[test]
fn only_the_creators_create_founds_the_room() {
    let (mut a, mut b) = (Device::new(ana()), Device::new(ben()));
    let room = after(&[b.write(&create()), a.write(&Payload::Create { nonce: [8; 16], name: "Other".into(), creator: "Ana".into() })]);
    assert_eq!((room.name(), who(&room)), (None, vec![]));
    assert_ne!(group_room_id(&ben().peer(), &NONCE), group_room_id(&ana().peer(), &NONCE));
}

#[test]
fn of_two_creates_the_earlier_one_names_the_room() {
    let mut a = Device::new(ana());
    let (first, second) = (a.write(&create()), a.write(&Payload::Create { nonce: NONCE, name: "Bus".into(), creator: "A".into() }));
    for events in [[first.clone(), second.clone()], [second, first]] {
        let room = after(&events);
        assert_eq!((room.name(), room.name_of(&ana().peer())), (Some("Allotment"), Some("Ana")));
        assert_eq!(shown(&room).len(), 1);
    }
}

#[test]
fn strangers_let_nobody_in_not_even_themselves() {
    let (mut a, mut b) = (Device::new(ana()), Device::new(ben()));
    let room = after(&[a.write(&create()), b.adds(&ben(), "Ben", 1), b.adds(&chi(), "Chi", 1)]);
    assert_eq!(who(&room), [ana().peer()]);
    assert!(!room.was_member(&chi().peer()));
}

#[test]
fn a_round_from_the_far_future_locks_nobody_out() {
    let (mut a, mut b) = (Device::new(ana()), Device::new(ben()));
    let mut room = after(&[a.write(&create()), a.adds(&ben(), "Ben", u32::MAX)]);
    assert!(!room.was_member(&ben().peer()));
    let added = a.adds(&ben(), "Ben", 1);
    b.acts_by(&added);
    room.apply(&added);
    room.apply(&b.leaves(1, vec![]));
    assert_eq!(room.next_round(&ben().peer()), Some(2));
    room.apply(&a.adds(&ben(), "Ben", 2));
    assert!(room.is_member(&ben().peer()));
}

#[test]
fn who_leaves_in_a_round_that_is_not_there_yet_stays_and_loses_none() {
    let (mut a, mut b, events) = with_ben();
    let mut room = after(&events);
    assert!(room.apply(&b.leaves(u32::MAX, vec![])).is_empty());
    assert!(room.is_member(&ben().peer()));
    room.apply(&b.leaves(1, vec![]));
    assert_eq!((room.is_member(&ben().peer()), room.next_round(&ben().peer())), (false, Some(2)));
    room.apply(&a.adds(&ben(), "Ben", 2));
    assert!(room.is_member(&ben().peer()));
}

#[test]
fn who_came_in_by_the_second_round_first_is_told_of_when_the_first_comes() {
    let (mut a, mut b) = (Device::new(ana()), Device::new(ben()));
    // A Leave of no round that there is makes room for the second.
    let mut room = after(&[a.write(&create()), b.leaves(3, vec![]), a.adds(&ben(), "Ben", 2)]);
    let (first, log) = (a.adds(&ben(), "Ben", 1), wire::LogId(7));
    assert_eq!((room.round(&ben().peer()), room.limit(&ben().peer(), log, log)), (Some(2), Some(0)));
    assert!(room.apply(&first).known.contains(&ben().peer()));
    assert_eq!(room.limit(&ben().peer(), log, log), None);
}

#[test]
fn nobody_leaves_for_somebody_else() {
    let (_, mut b, events) = with_ben();
    let room = after(&[events, vec![b.leaves(1, vec![])]].concat());
    assert_eq!(who(&room), [ana().peer()]);
}

#[test]
fn a_direct_room_has_its_two_people_and_no_control_log() {
    let mut room = Membership::direct(ana().peer(), ben().peer());
    assert_eq!(room.room(), direct_room_id(&ben().peer(), &ana().peer()));
    assert_eq!((who(&room), room.is_direct(), room.name()), (sorted(&[&ana(), &ben()]), true, None));
    let mut a = Device::within(room.room(), ana());
    assert!(room.apply(&a.adds(&chi(), "Chi", 1)).is_empty());
    assert!(room.apply(&a.leaves(1, vec![])).is_empty());
    assert_eq!(who(&room), sorted(&[&ana(), &ben()]));
    let control = rooms::run::decode(&raw(&[a.adds(&chi(), "Chi", 1)]), &room.room()).expect("a run");
    assert_eq!(room.admits(&control), Admission::Refused);
}

#[test]
fn events_of_other_rooms_and_content_change_nothing() {
    let mut room = after(&[Device::new(ana()).write(&create())]);
    assert!(room.apply(&Device::within(wire::RoomId([1; 32]), ana()).adds(&ben(), "Ben", 1)).is_empty());
    assert!(room.apply(&Device::new(ana()).says("hello")).is_empty());
}

#[test]
fn unknown_control_kinds_and_broken_payloads_are_kept_and_change_nothing() {
    let mut room = after(&[Device::new(ana()).write(&create())]);
    for (kind, payload) in [(9, b"later".as_slice()), (kind::ADD, b"noise"), (kind::LEAVE, &[0])] {
        let log = wire::LogId(wire::LogId::CONTROL | 77);
        let event = check(&[forge(&rooms::Header { kind, log, ..header(payload) }, Some(&ana()), payload)]).expect("valid").remove(0);
        assert!(room.apply(&event).is_empty());
        assert_eq!(room.line(&event), None);
    }
    assert_eq!(who(&room), [ana().peer()]);
}

#[test]
fn nobody_hands_on_a_control_event_without_its_content() {
    let (.., events) = with_ben();
    let stripped = events[1].without_payload();
    assert_eq!(rooms::run::decode(&raw(&[stripped]), &room()).map(|_| ()), Err(rooms::EventFault::NoPayload));
}

#[test]
fn content_is_admitted_from_whoever_was_ever_a_member() {
    let ((_, mut b, events), mut c) = (with_ben(), Device::new(chi()));
    let mut room = after(&events);
    let hello = b.says("hello");
    let said = received(std::slice::from_ref(&hello));
    assert_eq!(room.admits(&said), Admission::Counts);
    room.apply(&b.leaves(1, cut(&[&hello])));
    assert_eq!(room.admits(&said), Admission::Counts);
    let log = hello.header.log;
    assert_eq!(room.limit(&ben().peer(), log, log), Some(hello.header.seq), "ben had said that this is all");
    assert_eq!(room.admits(&received(&[c.says("let me in")])), Admission::Refused);
    assert_eq!(room.admits(&received(&[c.adds(&ben(), "Ben", 1)])), Admission::Pending);
}

#[test]
fn strangers_fill_the_waiting_room_and_members_still_get_in() {
    let (mut a, mut b, mut c) = (Device::new(ana()), Device::new(ben()), Device::new(chi()));
    let mut room = Membership::group(room());
    let create = a.write(&create());
    for round in 1..=MAX_PENDING_EVENTS as u32 {
        let event = c.adds(&chi(), "Chi", round);
        assert_eq!(room.admits(&received(std::slice::from_ref(&event))), Admission::Pending);
        room.apply(&event);
    }
    let added = a.adds(&ben(), "Ben", 1);
    b.acts_by(&added);
    let one_more = received(&[b.adds(&chi(), "Chi", 1)]);
    assert_eq!(room.admits(&one_more), Admission::Refused);
    let founding = received(std::slice::from_ref(&create));
    assert_eq!(room.admits(&founding), Admission::Counts, "the founding is never kept out");
    room.apply(&create);
    room.apply(&added);
    assert_eq!(room.admits(&one_more), Admission::Counts, "ben is known by now");
    assert!(!room.was_member(&chi().peer()));
}

#[test]
fn whoever_is_known_frees_the_waiting_room() {
    let (mut a, mut b, mut c) = (Device::new(ana()), Device::new(ben()), Device::new(chi()));
    let mut room = after(&[a.write(&create())]);
    for round in 1..=MAX_PENDING_EVENTS as u32 {
        room.apply(&b.adds(&ben(), "Ben", round));
    }
    let of_chi = received(&[c.adds(&ben(), "Ben", 1)]);
    assert_eq!(room.admits(&of_chi), Admission::Refused);
    room.apply(&a.adds(&ben(), "Ben", 1));
    assert_eq!(room.admits(&of_chi), Admission::Pending);
}

#[test]
fn one_members_control_events_are_bounded() {
    let mut a = Device::new(ana());
    let mut room = after(&[a.write(&create())]);
    let leave = Payload::Leave { by: a.right, round: 1, cut: vec![] };
    for chunk in 0..MAX_CONTROL_EVENTS_PER_MEMBER / 128 {
        let run = a.write_all(&vec![leave.clone(); 128]);
        let last = chunk + 1 == MAX_CONTROL_EVENTS_PER_MEMBER / 128;
        assert_eq!(room.admits(&received(&run)), if last { Admission::Refused } else { Admission::Counts });
        if !last {
            run.iter().for_each(|event| drop(room.apply(event)));
        }
    }
}

#[test]
fn long_control_events_are_bounded_by_their_bytes() {
    let (mut a, mut c) = (Device::new(ana()), Device::new(chi()));
    let create = a.write(&create());
    let room = after(std::slice::from_ref(&create));
    let cut: CutList = (0..2_500).map(|n| (wire::LogId(1 << 39 | n), 1, vec![])).collect();
    let long = Payload::Leave { by: a.right, round: 1, cut };
    let len = long.encode().len();
    let taken = |device: &mut Device| {
        let mut room = room.clone();
        let is_taken = |_: &u32| {
            let event = device.write(&long);
            let admission = room.admits(&received(std::slice::from_ref(&event)));
            room.apply(&event);
            admission != Admission::Refused
        };
        (0..1_000).take_while(is_taken).count()
    };
    let founding = create.payload().map_or(0, <[u8]>::len);
    assert_eq!(taken(&mut a), (MAX_CONTROL_EVENTS_PER_MEMBER * CONTROL_EVENT_BYTES - founding) / len);
    assert_eq!(taken(&mut c), MAX_PENDING_EVENTS * CONTROL_EVENT_BYTES / len);
}
