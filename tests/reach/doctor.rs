//! What the doctor finds, where a lab can bring it about. The other rows are tested with fakes of
//! the system, beside `diagnose`.

use std::time::Duration;

use lab::{Lab, Meeting, Nat, Plan, Upnp};

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
fn a_network_without_udp_is_named() {
    lab::test(WHOLE, || {
        let lab = Lab::build(Plan::pair(Nat::NoUdp, Nat::Open), NODE);
        let dht = lab::Dht::start();
        let ana = lab.person_with("ana", "a", lab::Launch { arguments: dht.arguments() });
        // One peer's silence proves nothing; that of the whole DHT does, while there is a link.
        ana.call("set_internet", serde_json::json!({"on": true}));
        let ben = lab.person("ben", "b");
        ana.must_join(&ben.invite(Some(&ben.create_room("Visitors")), 5), FOUND_WITHIN);
        ana.finds("udp_blocked", FOUND_WITHIN);
    });
}

#[test]
fn a_symmetric_router_is_named() {
    lab::test(WHOLE, || found(Nat::Sym, "changing_doors"));
}

#[test]
fn a_provider_that_shares_an_address_is_named() {
    lab::test(WHOLE, || {
        let lab = Lab::build(Plan::one(Nat::Upnp), NODE);
        lab.ip("ra", "addr flush dev wan0");
        lab.ip("ra", "addr add 100.64.0.7/24 dev wan0");
        let _upnp = Upnp::start(&lab, "a", &[]);
        lab.person("ana", "a").finds("shared_address", FOUND_WITHIN);
    });
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
