//! Several cores talking to each other in virtual time, honest ones and others.

mod hostile;
mod world;

use wire::reach::{CheckOutcome, HelpRefused, NatClass};

use self::world::{ANA, BEN, CHI, DORA, World};
use super::facts::{Outcome, Way};
use super::limits::{CIRCUIT_AFTER, CIRCUIT_COURTESY, LONGEST_WAIT};
use crate::path::{Path, Rank};

#[test]
fn both_sides_begin_to_punch_at_once_and_at_the_addresses_that_the_helper_sees() {
    let mut world = World::with_helper(&[BEN]);
    world.want(ANA, CHI);
    world.run(500);
    let [(who, first, at), (other, second, later)] = world.punches[..] else { panic!("{:?}", world.punches) };
    assert_ne!(who, other);
    assert!(later - at <= 10, "{at} {later}");
    assert_eq!(first.session, second.session);
    for (order, peer) in [(first, if who == ANA { CHI } else { ANA }), (second, if other == ANA { CHI } else { ANA })] {
        assert_eq!(order.peer, world.id(peer));
        assert_eq!((order.tcp, order.udp), (Some(world.tcp(peer)), Some(world.udp(peer, BEN))));
        assert!(!order.birthday);
    }
}

#[test]
fn two_who_call_each_other_at_once_agree_on_one_punch() {
    let mut world = World::with_helper(&[BEN]);
    world.want(ANA, CHI);
    world.want(CHI, ANA);
    world.run(1_500);
    let sessions: Vec<u64> = world.punches.iter().map(|(_, order, _)| order.session).collect();
    assert_eq!(sessions.len(), 2, "{:?}", world.punches);
    assert_eq!(sessions[0], sessions[1]);
}

#[test]
fn a_circuit_is_opened_when_nothing_else_stands_by_the_smaller_of_the_two() {
    let mut world = World::with_helper(&[BEN]);
    world.want(ANA, CHI);
    world.want(CHI, ANA);
    world.run(5_000);
    let [(first, peer, carrier, at), (_, _, _, later)] = world.circuits[..] else { panic!("{:?}", world.circuits) };
    let smaller = if world.id(ANA) < world.id(CHI) { ANA } else { CHI };
    assert_eq!((first, carrier), (smaller, world.id(BEN)));
    assert_eq!(peer, world.id(if smaller == ANA { CHI } else { ANA }));
    assert!((CIRCUIT_AFTER..CIRCUIT_AFTER + 100).contains(&at), "{at}");
    assert!(later >= CIRCUIT_AFTER + CIRCUIT_COURTESY, "the other one waits first");
}

#[test]
fn who_is_linked_needs_no_circuit_and_is_called_on_until_the_link_is_the_best() {
    let mut world = World::with_helper(&[BEN]);
    world.want(ANA, CHI);
    world.run(600);
    world.link(ANA, CHI, Rank::Circuit);
    world.punch_ends(ANA, CHI);
    world.punch_ends(CHI, ANA);
    world.run(5_000);
    assert!(world.circuits.is_empty(), "{:?}", world.circuits);
    assert_eq!(world.punches.iter().filter(|(who, ..)| *who == ANA).count(), 2, "again after three seconds");
    world.punch_ends(ANA, CHI);
    world.punch_ends(CHI, ANA);
    world.unlink(ANA, CHI);
    world.link(ANA, CHI, Rank::Tcp);
    world.run(1_000_000);
    assert_eq!(world.punches.iter().filter(|(who, ..)| *who == ANA).count(), 2, "no more");
}

#[test]
fn over_quic_only_tcp_is_tried() {
    let mut world = World::with_helper(&[BEN]);
    world.link(ANA, CHI, Rank::Quic);
    world.want(ANA, CHI);
    world.run(1_000);
    assert!(world.punches.iter().all(|(_, order, _)| order.udp.is_none() && order.tcp.is_some()));
    assert_eq!(world.punches.len(), 2);
}

#[test]
fn failures_are_repeated_ever_more_slowly_and_at_once_when_something_changed() {
    let mut world = World::with_helper(&[BEN]);
    world.unlink(BEN, CHI);
    world.want(ANA, CHI);
    world.run(2_000_000);
    let at = &world.signals;
    let waits: Vec<u64> = at.windows(2).map(|pair| (pair[1] - pair[0]).div_ceil(1_000)).collect();
    assert!(waits.starts_with(&[3, 3, 6, 12, 24]) || waits.starts_with(&[4, 4, 7, 13, 25]), "{waits:?}");
    assert!(waits.iter().all(|wait| wait * 1_000 <= LONGEST_WAIT + 3_000), "{waits:?}");
    let before = world.signals.len();
    world.again(ANA);
    world.run(world.now + 1_000);
    assert_eq!(world.signals.len(), before + 1);
    let tried = world.tried(ANA);
    let refused = Outcome::Refused(HelpRefused::NotLinked);
    assert!(tried.iter().any(|tried| tried.way == Way::Signal { helper: world.id(BEN) } && tried.outcome == refused), "{tried:?}");
}

#[test]
fn who_has_nobody_to_help_says_nothing_until_somebody_comes() {
    let mut world = World::new();
    world.all_share_a_room();
    world.want(ANA, CHI);
    world.run(100_000);
    assert_eq!(world.sent, 0);
    world.link(ANA, BEN, Rank::Tcp);
    world.link(BEN, CHI, Rank::Tcp);
    world.run(world.now + 1_000);
    assert_eq!(world.punches.len(), 2);
}

#[test]
fn when_one_helper_refuses_the_next_is_asked() {
    let mut world = World::with_helper(&[BEN, DORA]);
    world.unlink(BEN, CHI);
    world.want(ANA, CHI);
    world.run(1_500);
    assert_eq!(world.punches.len(), 2, "{:?}", world.punches);
}

#[test]
fn where_both_routers_change_ports_no_datagram_is_sent_and_where_one_does_many_ports_are_tried() {
    let classes = |ana_hard: bool, chi_hard: bool| {
        let mut world = World::with_helper(&[BEN]);
        world.hard[ANA] = ana_hard;
        world.hard[CHI] = chi_hard;
        world.want(ANA, CHI);
        world.run(1_000);
        let orders: Vec<_> = world.punches.iter().map(|(_, order, _)| (order.udp.is_some(), order.birthday)).collect();
        assert!(world.punches.iter().all(|(_, order, _)| order.tcp.is_some()));
        orders
    };
    assert_eq!(classes(false, false), [(true, false); 2]);
    assert_eq!(classes(true, true), [(false, false); 2]);
    assert_eq!(classes(true, false), [(true, true); 2]);
    assert_eq!(classes(false, true), [(true, true); 2]);
}

#[test]
fn a_third_dials_back_and_what_came_of_it_is_known() {
    let mut world = World::with_helper(&[BEN]);
    world.link(ANA, DORA, Rank::Tcp);
    world.run(30_000);
    let of_ana: Vec<_> = world.dial_backs.iter().copied().filter(|(_, subject, _)| *subject == world.id(ANA)).collect();
    let [(who, subject, address)] = of_ana[..] else { panic!("{:?}", world.dial_backs) };
    assert_eq!((subject, address), (world.id(ANA), world.listens(ANA)));
    assert!(who == CHI, "who is linked with Ana is none");
    assert_eq!(world.facts(ANA).checked_v4.map(|checked| checked.outcome), Some(CheckOutcome::TimedOut));
    assert_eq!(world.facts(ANA).nat, NatClass::Easy);
    assert_eq!(world.facts(ANA).came_in.v4, None);
}

#[test]
fn an_idle_device_says_nothing_and_wakes_for_nothing() {
    let mut world = World::with_helper(&[BEN]);
    world.run(120_000);
    let (sent, wakes) = (world.sent, world.wakes);
    world.run(3_600_000);
    assert_eq!((world.sent, world.wakes), (sent, wakes));
}

#[test]
fn a_link_that_came_up_by_itself_ends_the_search() {
    let mut world = World::with_helper(&[BEN]);
    world.want(ANA, CHI);
    world.link(ANA, CHI, Rank::Tcp);
    world.run(100_000);
    assert!(world.punches.is_empty() && world.circuits.is_empty());
    world.unlink(ANA, CHI);
    world.run(world.now + 1_000);
    assert_eq!(world.punches.len(), 2, "and its end begins it");
    assert!(matches!(world.path(ANA, BEN), Some(Path::Tcp(_))));
}

#[test]
fn an_offer_of_somebody_unknown_waits_for_the_nodes_word() {
    let mut world = World::new();
    for who in [ANA, CHI] {
        world.link(who, BEN, Rank::Tcp);
        world.share(BEN, who, &[7]);
        world.share(who, BEN, &[7]);
    }
    world.share(ANA, CHI, &[7]);
    world.want(ANA, CHI);
    world.run(400);
    assert_eq!((world.punches.len(), world.who_is.contains(&(CHI, world.id(ANA)))), (0, true));
    world.share(CHI, ANA, &[7]);
    world.run(700);
    assert_eq!(world.punches.len(), 2);
}

#[test]
fn a_signal_between_two_who_have_nothing_in_common_is_refused_after_a_moment() {
    let mut world = World::with_helper(&[BEN]);
    world.share(BEN, CHI, &[8]);
    world.want(ANA, CHI);
    world.run(5_000);
    assert_eq!(world.punches.len(), 0);
    let refused = world.tried(ANA).iter().find(|tried| tried.way == Way::Signal { helper: world.id(BEN) }).expect("it was tried");
    assert_eq!(refused.outcome, Outcome::Refused(HelpRefused::NotAllowed));
}

#[test]
fn a_lost_echo_is_asked_for_again_before_the_offer() {
    let mut world = World::with_helper(&[BEN]);
    world.hard[ANA] = true;
    world.lost_echoes = 4;
    world.want(ANA, CHI);
    world.run(2_000);
    let birthday: Vec<bool> = world.punches.iter().map(|(_, order, _)| order.birthday).collect();
    assert_eq!(birthday, [true, true]);
}
