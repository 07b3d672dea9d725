//! What the `keeper` promises.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use super::ask::{Answer, Ask};
use super::keeper::Errand;
use super::keeper_world::Says::{No, Nothing, PermanentOnly, Taken, Yes, YesAt};
use super::keeper_world::{Ana, PORT, Says, WAN, at_home, house, house_v6};
use super::limits::{HEAD_START, LEASE, LOOK_EVERY, MAX_LEASE, PORT_TRIES, RENEW};
use super::mappings::{MappingAnswer, MappingProtocol, MappingState, Ports, Transport};
use super::opening::{Grant, Token, Way, Why};
use super::place::Place;

/// Behind such a router: who opened doors, how many, and the answers of UPnP, NAT-PMP and PCP.
fn check(router: [Says; 5], by: Option<MappingProtocol>, doors: usize, answers: [MappingAnswer; 3]) {
    let ana = at_home(router);
    let told = ana.keeper.mappings();
    assert_eq!(told.state, MappingState::Settled);
    assert_eq!(told.doors.len(), doors, "{told:?}");
    assert!(told.doors.iter().all(|door| Some(door.by) == by), "{told:?}");
    assert_eq!([told.router.upnp, told.router.nat_pmp, told.router.pcp], answers);
}

#[test]
fn the_first_protocol_that_grants_keeps_the_doors_and_the_others_are_known() {
    use MappingAnswer::{Found, Granted, NoPublicAddress, Refused, Silent};
    check([Yes, Yes, Yes, Yes, Yes], Some(MappingProtocol::Pcp), 2, [Found, Found, Granted]);
    check([No, Yes, Yes, Yes, Yes], Some(MappingProtocol::NatPmp), 2, [Found, Granted, Refused]);
    check([Nothing, Nothing, Yes, Yes, Yes], Some(MappingProtocol::Upnp), 2, [Granted, Silent, Silent]);
    check([Nothing, Nothing, Nothing, Yes, Yes], None, 0, [Silent, Silent, Silent]);
    let shared = YesAt(IpAddr::V4(Ipv4Addr::new(100, 64, 0, 7)));
    check([shared, shared, shared, Yes, Yes], None, 0, [NoPublicAddress, NoPublicAddress, NoPublicAddress]);
    check([No, No, No, Yes, Yes], None, 0, [Refused, Refused, Refused]);
}

#[test]
fn tcp_and_udp_are_opened_under_their_own_number() {
    let ana = at_home([Yes, Nothing, Nothing, Nothing, Nothing]);
    let doors: Vec<_> = ana.doors().iter().map(|door| (door.transport, door.external, door.internal.port())).collect();
    let outside = SocketAddr::new(WAN, PORT);
    assert_eq!(doors, [(Transport::Tcp, outside, PORT), (Transport::Udp, outside, PORT)]);
    assert_eq!(ana.keeper.mappings().router.wan, Some(WAN));
}

#[test]
fn a_port_that_another_device_has_is_replaced_by_one_port_for_both() {
    let ana = at_home([Nothing, Nothing, Taken, Nothing, Nothing]);
    let ports: Vec<u16> = ana.doors().iter().map(|door| door.external.port()).collect();
    assert_eq!(ports.len(), 2);
    assert!(ports[0] != PORT && ports[0] >= 1024 && ports[0] == ports[1], "{ports:?}");
}

#[test]
fn tries_for_other_ports_are_few() {
    let mut ana = Ana::behind([Nothing; 5]);
    ana.keeper.set_place(house());
    let mut opened = 0;
    for _ in 0..60 {
        for Errand { way, turn, ask } in ana.errands() {
            let answer = match (way, &ask) {
                (Way::Upnp, Ask::Find) => Answer::Found(Some(WAN)),
                (Way::Upnp, Ask::Open(_)) => Answer::Not(Why::PortTaken),
                _ => Answer::Not(Why::Silent),
            };
            opened += u32::from(way == Way::Upnp && matches!(ask, Ask::Open(_)));
            ana.keeper.answered(way, turn, answer, ana.now());
        }
    }
    assert_eq!(opened, 2 * PORT_TRIES);
}

#[test]
fn a_router_that_only_knows_doors_for_ever_gets_one_and_it_is_renewed_and_removed() {
    let mut ana = at_home([Nothing, Nothing, PermanentOnly, Nothing, Nothing]);
    assert_eq!(ana.doors().len(), 2);
    let before = ana.asked.len();
    ana.wait(RENEW);
    assert!(ana.asked[before..].iter().any(|(_, _, ask)| matches!(ask, Ask::Open(opening) if opening.lease == 0)));
    ana.keeper.set_on(false);
    ana.talk();
    assert!(matches!(&ana.asked.last().expect("asked").2, Ask::Close(holds) if holds.len() == 2));
    assert!(ana.keeper.is_closed() && ana.doors().is_empty());
}

#[test]
fn doors_are_renewed_twice_within_a_lease_and_hardly_anything_else_is_asked() {
    let mut ana = at_home([Yes, Yes, Yes, Nothing, Nothing]);
    let (before, first) = (ana.asked.len(), ana.doors());
    ana.wait(10 * RENEW);
    let renewals = &ana.asked[before..];
    assert_eq!(renewals.len(), 20, "{renewals:?}");
    assert!(renewals.iter().all(|(_, way, ask)| *way == Way::Pcp && matches!(ask, Ask::Open(_))));
    assert!(ana.doors()[0].until > first[0].until);
    assert!(2 * RENEW < u64::from(LEASE) * 1000);
}

#[test]
fn a_renewal_keeps_port_and_nonce() {
    let mut ana = at_home([Yes, No, No, Nothing, Nothing]);
    ana.wait(RENEW);
    let tokens: Vec<(u16, Token)> = ana
        .asked
        .iter()
        .filter_map(|(_, way, ask)| match ask {
            Ask::Open(opening) if *way == Way::Pcp && opening.slot.transport == Transport::Tcp => Some((opening.port, opening.token)),
            _ => None,
        })
        .collect();
    assert_eq!(tokens.len(), 2);
    assert_eq!(tokens[0], tokens[1]);
}

#[test]
fn a_refused_renewal_is_asked_afresh_at_once() {
    let mut ana = at_home([Yes, Nothing, Nothing, Nothing, Nothing]);
    ana.wait(RENEW - HEAD_START * 3 - 1);
    ana.tick += 2;
    let renewal = ana.errands().into_iter().find(|errand| errand.way == Way::Pcp).expect("due");
    let Ask::Open(old) = renewal.ask else { panic!("a renewal") };
    ana.keeper.answered(Way::Pcp, renewal.turn, Answer::Not(Why::Refused), ana.now());
    assert_eq!(ana.doors().len(), 2, "it may still stand");
    let other = ana.errands().into_iter().find(|errand| errand.way == Way::Pcp).expect("the other is due too");
    let answer = ana.answer(Way::Pcp, &other.ask);
    ana.keeper.answered(Way::Pcp, other.turn, answer, ana.now());
    let fresh = ana.errands().into_iter().find(|errand| errand.way == Way::Pcp).expect("at once");
    let Ask::Open(new) = fresh.ask else { panic!("a door") };
    assert_ne!(old.token, new.token);
    ana.keeper.answered(Way::Pcp, fresh.turn, Answer::Not(Why::Refused), ana.now());
    assert_eq!(ana.doors().len(), 1, "refused again: it is gone");
}

#[test]
fn when_the_holder_falls_silent_another_way_takes_over_within_seconds() {
    let mut ana = at_home([Yes, No, Yes, Nothing, Nothing]);
    assert_eq!(ana.doors()[0].by, MappingProtocol::Pcp);
    ana.router[0] = Nothing;
    ana.wait(RENEW + 1000);
    assert_eq!(ana.doors().len(), 2);
    assert!(ana.doors().iter().all(|door| door.by == MappingProtocol::Upnp), "{:?}", ana.doors());
}

#[test]
fn a_router_that_was_away_is_served_again_within_ninety_seconds_of_its_return() {
    for away in [1000, 20_000, 70_000, 200_000, 600_000] {
        for start in [0, 15_000, 49_000] {
            let mut ana = at_home([Yes, No, Yes, Nothing, Nothing]);
            ana.wait(start);
            ana.router = [Nothing; 5];
            ana.wait(away);
            ana.router = [Yes, No, Yes, Nothing, Nothing];
            ana.epoch = 0;
            let (asked, back) = (ana.asked.len(), ana.tick);
            ana.wait(90_000);
            for transport in [Transport::Tcp, Transport::Udp] {
                let opened =
                    ana.asked[asked..].iter().find(|(_, _, ask)| matches!(ask, Ask::Open(opening) if opening.slot.transport == transport));
                assert!(opened.is_some_and(|(at, _, _)| at - back < 55_000), "{away} {start}");
            }
            assert_eq!(ana.doors().len(), 2);
        }
    }
}

#[test]
fn doors_of_a_router_that_stays_away_are_told_no_longer_than_they_last() {
    let mut ana = at_home([Yes, Yes, Yes, Nothing, Nothing]);
    ana.router = [Nothing; 5];
    ana.wait(u64::from(LEASE) * 1000);
    assert!(ana.doors().is_empty());
}

#[test]
fn a_clock_that_starts_anew_renews_all_doors_at_once() {
    let mut ana = at_home([No, Yes, Nothing, Nothing, Nothing]);
    let half = RENEW / 2;
    ana.wait(half);
    ana.epoch = 0;
    ana.keeper.try_now(ana.now());
    let errand = ana.errands().into_iter().find(|errand| errand.way == Way::NatPmp).expect("asked afresh");
    let answer = ana.answer(Way::NatPmp, &errand.ask);
    let before = ana.asked.len();
    ana.keeper.answered(Way::NatPmp, errand.turn, answer, ana.now());
    ana.talk();
    let renewed = ana.asked[before..].iter().filter(|(_, way, ask)| *way == Way::NatPmp && matches!(ask, Ask::Open(_))).count();
    assert_eq!(renewed, 1, "the other door");
}

#[test]
fn a_network_without_helpful_router_is_asked_seldom() {
    let mut ana = at_home([Nothing; 5]);
    ana.wait(3_600_000);
    assert!(ana.asks_of(Way::Upnp) < 22 && ana.asks_of(Way::Pcp) < 22, "{}", ana.asks_of(Way::Upnp));
    let before = ana.asked.len();
    ana.keeper.try_now(ana.now());
    assert_eq!(ana.keeper.mappings().state, MappingState::Searching);
    ana.talk();
    assert_eq!(ana.asked.len() - before, 3, "the user asked");
}

#[test]
fn grants_that_are_too_short_or_absurdly_long_do_no_harm() {
    for (lease, doors) in [(1, 0), (19, 0), (20, 2), (u32::MAX, 2)] {
        let mut ana = Ana::behind([Nothing; 5]);
        ana.keeper.set_place(house());
        let mut asked = 0;
        for _ in 0..1000 {
            for Errand { way, turn, ask } in ana.errands() {
                let answer = match (way, &ask) {
                    (Way::Pcp, Ask::Open(opening)) => {
                        asked += 1;
                        let external = SocketAddr::new(WAN, PORT);
                        Answer::Opened(Grant { external, lease, token: opening.token, epoch: None })
                    }
                    (_, Ask::Close(_)) => Answer::Closed,
                    _ => Answer::Not(Why::Silent),
                };
                ana.keeper.answered(way, turn, answer, ana.now());
            }
            ana.tick += 100;
        }
        assert_eq!(ana.doors().len(), doors, "{lease}");
        assert!(asked <= 24, "{asked} times in 100 s with a lease of {lease}");
        let latest = 1_000_000 + ana.tick + u64::from(MAX_LEASE) * 1000;
        assert!(ana.doors().iter().all(|door| door.until <= latest));
    }
}

#[test]
fn a_door_under_an_address_that_is_not_public_is_none_and_is_taken_back() {
    let ana = at_home([YesAt(IpAddr::V4(Ipv4Addr::new(192, 168, 0, 7))), Nothing, Nothing, Nothing, Nothing]);
    assert!(ana.doors().is_empty());
    assert_eq!(ana.keeper.mappings().router.pcp, MappingAnswer::NoPublicAddress);
    assert!(ana.asked.iter().any(|(_, way, ask)| *way == Way::Pcp && matches!(ask, Ask::Close(_))));
}

#[test]
fn each_global_ipv6_address_gets_a_pinhole_and_those_that_go_lose_it() {
    let mut ana = Ana::behind([Nothing, Nothing, Nothing, Yes, Yes]);
    ana.keeper.set_place(house_v6(&["2a00:99::2/64", "2a00:99::3/64"]));
    ana.wait(HEAD_START * 3);
    assert_eq!(ana.doors().len(), 4);
    assert!(ana.doors().iter().all(|door| door.internal == door.external && door.by == MappingProtocol::Pcp));
    let told = ana.keeper.mappings();
    assert_eq!((told.router.pinhole, told.router.pcp), (MappingAnswer::Granted, MappingAnswer::NotAsked));
    ana.keeper.set_place(house_v6(&["2a00:99::3/64", "2a00:99::4/64"]));
    ana.wait(HEAD_START * 3);
    let mut addresses: Vec<String> = ana.doors().iter().map(|door| door.internal.ip().to_string()).collect();
    addresses.dedup();
    assert_eq!(addresses, ["2a00:99::3", "2a00:99::4", "2a00:99::3", "2a00:99::4"]);
}

#[test]
fn on_another_network_everything_is_asked_afresh_and_nothing_taken_back() {
    let mut ana = at_home([Yes, Yes, Yes, Nothing, Nothing]);
    let before = ana.asked.len();
    let mut place = house();
    place.v4.as_mut().expect("a house").own = "192.168.2.9/24".parse().expect("a network");
    ana.keeper.set_place(place);
    assert!(ana.doors().is_empty());
    ana.talk();
    assert!(ana.doors().iter().all(|door| door.internal.ip().to_string() == "192.168.2.9") && ana.doors().len() == 2);
    assert!(!ana.asked[before..].iter().any(|(_, _, ask)| matches!(ask, Ask::Close(_))));
    let again = ana.asked.len();
    ana.keeper.set_place(ana_place(&ana));
    ana.tick += LOOK_EVERY / 10;
    ana.talk();
    assert_eq!(ana.asked.len(), again, "the same network is no news");
}

/// Where the doors say that ana is.
fn ana_place(ana: &Ana) -> Place {
    let mut place = house();
    let ip = ana.doors()[0].internal.ip();
    place.v4.as_mut().expect("a house").own = format!("{ip}/24").parse().expect("a network");
    place
}

#[test]
fn turned_off_nothing_is_asked_and_late_answers_open_nothing() {
    let mut ana = Ana::behind([Yes; 5]);
    ana.keeper.set_place(house());
    let errands = ana.errands();
    ana.keeper.set_on(false);
    for Errand { way, turn, ask } in errands {
        assert!(!ana.keeper.wants(way, turn));
        let answer = ana.answer(way, &ask);
        ana.keeper.answered(way, turn, answer, ana.now());
    }
    ana.wait(600_000);
    assert!(ana.doors().is_empty() && ana.keeper.is_closed());
    assert_eq!(ana.keeper.mappings().state, MappingState::Off);
    let asked = ana.asked.len();
    ana.keeper.set_on(true);
    ana.wait(HEAD_START * 3);
    assert!(ana.asked.len() > asked && ana.doors().len() == 2);
}

#[test]
fn doors_to_a_port_that_is_left_are_taken_back() {
    let mut ana = at_home([Yes, Yes, Yes, Nothing, Nothing]);
    let before = ana.asked.len();
    ana.keeper.set_ports(Ports { tcp: Some(PORT), udp: Some(4848) });
    ana.wait(HEAD_START * 3);
    let ports: Vec<_> = ana.doors().iter().map(|door| (door.transport, door.internal.port(), door.external.port())).collect();
    assert_eq!(ports, [(Transport::Tcp, PORT, PORT), (Transport::Udp, 4848, 4848)]);
    let closed = ana.asked[before..]
        .iter()
        .filter(|(_, _, ask)| matches!(ask, Ask::Close(holds) if holds.len() == 1 && holds[0].slot.transport == Transport::Udp));
    assert_eq!(closed.count(), 1);
}
