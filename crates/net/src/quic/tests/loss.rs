use std::io;
use std::sync::atomic::Ordering;

use tokio::io::split;
use tokio::task::JoinSet;
use tokio::time::Instant;

use super::relay::Relay;
use super::*;

/// Says all of it and hears as much.
async fn exchange(stream: &mut ByteStream, all: &[u8]) -> io::Result<Vec<u8>> {
    let (mut reading, mut writing) = split(stream);
    let mut heard = vec![0; all.len()];
    tokio::try_join!(writing.write_all(all), reading.read_exact(&mut heard))?;
    Ok(heard)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_link_works_where_one_datagram_in_twenty_is_lost() {
    let (ana, ben) = (open(), open());
    let relay = Relay::to(at(ben.port()), 5, rand::random()).await;
    let (mut near, mut far) = link(&ana, &ben, relay.address).await;
    let all = bytes(1_000_000);
    let exchanging = async { tokio::join!(exchange(&mut near, &all), exchange(&mut far, &all)) };
    let (at_near, at_far) = soon("a megabyte each way", exchanging).await;
    assert!(at_near.expect("a connection") == all && at_far.expect("a connection") == all);
    for round in 0..200_u8 {
        near.write_all(&[round]).await.expect("a connection");
        assert_eq!(soon("a byte", far.read_u8()).await.expect("a connection"), round);
        far.write_all(&[round]).await.expect("a connection");
        assert_eq!(soon("a byte", near.read_u8()).await.expect("a connection"), round);
    }
    let lost = relay.lost.load(Ordering::Relaxed);
    println!("{lost} datagrams were lost");
    assert!(lost > 20, "{lost}");
}

#[tokio::test]
async fn a_link_goes_on_when_a_router_forgets_its_mapping() {
    let (ana, ben) = (open(), open());
    let relay = Relay::to(at(ben.port()), 0, 1).await;
    let (mut near, mut far) = link(&ana, &ben, relay.address).await;
    for round in 0..3 {
        relay.forget();
        near.write_all(&[round]).await.expect("a connection");
        assert_eq!(soon("a byte", far.read_u8()).await.expect("a connection"), round);
        far.write_all(&[round]).await.expect("a connection");
        assert_eq!(soon("a byte", near.read_u8()).await.expect("a connection"), round);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn twenty_of_twenty_links_come_up_where_one_datagram_in_twenty_is_lost() {
    let mut links = JoinSet::new();
    for _ in 0..20 {
        links.spawn(async {
            let (ana, ben) = (open(), open());
            let relay = Relay::to(at(ben.port()), 5, rand::random()).await;
            let start = Instant::now();
            let (_, _) = link(&ana, &ben, relay.address).await;
            start.elapsed()
        });
    }
    let mut took = links.join_all().await;
    took.sort();
    println!("the median took {:?}, the slowest {:?}", took[10], took[19]);
    assert!(took[19] < Duration::from_secs(10));
}
