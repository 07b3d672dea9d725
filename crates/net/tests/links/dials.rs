//! Dials: which peer they reach, and what is told of those that reach none.

use net::{Config, DialId, Event, Full, PeerState, Reason};
use wire::{Address, Bye, Class, Message};

use crate::support::{ANA, BEN, CHI, Peer, config, identity, linked, loopback, numbered};

#[tokio::test]
async fn a_dial_by_address_tells_who_answered() {
    let (mut ana, ben) = (Peer::start(ANA).await, Peer::start(BEN).await);
    ana.net.dial_address(DialId(5), ben.address.into());
    assert_eq!(ana.dial_end().await, Ok(ben.id));
    assert_eq!(ana.up(ben.id).await.asked, Some(DialId(5)));
    ana.net.dial_address(DialId(6), Address::host("localhost", ben.address.port()).expect("a name"));
    assert_eq!(ana.dial_end().await, Ok(ben.id), "there is a link already");
}

#[tokio::test]
async fn every_failed_dial_has_its_reason() {
    let mut ana = Peer::start(ANA).await;
    let closed = std::net::TcpListener::bind(loopback(0)).and_then(|socket| socket.local_addr()).expect("a port");
    let web = tokio::net::TcpListener::bind(loopback(0)).await.expect("a port");
    let web_address = web.local_addr().expect("an address");
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = web.accept().await {
            let _ = tokio::io::AsyncWriteExt::write_all(&mut stream, b"HTTP/1.1 400 Bad Request\r\n\r\n").await;
        }
    });
    let cases = [
        (closed.to_string(), Reason::Refused),
        (web_address.to_string(), Reason::Protocol),
        ("nobody.invalid:4747".to_owned(), Reason::NameUnknown),
        ("not an address".to_owned(), Reason::NameUnknown),
        (ana.address.to_string(), Reason::WrongPeer),
    ];
    for (n, (address, reason)) in cases.into_iter().enumerate() {
        ana.net.dial_address(DialId(n as u64), Address::announced(address.clone()));
        assert_eq!(ana.dial_end().await, Err(reason), "{address}");
    }
}

#[tokio::test]
async fn chi_at_bens_address_is_not_ben() {
    let (mut ana, chi) = (Peer::start(ANA).await, Peer::start(CHI).await);
    let ben = identity(BEN).peer();
    ana.net.want(ben, vec![chi.address.into()]);
    let state = ana.state("waiting", |state| matches!(state, PeerState::Waiting { .. })).await;
    assert!(matches!(state, PeerState::Waiting { reason: Reason::WrongPeer, ref address, .. } if *address == Address::from(chi.address)));
}

#[tokio::test]
async fn a_closed_port_is_told_and_tried_until_ben_is_there() {
    let mut ana = Peer::start(ANA).await;
    let free = std::net::TcpListener::bind(loopback(0)).and_then(|socket| socket.local_addr()).expect("a port");
    ana.net.want(identity(BEN).peer(), vec![Address::announced(free.to_string())]);
    let before = now();
    let state = ana.state("waiting", |state| matches!(state, PeerState::Waiting { .. })).await;
    let PeerState::Waiting { reason: Reason::Refused, retry_at, .. } = state else { panic!("{state:?}") };
    assert!((before + 400..now() + 1600).contains(&retry_at), "{retry_at}");
    let ben = Peer::with(BEN, Config { listen: vec![free], ..config() }).await;
    ana.up(ben.id).await;
}

#[tokio::test]
async fn the_second_address_is_tried_when_the_first_leads_nowhere() {
    let (mut ana, ben, chi) = (Peer::start(ANA).await, Peer::start(BEN).await, Peer::start(CHI).await);
    ana.net.want(ben.id, vec![chi.address.into(), Address::announced("nobody.invalid:1".to_owned()), ben.address.into()]);
    ana.up(ben.id).await;
}

#[tokio::test]
async fn the_link_comes_back_after_ben_restarts() {
    let (mut ana, up, ben, _) = linked().await;
    let (id, address) = (ben.id, ben.address);
    ben.net.shutdown().await;
    drop(ben);
    assert_eq!(ana.down(id).await, Reason::Goodbye);
    assert_eq!(up.outbox.offer(Class::Control, Message::Ping(1).encode()), Err(Full), "over");
    let mut ben = Peer::with(BEN, Config { listen: vec![address], ..config() }).await;
    let again = ana.up(id).await;
    assert_ne!(again.hash, up.hash);
    let up = ben.up(ana.id).await;
    up.outbox.offer(Class::Live, numbered(1, 300).encode()).expect("there is room");
    assert_eq!(ana.received(id).await, [numbered(1, 300)]);
}

#[tokio::test]
async fn one_port_serves_both_ip_versions() {
    let mut ana = Peer::start(ANA).await;
    let ben = Peer::with(BEN, Config { listen: Vec::new(), ..config() }).await;
    let has_v6 = std::net::TcpListener::bind("[::1]:0").is_ok();
    let hosts = ["127.0.0.1", "[::1]"];
    for (n, host) in hosts.into_iter().enumerate().take(1 + usize::from(has_v6)) {
        ana.net.dial_address(DialId(n as u64), Address::announced(format!("{host}:{}", ben.address.port())));
        let up = ana.up(ben.id).await;
        assert_eq!(up.path.remote().expect("a direct path").ip().to_string(), host.trim_matches(['[', ']']));
        ana.net.close(ben.id, up.link, Bye::Busy);
        ana.down(ben.id).await;
    }
}

#[tokio::test]
async fn a_port_that_is_taken_is_told_and_dialling_works_all_the_same() {
    let mut ben = Peer::start(BEN).await;
    let (events, mut told) = tokio::sync::mpsc::channel(64);
    let ana = net::Net::start(Config { listen: vec![ben.address], ..config() }, identity(ANA), events).await.expect("it starts");
    let Some(Event::Listening { addresses, failed: Some(_), .. }) = told.recv().await else { panic!("the failure is told first") };
    assert!(addresses.is_empty());
    ana.want(ben.id, vec![Address::from(ben.address)]);
    ben.up(identity(ANA).peer()).await;
}

#[tokio::test]
async fn where_the_port_is_taken_another_one_can_be_asked_for() {
    let mut ben = Peer::start(BEN).await;
    let (events, mut told) = tokio::sync::mpsc::channel(64);
    let ana = net::Net::start(Config { listen: vec![ben.address], ..config() }, identity(ANA), events).await.expect("it starts");
    let Some(Event::Listening { own, failed: Some(_), .. }) = told.recv().await else { panic!("the failure is told first") };
    assert!(own.is_empty());
    ana.other_port();
    let there = loop {
        if let Event::Listening { own, failed: None, .. } = told.recv().await.expect("it goes on") {
            break own.first().copied().expect("an address");
        }
    };
    assert_ne!(there, ben.address);
    ben.net.dial_address(DialId(1), there.into());
    ben.up(identity(ANA).peer()).await;
}

fn now() -> u64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).expect("after 1970");
    since.as_millis() as u64
}
