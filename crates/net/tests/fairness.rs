//! What one link brings does not stand before what the others do.

mod support;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use net::{Config, Event, Inspect, Limits, Rate};
use support::{ANA, BEN, CHI, Peer, config, number, numbered};
use wire::{Class, Message, RoomId};

#[tokio::test]
async fn ana_floods_ben_and_chi_is_heard_after_eight_of_anas_reads() {
    let (mut ana, mut ben, mut chi) = (Peer::start(ANA).await, Peer::start(BEN).await, Peer::start(CHI).await);
    ana.want(&ben);
    chi.want(&ben);
    let (from_ana, from_chi) = (ana.up(ben.id).await, chi.up(ben.id).await);
    ben.up(ana.id).await;
    let flood = (0..100).take_while(|n| from_ana.outbox.offer(Class::Live, numbered(*n, 30_000).encode()).is_ok()).count();
    assert!(flood > 20, "a queue takes more than {flood} records");
    // Ben's node is busy: it looks at what comes and is done with none of it.
    let mut held = Vec::new();
    let reads =
        |held: &[Event], peer| held.iter().filter(|event| matches!(event, Event::Received { peer: who, .. } if *who == peer)).count();
    while reads(&held, ana.id) < 8 {
        held.push(ben.next().await.expect("the network runs"));
    }
    from_chi.outbox.offer(Class::Live, numbered(0, 300).encode()).expect("there is room");
    while reads(&held, chi.id) < 1 {
        held.push(ben.next().await.expect("the network runs"));
    }
    assert_eq!(reads(&held, ana.id), 8);
    let mut next = 0;
    for event in held {
        if let Event::Received { peer, messages, .. } = event
            && peer == ana.id
        {
            next += messages.len();
        }
    }
    while next < flood {
        for message in ben.received(ana.id).await {
            assert_eq!(number(&message) as usize, next);
            next += 1;
        }
    }
}

#[tokio::test]
async fn who_talks_too_much_is_read_slowly_and_nothing_is_lost() {
    let limits = Limits { talk: Rate { burst: 100, per_second: 1_000 }, ..Limits::default() };
    let (mut ana, mut ben) = (Peer::start(ANA).await, Peer::with(BEN, Config { limits, ..config() }).await);
    ana.want(&ben);
    let up = ana.up(ben.id).await;
    ben.up(ana.id).await;
    let began = Instant::now();
    (0..500).for_each(|_| up.outbox.offer(Class::Live, Message::Prune(RoomId([1; 32])).encode()).expect("there is room"));
    up.outbox.offer(Class::Live, numbered(7, 300).encode()).expect("there is room");
    let mut prunes = 0;
    loop {
        let messages = ben.received(ana.id).await;
        prunes += messages.iter().filter(|message| matches!(message, Message::Prune(_))).count();
        if messages.last().is_some_and(|last| matches!(last, Message::Data(_))) {
            break;
        }
    }
    assert_eq!(prunes, 500);
    // One more comes once the debt is paid.
    up.outbox.offer(Class::Live, numbered(8, 300).encode()).expect("there is room");
    while ben.received(ana.id).await.iter().all(|message| !matches!(message, Message::Data(data) if data.last == 8)) {}
    assert!(began.elapsed() >= Duration::from_millis(300), "read after {:?}", began.elapsed());
}

#[tokio::test]
async fn what_a_stranger_says_is_not_looked_into_before_he_is_welcome() {
    let looked = Arc::new(AtomicUsize::new(0));
    let counter = looked.clone();
    let inspect = Inspect(Arc::new(move |messages| {
        counter.fetch_add(messages.len(), Ordering::SeqCst);
    }));
    let (mut ana, mut ben) = (Peer::start(ANA).await, Peer::with(BEN, Config { inspect: Some(inspect), ..config() }).await);
    ana.want(&ben);
    let up = ana.up(ben.id).await;
    let link = ben.wait("ana", |event| if let Event::LinkUp(up) = event { Some(up.link) } else { None }).await;
    for n in 0..3 {
        up.outbox.offer(Class::Live, numbered(n, 300).encode()).expect("there is room");
        ben.received(ana.id).await;
    }
    assert_eq!(looked.load(Ordering::SeqCst), 0);
    ben.net.welcome(ana.id, link);
    while looked.load(Ordering::SeqCst) == 0 {
        up.outbox.offer(Class::Live, numbered(9, 300).encode()).expect("there is room");
        ben.received(ana.id).await;
    }
}
