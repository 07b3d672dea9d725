use wire::reach::{CheckOutcome, NatClass};

use super::super::diagnose::diagnose;
use super::super::facts::Portal;
use super::super::row::{DoctorRow, DoorProtocol, Finding, FindingLevel, Firewall, FixKind, IpVersion};
use super::{Known, door};
use crate::mapping::{MappingAnswer, MappingState};
use crate::reach::{CameIn, Checked};
use crate::rendezvous::DhtState;
use Finding as F;

/// What `known` is told, after a change: exactly these.
#[track_caller]
fn check(mut known: Known, change: impl FnOnce(&mut Known), expected: &[Finding]) -> Vec<DoctorRow> {
    change(&mut known);
    let rows = diagnose(&known.evidence());
    let found: Vec<Finding> = rows.iter().map(|row| row.finding).collect();
    assert_eq!(found, expected);
    rows
}

fn row(rows: &[DoctorRow], finding: Finding) -> &DoctorRow {
    rows.iter().find(|row| row.finding == finding).expect("checked above")
}

fn tried(outcome: CheckOutcome, at: u64) -> Option<Checked> {
    Some(Checked { outcome, at })
}

const TIMED_OUT: CheckOutcome = CheckOutcome::TimedOut;

#[test]
fn where_all_is_well_nothing_else_is_said() {
    let rows = check(Known::at_home(), |_| {}, &[F::Listening, F::CameIn, F::CameInNearby, F::Mapped, F::DhtAnswers]);
    assert!(rows.iter().all(|row| row.level == FindingLevel::Ok && row.fixes.is_empty()));
    assert_eq!(row(&rows, F::Listening).details.port, Some(4747));
    assert_eq!(row(&rows, F::CameIn).details.at, Some(1_000));
    let door = &row(&rows, F::Mapped).details;
    assert_eq!((door.protocol, door.ip, door.port), (Some(DoorProtocol::Upnp), Some(IpVersion::V4), Some(4747)));
}

#[test]
fn a_silent_router_opens_no_doors() {
    let expected = [F::UpnpOff, F::NotChecked, F::Listening, F::DhtAnswers];
    let rows = check(Known::shut_in(), |_| {}, &expected);
    let told = row(&rows, F::UpnpOff);
    assert_eq!((told.level, &told.fixes[..]), (FindingLevel::Trouble, &[FixKind::ForwardPort { port: 4747 }][..]));
    check(Known::shut_in(), |known| known.answer(MappingAnswer::Refused), &expected);
    let searching = [F::NotChecked, F::Listening, F::DhtAnswers];
    check(Known::shut_in(), |known| known.reach.mappings.state = MappingState::Searching, &searching);
    check(Known::shut_in(), |known| known.listens_at(&["203.0.113.9:4747"]), &searching);
}

#[test]
fn a_router_that_fails_is_told_as_such() {
    let failed = |known: &mut Known| known.answer(MappingAnswer::Failed("500".to_owned()));
    check(Known::shut_in(), failed, &[F::RouterFailed, F::NotChecked, F::Listening, F::DhtAnswers]);
}

#[test]
fn a_provider_that_shares_an_address_is_told_from_two_routers_in_a_row() {
    let wan = |text: &'static str| {
        move |known: &mut Known| {
            known.answer(MappingAnswer::NoPublicAddress);
            known.reach.mappings.router.wan = Some(text.parse().expect("an address"));
        }
    };
    let shared = [F::SharedAddress, F::NotChecked, F::Listening, F::DhtAnswers];
    check(Known::shut_in(), wan("100.64.3.4"), &shared);
    check(Known::shut_in(), |known| known.answer(MappingAnswer::NoPublicAddress), &shared);
    for house in ["192.168.0.7", "10.0.0.7", "172.16.0.7"] {
        check(Known::shut_in(), wan(house), &[F::TwoRouters, F::NotChecked, F::Listening, F::DhtAnswers]);
    }
    let mut off = Known::shut_in();
    off.reach.settings.internet = false;
    off.reach.dht = DhtState::Off;
    let rows = check(off, wan("100.64.3.4"), &[F::SharedAddress, F::NotChecked, F::InternetOff, F::Listening]);
    assert_eq!(row(&rows, F::SharedAddress).fixes, [FixKind::TurnInternetOn], "people can still meet");
}

#[test]
fn a_network_that_changes_its_doors_is_told_unless_a_door_is_held_open() {
    let hard = |known: &mut Known| known.reach.nat = NatClass::Hard;
    let rows = check(Known::shut_in(), hard, &[F::UpnpOff, F::ChangingDoors, F::NotChecked, F::Listening, F::DhtAnswers]);
    assert_eq!(row(&rows, F::ChangingDoors).fixes, [FixKind::ForwardPort { port: 4747 }]);
    let with_door = |known: &mut Known| {
        hard(known);
        known.reach.mappings.doors.push(door("192.168.1.5:4747", "203.0.113.9:4747"));
    };
    check(Known::shut_in(), with_door, &[F::NotChecked, F::Listening, F::Mapped, F::DhtAnswers]);
    check(Known::at_home(), hard, &[F::Listening, F::CameIn, F::CameInNearby, F::Mapped, F::DhtAnswers]);
}

#[test]
fn udp_is_blocked_where_the_dht_is_silent_and_links_stand() {
    let blocked = |known: &mut Known| known.reach.nat = NatClass::Blocked;
    check(Known::shut_in(), blocked, &[F::UpnpOff, F::UdpBlocked, F::NotChecked, F::Listening, F::DhtAnswers]);
    let silent = |known: &mut Known| known.reach.dht = DhtState::Unreachable;
    check(Known::shut_in(), silent, &[F::UpnpOff, F::UdpBlocked, F::NotChecked, F::Listening]);
    let alone = |known: &mut Known| {
        silent(known);
        known.links = 0;
    };
    let rows = check(Known::shut_in(), alone, &[F::UpnpOff, F::NotChecked, F::DhtSilent, F::Listening]);
    assert_eq!(row(&rows, F::DhtSilent).level, FindingLevel::Note, "it may be the DHT");
    let rows = check(Known::at_home(), silent, &[F::UdpBlocked, F::Listening, F::CameIn, F::CameInNearby, F::Mapped]);
    assert_eq!(row(&rows, F::UdpBlocked).level, FindingLevel::Note, "who comes in by TCP needs none");
}

#[test]
fn where_a_door_leads_here_and_nobody_gets_in_the_computer_itself_refuses() {
    let refused = |known: &mut Known| {
        known.reach.mappings.doors.push(door("192.168.1.5:4747", "203.0.113.9:4747"));
        known.reach.checked_v4 = tried(TIMED_OUT, 2_000);
        known.system.as_mut().expect("asked").firewall = Some(Firewall::Ufw);
    };
    let rows = check(Known::shut_in(), refused, &[F::LocalFirewall, F::Listening, F::Mapped, F::DhtAnswers]);
    let told = row(&rows, F::LocalFirewall);
    assert_eq!((told.level, told.details.firewall, told.details.port), (FindingLevel::Trouble, Some(Firewall::Ufw), Some(4747)));
    let command = Some("sudo ufw allow 4747 comment Grapevine".to_owned());
    assert_eq!(told.fixes.first(), Some(&FixKind::AllowInFirewall { command }));
    let near = |known: &mut Known| {
        refused(known);
        known.reach.came_in_nearby = Some(3_000);
    };
    check(Known::shut_in(), near, &[F::NotReached, F::Listening, F::CameInNearby, F::Mapped, F::DhtAnswers]);
}

#[test]
fn a_firewall_that_is_on_is_named_until_somebody_has_come_in() {
    let on = |known: &mut Known| known.system.as_mut().expect("asked").firewall = Some(Firewall::Firewalld);
    let rows = check(Known::shut_in(), on, &[F::UpnpOff, F::FirewallOn, F::NotChecked, F::Listening, F::DhtAnswers]);
    assert_eq!(row(&rows, F::FirewallOn).level, FindingLevel::Note);
    let near = |known: &mut Known| {
        on(known);
        known.reach.came_in_nearby = Some(3_000);
    };
    check(Known::shut_in(), near, &[F::UpnpOff, F::NotChecked, F::Listening, F::CameInNearby, F::DhtAnswers]);
    check(Known::at_home(), on, &[F::Listening, F::CameIn, F::CameInNearby, F::Mapped, F::DhtAnswers]);
}

#[test]
fn a_visitor_who_comes_after_a_failed_try_refutes_it_and_one_who_came_before_does_not() {
    let later = |known: &mut Known| known.reach.checked_v4 = tried(CheckOutcome::Refused, 999);
    check(Known::at_home(), later, &[F::Listening, F::CameIn, F::CameInNearby, F::Mapped, F::DhtAnswers]);
    let before = |known: &mut Known| known.reach.checked_v4 = tried(CheckOutcome::Refused, 1_001);
    check(Known::at_home(), before, &[F::NotReached, F::Listening, F::CameInNearby, F::Mapped, F::DhtAnswers]);
    let not_done = |known: &mut Known| known.reach.checked_v4 = tried(CheckOutcome::NotDone, 1_001);
    check(Known::at_home(), not_done, &[F::Listening, F::CameIn, F::CameInNearby, F::Mapped, F::DhtAnswers]);
}

#[test]
fn ipv6_is_closed_where_a_global_address_leads_nobody_in() {
    let both = |known: &mut Known| known.listens_at(&["[2a01:db8::5]:4747", "192.168.1.5:4747"]);
    check(Known::at_home(), both, &[F::Listening, F::CameIn, F::CameInNearby, F::Mapped, F::DhtAnswers]);
    let closed = |known: &mut Known| {
        both(known);
        known.reach.checked_v6 = tried(TIMED_OUT, 2_000);
    };
    let rows = check(Known::at_home(), closed, &[F::Ipv6Closed, F::Listening, F::CameIn, F::CameInNearby, F::Mapped, F::DhtAnswers]);
    assert_eq!(row(&rows, F::Ipv6Closed).level, FindingLevel::Note, "IPv4 leads in");
    let rows = check(Known::shut_in(), closed, &[F::UpnpOff, F::Ipv6Closed, F::Listening, F::DhtAnswers]);
    assert_eq!(row(&rows, F::Ipv6Closed).level, FindingLevel::Trouble);
    let came_in = |known: &mut Known| {
        closed(known);
        known.reach.came_in = CameIn { v4: None, v6: Some(3_000) };
    };
    check(Known::shut_in(), came_in, &[F::UpnpOff, F::Listening, F::CameIn, F::DhtAnswers]);
}

#[test]
fn where_there_is_only_ipv6_that_is_told() {
    let only = |known: &mut Known| {
        known.listens_at(&["[2a01:db8::5]:4747"]);
        let system = known.system.as_mut().expect("asked");
        (system.ipv4, system.ipv6) = (false, true);
    };
    let rows = check(Known::shut_in(), only, &[F::Ipv6Only, F::NotChecked, F::Listening, F::DhtAnswers]);
    assert_eq!(row(&rows, F::Ipv6Only).level, FindingLevel::Note);
}

#[test]
fn a_network_that_wants_a_sign_in_opens_its_page() {
    let url = Some("http://nmcheck.gnome.org/check_network_status.txt".to_owned());
    let portal = |known: &mut Known| known.system.as_mut().expect("asked").portal = Portal::Present { url: url.clone() };
    let rows = check(Known::shut_in(), portal, &[F::CaptivePortal, F::UpnpOff, F::NotChecked, F::Listening, F::DhtAnswers]);
    assert_eq!(rows.first().and_then(|row| row.fixes.first()), Some(&FixKind::OpenPortal { url: url.clone() }));
    let unknown = |known: &mut Known| known.system.as_mut().expect("asked").portal = Portal::Unknown;
    check(Known::shut_in(), unknown, &[F::UpnpOff, F::NotChecked, F::Listening, F::DhtAnswers]);
}

#[test]
fn a_vpn_hides_unless_peers_see_the_router_itself() {
    let vpn = |known: &mut Known| known.system.as_mut().expect("asked").tunnel = true;
    let hidden = |known: &mut Known| {
        vpn(known);
        known.reach.came_in = CameIn::default();
        known.reach.observed = vec!["198.51.100.7:4747".parse().expect("an address")];
    };
    check(Known::at_home(), hidden, &[F::Vpn, F::NotChecked, F::Listening, F::CameInNearby, F::Mapped, F::DhtAnswers]);
    let split = |known: &mut Known| {
        hidden(known);
        known.reach.observed = vec!["203.0.113.9:4747".parse().expect("an address")];
    };
    check(Known::at_home(), split, &[F::NotChecked, F::Listening, F::CameInNearby, F::Mapped, F::DhtAnswers]);
    check(Known::at_home(), vpn, &[F::Listening, F::CameIn, F::CameInNearby, F::Mapped, F::DhtAnswers]);
}

#[test]
fn ones_own_address_from_inside_is_no_fault() {
    let rows = check(
        Known::at_home(),
        |known| known.own_address_failed = true,
        &[F::Hairpin, F::Listening, F::CameIn, F::CameInNearby, F::Mapped, F::DhtAnswers],
    );
    assert_eq!(row(&rows, F::Hairpin).level, FindingLevel::Note);
}

#[test]
fn a_computer_that_cannot_listen_or_has_no_network_is_told_that_first() {
    let closed = |known: &mut Known| {
        known.listening.clear();
        known.failed = true;
    };
    let rows = check(Known::shut_in(), closed, &[F::Closed, F::DhtAnswers]);
    assert_eq!(rows.first().and_then(|row| row.fixes.first()), Some(&FixKind::OtherPort));
    check(Known::shut_in(), |known| known.listening.clear(), &[F::NoNetwork, F::DhtAnswers]);
    let loopback = |known: &mut Known| known.listens_at(&["127.0.0.1:4747"]);
    check(Known::shut_in(), loopback, &[F::OnlyThisComputer, F::DhtAnswers]);
    let offline = |known: &mut Known| {
        loopback(known);
        known.system.as_mut().expect("asked").ipv4 = false;
    };
    check(Known::shut_in(), offline, &[F::NoNetwork, F::DhtAnswers]);
}

#[test]
fn what_is_turned_off_can_be_turned_on() {
    let off = |known: &mut Known| {
        known.reach.settings = crate::reach::ReachSettings { mapping: false, internet: false, carry: false };
        known.reach.dht = DhtState::Off;
        known.reach.mappings.state = MappingState::Off;
    };
    let rows = check(Known::shut_in(), off, &[F::MappingOff, F::NotChecked, F::InternetOff, F::CarryOff, F::Listening]);
    assert_eq!(row(&rows, F::MappingOff).fixes, [FixKind::TurnMappingOn]);
    assert_eq!(row(&rows, F::InternetOff).fixes, [FixKind::TurnInternetOn]);
    assert_eq!(row(&rows, F::CarryOff).fixes, [FixKind::TurnCarryOn]);
}

#[test]
fn what_was_carried_for_friends_today_is_counted() {
    let expected = [F::Listening, F::CameIn, F::CameInNearby, F::Mapped, F::DhtAnswers, F::Carried];
    let rows = check(Known::at_home(), |known| known.reach.carried_today = 7_000, &expected);
    assert_eq!(row(&rows, F::Carried).details.bytes, Some(7_000));
}

#[test]
fn no_row_holds_an_address() {
    let mut known = Known::shut_in();
    known.reach.checked_v4 = tried(TIMED_OUT, 2_000);
    for rows in [diagnose(&known.evidence()), diagnose(&Known::at_home().evidence())] {
        let text = format!("{rows:?}");
        for address in ["192.168", "203.0"] {
            assert!(!text.contains(address), "{text}");
        }
    }
}
