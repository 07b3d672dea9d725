//! Ways to peers that nobody can dial, over real sockets: through a member, and better ones after.

mod support;

use std::net::SocketAddr;
use std::time::Duration;

use net::{Config, Event, Path, ReachFacts, Reason};
use support::{ANA, BEN, CHI, Peer, config, number, numbered};
use tokio::time::{Instant, sleep};
use wire::Class;
use wire::reach::CheckOutcome;

const ROOM: u64 = 7;

/// Ana and Chi, each linked with Ben and without an address of the other.
async fn three(ana: Config, chi: Config) -> (Peer, Peer, Peer) {
    let (mut ana, mut ben) = (Peer::with(ANA, ana).await, Peer::start(BEN).await);
    let mut chi = Peer::with(CHI, chi).await;
    for one in [&mut ana, &mut chi] {
        one.want(&ben);
        one.up(ben.id).await;
        ben.up(one.id).await;
    }
    for [one, other, third] in [[&ana, &ben, &chi], [&ben, &chi, &ana], [&chi, &ana, &ben]] {
        one.net.set_common(other.id, vec![ROOM]);
        one.net.set_common(third.id, vec![ROOM]);
    }
    (ana, ben, chi)
}

fn want_without_address(one: &Peer, other: &Peer) {
    one.net.want(other.id, Vec::new());
}

fn without_udp() -> Config {
    Config { udp: false, ..config() }
}

#[tokio::test]
async fn who_have_no_way_to_each_other_are_linked_by_a_circuit() {
    let (mut ana, ben, mut chi) = three(without_udp(), without_udp()).await;
    let carrier = ben.id;
    let _ben = ben.unattended();
    let start = Instant::now();
    want_without_address(&ana, &chi);
    let (up_ana, up_chi) = (ana.up(chi.id).await, chi.up(ana.id).await);
    println!("a circuit after {} ms", start.elapsed().as_millis());
    assert!(start.elapsed() < Duration::from_secs(3), "{:?}", start.elapsed());
    assert_eq!([up_ana.path, up_chi.path], [Path::Circuit { carrier }; 2]);
    assert!(!up_ana.came_in && !up_chi.came_in);
    assert_eq!(up_ana.hash, up_chi.hash);
    up_ana.outbox.offer(Class::Live, numbered(1, 300).encode()).expect("there is room");
    assert_eq!(number(&chi.received(ana.id).await[0]), 1);
    up_chi.outbox.offer(Class::Bulk, numbered(2, 30_000).encode()).expect("there is room");
    assert_eq!(number(&ana.received(chi.id).await[0]), 2);
}

#[tokio::test]
async fn a_circuit_gives_way_to_a_direct_link() {
    let (mut ana, ben, mut chi) = three(without_udp(), without_udp()).await;
    let _ben = ben.unattended();
    want_without_address(&ana, &chi);
    ana.up(chi.id).await;
    let circuit = chi.up(ana.id).await;
    let start = Instant::now();
    chi.net.want(ana.id, vec![ana.address.into()]);
    assert_eq!(ana.down(chi.id).await, Reason::Replaced);
    let (up_ana, up_chi) = (ana.up(chi.id).await, chi.up(ana.id).await);
    println!("direct after {} ms", start.elapsed().as_millis());
    assert!(start.elapsed() < Duration::from_secs(5), "{:?}", start.elapsed());
    assert!(matches!([up_ana.path, up_chi.path], [Path::Tcp(_), Path::Tcp(_)]));
    assert!(circuit.outbox.offer(Class::Live, numbered(1, 300).encode()).is_err(), "the old one takes nothing more");
    up_ana.outbox.offer(Class::Live, numbered(1, 300).encode()).expect("there is room");
    assert_eq!(number(&chi.received(ana.id).await[0]), 1);
}

#[tokio::test]
async fn a_member_helps_two_to_a_direct_link_by_udp() {
    let (mut ana, ben, mut chi) = three(config(), config()).await;
    let _ben = ben.unattended();
    let start = Instant::now();
    want_without_address(&ana, &chi);
    want_without_address(&chi, &ana);
    let (up_ana, up_chi) = (ana.up(chi.id).await, chi.up(ana.id).await);
    println!("by {} after {} ms", up_ana.path, start.elapsed().as_millis());
    assert!(matches!([up_ana.path, up_chi.path], [Path::Quic(_), Path::Quic(_)]), "{} {}", up_ana.path, up_chi.path);
    assert!(!up_ana.came_in && !up_chi.came_in, "they were called");
}

#[tokio::test]
async fn a_stranger_to_the_room_is_helped_to_nobody() {
    let (mut ana, ben, chi) = three(without_udp(), without_udp()).await;
    ben.net.set_common(ana.id, vec![ROOM + 1]);
    want_without_address(&ana, &chi);
    let refused = |tried: &net::Tried| tried.outcome == net::Outcome::Refused(wire::reach::HelpRefused::NotAllowed);
    facts(&mut ana, "two refusals", |facts| facts.tried.iter().filter(|tried| refused(tried)).count() == 2).await;
    drop((ben, chi));
}

async fn facts(peer: &mut Peer, what: &str, mut are: impl FnMut(&ReachFacts) -> bool) -> ReachFacts {
    let pick = |event| match event {
        Event::Reach(facts) if are(&facts) => Some(*facts),
        _ => None,
    };
    peer.wait(what, pick).await
}

fn far_at(network: u8) -> Config {
    Config { listen: vec![SocketAddr::from(([127, network, 0, 1], 0))], loopback_is_far: true, ..config() }
}

#[tokio::test]
async fn somebody_else_is_had_dial_and_that_proves_that_others_can_come_in() {
    let (mut ana, mut ben, mut chi) =
        (Peer::with(ANA, far_at(1)).await, Peer::with(BEN, far_at(2)).await, Peer::with(CHI, far_at(3)).await);
    chi.want(&ben);
    chi.up(ben.id).await;
    ben.up(chi.id).await;
    ana.want(&ben);
    ana.up(ben.id).await;
    ben.up(ana.id).await;
    let before = facts(&mut ana, "facts", |facts| !facts.announced.is_empty()).await;
    assert_eq!(before.came_in.v4, None);
    ben.net.set_common(ana.id, vec![ROOM]);
    ben.net.set_common(chi.id, vec![ROOM]);
    chi.net.set_common(ben.id, vec![ROOM]);
    let (ana_id, ben_id) = (ana.id, ben.id);
    let _ben = ben.unattended();
    let asked = tokio::spawn(async move {
        let pick = |event| match event {
            Event::MayDialBack { token, subject } => Some((token, subject)),
            _ => None,
        };
        let (token, subject) = chi.wait("a request to dial back", pick).await;
        assert_eq!(subject, ana_id);
        chi.net.dial_back(token, true);
        while chi.next().await.is_some() {}
    });
    // Ben must know by then.
    sleep(Duration::from_millis(200)).await;
    ana.net.set_common(ben_id, vec![ROOM]);
    let after = facts(&mut ana, "the outcome", |facts| facts.checked_v4.is_some()).await;
    assert_eq!(after.checked_v4.map(|checked| checked.outcome), Some(CheckOutcome::Answered));
    assert!(after.came_in.v4.is_some(), "{after:?}");
    asked.abort();
}
