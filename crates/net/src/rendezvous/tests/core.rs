//! What the core does, in virtual time.

use identity::Identity;
use wire::reach::NatClass;

use super::world::{NOON, World, ana, meeting, target};
use crate::rendezvous::effect::Input;
use crate::rendezvous::keys::Slot;
use crate::rendezvous::limits::*;
use crate::rendezvous::meeting::{DhtState, Own, RendezvousEvent, Seat, Side};
use crate::rendezvous::value::{Said, Value, seal};

const MINUTE: u64 = 60_000;
const HOUR: u64 = 60 * MINUTE;

fn ben() -> Identity {
    Identity::from_seed(&[2; 32])
}

/// Two who attend, the second one after `wait`; how long after that one of them knows that the
/// other fires at it, so that both can get through.
fn meet(first: Side, second: Side, wait: u64, clock: i64, wall: u64) -> u64 {
    let mut world = World::at(wall);
    let people = [world.person(ana()), world.person(ben())];
    world.people[1].clock = clock;
    let of = |side| if matches!(side, Side::Inviter | Side::Smaller) { people[0] } else { people[1] };
    world.attend(of(first), first);
    world.run(wait);
    world.attend(of(second), second);
    let start = world.now;
    world.run(5 * MINUTE);
    for (one, other) in [(0, 1), (1, 0)] {
        assert!(world.met(one).contains(&world.address(other)), "{first:?} waits {wait}, clock {clock}");
    }
    people.iter().filter_map(|who| world.fired_at(*who)).min().expect("one fired") - start
}

#[test]
fn nothing_is_done_before_it_is_turned_on_nor_after_it_is_off() {
    let mut world = World::at(NOON);
    let person = world.person(ana());
    world.tell(person, Input::Meetings(vec![meeting(Side::Inviter)]));
    world.tell(person, Input::Own(Own { tcp: Some(([99, 0, 0, 1], 4747).into()), ..Own::default() }));
    world.run(HOUR);
    let done = |world: &World| (world.people[person].asked, world.people[person].searched, world.people[person].stored);
    assert_eq!(done(&world), (0, 0, 0));
    world.tell(person, Input::On(true));
    world.run(MINUTE);
    let (asked, searched, stored) = done(&world);
    assert!(asked > 0 && searched > 0 && stored > 0);
    world.tell(person, Input::On(false));
    world.run(HOUR);
    assert_eq!(done(&world), (asked, searched, stored));
    assert_eq!(world.states(person), [DhtState::Joining, DhtState::Reachable, DhtState::Off]);
}

#[test]
fn whoever_comes_second_two_people_meet_within_eight_seconds() {
    for (first, second) in [(Side::Inviter, Side::Joiner), (Side::Joiner, Side::Inviter), (Side::Smaller, Side::Greater)] {
        let mut times: Vec<u64> = (0..40).map(|step| meet(first, second, 20_000 + step * 1_234, 0, NOON)).collect();
        times.sort_unstable();
        println!("{first:?} waits 20-70 s: p50 {} ms, p95 {} ms, most {} ms", times[20], times[38], times[39]);
        assert!(times[38] <= 8_000, "{first:?} {times:?}");
    }
}

#[test]
fn an_inviter_who_waited_for_more_than_a_day_is_found_too() {
    let mut times: Vec<u64> = (0..8).map(|step| meet(Side::Inviter, Side::Joiner, 25 * HOUR + step * 1_234, 0, NOON)).collect();
    times.sort_unstable();
    println!("the inviter waits 25 h: p50 {} ms, most {} ms", times[4], times[7]);
    assert!(times[7] <= 20_000, "{times:?}");
}

#[test]
fn clocks_that_differ_by_less_than_two_hours_do_not_part_them() {
    for clock in [-119 * 60_000, 119 * 60_000] {
        for hour in [0, 1, 2, 11, 12, 13, 22, 23] {
            meet(Side::Inviter, Side::Joiner, 10_000, clock, NOON - 12 * HOUR + hour * HOUR + 30 * MINUTE);
        }
    }
}

#[test]
fn those_who_wait_across_midnight_stay_to_be_found() {
    let mut world = World::at(NOON + 12 * HOUR - MINUTE);
    let (inviter, joiner) = (world.person(ana()), world.person(ben()));
    world.attend(inviter, Side::Inviter);
    world.run(3 * HOUR);
    world.attend(joiner, Side::Joiner);
    world.run(MINUTE);
    assert!(world.met(joiner).contains(&world.address(inviter)));
    let yesterday = Slot::of(&[7; 32], 20_000, Seat::Inviter).public;
    let today = Slot::of(&[7; 32], 20_001, Seat::Inviter).public;
    assert!(world.slots.contains_key(&target(&yesterday)) && world.slots.contains_key(&target(&today)));
}

#[test]
fn several_who_join_at_once_all_meet_the_inviter() {
    let mut world = World::at(NOON);
    let inviter = world.person(ana());
    world.attend(inviter, Side::Inviter);
    world.run(2 * MINUTE);
    let joiners: Vec<usize> = (2..6).map(|seed| world.person(Identity::from_seed(&[seed; 32]))).collect();
    for joiner in &joiners {
        world.attend(*joiner, Side::Joiner);
    }
    world.run(5 * MINUTE);
    for joiner in joiners {
        assert!(world.met(inviter).contains(&world.address(joiner)), "{:?}", world.met(inviter));
        assert!(world.met(joiner).contains(&world.address(inviter)));
    }
}

#[test]
fn a_holder_of_the_invite_leads_nobody_astray_in_the_inviters_name() {
    let mut world = World::at(NOON);
    let joiner = world.person(ben());
    let slot = Slot::of(&[7; 32], 20_000, Seat::Inviter);
    let said = Said { udp: Some(([6, 6, 6, 6], 666).into()), ..Said::default() };
    let forged = seal(&slot, &Value { time: NOON, said }, Some(&ben()), [0; 24]).expect("it fits");
    world.slots.insert(target(&slot.public), (1, forged));
    world.attend(joiner, Side::Joiner);
    world.run(MINUTE);
    assert_eq!(world.met(joiner), []);
}

#[test]
fn a_slot_that_changes_all_the_time_is_told_now_and_then() {
    let mut world = World::at(NOON);
    let inviter = world.person(ana());
    world.attend(inviter, Side::Inviter);
    let slot = Slot::of(&[7; 32], 20_000, Seat::Joiner(1));
    for second in 0..300_u16 {
        let said = Said { udp: Some(([6, 6, 6, 6], 1_000 + second).into()), ..Said::default() };
        let value = seal(&slot, &Value { time: NOON + world.now, said }, None, [0; 24]).expect("it fits");
        world.slots.insert(target(&slot.public), (i64::from(second), value));
        world.run(1_000);
    }
    let told = world.met(inviter).len() as u64;
    assert!((2..=1 + 300_000 / MET_EVERY).contains(&told), "{told}");
    let stored = world.people[inviter].stored as u64;
    assert!(stored <= SAY_BURST + 300_000 / SAY_EVERY + 1, "{stored}");
}

#[test]
fn addresses_of_ones_own_computer_are_not_told() {
    let mut world = World::at(NOON);
    let inviter = world.person(ana());
    world.attend(inviter, Side::Inviter);
    let slot = Slot::of(&[7; 32], 20_000, Seat::Joiner(1));
    let local = |port| std::net::SocketAddr::from(([127, 0, 0, 1], port));
    let mapped = "[::ffff:127.0.0.1]:631".parse().expect("an address");
    let said = Said { udp: Some(local(1)), tcp: Some(local(2)), own: vec![local(3), mapped], ..Said::default() };
    let value = seal(&slot, &Value { time: NOON, said }, None, [0; 24]).expect("it fits");
    world.slots.insert(target(&slot.public), (1, value));
    world.run(MINUTE);
    let nothing =
        |event: &RendezvousEvent| matches!(event, RendezvousEvent::Met { udp: None, tcp: None, addresses, .. } if addresses.is_empty());
    assert!(world.people[inviter].heard.iter().any(|(_, event)| nothing(event)));
    assert_eq!(world.met(inviter), []);
}

#[test]
fn the_class_of_the_nat_is_what_the_ports_tell_and_is_passed_on() {
    for hard in [false, true] {
        let mut world = World::at(NOON);
        let (inviter, joiner) = (world.person(ana()), world.person(ben()));
        world.people[inviter].hard = hard;
        world.attend(inviter, Side::Inviter);
        world.run(10_000);
        world.attend(joiner, Side::Joiner);
        world.run(10 * MINUTE);
        let expected = if hard { NatClass::Hard } else { NatClass::Easy };
        let seen = |(_, event): &&(u64, RendezvousEvent)| matches!(event, RendezvousEvent::Seen { class, .. } if *class == expected);
        assert_eq!(world.people[inviter].heard.iter().filter(seen).count(), 1, "told once, though ports change");
        let told = |(_, event): &(u64, RendezvousEvent)| matches!(event, RendezvousEvent::Met { class, .. } if *class == expected);
        assert!(world.people[joiner].heard.iter().any(told));
    }
}

#[test]
fn silence_is_noticed_and_so_is_its_end() {
    let mut world = World::at(NOON);
    let person = world.person(ana());
    world.deaf = true;
    world.attend(person, Side::Inviter);
    world.run(11_000);
    assert_eq!(world.states(person), [DhtState::Joining, DhtState::Unreachable]);
    world.run(10 * MINUTE);
    let searched = world.people[person].searched;
    assert!(searched < 40, "{searched}");
    world.deaf = false;
    world.run(6 * MINUTE);
    assert_eq!(world.states(person).last(), Some(&DhtState::Reachable));
    world.deaf = true;
    world.run(2 * MINUTE);
    assert_eq!(world.states(person).last(), Some(&DhtState::Unreachable));
}

#[test]
fn without_anybody_to_await_it_falls_silent() {
    let mut world = World::at(NOON);
    let person = world.person(ana());
    world.tell(person, Input::On(true));
    world.run(HOUR);
    let Some(DhtState::Reachable) = world.states(person).last() else { panic!("{:?}", world.states(person)) };
    let person = &world.people[person];
    assert!(person.asked < 80 && person.searched <= 1 && person.stored == 0, "{} {}", person.asked, person.searched);
}

#[test]
fn many_meetings_are_bounded_in_number_and_cost() {
    let mut world = World::at(NOON);
    let person = world.person(ana());
    let meetings = (0..100).map(|byte| {
        let mut meeting = meeting(Side::Inviter);
        meeting.secret = [byte; 32];
        meeting
    });
    world.tell(person, Input::Meetings(meetings.collect()));
    world.tell(person, Input::On(true));
    world.run(2 * MINUTE);
    assert_eq!(world.people[person].core.meetings.len(), MAX_MEETINGS);
    let (asked, searched) = (world.people[person].asked, world.people[person].searched);
    world.run(HOUR);
    let person = &world.people[person];
    assert!(person.searched - searched <= 21, "{}", person.searched - searched);
    assert!(person.asked - asked <= 3600, "{}", person.asked - asked);
}
