use std::io::ErrorKind;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::{Instant, sleep};

use super::relay::Relay;
use super::*;
use crate::config::Times;
use crate::farewell::linger;
use crate::reason::Reason;

#[tokio::test]
async fn what_was_written_before_a_stream_is_dropped_arrives() {
    let (ana, ben) = (open(), open());
    let (mut near, mut far) = link(&ana, &ben, at(ben.port())).await;
    let all = bytes(200_000);
    near.write_all(&all).await.expect("there is room");
    drop(near);
    let mut received = Vec::new();
    soon("the end", far.read_to_end(&mut received)).await.expect("a clean end");
    assert!(received == all, "{} bytes", received.len());
    // And then the other side is gone.
    let gone = async {
        while far.write_all(b"!").await.is_ok() {
            sleep(Duration::from_millis(5)).await;
        }
    };
    soon("the connection to close", gone).await;
}

#[tokio::test]
async fn the_last_words_are_heard_and_both_sides_end() {
    let (ana, ben) = (open(), open());
    let (near, mut far) = link(&ana, &ben, at(ben.port())).await;
    let times = Times { farewell: PATIENCE, ..Times::default() };
    let hearing = async {
        let mut words = [0; 3];
        far.read_exact(&mut words).await.expect("the words");
        assert_eq!(&words, b"bye");
        drop(far);
    };
    soon("both ends", async { tokio::join!(linger(near, b"bye", &times), hearing) }).await;
}

#[tokio::test]
async fn a_peer_that_vanishes_is_noticed() {
    let (ana, ben) = (open(), open());
    let relay = Relay::to(at(ben.port()), 0, 1).await;
    let (mut near, _far) = link(&ana, &ben, relay.address).await;
    sleep(MOMENT).await;
    drop(relay);
    tokio::time::pause();
    let start = Instant::now();
    let error = near.read(&mut [0]).await.expect_err("nobody is there");
    let waited = start.elapsed();
    tokio::time::resume();
    assert_eq!((error.kind(), Reason::of_io(&error)), (ErrorKind::TimedOut, Reason::TimedOut));
    assert!((Duration::from_secs(15)..Duration::from_secs(50)).contains(&waited), "{waited:?}");
    assert!(near.write_all(b"!").await.is_err());
}

#[tokio::test]
async fn nobody_at_an_address_is_noticed() {
    let ana = open();
    let (_silent, address) = raw();
    tokio::time::pause();
    let start = Instant::now();
    let error = ana.connect(address).await.err().expect("nobody is there");
    assert_eq!(error.kind(), ErrorKind::TimedOut);
    assert!(start.elapsed() < Duration::from_secs(11), "{:?}", start.elapsed());
    assert_eq!(
        Reason::of_io(&ana.connect("[2001:db8::1]:1".parse().expect("an address")).await.err().expect("no IPv6 here")),
        Reason::NoRoute
    );
}

#[tokio::test]
async fn a_port_is_free_again_when_its_last_link_is_over() {
    let (ana, ben) = (open(), open());
    let (near, far) = link(&ana, &ben, at(ben.port())).await;
    let (main, other) = (at(ben.port()), at(ben.other_port()));
    let taken = |address| std::net::UdpSocket::bind(address).is_err();
    drop(ben);
    sleep(MOMENT).await;
    assert!(taken(main) && !taken(other), "a link is up, and echoes are over");
    drop((near, far));
    soon("a free port", async {
        while taken(main) {
            sleep(Duration::from_millis(50)).await;
        }
    })
    .await;
}

#[tokio::test]
async fn a_stream_that_is_dropped_before_its_first_byte_is_never_seen() {
    let (ana, ben) = (open(), open());
    drop(soon("a connection", ana.connect(at(ben.port()))).await.expect("a connection"));
    assert!(timeout(MOMENT, ben.next()).await.is_err());
}
