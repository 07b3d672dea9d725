//! Punches on loopback, between real sockets.

use std::future::poll_fn;
use std::net::{SocketAddr, UdpSocket};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::sync::watch;
use tokio::time::{sleep, timeout};
use wire::reach::NatClass;

use super::limits::{SOCKETS, TCP_GRACE};
use super::ports::tagged;
use super::{BirthdaySide, PunchFault, PunchPlan, Punched, Tried, punch};
use crate::byte_stream::ByteStream;
use crate::listen::Listeners;
use crate::path::{Path, Rank};
use crate::quic::{PROBE, UdpEvent, UdpPort};

/// No test waits longer for one thing.
const PATIENCE: Duration = Duration::from_secs(60);
/// Long enough for whatever is on its way on loopback to arrive, where nothing must.
const MOMENT: Duration = Duration::from_millis(300);

async fn soon<T>(work: impl Future<Output = T>) -> T {
    timeout(PATIENCE, work).await.expect("it comes in time")
}

fn at(port: u16) -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], port))
}

fn plan(first: bool) -> PunchPlan {
    PunchPlan {
        session: 0x0123_4567_89ab_cdef,
        tcp: None,
        udp: None,
        mine: NatClass::Easy,
        theirs: NatClass::Easy,
        low_ttl: false,
        birthday: None,
        first,
    }
}

fn listen() -> (Listeners, u16) {
    let (listeners, failed) = Listeners::open(&[at(0)]);
    assert_eq!(failed, None);
    let port = listeners.bound()[0].port();
    (listeners, port)
}

fn udp() -> UdpPort {
    UdpPort::open_at(at(0)).expect("a port")
}

/// A socket that knows nothing of QUIC.
fn raw() -> (tokio::net::UdpSocket, SocketAddr) {
    let socket = UdpSocket::bind(at(0)).expect("a port");
    socket.set_nonblocking(true).expect("a socket");
    let address = socket.local_addr().expect("a socket");
    (tokio::net::UdpSocket::from_std(socket).expect("a runtime"), address)
}

async fn accept(listeners: &mut Listeners) -> (ByteStream, SocketAddr) {
    soon(poll_fn(|waking| listeners.poll_accept(waking))).await.expect("a connection")
}

async fn incoming(port: &UdpPort) -> ByteStream {
    loop {
        if let UdpEvent::Incoming(stream, _) = port.next().await {
            return stream;
        }
    }
}

/// What one end writes the other one reads.
async fn check_link(near: &mut ByteStream, far: &mut ByteStream) {
    near.write_all(b"over here").await.expect("a link");
    let mut heard = [0; 9];
    soon(far.read_exact(&mut heard)).await.expect("a link");
    assert_eq!(&heard, b"over here");
}

fn fault(punched: Result<Punched, PunchFault>) -> PunchFault {
    punched.err().expect("there is nobody")
}

fn go() -> watch::Receiver<bool> {
    watch::channel(true).1
}

#[tokio::test]
async fn tcp_goes_out_from_the_port_that_is_listened_on_and_repeats_what_is_refused() {
    let (_mine, port) = listen();
    let (theirs, there) = listen();
    drop(theirs);
    let punching = tokio::spawn(punch(PunchPlan { tcp: Some(at(there)), ..plan(true) }, Some(port), None, go()));
    sleep(MOMENT).await;
    assert!(!punching.is_finished(), "it was refused, and goes on");
    let (mut theirs, failed) = Listeners::open(&[at(there)]);
    assert_eq!(failed, None);
    let (mut far, from) = accept(&mut theirs).await;
    assert_eq!(from, at(port));
    let mut punched = soon(punching).await.expect("no panic").unwrap_or_else(|fault| panic!("no connection: {fault}"));
    assert_eq!(punched.path, Path::Tcp(at(there)));
    check_link(&mut punched.stream, &mut far).await;
}

#[tokio::test]
async fn a_dropped_punch_leaves_no_socket_behind() {
    let (mine, port) = listen();
    let (udp, socket) = (udp(), raw());
    let everything = PunchPlan { tcp: Some(at(9)), udp: Some(socket.1), birthday: Some(BirthdaySide::Sockets), ..plan(true) };
    let before = sockets();
    let punching = punch(everything, Some(port), Some(udp.clone()), go());
    assert!(timeout(MOMENT, punching).await.is_err(), "nobody answers");
    soon(async {
        while sockets() > before {
            sleep(MOMENT / 10).await;
        }
    })
    .await;
    drop(mine);
    std::net::TcpListener::bind(at(port)).expect("nobody holds the port any more");
}

/// File handles of this process, where the system tells. Other tests of this process, if there are
/// any, open few in comparison.
fn sockets() -> usize {
    std::fs::read_dir("/proc/self/fd").map_or(0, |handles| handles.count()).saturating_sub(SOCKETS / 4)
}

#[tokio::test]
async fn nobody_there_is_told_for_each_way() {
    let (_mine, port) = listen();
    let (theirs, there) = listen();
    drop(theirs);
    let refused = fault(soon(punch(PunchPlan { tcp: Some(at(there)), ..plan(true) }, Some(port), None, go())).await);
    assert_eq!(refused, PunchFault { tcp: Tried::Refused, quic: Tried::Not, birthday: Tried::Not });
    let blocked = PunchPlan { udp: Some(at(there)), theirs: NatClass::Blocked, ..plan(true) };
    let nothing = fault(soon(punch(blocked, Some(port), Some(udp()), go())).await);
    assert_eq!(nothing, PunchFault { tcp: Tried::Not, quic: Tried::Not, birthday: Tried::Not });
}

#[tokio::test]
async fn by_udp_one_side_dials_and_the_other_gets_it_at_its_port() {
    let (ana, ben) = (udp(), udp());
    let [to_ben, to_ana] = [(&ben, true), (&ana, false)].map(|(port, first)| PunchPlan { udp: Some(at(port.port())), ..plan(first) });
    let waiting = tokio::spawn(punch(to_ana, None, Some(ben.clone()), go()));
    let mut punched = soon(punch(to_ben, None, Some(ana.clone()), go())).await.unwrap_or_else(|fault| panic!("no connection: {fault}"));
    assert_eq!(punched.path, Path::Quic(at(ben.port())));
    punched.stream.write_all(b"!").await.expect("a link");
    let mut far = soon(incoming(&ben)).await;
    assert_eq!(soon(far.read_u8()).await.expect("a link"), b'!');
    check_link(&mut far, &mut punched.stream).await;
    assert!(!waiting.is_finished(), "it ends when its owner has the link");
    waiting.abort();
}

#[tokio::test]
async fn tcp_is_taken_though_quic_stands_first() {
    let (_mine, port) = listen();
    let (theirs, there) = listen();
    drop(theirs);
    let (ana, ben) = (udp(), udp());
    let both = PunchPlan { tcp: Some(at(there)), udp: Some(at(ben.port())), ..plan(true) };
    let late = tokio::spawn(async move {
        sleep(TCP_GRACE / 3).await;
        Listeners::open(&[at(there)])
    });
    let punched = soon(punch(both, Some(port), Some(ana), go())).await.unwrap_or_else(|fault| panic!("no connection: {fault}"));
    let (_theirs, failed) = late.await.expect("no panic");
    assert_eq!((failed, punched.path.rank()), (None, Rank::Tcp));
}

#[tokio::test]
async fn nothing_is_dialled_before_the_other_side_has_begun() {
    let (mine, theirs) = (udp(), raw());
    let (_listening, port) = listen();
    let (mut there, tcp) = listen();
    let (begun, go) = watch::channel(false);
    let low = PunchPlan { low_ttl: true, tcp: Some(at(tcp)), udp: Some(theirs.1), ..plan(true) };
    let punching = tokio::spawn(punch(low, Some(port), Some(mine), go));
    let early = timeout(MOMENT, async {
        let mut bytes = [0; 2048];
        loop {
            let (length, _) = theirs.0.recv_from(&mut bytes).await.expect("a socket");
            assert_eq!(bytes[..length], PROBE, "only what opens the mapping");
        }
    });
    assert!(early.await.is_err());
    begun.send_replace(true);
    let ahead = soon(async {
        let mut bytes = [0; 2048];
        while let Ok((length, _)) = theirs.0.recv_from(&mut bytes).await {
            if length >= 1200 {
                return;
            }
        }
    });
    ahead.await;
    // On loopback the few hops are enough.
    accept(&mut there).await;
    punching.abort();
}

#[tokio::test]
async fn the_socket_that_is_hit_becomes_the_link() {
    let (mine, (theirs, there)) = (udp(), raw());
    let hard = PunchPlan {
        udp: Some(there),
        mine: NatClass::Hard,
        theirs: NatClass::Blocked,
        birthday: Some(BirthdaySide::Sockets),
        ..plan(true)
    };
    let punching = tokio::spawn(punch(hard.clone(), None, Some(mine.clone()), go()));
    let mut ports = std::collections::BTreeSet::new();
    let mut bytes = [0; 64];
    while ports.len() < SOCKETS {
        let (length, from) = soon(theirs.recv_from(&mut bytes)).await.expect("a socket");
        assert_eq!(bytes[..length], PROBE);
        ports.insert(from.port());
    }
    assert!(!ports.contains(&mine.port()));
    // What is no hit: another session's probe, a longer one, one from somewhere else.
    let chosen = at(*ports.iter().nth(SOCKETS / 2).expect("a port"));
    let others = at(*ports.first().expect("a port"));
    let hit = tagged(hard.session);
    theirs.send_to(&tagged(hard.session + 1), others).await.expect("a socket");
    theirs.send_to(&[&hit[..], &[0]].concat(), others).await.expect("a socket");
    raw().0.send_to(&hit, others).await.expect("a socket");
    theirs.send_to(&hit, chosen).await.expect("a socket");
    let port = UdpPort::adopt(theirs.into_std().expect("a socket")).expect("a port");
    let mut punched = soon(punching).await.expect("no panic").unwrap_or_else(|fault| panic!("no connection: {fault}"));
    assert_eq!(punched.path, Path::Quic(there));
    punched.stream.write_all(b"!").await.expect("a link");
    let UdpEvent::Incoming(mut far, from) = soon(port.next()).await else { panic!("a newcomer") };
    assert_eq!(from, chosen);
    check_link(&mut far, &mut punched.stream).await;
}

#[tokio::test]
async fn who_looks_for_ports_sends_to_one_address_a_hundred_times_a_second() {
    let (mine, (theirs, there)) = (udp(), raw());
    let easy = PunchPlan { udp: Some(there), theirs: NatClass::Hard, birthday: Some(BirthdaySide::Ports), ..plan(true) };
    let fault = timeout(MOMENT, punch(easy, None, Some(mine), go())).await;
    assert!(fault.is_err(), "it goes on");
    let mut bytes = [0; 64];
    let (length, _) = soon(theirs.recv_from(&mut bytes)).await.expect("a socket");
    assert_eq!(bytes[..length], PROBE, "its own mapping it opens as always");
}
