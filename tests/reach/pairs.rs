//! Two people who share a room with a third, whom both reach.

use std::time::Duration;

use lab::{Lab, Meeting, Nat, Path, Plan};

use crate::NODE;

/// A whole lab: building it, three profiles, two joins, and the wait.
const WHOLE: Duration = Duration::from_secs(90);
/// A link that is possible stands after this time.
const LINKED_WITHIN: Duration = Duration::from_secs(10);
/// What is not possible is known to be so after this time.
const KNOWN_WITHIN: Duration = Duration::from_secs(15);

fn linked_by_tcp(a: Nat, b: Nat) {
    let lab = Lab::build(Plan::pair(a, b), NODE);
    let met = Meeting::begin(&lab).wait(&lab, true, LINKED_WITHIN);
    println!("{a} {b}: {met:?}");
    assert!(matches!(met.first, Some((_, Path::Direct))) && met.by == "tcp", "{a} {b}: {met:?}");
}

#[test]
fn two_with_public_addresses_are_linked_by_tcp() {
    lab::test(WHOLE, || linked_by_tcp(Nat::Open, Nat::Open));
}

#[test]
fn one_behind_a_router_dials_the_other_who_is_public() {
    lab::test(WHOLE, || linked_by_tcp(Nat::Open, Nat::Eim));
}

#[test]
fn two_behind_routers_hear_each_other_through_the_third() {
    lab::test(WHOLE, || {
        let lab = Lab::build(Plan::pair(Nat::Eim, Nat::Eim), NODE);
        let meeting = Meeting::begin(&lab);
        let met = meeting.wait(&lab, true, KNOWN_WITHIN);
        println!("{met:?}");
        assert_eq!((met.first, met.through.as_deref()), (None, Some("chi")));
    });
}
