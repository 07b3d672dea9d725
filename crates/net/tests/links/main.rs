//! Peers over real sockets: how links come, carry and go.

mod dials;
#[path = "../support/mod.rs"]
mod support;

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use net::{Config, DialId, Event, FastReceive, Full, Limits, Outbox, PeerState, QueueLimit, Reason, Times};
use support::raw::Raw;
use support::{ANA, BEN, CHI, Peer, config, identity, linked, number, numbered};
use wire::{Address, Bye, Class, Message, Role};

#[tokio::test]
async fn two_peers_link_up_and_talk_both_ways() {
    let (mut ana, up_ana, mut ben, up_ben) = linked().await;
    assert_eq!((up_ana.role, up_ben.role), (Role::Initiator, Role::Responder));
    assert_eq!(up_ana.hash, up_ben.hash);
    assert_eq!((up_ana.hello.boot_nonce, up_ben.hello.boot_nonce), (ben.net.boot_nonce(), ana.net.boot_nonce()));
    assert_eq!(up_ana.hello.addresses, [Address::from(ben.address)]);
    up_ana.outbox.offer(Class::Live, numbered(1, 300).encode()).expect("there is room");
    up_ben.outbox.offer(Class::Bulk, numbered(2, 20_000).encode()).expect("there is room");
    assert_eq!(ben.received(ana.id).await, [numbered(1, 300)]);
    assert_eq!(ana.received(ben.id).await, [numbered(2, 20_000)]);
}

/// Has Ana hand over many messages, each as `hand_over` does it until it is taken.
async fn all_arrive_in_order_and_once(hand_over: impl Fn(&Outbox, u32) -> Result<(), Full> + Send + 'static) {
    let (ana, up, mut ben, _) = linked().await;
    let ana_id = ana.id;
    let _ana = ana.unattended();
    const COUNT: u32 = 20_000;
    tokio::spawn(async move {
        for n in 0..COUNT {
            while hand_over(&up.outbox, n).is_err() {
                tokio::task::yield_now().await;
            }
        }
    });
    let mut next = 0;
    while next < COUNT {
        for message in ben.received(ana_id).await {
            assert_eq!(number(&message), next);
            next += 1;
        }
    }
}

#[tokio::test]
async fn many_messages_arrive_in_order_and_once() {
    all_arrive_in_order_and_once(|outbox, n| outbox.offer(Class::Live, numbered(n, 300).encode())).await;
}

/// Two threads: the link's task and the sender write by turns.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_writes_messages_arrive_in_order_and_once() {
    let hand_over = |outbox: &Outbox, n: u32| {
        // Large enough to fill the socket now and then.
        let record = numbered(n, 300 + n as usize % 7 * 500).encode();
        if n.is_multiple_of(3) { outbox.offer(Class::Live, record) } else { outbox.send_now(Class::Live, record) }
    };
    all_arrive_in_order_and_once(hand_over).await;
}

/// Some are taken at once, some go by the queue, where they wait for a while.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whichever_way_they_are_told_messages_come_in_order_and_once() {
    const COUNT: u32 = 900;
    let (told, at_once) = (Arc::new(Mutex::new(Vec::new())), Arc::new(AtomicU32::new(0)));
    let (taking, taken) = (told.clone(), at_once.clone());
    let fast_receive = FastReceive(Arc::new(move |event| match &event {
        Event::Received { messages, .. } if messages.iter().all(|message| number(message) % 3 < 2) => {
            taking.lock().expect("nobody panicked").extend(messages.iter().map(number));
            taken.fetch_add(1, Ordering::SeqCst);
            Ok(())
        }
        _ => Err(event),
    }));
    let (mut ana, mut ben) = (Peer::start(ANA).await, Peer::with(BEN, Config { fast_receive: Some(fast_receive), ..config() }).await);
    ana.want(&ben);
    let up = ana.up(ben.id).await;
    ben.up(ana.id).await;
    let _ana = ana.unattended();
    std::thread::spawn(move || {
        for n in 0..COUNT {
            up.outbox.send_now(Class::Live, numbered(n, 300).encode()).expect("fewer wait than the queue takes");
            // So that most are read alone.
            std::thread::sleep(Duration::from_micros(u64::from(n % 5) * 50));
        }
    });
    let take = |event| {
        let Event::Received { messages, taken, .. } = event else { return None };
        std::thread::sleep(Duration::from_micros(100));
        told.lock().expect("nobody panicked").extend(messages.iter().map(number));
        drop(taken);
        messages.iter().any(|message| number(message) == COUNT - 1).then_some(())
    };
    ben.wait("the last one", take).await;
    assert!(at_once.load(Ordering::SeqCst) > 0, "nothing was taken at once");
    let told = std::mem::take(&mut *told.lock().expect("nobody panicked"));
    assert_eq!(told, (0..COUNT).collect::<Vec<_>>());
}

#[tokio::test]
async fn what_is_sent_now_is_in_the_socket_before_any_task_has_a_turn() {
    let mut ana = Peer::start(ANA).await;
    let mut ben = Raw::dial(ana.address, identity(BEN)).await;
    let up = ana.up(identity(BEN).peer()).await;
    // What a link begins with.
    ben.receive_until(|message| matches!(message, Message::Ping(_)).then_some(())).await;
    let mut byte = [std::mem::MaybeUninit::uninit()];
    let socket = socket2::SockRef::from(&ben.stream);
    up.outbox.offer(Class::Live, numbered(1, 300).encode()).expect("there is room");
    assert!(socket.peek(&mut byte).is_err(), "what is offered waits for the link's task");
    up.outbox.send_now(Class::Live, numbered(2, 300).encode()).expect("there is room");
    assert_eq!(socket.peek(&mut byte).ok(), Some(1));
    let said = [ben.receive().await, ben.receive().await].map(|message| message.as_ref().map(number));
    assert_eq!(said, [Some(1), Some(2)]);
}

/// A sender does not spend its time on what others have asked for.
#[tokio::test]
async fn what_is_sent_now_takes_no_bulk_along() {
    let mut ana = Peer::start(ANA).await;
    let mut ben = Raw::dial(ana.address, identity(BEN)).await;
    let up = ana.up(identity(BEN).peer()).await;
    up.outbox.offer(Class::Bulk, numbered(1, 20_000).encode()).expect("there is room");
    up.outbox.send_now(Class::Live, numbered(2, 300).encode()).expect("there is room");
    assert!(up.outbox.waiting() >= 20_000);
    let mut said = Vec::new();
    while said.len() < 2 {
        said.extend(ben.receive().await.filter(|message| matches!(message, Message::Data(_))).as_ref().map(number));
    }
    assert_eq!(said, [2, 1]);
}

#[tokio::test]
async fn a_link_that_breaks_while_somebody_writes_is_over() {
    let mut ana = Peer::start(ANA).await;
    let ben = Raw::dial(ana.address, identity(BEN)).await;
    let up = ana.up(identity(BEN).peer()).await;
    // Closed with a reset: the next write fails.
    socket2::SockRef::from(&ben.stream).set_linger(Some(Duration::ZERO)).expect("a socket");
    drop(ben);
    let record = numbered(1, 300).encode();
    let _refused_once_it_is_over: Vec<_> = (0..3).map(|_| up.outbox.send_now(Class::Live, record.clone())).collect();
    assert_eq!(ana.down(identity(BEN).peer()).await, Reason::Lost);
    assert_eq!(up.outbox.send_now(Class::Live, record), Err(Full));
}

#[tokio::test]
async fn a_full_queue_refuses_and_tells_when_it_drained() {
    let limits = Limits { bulk: QueueLimit { records: 4, bytes: 100_000 }, ..Limits::default() };
    let (mut ana, mut ben) = (Peer::with(ANA, Config { limits, ..config() }).await, Peer::start(BEN).await);
    ana.want(&ben);
    let up = ana.up(ben.id).await;
    ben.up(ana.id).await;
    let record = numbered(0, 30_000).encode();
    let refused = (0..10_000).any(|_| up.outbox.offer(Class::Bulk, record.clone()) == Err(Full));
    assert!(refused, "the queue is bounded");
    ana.wait("drained", |event| matches!(event, Event::Drained { .. }).then_some(())).await;
    up.outbox.offer(Class::Bulk, record).expect("there is room again");
}

#[tokio::test]
async fn shutdown_says_goodbye_to_everybody_within_its_second() {
    let (mut ana, mut ben, mut chi) = (Peer::start(ANA).await, Peer::start(BEN).await, Peer::start(CHI).await);
    for other in [&ben, &chi] {
        ana.want(other);
    }
    ana.up(ben.id).await;
    ana.up(chi.id).await;
    for other in [&mut ben, &mut chi] {
        other.up(ana.id).await;
    }
    let start = Instant::now();
    ana.net.shutdown().await;
    assert!(start.elapsed() < Duration::from_millis(1500), "{:?}", start.elapsed());
    for other in [&mut ben, &mut chi] {
        assert_eq!(other.down(ana.id).await, Reason::Goodbye);
    }
}

#[tokio::test]
async fn dropping_the_last_handle_is_a_shutdown() {
    let (ana, _, mut ben, _) = linked().await;
    let id = ana.id;
    drop(ana);
    assert_eq!(ben.down(id).await, Reason::Goodbye);
}

#[tokio::test]
async fn a_closed_link_tells_both_sides_why() {
    let cases = [(Bye::NotWelcome, Reason::NotWelcome), (Bye::Busy, Reason::Busy), (Bye::Shutdown, Reason::Goodbye)];
    for (bye, reason) in cases {
        let (mut ana, up, mut ben, _) = linked().await;
        ana.net.unwant(ben.id);
        ana.net.close(ben.id, up.link, bye);
        assert_eq!((ana.down(ben.id).await, ben.down(ana.id).await), (reason, reason));
    }
}

#[tokio::test]
async fn what_was_said_before_closing_still_arrives() {
    let (ana, up, mut ben, _) = linked().await;
    for n in 0..10 {
        up.outbox.offer(Class::Control, numbered(n, 1000).encode()).expect("there is room");
    }
    let mut seen = 0;
    while seen < 10 {
        seen += ben.received(ana.id).await.len();
    }
    ana.net.close(ben.id, up.link, Bye::Busy);
    assert_eq!(ben.down(ana.id).await, Reason::Busy);
}

#[tokio::test]
async fn a_stranger_who_is_not_made_welcome_has_to_leave() {
    let times = Times { lobby: Duration::from_millis(200), ..Times::default() };
    let ana = Peer::with(ANA, Config { times, ..config() }).await;
    let mut ben = Peer::start(BEN).await;
    let (id, address) = (ana.id, ana.address.into());
    let _ana = ana.unattended();
    ben.net.dial_address(DialId(1), address);
    ben.up(id).await;
    assert_eq!(ben.down(id).await, Reason::NotWelcome);
}

#[tokio::test]
async fn peers_that_dial_each_other_at_once_keep_one_link() {
    for round in 0..20 {
        let (mut ana, mut ben) = (Peer::start(ANA).await, Peer::start(BEN).await);
        ana.want(&ben);
        ben.want(&ana);
        // The link that stays is the one on which both hear each other.
        let (ana_id, ben_id) = (ana.id, ben.id);
        let (mut ana_up, mut ben_up) = (ana.up(ben_id).await, ben.up(ana_id).await);
        while ana_up.hash != ben_up.hash {
            tokio::select! {
                up = ana.up(ben_id) => ana_up = up,
                up = ben.up(ana_id) => ben_up = up,
            }
        }
        ana_up.outbox.offer(Class::Live, numbered(round, 300).encode()).expect("there is room");
        assert_eq!(ben.received(ana_id).await, [numbered(round, 300)]);
    }
}

#[tokio::test]
async fn events_of_links_are_nested() {
    let (mut ana, mut ben) = (Peer::start(ANA).await, Peer::start(BEN).await);
    ana.want(&ben);
    ben.want(&ana);
    for _ in 0..30 {
        let up = ana.up(ben.id).await;
        ana.net.close(ben.id, up.link, Bye::Busy);
        ana.down(ben.id).await;
        ana.net.dial_now(ben.id);
        ben.net.dial_now(ana.id);
    }
    // The peers check every event that they see.
    ben.up(ana.id).await;
}

#[tokio::test]
async fn an_old_link_is_renewed_without_waiting() {
    let times = Times { renew: Duration::from_millis(300), ..Times::default() };
    let (mut ana, mut ben) = (Peer::with(ANA, Config { times, ..config() }).await, Peer::start(BEN).await);
    ana.want(&ben);
    ben.net.want(ana.id, Vec::new());
    let first = ana.up(ben.id).await;
    assert_eq!((ana.down(ben.id).await, ben.down(ana.id).await), (Reason::Replaced, Reason::Replaced));
    let start = Instant::now();
    let second = ana.up(ben.id).await;
    assert!(start.elapsed() < Duration::from_millis(450), "{:?}", start.elapsed());
    assert_ne!(first.hash, second.hash);
}

#[tokio::test]
async fn the_round_trip_is_told() {
    let (mut ana, _, _ben, _) = linked().await;
    ana.state("a round trip", |state| matches!(state, PeerState::Connected { rtt: Some(_), .. })).await;
}

#[tokio::test]
async fn a_node_that_does_not_listen_to_events_slows_its_peers_and_loses_nothing() {
    let mut ana = Peer::start(ANA).await;
    let mut ben = Peer::with_room(BEN, config(), 2).await;
    ana.want(&ben);
    let up = ana.up(ben.id).await;
    let record = |n| numbered(n, 30_000).encode();
    let mut sent = 0;
    // Ben's node takes nothing: queues and socket buffers fill, and then offers are refused for
    // good.
    let mut last = Instant::now();
    while last.elapsed() < Duration::from_millis(500) {
        if up.outbox.offer(Class::Bulk, record(sent)).is_ok() {
            (sent, last) = (sent + 1, Instant::now());
        }
        tokio::task::yield_now().await;
    }
    assert!(sent < 2000, "{sent} records of 30 kB went somewhere");
    ben.up(ana.id).await;
    let mut next = 0;
    while next < sent {
        for message in ben.received(ana.id).await {
            assert_eq!(number(&message), next);
            next += 1;
        }
    }
}
