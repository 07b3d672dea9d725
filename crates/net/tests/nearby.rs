//! Finding each other by multicast. Where the system does not pass multicast back to itself there
//! is nothing to find, and this says so instead.

mod support;

use std::net::{IpAddr, Ipv4Addr, SocketAddr, UdpSocket};
use std::time::Duration;

use net::{Config, Event, NearbyConfig, NearbyPeer};
use support::{ANA, BEN, CHI, Peer, config};

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

/// The same, listening there alone.
fn near_on(service: &str, ip: IpAddr) -> Config {
    Config { listen: vec![SocketAddr::new(ip, 0)], ..near(service) }
}

/// An address of this machine that others on its network could dial.
fn own_address() -> Option<IpAddr> {
    let all = if_addrs::get_if_addrs().ok()?.into_iter().filter(|interface| interface.is_oper_up()).map(|interface| interface.ip());
    all.into_iter().find(|ip| ip.is_ipv4() && !ip.is_loopback())
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
    ana.net.dial_address(net::DialId(1), people[0].address.into());
    assert_eq!(ana.dial_end().await, Ok(ben.id));
    ben.up(ana.id).await;
    ben.net.announce(None);
    list(&mut ana, |people| people.is_empty()).await;
}

#[tokio::test]
async fn whoever_listens_to_this_computer_alone_is_not_announced() {
    if !multicast_works() {
        println!("not tested: no multicast on this machine");
        return;
    }
    let service = format!("_gvt{:08x}._tcp.local.", rand::random::<u32>());
    let ana = Peer::with(ANA, near_on(&service, Ipv4Addr::LOCALHOST.into())).await;
    ana.net.announce(Some("Ana".to_owned()));
    let (mut ben, chi) = (Peer::with(BEN, near(&service)).await, Peer::with(CHI, near(&service)).await);
    // Ana would have come before Chi, and comes no later than Chi goes.
    chi.net.announce(Some("Chi".to_owned()));
    list(&mut ben, |people| people.iter().any(|person| person.name == "Chi")).await;
    chi.net.announce(None);
    list(&mut ben, |people| people.is_empty()).await;
}

#[tokio::test]
async fn of_several_addresses_the_one_that_is_listened_on_is_announced() {
    let Some(here) = own_address().filter(|_| multicast_works()) else {
        println!("not tested: no network on this machine");
        return;
    };
    let service = format!("_gvt{:08x}._tcp.local.", rand::random::<u32>());
    let ana = Peer::with(ANA, near_on(&service, here)).await;
    ana.net.announce(Some("Ana".to_owned()));
    // Found without Grapevine, which keeps one address of each.
    let daemon = mdns_sd::ServiceDaemon::new().expect("it searches");
    let found = daemon.browse(&service).expect("it searches");
    let service = tokio::time::timeout(support::PATIENCE, async {
        loop {
            if let mdns_sd::ServiceEvent::ServiceResolved(service) = found.recv_async().await.expect("it goes on") {
                return service;
            }
        }
    });
    let service = service.await.expect("Ana is found");
    let addresses: Vec<SocketAddr> = service.addresses.iter().map(|ip| SocketAddr::new(ip.to_ip_addr(), service.port)).collect();
    assert_eq!(addresses, [ana.address]);
    daemon.shutdown().expect("it ends");
}

#[tokio::test]
async fn a_service_name_that_cannot_be_searched_does_no_other_harm() {
    let (mut ana, mut ben) = (Peer::with(ANA, near("nonsense")).await, Peer::start(BEN).await);
    ana.net.announce(Some("Ana".to_owned()));
    ana.want(&ben);
    ana.up(ben.id).await;
    ben.up(ana.id).await;
}
