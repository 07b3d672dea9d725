use super::super::datagram::{ANSWER, Kind, question};
use super::*;

async fn event(port: &UdpPort) -> UdpEvent {
    soon("an event", port.next()).await
}

/// Nothing is told for a moment.
async fn quiet(port: &UdpPort) -> bool {
    timeout(MOMENT, port.next()).await.is_err()
}

#[tokio::test]
async fn a_peer_tells_where_it_sees_a_port_from_both_of_its_own() {
    let (ana, ben) = (open(), open());
    ben.allow_echo(TAG);
    for to in [ben.port(), ben.other_port()] {
        ana.ask_echo(at(to), TAG).expect("a socket");
        let UdpEvent::Echoed { tag: TAG, from, seen } = event(&ana).await else { panic!("an answer") };
        assert_eq!((from, seen), (at(to), at(ana.port())));
    }
    let UdpEvent::Asked { from, tag: TAG } = event(&ben).await else { panic!("a question") };
    assert_eq!(from, at(ana.port()));
    assert!(quiet(&ben).await, "where the other port is seen from tells nothing");
}

#[tokio::test]
async fn a_stranger_is_not_answered_and_a_peer_not_after_its_link() {
    let (ana, ben) = (open(), open());
    ana.ask_echo(at(ben.port()), TAG).expect("a socket");
    ana.ask_echo(at(ben.other_port()), TAG).expect("a socket");
    ben.allow_echo(TAG);
    ben.forget_echo(&TAG);
    ana.ask_echo(at(ben.port()), TAG).expect("a socket");
    assert!(quiet(&ana).await && quiet(&ben).await);
}

#[tokio::test]
async fn mapped_addresses_are_seen_canonically() {
    let (ana, ben) = (UdpPort::open(0).expect("a port"), UdpPort::open(0).expect("a port"));
    ben.allow_echo(TAG);
    ana.ask_echo(at(ben.port()), TAG).expect("a socket");
    let UdpEvent::Echoed { from, seen, .. } = event(&ana).await else { panic!("an answer") };
    assert_eq!((from, seen), (at(ben.port()), at(ana.port())));
}

#[tokio::test]
async fn an_answer_from_elsewhere_is_not_believed() {
    let ana = open();
    let ((asked, address), (other, _)) = (raw(), raw());
    ana.ask_echo(address, TAG).expect("a socket");
    let mut input = [0; 64];
    let (len, _) = soon("the question", async { asked.recv_from(&mut input) }).await.expect("a question");
    let Kind::Question { tag: TAG, nonce } = Kind::of(&input[..len]) else { panic!("a question") };
    let seen: SocketAddr = "203.0.113.9:9".parse().expect("an address");
    let answer = super::super::datagram::answer(&TAG, &nonce, seen);
    other.send_to(&answer, at(ana.port())).expect("a socket");
    assert!(quiet(&ana).await);
    asked.send_to(&answer, at(ana.port())).expect("a socket");
    let UdpEvent::Echoed { seen: told, .. } = event(&ana).await else { panic!("an answer") };
    assert_eq!(told, seen);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_flood_of_questions_is_answered_up_to_the_cap() {
    let ben = open();
    ben.allow_echo(TAG);
    let (socket, _) = raw();
    let start = std::time::Instant::now();
    for nonce in 0..1_000_u64 {
        let to = if nonce % 2 == 0 { ben.port() } else { ben.other_port() };
        socket.send_to(&question(&TAG, &nonce.to_be_bytes()), at(to)).expect("a socket");
    }
    let mut input = [0; 64];
    let mut answers = 0;
    while let Ok((len, _)) = socket.recv_from(&mut input) {
        assert_eq!(len, ANSWER);
        answers += 1;
    }
    // In each second of the clock that the flood touched.
    let cap = 20 * (start.elapsed().as_secs() as usize + 2);
    println!("{answers} of 1000 questions were answered");
    assert!((20..=cap).contains(&answers), "{answers} answers");
}

#[tokio::test]
async fn a_dht_node_is_heard_only_where_it_was_asked() {
    let ana = open();
    let ((node, address), (stranger, _)) = (raw(), raw());
    let answer = b"d1:rd2:id20:abcdefghij0123456789e1:t2:aa1:y1:re";
    node.send_to(answer, at(ana.port())).expect("a socket");
    assert!(quiet(&ana).await, "it was not asked");
    ana.send(address, b"d1:ad2:id20:abcdefghij0123456789e1:q4:ping1:t2:aa1:y1:qe").expect("a socket");
    node.recv_from(&mut [0; 128]).expect("the question");
    stranger.send_to(answer, at(ana.port())).expect("a socket");
    node.send_to(answer, at(ana.port())).expect("a socket");
    let UdpEvent::Dht { from, bytes } = event(&ana).await else { panic!("an answer") };
    assert_eq!((from, &bytes[..]), (address, &answer[..]));
    assert!(quiet(&ana).await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn junk_does_not_disturb_a_link() {
    let (ana, ben) = (open(), open());
    let (mut near, mut far) = link(&ana, &ben, at(ben.port())).await;
    ben.allow_echo(TAG);
    let (socket, _) = raw();
    for round in 0..1_000_usize {
        let len = round * 7 % 1_400;
        let mut junk: Vec<u8> = (0..len).map(|_| rand::random()).collect();
        // Every kind of beginning.
        if let Some(first) = junk.first_mut() {
            *first = round as u8;
        }
        for to in [ben.port(), ben.other_port()] {
            socket.send_to(&junk, at(to)).expect("a socket");
        }
        if round % 10 == 0 {
            near.write_all(b"!").await.expect("a connection");
            soon("a byte", far.read_u8()).await.expect("a connection");
        }
    }
    ana.ask_echo(at(ben.port()), TAG).expect("a socket");
    let UdpEvent::Echoed { .. } = event(&ana).await else { panic!("an answer") };
    let (_, _) = link(&ana, &ben, at(ben.port())).await;
}
