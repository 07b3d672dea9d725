//! Doors in a real router's software: miniupnpd, by each of its protocols.

use std::time::{Duration, Instant};

use lab::{Inside, Lab, Nat, Plan, Upnp};

use crate::NODE;

const WHOLE: Duration = Duration::from_secs(120);
/// A router that was restarted has forgotten its doors.
const RESTORED_WITHIN: Duration = Duration::from_secs(90);
/// At exit the doors are closed; this long the program may take for it.
const CLOSED_WITHIN: Duration = Duration::from_secs(2);
/// What is not closed ends by its lease, of two minutes, and is swept up within another.
const EXPIRED_WITHIN: Duration = Duration::from_secs(190);

fn until_doors(upnp: &Upnp, what: &str, limit: Duration, fits: impl Fn(usize) -> bool) -> Duration {
    let began = Instant::now();
    while !fits(upnp.doors()) {
        assert!(began.elapsed() < limit, "{what}: not within {limit:?}; {} doors; miniupnpd said:\n{}", upnp.doors(), upnp.log());
        std::thread::sleep(Duration::from_millis(200));
    }
    began.elapsed()
}

/// Ben comes in from outside by a door, which is gone when ana's program ends in order.
fn opened_and_closed(plan: Plan, inside: Inside) {
    let lab = Lab::build(plan, NODE);
    let (ana, _ben, upnp) = lab::doors_open(&lab, inside);
    ana.stop();
    let after = until_doors(&upnp, "the doors are closed", CLOSED_WITHIN, |doors| doors == 0);
    println!("{inside:?}: closed after {after:?}");
}

#[test]
fn a_door_by_upnp_lets_somebody_in_and_is_closed_at_exit() {
    lab::test(WHOLE, || opened_and_closed(Plan::pair(Nat::Upnp, Nat::Eim), Inside::Upnp));
}

#[test]
fn a_door_by_nat_pmp_lets_somebody_in_and_is_closed_at_exit() {
    lab::test(WHOLE, || opened_and_closed(Plan::pair(Nat::Upnp, Nat::Eim), Inside::NatPmp));
}

#[test]
fn a_door_by_pcp_lets_somebody_in_and_is_closed_at_exit() {
    lab::test(WHOLE, || opened_and_closed(Plan::pair(Nat::Upnp, Nat::Eim), Inside::Pcp));
}

#[test]
fn a_pinhole_lets_somebody_in_by_ipv6_and_is_closed_at_exit() {
    lab::test(WHOLE, || opened_and_closed(Plan::pair(Nat::Upnp, Nat::Open).with_ipv6(), Inside::Pinhole));
}

#[test]
fn doors_are_open_again_after_the_router_was_restarted() {
    lab::test(WHOLE + RESTORED_WITHIN, || {
        let lab = Lab::build(Plan::pair(Nat::Upnp, Nat::Eim), NODE);
        let (ana, _ben, upnp) = lab::doors_open(&lab, Inside::Upnp);
        let before = upnp.doors();
        upnp.restart();
        let after = until_doors(&upnp, "the doors are open again", RESTORED_WITHIN, |doors| doors >= before);
        println!("open again after {after:?}");
        let room = ana.create_room("After the restart");
        let invite = ana.invite(Some(&room), 1);
        let chi = lab.person("chi", "c");
        chi.must_join(&invite, Duration::from_secs(15));
    });
}

#[test]
#[ignore = "waits for a lease to end: three minutes"]
fn doors_of_a_program_that_was_killed_are_closed_by_their_lease() {
    lab::test(WHOLE + EXPIRED_WITHIN, || {
        let lab = Lab::build(Plan::pair(Nat::Upnp, Nat::Eim), NODE);
        let (ana, _ben, upnp) = lab::doors_open(&lab, Inside::Pcp);
        ana.kill9();
        assert!(upnp.doors() > 0, "nobody has closed them");
        let after = until_doors(&upnp, "the lease ends", EXPIRED_WITHIN, |doors| doors == 0);
        println!("closed after {after:?}");
    });
}
