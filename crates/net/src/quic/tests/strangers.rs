use std::collections::BTreeMap;
use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::sleep;

use super::super::limits::{HANDSHAKES, HANDSHAKES_UNPROVEN};
use super::*;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_dials_and_says_nothing_counts_until_it_goes() {
    let ben = open();
    let mut diallers = JoinSet::new();
    for _ in 0..HANDSHAKES + 16 {
        let (ana, to) = (open(), at(ben.port()));
        // Beyond the sixteenth each has to prove its address, and beyond the last none is heard.
        diallers.spawn(async move { timeout(Duration::from_secs(3), ana.connect(to)).await.ok()?.ok() });
    }
    let silent: Vec<_> = soon("all diallers", diallers.join_all()).await.into_iter().flatten().collect();
    assert_eq!(silent.len(), HANDSHAKES);
    drop(silent);
    let ana = open();
    let (_, _) = link(&ana, &ben, at(ben.port())).await;
}

/// First packets of so many connections.
async fn first_packets(count: usize) -> Vec<Vec<u8>> {
    let ana = open();
    let (silent, to) = raw();
    let mut diallers = JoinSet::new();
    for _ in 0..count {
        let ana = ana.clone();
        diallers.spawn(async move { ana.connect(to).await.is_ok() });
    }
    let catching = tokio::task::spawn_blocking(move || {
        let mut packets = BTreeMap::new();
        let mut input = [0; 2048];
        let start = std::time::Instant::now();
        while packets.len() < count && start.elapsed() < PATIENCE {
            // Those that found no room come again after a second.
            let Ok((len, _)) = silent.recv_from(&mut input) else { continue };
            // By the destination's connection id, which the dialler has made up.
            packets.entry(input[6..14].to_vec()).or_insert_with(|| input[..len].to_vec());
        }
        packets.into_values().collect()
    });
    let packets: Vec<_> = catching.await.expect("packets");
    assert_eq!(packets.len(), count);
    packets
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn made_up_addresses_cost_them_little_and_soon_nothing() {
    let ben = open();
    let packets = first_packets(100).await;
    let victims: Vec<_> = packets
        .iter()
        .map(|packet| {
            let (socket, _) = raw();
            socket.set_nonblocking(true).expect("a socket");
            socket.send_to(packet, at(ben.port())).expect("a socket");
            (socket, packet.len())
        })
        .collect();
    // Longer than two times of retransmission.
    sleep(Duration::from_secs(4)).await;
    let mut input = [0; 2048];
    let mut hit = Vec::new();
    for (socket, sent) in victims {
        let mut got = 0;
        while let Ok((len, _)) = socket.recv_from(&mut input) {
            got += len;
        }
        // Three times as much, and quinn finishes the datagram with which it gets there.
        assert!(got < 4 * sent, "{got} bytes for {sent}");
        hit.push(got > sent);
    }
    let hit = hit.iter().filter(|hit| **hit).count();
    println!("{hit} of 100 made-up addresses got more than was sent in their name");
    assert!(hit <= HANDSHAKES_UNPROVEN + 1, "{hit}");
}
