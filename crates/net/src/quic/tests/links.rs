use std::sync::Arc;

use identity::Identity;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::sync::mpsc;
use tokio::time::{sleep, timeout};
use wire::StaticKey;

use super::super::limits::WINDOW;
use super::*;
use crate::config::Config;
use crate::context::Context;
use crate::greeting::{answer, introduce};
use crate::path::Path;

fn context(seed: u8) -> Context {
    let key = StaticKey::generate().expect("randomness");
    Context::new(Arc::new(Identity::from_seed(&[seed; 32])), key, &Config::default(), mpsc::channel(1).0, mpsc::channel(1).0)
}

#[tokio::test]
async fn two_devices_greet_each_other_over_quic() {
    let (ana, ben) = (context(1), context(2));
    let (at_ana, at_ben) = (open(), open());
    let to = at(at_ben.port());
    let dialling = async {
        let stream = at_ana.connect(to).await.expect("a connection");
        introduce(stream, Path::Quic(to), &ana, Some(ben.me.peer()), async |_| true).await
    };
    let answering = async {
        let (stream, from) = incoming(&at_ben).await;
        assert_eq!(from, at(at_ana.port()));
        answer(stream, Path::Quic(from), &ben, async || {}).await
    };
    let (introduced, answered) = soon("a greeting", async { tokio::join!(dialling, answering) }).await;
    let (Ok(Some(at_ana)), Ok(at_ben)) = (introduced, answered) else { panic!("they greet each other") };
    assert_eq!((at_ana.session.peer, at_ben.session.peer), (ben.me.peer(), ana.me.peer()));
    assert_eq!(at_ana.session.hash, at_ben.session.hash);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hundred_thousand_small_frames_arrive_in_order() {
    const FRAMES: u32 = 100_000;
    let (ana, ben) = (open(), open());
    let (mut near, mut far) = link(&ana, &ben, at(ben.port())).await;
    let writing = tokio::spawn(async move {
        for frame in 0..FRAMES {
            let bytes = u128::from(frame).to_be_bytes();
            // As a cipher stream does it.
            let taken = near.try_write(&bytes).expect("a connection");
            near.write_all(&bytes[taken..]).await.expect("a connection");
        }
        near
    });
    soon("all frames", async {
        for frame in 0..FRAMES {
            assert_eq!(far.read_u128().await.expect("a connection"), u128::from(frame));
        }
    })
    .await;
    drop(writing.await.expect("all was written"));
    assert_eq!(soon("the end", far.read(&mut [0])).await.expect("a clean end"), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reader_that_stops_stops_the_writer_and_gets_all_of_it_later() {
    let (ana, ben) = (open(), open());
    let (mut near, mut far) = link(&ana, &ben, at(ben.port())).await;
    let all = bytes(8 * 1024 * 1024);
    let mut sent = 0;
    // Until nothing is taken for a while.
    while let Ok(taken) = timeout(MOMENT, near.write(&all[sent..])).await {
        sent += taken.expect("a connection");
    }
    // What the reader's side holds, and what this side keeps beyond that.
    assert!(sent <= 2 * WINDOW as usize, "{sent} bytes were taken");
    assert_eq!(near.try_write(&all[sent..]).expect("a connection"), 0, "what is not taken stays with the caller");
    let rest = all[sent..].to_vec();
    let writing = tokio::spawn(async move {
        near.write_all(&rest).await.expect("a connection");
        near.shutdown().await.expect("a connection");
        near
    });
    let mut received = Vec::new();
    soon("the rest", far.read_to_end(&mut received)).await.expect("a clean end");
    assert!(received == all, "{} bytes", received.len());
    drop(writing.await.expect("all was written"));
}

#[tokio::test]
async fn a_port_for_both_ip_versions_tells_addresses_canonically() {
    let (ana, ben) = (UdpPort::open(0).expect("a port"), UdpPort::open(0).expect("a port"));
    let addresses = ["127.0.0.1", "::ffff:127.0.0.1", "::1"].map(|ip| SocketAddr::new(ip.parse().expect("an address"), ben.port()));
    for to in addresses {
        let stream = soon("a connection", ana.connect(to)).await;
        // Machines without IPv6 exist.
        let Ok(mut stream) = stream else {
            assert!(to.is_ipv6() && to.ip().to_canonical().is_ipv6());
            continue;
        };
        stream.write_all(b"!").await.expect("a connection");
        let (_, from) = incoming(&ben).await;
        assert_eq!(from, SocketAddr::new(to.ip().to_canonical(), ana.port()));
    }
}

#[tokio::test]
async fn a_taken_port_is_replaced_by_another() {
    let first = open();
    let second = UdpPort::open_at(at(first.port())).expect("another port");
    assert_ne!(first.port(), second.port());
    let ports = [first.port(), first.other_port(), second.port(), second.other_port()];
    assert!(ports.iter().all(|port| *port != 0));
}

#[tokio::test]
async fn a_socket_that_punched_becomes_a_port_of_its_own() {
    let ben = open();
    let (socket, here) = raw();
    socket.send_to(&super::super::PROBE, at(ben.port())).expect("a socket");
    ben.send(here, &super::super::PROBE).expect("a socket");
    let (len, from) = socket.recv_from(&mut [0; 64]).expect("a probe");
    assert_eq!((len, from), (super::super::PROBE.len(), at(ben.port())));
    let ana = UdpPort::adopt(socket).expect("a port");
    assert_eq!((ana.port(), ana.other_port()), (here.port(), 0));
    let (near, far) = link(&ana, &ben, at(ben.port())).await;
    // The link outlives the handle of its port.
    drop(ana);
    sleep(MOMENT).await;
    let (mut near, mut far) = (near, far);
    near.write_all(b"still here").await.expect("a connection");
    let mut input = [0; 10];
    soon("a word", far.read_exact(&mut input)).await.expect("a connection");
    assert_eq!(&input, b"still here");
}

#[tokio::test]
async fn a_link_goes_on_while_datagrams_to_another_address_are_kept_near() {
    // The option of IPv4 on a socket of both versions.
    let (ana, ben) = (UdpPort::open(0).expect("a port"), open());
    let (mut near, mut far) = link(&ana, &ben, at(ben.port())).await;
    let (_, elsewhere) = raw();
    ana.set_ttl(elsewhere, Some(1)).expect("a hop count");
    for _ in 0..100 {
        ana.send(elsewhere, &super::super::PROBE).expect("a socket");
        near.write_all(b"!").await.expect("a connection");
        soon("a byte", far.read_u8()).await.expect("a connection");
    }
    ana.set_ttl(elsewhere, None).expect("a hop count");
}
