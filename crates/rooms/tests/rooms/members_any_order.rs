//! Membership as a function of a set: any order, any copies, one by one and all at once.

use std::collections::{BTreeMap, BTreeSet};

use identity::{Identity, PeerId};
use proptest::prelude::*;
use rooms::authority::{Act, Cut, Kept, Op, Pass, Rank, Role, Setting, fold};
use rooms::{Changed, CutList, Membership, MembershipLine, Payload, Position, Verified};
use wire::LogId;

use crate::people::*;

const PEOPLE: u8 = 5;
const KEYS: u8 = 2;

fn person(number: u8) -> Identity {
    if number == 0 { ana() } else { Identity::from_seed(&[number; 32]) }
}

fn invite(number: u8) -> Identity {
    Identity::from_seed(&[0x80 + number; 32])
}

/// What somebody says, by a right that the scene finds for them.
#[derive(Clone, Debug)]
enum Words {
    Create,
    Add(u8, String, u32, Option<u8>),
    Leave(u32, u32),
    Remove(u8, u32, u32),
    Role(u8, u32, u32, Role, u32),
    Invite(u8, u32),
    Revoke(u8, Option<u8>),
    Set(u32, Setting, u32),
}

#[derive(Clone, Debug)]
struct Said {
    who: u8,
    later: u64,
    /// Which of the events so far is the right: mostly one that gave the author one.
    by: Option<prop::sample::Index>,
    words: Words,
}

fn words() -> impl Strategy<Value = Words> {
    let (who, round, last) = (|| 0..PEOPLE, || prop_oneof![8 => Just(1), 3 => 2..4_u32, 1 => Just(u32::MAX)], || 0..12_u32);
    let role = prop::sample::select(vec![Role::Member, Role::Admin, Role::Owner]);
    let setting = prop_oneof![
        "[AB]".prop_map(Setting::Name),
        "[ab]?".prop_map(Setting::Topic),
        any::<bool>().prop_map(Setting::AdminsAdd),
        any::<bool>().prop_map(Setting::History),
    ];
    prop_oneof![
        1 => Just(Words::Create),
        10 => (who(), "[a-c]", round(), prop::option::of(0..KEYS)).prop_map(|(who, name, round, key)| Words::Add(who, name, round, key)),
        2 => (round(), last()).prop_map(|(round, last)| Words::Leave(round, last)),
        3 => (who(), round(), last()).prop_map(|(who, round, last)| Words::Remove(who, round, last)),
        4 => (who(), round(), 1..3_u32, role, last()).prop_map(|(who, round, turn, role, last)| Words::Role(who, round, turn, role, last)),
        2 => (0..KEYS, 1..3_u32).prop_map(|(key, uses)| Words::Invite(key, uses)),
        1 => (0..KEYS, prop::option::of(who())).prop_map(|(key, used)| Words::Revoke(key, used)),
        2 => (1..3_u32, setting, last()).prop_map(|(version, setting, last)| Words::Set(version, setting, last)),
    ]
}

/// What people wrote, at times that overlap, and an order in which another member receives it.
fn scene() -> impl Strategy<Value = (Vec<Said>, Vec<usize>)> {
    let by = prop_oneof![6 => Just(None), 1 => any::<prop::sample::Index>().prop_map(Some)];
    let said = (0..PEOPLE, 0..4_u64, by, words()).prop_map(|(who, later, by, words)| Said { who, later, by, words });
    prop::collection::vec(said, 1..40).prop_flat_map(|writes| {
        let order: Vec<usize> = (0..writes.len()).chain(0..writes.len() / 3).collect();
        (Just(writes), Just(order).prop_shuffle())
    })
}

fn write(writes: &[Said]) -> Vec<Verified> {
    let mut devices: Vec<Device> = (0..PEOPLE).map(|number| Device::new(person(number))).collect();
    let logs: Vec<LogId> = devices.iter_mut().map(|device| device.leaves(1, vec![]).header.log).collect();
    let mut devices: Vec<Device> = devices.into_iter().map(|device| Device::new(device.identity)).collect();
    let mut events = vec![devices[0].write(&create())];
    let mut offers = BTreeMap::new();
    for Said { who, later, by, words } in writes {
        let own = devices[usize::from(*who)].right;
        let right = by.map_or(own, |by| events[by.index(events.len())].id());
        let cut = |of: &u8, last: &u32| match *last {
            0 => vec![],
            last => vec![(logs[usize::from(*of)], last, if last % 3 == 0 { vec![1, last - 1] } else { vec![] })],
        };
        let offer = |key: &u8| offers.get(key).copied().unwrap_or(right);
        let device = |of: &u8| person(*of).peer();
        let payload = match words {
            Words::Create => Payload::Create { nonce: NONCE, name: "Again".into(), creator: "Ana".into() },
            Words::Add(of, name, round, key) => {
                let pass = key.map(|key| pass(offer(&key), &invite(key), &device(of)));
                Payload::Add { by: right, device: device(of), name: name.clone(), round: *round, pass }
            }
            Words::Leave(round, last) => Payload::Leave { by: right, round: *round, cut: cut(who, last) },
            Words::Remove(of, round, last) => Payload::Remove { by: right, device: device(of), round: *round, cut: cut(of, last) },
            Words::Role(of, round, turn, role, last) => {
                Payload::SetRole { by: right, device: device(of), round: *round, turn: *turn, role: *role, cut: cut(of, last) }
            }
            Words::Invite(key, uses) => {
                Payload::Invite { by: right, key: *invite(*key).peer().as_bytes(), uses: *uses, expires: NOON + 20 }
            }
            Words::Revoke(key, used) => {
                let used = used.iter().map(|of| (device(of), 1)).collect();
                Payload::Revoke { by: right, invite: offer(key), used }
            }
            Words::Set(version, setting, last) => {
                let known = if *last == 0 { vec![] } else { vec![(device(who), cut(who, last))] };
                Payload::Set { by: right, version: *version, setting: setting.clone(), known }
            }
        };
        let author = &mut devices[usize::from(*who)];
        author.now += later;
        let event = author.write(&payload);
        match words {
            Words::Add(of, ..) | Words::Role(of, ..) => devices[usize::from(*of)].acts_by(&event),
            Words::Invite(key, _) => drop(offers.insert(*key, event.id())),
            _ => {}
        }
        events.push(event);
    }
    events
}

fn everybody() -> impl Iterator<Item = PeerId> {
    (0..PEOPLE).map(|number| person(number).peer())
}

/// Everything that can be asked.
fn view(room: &Membership) -> impl PartialEq + std::fmt::Debug {
    let logs = [LogId(1), LogId(LogId::CONTROL | 1), LogId::in_round(2, false, 1), LogId::in_round(3, false, 1)];
    let people: Vec<_> = everybody()
        .map(|p| {
            let counts = (room.was_member(&p), logs.map(|log| room.limit(&p, log, log)));
            let next = (room.next_round(&p), room.next_turn(&p, 1), room.next_turn(&p, 2));
            (counts, room.round(&p), next, room.right(&p), room.entered(&p), room.name_of(&p).map(str::to_owned))
        })
        .collect();
    let members: Vec<_> = room.members().map(|member| (member.peer, member.name.to_owned(), member.creator, member.role)).collect();
    let invites: Vec<_> = room.invites().map(|(key, state)| (state, room.used(&key))).collect();
    let settings: Vec<_> = room.settings().map(|setting| (setting.clone(), room.next_version(setting))).collect();
    (people, members, room.member_count(), invites, settings, room.lines(), room.name().map(str::to_owned))
}

/// What an event does, written down from `docs/PROTOCOL.md` a second time.
fn op(event: &Verified) -> Option<Op> {
    let cut = |cut: CutList| {
        let kept = |(log, last, except): (LogId, u32, Vec<u32>)| (log, Kept { last, except: except.into_iter().collect() });
        cut.into_iter().map(kept).collect::<Cut>()
    };
    let (by, act) = match Payload::of(event).expect("as written") {
        Payload::Create { .. } if event.header.device == ana().peer() => (None, Act::Create),
        // Founds another room.
        Payload::Create { .. } => return None,
        Payload::Add { by, device, round, pass, .. } => {
            let pass = pass.map(|pass| Pass { invite: pass.invite, key: pass.key, at_ms: event.header.hlc.ms() });
            (Some(by), Act::Add { device, round, pass })
        }
        Payload::Leave { by, round, cut: had } => (Some(by), Act::Leave { round, cut: cut(had) }),
        Payload::Remove { by, device, round, cut: had } => (Some(by), Act::Remove { device, round, cut: cut(had) }),
        Payload::SetRole { by, device, round, turn, role, cut: had } => {
            (Some(by), Act::SetRole { device, round, turn, role, cut: cut(had) })
        }
        Payload::Invite { by, key, uses, expires } => (Some(by), Act::Invite { key, uses, expires }),
        Payload::Revoke { by, invite, used } => (Some(by), Act::Revoke { invite, used }),
        Payload::Set { by, version, setting, known } => {
            let known = known.into_iter().map(|(device, had)| (device, cut(had))).collect();
            (Some(by), Act::Set { setting, version, known })
        }
        other => panic!("no control event: {other:?}"),
    };
    Some(Op { id: event.id(), author: event.header.device, at: (event.header.log, event.header.seq), by, act })
}

/// Rights of those who are in, and all who were ever members.
type Stand = (BTreeMap<PeerId, Rank>, BTreeSet<PeerId>);

fn by_definition(events: &[Verified]) -> Stand {
    let ops: Vec<Op> = events.iter().filter_map(op).collect();
    let all = fold(&ops);
    let known = everybody().filter(|peer| all.standing(peer).is_some_and(|standing| standing.was_member()));
    (all.members().map(|(peer, rank)| (*peer, rank)).collect(), known.collect())
}

fn stand(room: &Membership) -> Stand {
    let rights = everybody().filter_map(|peer| Some((peer, room.right(&peer)?))).collect();
    (rights, everybody().filter(|peer| room.was_member(peer)).collect())
}

proptest! {
    #[test]
    fn any_order_of_control_events_gives_the_same_membership((writes, order) in scene()) {
        let events = write(&writes);
        let (mut one, mut other, mut at_once) = (Membership::group(room()), Membership::group(room()), Membership::group(room()));
        for event in &events {
            one.apply(event);
        }
        // The Create is the last but one to come, long after those whom it makes members.
        for index in order.iter().map(|index| index + 1).chain([0, 1]) {
            other.apply(&events[index]);
        }
        at_once.apply_all(events.iter().rev());
        prop_assert_eq!(view(&one), view(&other));
        prop_assert_eq!(view(&one), view(&at_once));
        prop_assert_eq!(stand(&other), by_definition(&events));
    }

    #[test]
    fn after_every_event_the_room_is_as_if_all_had_come_at_once((writes, order) in scene()) {
        let events = write(&writes);
        let mut room = Membership::group(room());
        for count in 0..order.len() {
            // The Create comes early: what follows is mostly taken one by one.
            let had: Vec<&Verified> = [0].into_iter().chain(order[..count].iter().map(|index| index + 1)).map(|at| &events[at]).collect();
            let mut at_once = Membership::group(room.room());
            at_once.apply_all(had.iter().copied());
            room.apply(had.last().expect("the Create at least"));
            prop_assert_eq!(view(&room), view(&at_once));
        }
    }

    #[test]
    fn whether_an_event_would_count_is_known_before_it_is_written((writes, _) in scene()) {
        let (mut room, mut ops) = (Membership::group(room()), Vec::new());
        for event in write(&writes) {
            let (author, at) = (event.header.device, (event.header.log, event.header.seq));
            let payload = Payload::of(&event).expect("as written");
            let would = room.would_count(author, at, &payload);
            room.apply(&event);
            ops.extend(op(&event));
            // Who shows an invite may come too late, or before others who then have none left.
            if !matches!(payload, Payload::Add { pass: Some(_), .. }) {
                prop_assert_eq!(would, fold(&ops).counts(&event.id()), "{:?} by {:?}", payload, author);
            }
        }
    }

    #[test]
    fn whoever_follows_the_changes_knows_the_room((writes, order) in scene()) {
        let events = write(&writes);
        let mut room = Membership::group(room());
        let mut lines: BTreeMap<Position, MembershipLine> = BTreeMap::new();
        let mut members: BTreeMap<PeerId, (Rank, u32, String)> = BTreeMap::new();
        let mut known: BTreeMap<PeerId, _> = BTreeMap::new();
        let set = |room: &Membership| (room.name().map(str::to_owned), room.settings().cloned().collect::<Vec<_>>());
        let counts = |room: &Membership, peer: PeerId| {
            let logs = [1, 2, 3].map(|round| LogId::in_round(round, false, 1));
            let limits = logs.map(|log| room.limit(&peer, log, log));
            room.was_member(&peer).then_some(limits)
        };
        let holds = |room: &Membership, peer: PeerId| {
            Some((room.right(&peer)?, room.round(&peer)?, room.name_of(&peer).unwrap_or_default().to_owned()))
        };
        for index in order.iter().map(|index| index + 1).chain([0]) {
            let (invites, was): (Vec<_>, _) = (room.invites().collect(), set(&room));
            let changed: Changed = room.apply(&events[index]);
            prop_assert!(changed.invites || room.invites().collect::<Vec<_>>() == invites);
            prop_assert_eq!(changed.name, set(&room) != was);
            prop_assert!(changed.hidden.iter().all(|position| lines.remove(position).is_some()));
            prop_assert!(changed.shown.into_iter().all(|(position, line)| lines.insert(position, line).is_none()));
            for peer in changed.known {
                match counts(&room, peer) {
                    Some(limits) => known.insert(peer, limits),
                    None => known.remove(&peer),
                };
            }
            for peer in changed.members {
                match holds(&room, peer) {
                    Some(held) => members.insert(peer, held),
                    None => members.remove(&peer),
                };
            }
        }
        prop_assert_eq!(lines.into_values().collect::<Vec<_>>(), room.lines());
        prop_assert_eq!(members.len(), room.member_count());
        prop_assert_eq!(members, everybody().filter_map(|peer| Some((peer, holds(&room, peer)?))).collect::<BTreeMap<_, _>>());
        prop_assert_eq!(known, everybody().filter_map(|peer| Some((peer, counts(&room, peer)?))).collect::<BTreeMap<_, _>>());
    }
}

#[test]
fn ten_thousand_people_are_let_in_one_by_one_at_once() {
    let mut a = Device::new(ana());
    let create = a.write(&create());
    let add = |n: u32| {
        let mut device = [0; 32];
        device[..4].copy_from_slice(&n.to_be_bytes());
        Payload::Add { by: a.right, device: PeerId::from_bytes(device), name: format!("Person {n}"), round: 1, pass: None }
    };
    let adds: Vec<Payload> = (0..10_000).map(add).collect();
    let events: Vec<Verified> = adds.chunks(500).flat_map(|adds| a.write_all(adds)).collect();
    let mut room = Membership::group(room());
    room.apply(&create);
    let begin = std::time::Instant::now();
    for event in &events {
        room.apply(event);
    }
    let took = begin.elapsed();
    println!("{took:?}");
    assert_eq!(room.member_count(), 10_001);
    assert!(took.as_secs() < 5, "{took:?}: each looks at one person");
    let begin = std::time::Instant::now();
    assert!(adds.iter().all(|add| room.would_count(ana().peer(), (LogId(LogId::CONTROL), 1), add)));
    println!("{:?} to ask", begin.elapsed());
    assert!(begin.elapsed().as_secs() < 5);
}
