//! Members who ask for more than anybody needs, and for what nobody should do for them.

use std::collections::BTreeSet;
use std::net::SocketAddr;

use wire::Message;
use wire::reach::{NatClass, PunchOffer, Signal};

use super::world::{ANA, BEN, CHI, DORA, World};
use crate::path::Rank;
use crate::reach::limits::{MAX_ANSWERED, SIGNALS};

fn offer(peer: identity::PeerId, session: u64, at: Option<&str>) -> Message {
    let at = at.map(|at| at.parse::<SocketAddr>().expect("an address").into());
    let body = PunchOffer { answer: false, nat: NatClass::Easy, udp: true }.encode();
    Message::Signal(Signal { peer, session, tcp: at.clone(), udp: at, body })
}

#[test]
fn a_flood_of_signals_is_passed_on_eight_times_and_answered_once_in_two_seconds() {
    let mut world = World::with_helper(&[BEN]);
    world.run(1_000);
    for session in 0..1_000 {
        world.say(ANA, BEN, offer(world.id(CHI), session, None));
    }
    let before = world.sent;
    world.run(1_500);
    let punches = world.punches.len();
    println!("1000 signals at once: {} messages in answer, {punches} punches", world.sent - before);
    assert_eq!(world.punches.iter().filter(|(who, ..)| *who == CHI).count(), 1);
    assert!(world.sent - before <= 64 + SIGNALS.burst * 3, "{}", world.sent - before);
}

#[test]
fn nobody_is_made_to_send_to_an_address_that_is_of_no_member() {
    let mut world = World::with_helper(&[BEN]);
    world.link(DORA, BEN, Rank::Tcp);
    world.share(BEN, DORA, &[9]);
    world.share(CHI, DORA, &[]);
    world.run(1_000);
    // Addresses that the asker names are not heard: only what the helper sees goes on.
    for session in 0..20 {
        world.say(DORA, BEN, offer(world.id(CHI), session, Some("203.0.113.66:22")));
        world.say(DORA, BEN, offer(world.id(CHI), session, None));
        world.say(ANA, BEN, offer(world.id(CHI), session, Some("203.0.113.66:22")));
    }
    world.run(60_000);
    let sent_to: BTreeSet<SocketAddr> = world.punches.iter().flat_map(|(_, order, _)| order.tcp.into_iter().chain(order.udp)).collect();
    println!("punched: {sent_to:?}");
    assert!(sent_to.is_empty());
}

#[test]
fn a_hostile_helper_starts_no_more_than_four_punches_at_once_and_none_for_strangers() {
    let mut world = World::with_helper(&[BEN]);
    world.run(1_000);
    // Dora is a member; who else is named is nobody.
    for session in 0..200_u64 {
        let nobody = identity::PeerId::from_bytes([session as u8; 32]);
        world.say(BEN, CHI, offer(nobody, session, Some("203.0.113.66:22")));
        world.say(BEN, CHI, offer(world.id(DORA), session, Some("203.0.113.66:22")));
    }
    world.run(30_000);
    println!("400 offers by a hostile helper: {} punches", world.punches.len());
    assert_eq!(world.punches.len(), 1);
    assert!(world.punches.len() <= MAX_ANSWERED);
}

#[test]
fn answers_that_nobody_waits_for_start_nothing() {
    let mut world = World::with_helper(&[BEN]);
    world.run(1_000);
    let body = PunchOffer { answer: true, nat: NatClass::Easy, udp: true }.encode();
    let at: SocketAddr = "203.0.113.66:22".parse().expect("an address");
    let answer = Signal { peer: world.id(CHI), session: 5, tcp: Some(at.into()), udp: None, body };
    world.say(BEN, ANA, Message::Signal(answer));
    world.run(5_000);
    assert!(world.punches.is_empty());
}

#[test]
fn nobody_brings_a_device_an_offer_of_its_own() {
    let mut world = World::with_helper(&[BEN]);
    world.say(BEN, CHI, offer(world.id(CHI), 1, Some("203.0.113.7:4747")));
    world.run(3_000);
    assert_eq!((world.punches.len(), world.who_is.len()), (0, 0));
}
