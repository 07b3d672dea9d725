//! What the doctor finds, where a lab can bring it about. The other rows are tested with fakes of
//! the system, beside `diagnose`.

use std::time::Duration;

use lab::{Lab, Meeting, Nat, Plan, Side, Upnp};

use crate::NODE;

const WHOLE: Duration = Duration::from_secs(90);
/// What was found out is told within this time.
const FOUND_WITHIN: Duration = Duration::from_secs(20);

/// Ana alone behind this router finds this.
fn found(nat: Nat, finding: &str) {
    let lab = Lab::build(Plan::pair(nat, Nat::Open), NODE);
    let meeting = Meeting::begin(&lab);
    meeting.ana.finds(finding, FOUND_WITHIN);
}

#[test]
fn a_router_without_doors_is_named() {
    lab::test(WHOLE, || found(Nat::Eim, "upnp_off"));
}

#[test]
#[ignore = "not met yet: one peer's silence is not believed"]
fn a_network_without_udp_is_named() {
    lab::test(WHOLE, || found(Nat::NoUdp, "udp_blocked"));
}

#[test]
fn a_symmetric_router_is_named() {
    lab::test(WHOLE, || found(Nat::Sym, "changing_doors"));
}

/// A router that opens doors, with this address on its outer side.
fn found_with_outer(address: &str, finding: &str) {
    let lab = Lab::build(Plan::one(Nat::Upnp), NODE);
    lab.ip("ra", "addr flush dev wan0");
    lab.ip("ra", &format!("addr add {address}/24 dev wan0"));
    let _upnp = Upnp::start(&lab, "a", &[]);
    lab.person("ana", "a").finds(finding, FOUND_WITHIN);
}

#[test]
fn a_provider_that_shares_an_address_is_named() {
    lab::test(WHOLE, || found_with_outer("100.64.0.7", "shared_address"));
}

#[test]
#[ignore = "not met yet: told as shared_address"]
fn a_router_behind_a_router_is_named() {
    lab::test(WHOLE, || found_with_outer("192.168.77.2", "two_routers"));
}

#[test]
fn doors_that_are_turned_off_are_named_and_can_be_turned_on() {
    lab::test(WHOLE, || {
        let lab = Lab::build(Plan::one(Nat::Upnp), NODE);
        let upnp = Upnp::start(&lab, "a", &[]);
        let ana = lab.person("ana", "a");
        ana.call("set_mapping", serde_json::json!({"on": false}));
        ana.finds("mapping_off", FOUND_WITHIN);
        ana.call("fix", serde_json::json!({"fix": {"fix": "turn_mapping_on"}}));
        ana.finds("mapped", FOUND_WITHIN);
        assert!(upnp.doors() > 0);
    });
}

#[test]
fn only_somebody_who_came_in_from_outside_makes_a_device_reachable() {
    lab::test(WHOLE, || {
        // With a provider between, ben is no neighbour of ana's: neighbours prove nothing.
        let lab = Lab::build(Plan::pair(Nat::Open, Nat::Eim).with_hops(), NODE);
        let ana = lab.person("ana", "a");
        assert_eq!(ana.reach(), "not_known");
        let invite = ana.invite(Some(&ana.create_room("Visitors")), 5);
        lab.person("ben", "b").must_join(&invite, FOUND_WITHIN);
        ana.watch("ana is reachable", FOUND_WITHIN, |ana| (ana.reach() == "reachable").then_some(()));
        ana.finds("came_in", FOUND_WITHIN);
    });
}

#[test]
#[ignore = "not met yet: in so small a room ana dials all the others, so nobody is left to try"]
fn a_computer_that_turns_visitors_away_although_the_router_lets_them_in_is_named() {
    lab::test(WHOLE, || {
        let mut plan = Plan::pair(Nat::Upnp, Nat::Eim);
        plan.sides.push(Side { name: "d", nat: Nat::Open });
        let lab = Lab::build(plan.with_hops(), NODE);
        lab.rules(
            "a",
            "table ip shut { chain inp { type filter hook input priority 0; iifname \"eth0\" ct state new meta l4proto tcp drop; }\n}\n",
        );
        let _upnp = Upnp::start(&lab, "a", &[]);
        let meeting = Meeting::begin(&lab);
        let invite = meeting.chi.invite(Some(&meeting.room), 1);
        lab.person("dan", "d").must_join(&invite, FOUND_WITHIN);
        meeting.ana.finds("local_firewall", FOUND_WITHIN * 2);
    });
}
