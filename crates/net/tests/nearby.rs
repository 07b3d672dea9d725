//! Finding each other by multicast. Where the system does not pass multicast back to itself there is nothing to find, and this
//! says so instead.

mod support;

use std::net::{Ipv4Addr, UdpSocket};
use std::time::Duration;

use net::{Config, Event, NearbyConfig, NearbyPeer};
use support::{ANA, BEN, Peer, config};

/// Whether a datagram to a group comes back to a member on this machine.
fn multicast_works() -> bool {
    let group = Ipv4Addr::new(224, 0, 0, 251);
    let round = || -> std::io::Result<()> {
        let socket = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0))?;
        socket.join_multicast_v4(&group, &Ipv4Addr::UNSPECIFIED)?;
        socket.set_read_timeout(Some(Duration::from_secs(1)))?;
        socket.send_to(b"?", (group, socket.local_addr()?.port()))?;
        socket.recv(&mut [0; 8]).map(|_| ())
    };
    round().is_ok()
}

fn near(service: &str) -> Config {
    Config { listen: Vec::new(), nearby: Some(NearbyConfig { service: service.to_owned(), name: None }), ..config() }
}

async fn list(peer: &mut Peer, is: impl Fn(&[NearbyPeer]) -> bool) -> Vec<NearbyPeer> {
    peer.wait("people nearby", |event| match event {
        Event::Nearby(people) if is(&people) => Some(people),
        _ => None,
    })
    .await
}

#[tokio::test]
async fn ben_is_found_while_he_shows_his_name_and_can_be_dialled() {
    if !multicast_works() {
        println!("not tested: no multicast on this machine");
        return;
    }
    let service = format!("_gvt{:08x}._tcp.local.", rand::random::<u32>());
    let (mut ana, mut ben) = (Peer::with(ANA, near(&service)).await, Peer::with(BEN, near(&service)).await);
    ben.net.announce(Some("Ben".to_owned()));
    let people = list(&mut ana, |people| !people.is_empty()).await;
    assert_eq!(people.iter().map(|person| person.name.as_str()).collect::<Vec<_>>(), ["Ben"]);
    ana.net.dial_address(net::DialId(1), people[0].address.to_string());
    assert_eq!(ana.dial_end().await, Ok(ben.id));
    ben.up(ana.id).await;
    ben.net.announce(None);
    list(&mut ana, |people| people.is_empty()).await;
}

#[tokio::test]
async fn a_service_name_that_cannot_be_searched_does_no_other_harm() {
    let (mut ana, mut ben) = (Peer::with(ANA, near("nonsense")).await, Peer::start(BEN).await);
    ana.net.announce(Some("Ana".to_owned()));
    ana.want(&ben);
    ana.up(ben.id).await;
    ben.up(ana.id).await;
}
