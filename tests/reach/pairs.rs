//! Two people who share a room with a third, whom both reach, while packets are lost.

use std::time::Duration;

use lab::{Best, Lab, Nat, Path, Plan};

use crate::NODE;

/// A whole lab: building it, three profiles, two joins, and the wait.
const WHOLE: Duration = Duration::from_secs(90);
/// A link that is possible stands after this time.
const LINKED_WITHIN: Duration = Duration::from_secs(15);
/// A carrier helps out sooner. Twice what is promised: other labs run beside this one, and
/// `./bench reach` measures it.
const CARRIED_WITHIN: Duration = Duration::from_secs(6);
/// As on a bad line; in per cent.
const LOSS: f64 = 5.0;

/// The two get the best link that their routers allow.
fn check(a: Nat, b: Nat, expected: Best) {
    assert_eq!(lab::best(a, b), expected);
    let lab = Lab::build(Plan::pair(a, b).with_hops().losing(LOSS), NODE);
    let met = lab::meet(&lab, expected != Best::Circuit, LINKED_WITHIN);
    println!("{a} {b}: {met:?}");
    // QUIC may be the first of the two; TCP replaces it later.
    let fits = match expected {
        Best::Tcp | Best::Quic => met.direct.is_some(),
        Best::Circuit => met.by == "circuit" && met.words.iter().any(|word| word == lab::CHANGING),
    };
    assert!(fits, "{a} {b}: {met:?}");
    if expected == Best::Circuit {
        let (after, path) = met.first.expect("there is a link");
        assert!(after <= CARRIED_WITHIN && path == Path::Through("chi".to_owned()), "{a} {b}: {path:?} after {after:?}");
    }
}

#[test]
fn two_with_public_addresses_are_linked_by_tcp() {
    lab::test(WHOLE, || check(Nat::Open, Nat::Open, Best::Tcp));
}

#[test]
fn one_behind_a_router_dials_the_other_who_is_public() {
    lab::test(WHOLE, || check(Nat::Open, Nat::Eim, Best::Tcp));
}

#[test]
fn a_symmetric_router_is_passed_from_inside_to_one_who_lets_all_in() {
    lab::test(WHOLE, || check(Nat::FullCone, Nat::CgSym, Best::Tcp));
}

#[test]
fn two_behind_usual_routers_meet_in_the_middle_by_tcp() {
    lab::test(WHOLE, || check(Nat::Eim, Nat::Eim, Best::Tcp));
}

#[test]
fn a_router_that_answers_strangers_and_a_provider_s_router_are_passed_by_tcp() {
    lab::test(WHOLE, || check(Nat::EimRst, Nat::CgEim, Best::Tcp));
}

#[test]
fn where_udp_does_not_pass_tcp_does() {
    lab::test(WHOLE, || check(Nat::NoUdp, Nat::EimRst, Best::Tcp));
}

#[test]
fn a_symmetric_router_is_found_among_many_ports_by_quic() {
    lab::test(WHOLE, || check(Nat::EimRst, Nat::Sym, Best::Quic));
}

#[test]
fn two_symmetric_routers_are_passed_by_a_circuit() {
    lab::test(WHOLE, || check(Nat::Sym, Nat::CgSym, Best::Circuit));
}

#[test]
fn a_symmetric_router_without_udp_opposite_is_passed_by_a_circuit() {
    lab::test(WHOLE, || check(Nat::NoUdp, Nat::Sym, Best::Circuit));
}
