//! From all that is known to the rows that the doctor shows: pure.

use std::net::IpAddr;

use wire::reach::NatClass;

use super::evidence::Evidence;
use super::facts::Portal;
use super::firewall::{command, this_program};
use super::row::{DoctorRow, DoorProtocol, Finding, FindingDetails, FindingLevel, FixKind, IpVersion};
use crate::mapping::{MappingAnswer, MappingProtocol, MappingState};
use crate::reach::{Reach, Scope};
use crate::rendezvous::DhtState;

/// What was found out, troubles first.
pub fn diagnose(evidence: &Evidence<'_>) -> Vec<DoctorRow> {
    let mut rows = Vec::new();
    match evidence.sockets() {
        Reach::Closed => rows.push(trouble(Finding::Closed, vec![FixKind::OtherPort, FixKind::TryNow])),
        Reach::NoNetwork => rows.push(trouble(Finding::NoNetwork, vec![FixKind::TryNow])),
        Reach::ThisComputer => rows.push(if has_no_way_out(evidence) {
            trouble(Finding::NoNetwork, vec![FixKind::TryNow])
        } else {
            note(Finding::OnlyThisComputer, Vec::new())
        }),
        Reach::ThisNetwork | Reach::PerhapsOutside => {
            rows.extend(of_the_way_in(evidence));
            rows.extend(of_ipv6(evidence));
            rows.extend(of_what_is_well(evidence));
        }
    }
    rows.extend(of_the_network(evidence));
    rows.extend(of_switches(evidence));
    rows.sort_by_key(|row| (row.level, row.finding));
    rows
}

fn has_no_way_out(evidence: &Evidence<'_>) -> bool {
    evidence.system.is_some_and(|system| !system.ipv4 && !system.ipv6)
}

/// What the network at large does, whoever listens where.
fn of_the_network(evidence: &Evidence<'_>) -> Vec<DoctorRow> {
    let mut rows = Vec::new();
    if let Some(Portal::Present { url }) = evidence.system.map(|system| &system.portal) {
        rows.push(trouble(Finding::CaptivePortal, vec![FixKind::OpenPortal { url: url.clone() }, FixKind::TryNow]));
    }
    if evidence.system.is_some_and(|system| !system.ipv4 && system.ipv6) {
        rows.push(note(Finding::Ipv6Only, Vec::new()));
    }
    let dht = evidence.reach.dht;
    if evidence.is_udp_blocked() || (dht == DhtState::Unreachable && evidence.links > 0) {
        let level = if evidence.came_in(IpVersion::V4).is_some() { FindingLevel::Note } else { FindingLevel::Trouble };
        rows.push(DoctorRow { level, ..trouble(Finding::UdpBlocked, vec![FixKind::TryNow]) });
    } else if dht == DhtState::Unreachable {
        rows.push(note(Finding::DhtSilent, vec![FixKind::TryNow]));
    }
    if evidence.own_address_failed {
        rows.push(note(Finding::Hairpin, Vec::new()));
    }
    rows
}

/// What keeps others out by IPv4. Nothing does, once somebody has come in.
fn of_the_way_in(evidence: &Evidence<'_>) -> Vec<DoctorRow> {
    if evidence.came_in(IpVersion::V4).is_some() {
        return Vec::new();
    }
    let mut rows: Vec<DoctorRow> = Vec::new();
    let behind_vpn = evidence.system.is_some_and(|system| system.tunnel) && !shows_the_router(evidence);
    if behind_vpn {
        rows.push(trouble(Finding::Vpn, Vec::new()));
    }
    if evidence.is_behind_router() && !evidence.has_door(IpVersion::V4) {
        rows.extend(of_the_router(evidence));
        if evidence.reach.nat == NatClass::Hard {
            rows.push(with_port(trouble(Finding::ChangingDoors, forward(evidence)), evidence));
        }
    }
    let known = !rows.is_empty();
    rows.extend(of_the_firewall(evidence, known));
    rows
}

/// Peers see this device under the router's own address, so that no VPN hides it.
fn shows_the_router(evidence: &Evidence<'_>) -> bool {
    let wan = evidence.reach.mappings.router.wan;
    wan.is_some_and(|wan| evidence.reach.observed.iter().any(|seen| seen.ip() == wan))
}

/// What the router said when it was asked for a door.
fn of_the_router(evidence: &Evidence<'_>) -> Option<DoctorRow> {
    let mappings = &evidence.reach.mappings;
    let answers = evidence.answers();
    let outer = mappings.router.wan.map(outer_scope);
    let said_so = answers.contains(&&MappingAnswer::NoPublicAddress);
    if !evidence.reach.settings.mapping {
        return Some(note(Finding::MappingOff, vec![FixKind::TurnMappingOn]));
    }
    match outer {
        Some(Outer::House) => return Some(trouble(Finding::TwoRouters, vec![FixKind::TryNow])),
        Some(Outer::Shared) => return Some(trouble(Finding::SharedAddress, reach_otherwise(evidence))),
        Some(Outer::Public) | None if said_so => return Some(trouble(Finding::SharedAddress, reach_otherwise(evidence))),
        Some(Outer::Public) | None => {}
    }
    if mappings.state != MappingState::Settled {
        return None;
    }
    let failed = answers.iter().any(|answer| matches!(answer, MappingAnswer::Failed(_)));
    let silent = answers.iter().any(|answer| matches!(answer, MappingAnswer::Silent | MappingAnswer::Refused));
    let finding = match (failed, silent) {
        (true, _) => Finding::RouterFailed,
        (false, true) => Finding::UpnpOff,
        (false, false) => return None,
    };
    Some(with_port(trouble(finding, forward(evidence)), evidence))
}

enum Outer {
    Public,
    /// A provider's (RFC 6598).
    Shared,
    /// Of another router in the house.
    House,
}

fn outer_scope(wan: IpAddr) -> Outer {
    match (Scope::of(wan), wan) {
        (Scope::Public, _) => Outer::Public,
        (Scope::Private, IpAddr::V4(v4)) if v4.is_private() => Outer::House,
        (Scope::Private | Scope::Link | Scope::Loopback | Scope::Nowhere, _) => Outer::Shared,
    }
}

/// What this computer does itself to those who knock. `known`: something else already explains
/// that nobody comes in.
fn of_the_firewall(evidence: &Evidence<'_>, known: bool) -> Option<DoctorRow> {
    let firewall = evidence.system.and_then(|system| system.firewall);
    let allow = || {
        let line = firewall.zip(evidence.port()).map(|(firewall, port)| command(firewall, port, &this_program()));
        vec![FixKind::AllowInFirewall { command: line }, FixKind::TryNow]
    };
    let row = |row: DoctorRow| {
        let mut row = with_port(row, evidence);
        row.details.firewall = firewall;
        row
    };
    let nobody_near = evidence.reach.came_in_nearby.is_none();
    let led_here = evidence.has_door(IpVersion::V4) || evidence.has_public(IpVersion::V4);
    if evidence.is_shut(IpVersion::V4) && led_here && nobody_near {
        return Some(row(trouble(Finding::LocalFirewall, allow())));
    }
    if evidence.is_shut(IpVersion::V4) && !known {
        let fixes = forward(evidence).into_iter().chain([FixKind::TryNow]).collect();
        return Some(with_port(trouble(Finding::NotReached, fixes), evidence));
    }
    (firewall.is_some() && nobody_near && !evidence.has_come_in()).then(|| row(note(Finding::FirewallOn, allow())))
}

fn of_ipv6(evidence: &Evidence<'_>) -> Option<DoctorRow> {
    if !evidence.has_public(IpVersion::V6) || !evidence.is_shut(IpVersion::V6) {
        return None;
    }
    let level = if evidence.came_in(IpVersion::V4).is_some() { FindingLevel::Note } else { FindingLevel::Trouble };
    let turn_on = (!evidence.reach.settings.mapping).then_some(FixKind::TurnMappingOn);
    let mut row = with_port(trouble(Finding::Ipv6Closed, turn_on.into_iter().chain([FixKind::TryNow]).collect()), evidence);
    (row.level, row.details.ip) = (level, Some(IpVersion::V6));
    Some(row)
}

fn of_what_is_well(evidence: &Evidence<'_>) -> Vec<DoctorRow> {
    let mut rows = vec![with_port(well(Finding::Listening), evidence)];
    for door in evidence.doors() {
        let protocol = Some(match door.by {
            MappingProtocol::Upnp => DoorProtocol::Upnp,
            MappingProtocol::NatPmp => DoorProtocol::NatPmp,
            MappingProtocol::Pcp => DoorProtocol::Pcp,
        });
        let ip = Some(if door.external.is_ipv4() { IpVersion::V4 } else { IpVersion::V6 });
        let details = FindingDetails { port: Some(door.external.port()), protocol, ip, ..FindingDetails::default() };
        rows.push(DoctorRow { details, ..well(Finding::Mapped) });
    }
    for version in [IpVersion::V4, IpVersion::V6] {
        if let Some(at) = evidence.came_in(version) {
            let details = FindingDetails { at: Some(at), ip: Some(version), ..FindingDetails::default() };
            rows.push(DoctorRow { details, ..well(Finding::CameIn) });
        }
    }
    if let Some(at) = evidence.reach.came_in_nearby {
        let details = FindingDetails { at: Some(at), ..FindingDetails::default() };
        rows.push(DoctorRow { details, ..well(Finding::CameInNearby) });
    }
    let tried = [IpVersion::V4, IpVersion::V6].into_iter().any(|version| evidence.failed_check(version).is_some());
    if !evidence.has_come_in() && !tried {
        rows.push(note(Finding::NotChecked, vec![FixKind::TryNow]));
    }
    rows
}

fn of_switches(evidence: &Evidence<'_>) -> Vec<DoctorRow> {
    let (reach, mut rows) = (evidence.reach, Vec::new());
    if !reach.settings.internet {
        rows.push(note(Finding::InternetOff, vec![FixKind::TurnInternetOn]));
    }
    if reach.dht == DhtState::Reachable {
        rows.push(well(Finding::DhtAnswers));
    }
    if !reach.settings.carry {
        rows.push(note(Finding::CarryOff, vec![FixKind::TurnCarryOn]));
    }
    if reach.carried_today > 0 {
        let details = FindingDetails { bytes: Some(reach.carried_today), ..FindingDetails::default() };
        rows.push(DoctorRow { details, ..well(Finding::Carried) });
    }
    rows
}

fn forward(evidence: &Evidence<'_>) -> Vec<FixKind> {
    evidence.port().map(|port| FixKind::ForwardPort { port }).into_iter().collect()
}

/// Where no door can be had, people can still meet through the DHT.
fn reach_otherwise(evidence: &Evidence<'_>) -> Vec<FixKind> {
    (!evidence.reach.settings.internet).then_some(FixKind::TurnInternetOn).into_iter().collect()
}

fn with_port(mut row: DoctorRow, evidence: &Evidence<'_>) -> DoctorRow {
    row.details.port = evidence.port();
    row
}

fn trouble(finding: Finding, fixes: Vec<FixKind>) -> DoctorRow {
    DoctorRow { finding, level: FindingLevel::Trouble, details: FindingDetails::default(), fixes }
}

fn note(finding: Finding, fixes: Vec<FixKind>) -> DoctorRow {
    DoctorRow { level: FindingLevel::Note, ..trouble(finding, fixes) }
}

fn well(finding: Finding) -> DoctorRow {
    DoctorRow { level: FindingLevel::Ok, ..trouble(finding, Vec::new()) }
}
