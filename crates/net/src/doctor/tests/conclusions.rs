use wire::reach::{CheckOutcome, NatClass};

use super::super::conclude::{OwnReach, conclude};
use super::{Known, door};
use crate::reach::{CameIn, Checked};

#[track_caller]
fn check(mut known: Known, change: impl FnOnce(&mut Known), expected: OwnReach) {
    change(&mut known);
    assert_eq!(conclude(&known.evidence()), expected);
}

#[test]
fn reachable_is_said_only_after_somebody_has_come_in_from_outside() {
    check(Known::at_home(), |_| {}, OwnReach::Reachable);
    check(Known::at_home(), |known| known.reach.came_in = CameIn { v4: None, v6: Some(5) }, OwnReach::Reachable);
    let nobody = |known: &mut Known| {
        known.reach.came_in = CameIn::default();
        known.reach.came_in_nearby = None;
    };
    check(Known::at_home(), nobody, OwnReach::NotKnown);
    let public = |known: &mut Known| known.listens_at(&["203.0.113.9:4747"]);
    check(Known::shut_in(), public, OwnReach::NotKnown);
}

#[test]
fn who_came_from_the_same_network_shows_that_it_can_be_reached_there() {
    check(Known::at_home(), |known| known.reach.came_in = CameIn::default(), OwnReach::ThisNetwork);
    check(Known::shut_in(), |_| {}, OwnReach::ThisNetwork);
}

#[test]
fn a_failed_try_or_a_hopeless_network_leaves_the_way_out() {
    let failed = |known: &mut Known| known.reach.checked_v4 = Some(Checked { outcome: CheckOutcome::TimedOut, at: 7 });
    check(Known::shut_in(), failed, OwnReach::OnlyOutward);
    check(Known::shut_in(), |known| known.reach.nat = NatClass::Hard, OwnReach::OnlyOutward);
    check(Known::shut_in(), |known| known.reach.nat = NatClass::Blocked, OwnReach::OnlyOutward);
    let with_door = |known: &mut Known| {
        known.reach.nat = NatClass::Hard;
        known.reach.mappings.doors.push(door("192.168.1.5:4747", "203.0.113.9:4747"));
    };
    check(Known::shut_in(), with_door, OwnReach::NotKnown);
    let not_done = |known: &mut Known| known.reach.checked_v4 = Some(Checked { outcome: CheckOutcome::NotDone, at: 7 });
    check(Known::shut_in(), not_done, OwnReach::ThisNetwork);
}

#[test]
fn without_sockets_or_beyond_this_computer_nothing_else_counts() {
    let closed = |known: &mut Known| {
        known.listening.clear();
        known.failed = true;
    };
    check(Known::at_home(), closed, OwnReach::Closed);
    check(Known::at_home(), |known| known.listening.clear(), OwnReach::NoNetwork);
    check(Known::at_home(), |known| known.listens_at(&["127.0.0.1:4747"]), OwnReach::ThisComputer);
}
