//! Membership as a function of a set: any order, any copies, and the definition written down a
//! second time.

use std::collections::{BTreeMap, BTreeSet};

use identity::{Identity, PeerId};
use proptest::prelude::*;
use rooms::{Changed, Membership, MembershipLine, Payload, Position, Verified};

use crate::people::*;

const PEOPLE: u8 = 5;
const KEYS: u8 = 2;

fn person(number: u8) -> Identity {
    if number == 0 { ana() } else { Identity::from_seed(&[number; 32]) }
}

fn payload() -> impl Strategy<Value = Payload> {
    let round = || prop_oneof![6 => 1..4_u32, 1 => Just(u32::MAX)];
    let key = || (0..KEYS).prop_map(|key| [key; 32]);
    prop_oneof![
        1 => "[AB]".prop_map(|name| Payload::Create { nonce: NONCE, name, creator: "Ana".into() }),
        8 => (0..PEOPLE, "[a-c]", round(), prop::option::of(key()))
            .prop_map(|(who, name, round, invite)| Payload::Add { device: person(who).peer(), name, round, invite }),
        3 => round().prop_map(|round| Payload::Leave { round }),
        1 => (key(), 1..3_u32).prop_map(|(key, uses)| Payload::Invite { key, uses, expires: 0 }),
        1 => key().prop_map(|key| Payload::Revoke { key }),
    ]
}

/// What people wrote, at times that overlap, and an order in which another member receives it.
fn scene() -> impl Strategy<Value = (Vec<(u8, u64, Payload)>, Vec<usize>)> {
    prop::collection::vec((0..PEOPLE, 0..4_u64, payload()), 1..40).prop_flat_map(|writes| {
        let order: Vec<usize> = (0..writes.len()).chain(0..writes.len() / 3).collect();
        (Just(writes), Just(order).prop_shuffle())
    })
}

fn write(writes: &[(u8, u64, Payload)]) -> Vec<Verified> {
    let mut devices: Vec<Device> = (0..PEOPLE).map(|number| Device::new(person(number))).collect();
    let mut events = vec![devices[0].write(&create())];
    events.extend(writes.iter().map(|(who, later, payload)| {
        let device = &mut devices[usize::from(*who)];
        device.now += later;
        device.write(payload)
    }));
    events
}

/// Everything that can be asked.
fn view(room: &Membership) -> impl PartialEq + std::fmt::Debug {
    let people: Vec<_> = (0..PEOPLE)
        .map(|n| person(n).peer())
        .map(|p| (room.was_member(&p), room.round(&p), room.next_round(&p), room.name_of(&p).map(str::to_owned)))
        .collect();
    let members: Vec<_> = room.members().collect();
    let invites: Vec<_> = room.invites().collect();
    (people, members, invites, room.lines(), room.name().map(str::to_owned))
}

/// The definition of `docs/PROTOCOL.md` §2.1, slowly: round of each lasting membership, and all who
/// were ever members.
fn by_definition(events: &[Verified]) -> (BTreeMap<PeerId, u32>, BTreeSet<PeerId>) {
    let said: Vec<(PeerId, Payload)> = events.iter().map(|event| (event.header.device, Payload::of(event).expect("as written"))).collect();
    let left = |peer: &PeerId| {
        let rounds = said.iter().filter_map(|(author, payload)| match payload {
            Payload::Leave { round } if author == peer => Some(*round),
            _ => None,
        });
        rounds.max().unwrap_or(0)
    };
    let mut known = BTreeSet::from([ana().peer()]);
    let mut rounds = BTreeMap::from([(ana().peer(), 1)]);
    loop {
        let before = (known.clone(), rounds.clone());
        for (author, payload) in &said {
            let Payload::Add { device, round, .. } = payload else { continue };
            if known.contains(author) && u64::from(*round) <= u64::from(left(device)) + 1 {
                known.insert(*device);
                let highest = rounds.entry(*device).or_insert(0);
                *highest = (*highest).max(*round);
            }
        }
        if (&known, &rounds) == (&before.0, &before.1) {
            rounds.retain(|peer, round| *round > left(peer));
            return (rounds, known);
        }
    }
}

proptest! {
    #[test]
    fn any_order_of_control_events_gives_the_same_membership((writes, order) in scene()) {
        let events = write(&writes);
        let (mut one, mut other) = (Membership::group(room()), Membership::group(room()));
        for event in &events {
            one.apply(event);
        }
        // The Create is the last but one to come, long after those whom it makes members.
        for index in order.iter().map(|index| index + 1).chain([0, 1]) {
            other.apply(&events[index]);
        }
        prop_assert_eq!(view(&one), view(&other));
        let rounds: BTreeMap<_, _> = other.members().map(|member| (member.peer, member.round)).collect();
        let known: BTreeSet<_> = (0..PEOPLE).map(|n| person(n).peer()).filter(|peer| other.was_member(peer)).collect();
        prop_assert_eq!((rounds, known), by_definition(&events));
    }

    #[test]
    fn whoever_follows_the_changes_knows_the_room((writes, order) in scene()) {
        let events = write(&writes);
        let mut room = Membership::group(room());
        let mut lines: BTreeMap<Position, MembershipLine> = BTreeMap::new();
        let mut rounds: BTreeMap<PeerId, u32> = BTreeMap::new();
        let mut known = BTreeSet::new();
        let mut name = None;
        for index in order.iter().map(|index| index + 1).chain([0]) {
            let invites: Vec<_> = room.invites().collect();
            let changed: Changed = room.apply(&events[index]);
            prop_assert!(changed.invites || room.invites().collect::<Vec<_>>() == invites);
            prop_assert!(changed.name || room.name().map(str::to_owned) == name);
            name = room.name().map(str::to_owned);
            changed.hidden.iter().for_each(|position| drop(lines.remove(position)));
            lines.extend(changed.shown);
            known.extend(changed.known);
            for peer in changed.members {
                match room.round(&peer) {
                    Some(round) => rounds.insert(peer, round),
                    None => rounds.remove(&peer),
                };
            }
        }
        prop_assert_eq!(lines.into_values().collect::<Vec<_>>(), room.lines());
        prop_assert_eq!(rounds.len(), room.member_count());
        prop_assert_eq!(rounds, room.members().map(|member| (member.peer, member.round)).collect::<BTreeMap<_, _>>());
        prop_assert!(known.iter().all(|peer| room.was_member(peer)) && (0..PEOPLE).all(|n| room.was_member(&person(n).peer()) == known.contains(&person(n).peer())));
    }
}
