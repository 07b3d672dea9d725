//! Those who do not play by the rules, over real sockets (DESIGN: hostile inputs). Each test says
//! who misbehaves.

mod support;

use std::time::{Duration, Instant};

use net::{Config, Event, Limits, Outbox, QueueLimit, Reason, Times};
use support::raw::Raw;
use support::{ANA, BEN, CHI, PATIENCE, Peer, config, identity, number, numbered};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;
use wire::{Bye, Class, Hello, Message};

/// Short waits, so that the tests do not take long.
fn quick() -> Config {
    let times = Times {
        first_frame: Duration::from_millis(600),
        handshake: Duration::from_millis(1500),
        silence: Duration::from_millis(500),
        answer: Duration::from_millis(300),
        stall: Duration::from_millis(1500),
        ..Times::default()
    };
    Config { times, ..config() }
}

/// Ben as a raw socket, linked to Ana.
async fn raw_ben(ana: &mut Peer) -> (Raw, Outbox) {
    let mut ben = Raw::dial(ana.address, identity(BEN)).await;
    let up = ana.up(identity(BEN).peer()).await;
    assert!(matches!(ben.receive().await, Some(Message::Hello(_))));
    (ben, up.outbox)
}

/// How long the other side left the connection open.
async fn closed_after(mut stream: TcpStream) -> Duration {
    let start = Instant::now();
    let mut sink = vec![0; 4096];
    let gone = async { while stream.read(&mut sink).await.unwrap_or(0) > 0 {} };
    timeout(PATIENCE, gone).await.expect("the connection is closed");
    start.elapsed()
}

#[tokio::test]
async fn a_stranger_with_bad_first_bytes_is_cut_off_and_disturbs_nobody() {
    let mut ana = Peer::with(ANA, quick()).await;
    let noise: Vec<u8> = (0..1 << 20).map(|_| rand::random()).collect();
    let whole = |len: usize| [&(len as u32).to_be_bytes()[..], &vec![1; len]].concat();
    let at_once = [
        ("an empty frame", whole(0)),
        ("a frame over 512 bytes", whole(513)),
        ("a frame of 65 536 bytes", whole(65_536)),
        ("a frame of 2^32 - 1 bytes", vec![255; 4]),
        ("a megabyte of noise", [&[255; 4][..], &noise].concat()),
        ("a first message that is too short", whole(16)),
        ("a first message with strange versions", [&38_u32.to_be_bytes()[..], &[9; 38]].concat()),
        ("a low-order key", [&38_u32.to_be_bytes()[..], &[0; 32], &[1, 1, 0, 0, 0, 0]].concat()),
    ];
    for (what, bytes) in at_once {
        let mut chi = TcpStream::connect(ana.address).await.expect("ana listens");
        let _ = chi.write_all(&bytes).await;
        let open = closed_after(chi).await;
        assert!(open < Duration::from_millis(500), "{what}: open for {open:?}");
    }
    let in_time = [("nothing at all", vec![]), ("half a header", vec![0, 0]), ("half a frame", whole(38)[..20].to_vec())];
    for (what, bytes) in in_time {
        let mut chi = TcpStream::connect(ana.address).await.expect("ana listens");
        chi.write_all(&bytes).await.expect("ana listens");
        let open = closed_after(chi).await;
        assert!((500..1400).contains(&open.as_millis()), "{what}: open for {open:?}");
    }
    let mut chi = TcpStream::connect(ana.address).await.expect("ana listens");
    chi.write_all(&whole(38)).await.expect("ana listens");
    let open = closed_after(chi).await;
    assert!(open >= Duration::from_millis(1400), "a good first message and nothing more: open for {open:?}");
    raw_ben(&mut ana).await;
}

#[tokio::test]
async fn one_byte_now_and_then_does_not_stretch_the_deadline() {
    let ana = Peer::with(ANA, quick()).await;
    let (mut reader, mut writer) = TcpStream::connect(ana.address).await.expect("ana listens").into_split();
    let start = Instant::now();
    tokio::spawn(async move {
        for byte in [0, 0, 0, 38].into_iter().chain([1; 38]) {
            if writer.write_all(&[byte]).await.is_err() {
                return;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    });
    assert_eq!(timeout(PATIENCE, reader.read(&mut [0; 16])).await.expect("it is closed").unwrap_or(0), 0);
    assert!(start.elapsed() < Duration::from_millis(1400), "{:?}", start.elapsed());
}

#[tokio::test]
async fn a_flood_of_200_sockets_is_bounded_and_ben_still_gets_in() {
    let mut ana = Peer::start(ANA).await;
    let mut flood = Vec::new();
    for _ in 0..200 {
        flood.push(TcpStream::connect(ana.address).await.expect("ana listens"));
    }
    let start = Instant::now();
    raw_ben(&mut ana).await;
    let took = start.elapsed();
    assert!(took < Times::default().first_frame, "ben waited {took:?}, until the flood timed out");
    // All but the last 64 were displaced, in the order of their coming, by the time that Ben was
    // in.
    flood.truncate(200 - 64);
    for stream in &mut flood {
        let read = timeout(Duration::from_millis(200), stream.read(&mut [0])).await.expect("it was displaced");
        assert_eq!(read.unwrap_or(0), 0);
    }
}

#[tokio::test]
async fn chi_spoils_her_proof_and_is_refused() {
    let mut ana = Peer::with(ANA, quick()).await;
    let chi = Raw::dial_spoiling(ana.address, identity(CHI), |third| third.iter_mut().for_each(|byte| *byte ^= 1)).await;
    assert!(closed_after(chi.stream).await < Duration::from_millis(1000));
    raw_ben(&mut ana).await;
}

#[tokio::test]
async fn chi_proves_herself_and_never_says_hello() {
    let mut ana = Peer::with(ANA, quick()).await;
    let chi = Raw::dial_mutely(ana.address, identity(CHI)).await;
    let open = closed_after(chi.stream).await;
    assert!(open < Duration::from_millis(2500), "{open:?}");
    raw_ben(&mut ana).await;
}

#[tokio::test]
async fn chi_says_something_else_before_hello() {
    let ana = Peer::with(ANA, quick()).await;
    let mut chi = Raw::dial_mutely(ana.address, identity(CHI)).await;
    chi.send(&numbered(1, 300)).await;
    assert!(closed_after(chi.stream).await < Duration::from_millis(1000));
}

/// Ben does `misbehave`; Ana ends the link as `reason`, says `bye` if she says anything, and links
/// with Ben again.
async fn check(what: &str, reason: Reason, bye: Option<Bye>, misbehave: impl AsyncFnOnce(&mut Raw)) {
    let mut ana = Peer::with(ANA, quick()).await;
    let (mut ben, _) = raw_ben(&mut ana).await;
    misbehave(&mut ben).await;
    assert_eq!(ana.down(identity(BEN).peer()).await, reason, "{what}");
    let mut heard = None;
    while let Some(message) = ben.receive().await {
        if let Message::Bye(bye) = message {
            heard = Some(bye);
        }
    }
    assert_eq!(heard, bye, "{what}");
    raw_ben(&mut ana).await;
}

#[tokio::test]
async fn ben_sends_frames_that_are_none() {
    let protocol = (Reason::Protocol, Some(Bye::Protocol));
    for len in [0, 16, 65_536, u32::MAX] {
        let bytes = [&len.to_be_bytes()[..], &[1; 16]].concat();
        check(&format!("length {len}"), protocol.0, protocol.1, async |ben| ben.send_bytes(&bytes).await).await;
    }
    check("noise", protocol.0, protocol.1, async |ben| ben.send_bytes(&[&64_u32.to_be_bytes()[..], &[7; 64]].concat()).await).await;
}

#[tokio::test]
async fn ben_changes_repeats_or_leaves_out_a_frame() {
    check("a flipped bit", Reason::Protocol, Some(Bye::Protocol), async |ben| {
        let mut frame = ben.seal(&[Message::Ping(1)]);
        *frame.last_mut().expect("not empty") ^= 1;
        ben.send_bytes(&frame).await;
    })
    .await;
    check("a repeated frame", Reason::Protocol, Some(Bye::Protocol), async |ben| {
        let frame = ben.seal(&[Message::Ping(1)]);
        ben.send_bytes(&[frame.clone(), frame].concat()).await;
    })
    .await;
    check("a frame left out", Reason::Protocol, Some(Bye::Protocol), async |ben| {
        ben.seal(&[Message::Ping(1)]);
        ben.send(&Message::Ping(2)).await;
    })
    .await;
}

#[tokio::test]
async fn ben_sends_records_that_are_none() {
    let hello = Message::Hello(Hello { boot_nonce: 1, addresses: vec![], agent: "mallory".to_owned() });
    let plaintexts: [(&str, &[u8]); 4] = [
        ("an unknown type", &[0, 1, 0x33]),
        ("a cut record", &[0, 200, 0x02]),
        ("a Ping without its token", &[0, 1, 0x02]),
        ("a Ping with more than its token", &[0, 3, 0x02, 1, 1]),
    ];
    for (what, plaintext) in plaintexts {
        check(what, Reason::Protocol, Some(Bye::Protocol), async |ben| {
            let frame = ben.seal_plaintext(plaintext);
            ben.send_bytes(&frame).await;
        })
        .await;
    }
    check("a second Hello", Reason::Protocol, Some(Bye::Protocol), async |ben| ben.send(&hello).await).await;
}

#[tokio::test]
async fn what_ben_may_add_in_later_versions_is_skipped() {
    let mut ana = Peer::with(ANA, quick()).await;
    let (mut ben, _) = raw_ben(&mut ana).await;
    let frame = ben.seal_plaintext(&[0, 3, 0xc0, 1, 2]);
    ben.send_bytes(&frame).await;
    ben.send(&numbered(1, 300)).await;
    assert_eq!(ana.received(identity(BEN).peer()).await, [numbered(1, 300)]);
}

#[tokio::test]
async fn ben_vanishes_in_the_middle_of_a_frame() {
    let mut ana = Peer::with(ANA, quick()).await;
    let (mut ben, _) = raw_ben(&mut ana).await;
    let frame = ben.seal(&[numbered(1, 5000)]);
    ben.send_bytes(&frame[..1000]).await;
    drop(ben);
    assert_eq!(ana.down(identity(BEN).peer()).await, Reason::Lost);
}

#[tokio::test]
async fn ben_says_nothing_any_more() {
    let mut ana = Peer::with(ANA, quick()).await;
    let (mut ben, _) = raw_ben(&mut ana).await;
    let start = Instant::now();
    // Half a header is not a sign of life, nor is the rest of it.
    ben.send_bytes(&[0, 0]).await;
    assert_eq!(ana.down(identity(BEN).peer()).await, Reason::Silent);
    assert!(start.elapsed() >= Duration::from_millis(1100), "{:?}", start.elapsed());
}

#[tokio::test]
async fn ben_answers_pings_and_may_stay() {
    let mut ana = Peer::with(ANA, quick()).await;
    let (mut ben, _) = raw_ben(&mut ana).await;
    let start = Instant::now();
    while start.elapsed() < Duration::from_secs(3) {
        let token = ben.receive_until(|message| if let Message::Ping(token) = message { Some(token) } else { None }).await;
        ben.send(&Message::Pong(token)).await;
    }
    ben.send(&numbered(1, 300)).await;
    assert_eq!(ana.received(identity(BEN).peer()).await, [numbered(1, 300)]);
}

#[tokio::test]
async fn ben_asks_for_a_million_pongs_and_never_reads() {
    let limits = Limits { control: QueueLimit { records: 64, bytes: 64 * 1024 }, ..Limits::default() };
    let mut ana = Peer::with(ANA, Config { limits, ..quick() }).await;
    let (mut ben, _) = raw_ben(&mut ana).await;
    let (peer, start) = (identity(BEN).peer(), Instant::now());
    let flood = tokio::spawn(async move {
        let pings = vec![Message::Ping(u64::MAX); 4000];
        for _ in 0..2000 {
            let frame = ben.seal(&pings);
            if ben.stream.write_all(&frame).await.is_err() {
                return;
            }
        }
        std::future::pending().await
    });
    assert_eq!(ana.down(peer).await, Reason::TooSlow);
    assert!(start.elapsed() < PATIENCE);
    flood.abort();
}

#[tokio::test]
async fn ben_never_reads_is_cut_off_and_delays_nobody() {
    let stall = Duration::from_secs(4);
    let times = Times { stall, ..Times::default() };
    let (mut ana, mut chi) = (Peer::with(ANA, Config { times, ..config() }).await, Peer::start(CHI).await);
    ana.want(&chi);
    let to_chi = ana.up(chi.id).await.outbox;
    chi.up(ana.id).await;
    let (_ben, to_ben) = raw_ben(&mut ana).await;
    let (ana_id, ben) = (ana.id, identity(BEN).peer());
    let start = Instant::now();
    let chi_reads = tokio::spawn(async move {
        let mut seen = 0;
        while seen < 200 {
            for message in chi.received(ana_id).await {
                assert_eq!(number(&message), seen);
                seen += 1;
            }
        }
        start.elapsed()
    });
    let (mut refused, big) = (0, numbered(0, 30_000).encode());
    for n in 0..200 {
        for _ in 0..20 {
            refused += usize::from(to_ben.offer(Class::Live, big.clone()).is_err());
        }
        to_chi.offer(Class::Live, numbered(n, 300).encode()).expect("chi keeps up");
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    assert!(refused > 1000, "ben's queue took all but {refused}");
    assert!(to_ben.waiting() <= Limits::default().live.bytes);
    let chi_had_all = chi_reads.await.expect("chi reads");
    assert_eq!(ana.down(ben).await, Reason::TooSlow);
    assert!(start.elapsed() >= stall && chi_had_all < stall, "chi had all after {chi_had_all:?}");
}

#[tokio::test]
async fn ben_reconnects_500_times() {
    let mut ana = Peer::start(ANA).await;
    for _ in 0..500 {
        Raw::dial(ana.address, identity(BEN)).await;
    }
    let (mut ben, _) = raw_ben_after(&mut ana).await;
    ben.send(&numbered(1, 300)).await;
    assert_eq!(ana.received(identity(BEN).peer()).await, [numbered(1, 300)]);
}

/// Ben's newest link, when older ones are still being dealt with.
async fn raw_ben_after(ana: &mut Peer) -> (Raw, Outbox) {
    let ben = Raw::dial(ana.address, identity(BEN)).await;
    let up = ana.wait("ben's newest link", |event| match event {
        Event::LinkUp(up) if up.hash == ben.session.hash => Some(up),
        _ => None,
    });
    let up = up.await;
    ana.net.welcome(up.peer, up.link);
    (ben, up.outbox)
}
