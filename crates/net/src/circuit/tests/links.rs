//! Three devices with real links between Ana and Ben, and Ben and Chi.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use identity::{Identity, PeerId};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::sync::mpsc;
use tokio::time::{sleep, timeout};
use wire::reach::{CircuitEnd, HelpRefused};
use wire::{Bye, Class, LogId, LogKey, Message, RawEvent, RoomId, StaticKey};

use super::super::bucket::Flow;
use super::super::end::Over;
use super::super::{Caps, CircuitEvent, Line, Switchboard};
use crate::byte_stream::ByteStream;
use crate::config::Config;
use crate::context::Context;
use crate::event::{Event, LinkId};
use crate::greeting::{answer, introduce};
use crate::limits::{Limits, QueueLimit};
use crate::link::Link;
use crate::mailbox::End;
use crate::outbox::{Outbox, Shared};
use crate::path::Path;

/// Nothing here takes nearly as long, even on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

struct Device {
    context: Arc<Context>,
    id: PeerId,
    circuits: mpsc::Receiver<CircuitEvent>,
    events: mpsc::Receiver<Event>,
}

impl Device {
    fn new(seed: u8, caps: Caps) -> Self {
        let identity = Arc::new(Identity::from_seed(&[seed; 32]));
        // Queues that are full again and again.
        let bulk = QueueLimit { records: 3, bytes: 40_000 };
        let config = Config { limits: Limits { bulk, ..Limits::default() }, ..Config::default() };
        let (events_tx, events) = mpsc::channel(1024);
        let id = identity.peer();
        let (reports, mut reported) = mpsc::channel(64);
        tokio::spawn(async move { while reported.recv().await.is_some() {} });
        let mut context = Context::new(identity, StaticKey::generate().expect("randomness"), &config, events_tx, reports);
        context.switchboard = Switchboard::new(context.time, caps);
        let circuits = context.switchboard.events().expect("nobody listens yet");
        Self { context: Arc::new(context), id, circuits, events }
    }

    fn board(&self) -> &Switchboard {
        &self.context.switchboard
    }

    async fn asked(&mut self) -> CircuitEvent {
        timeout(PATIENCE, self.circuits.recv()).await.expect("in time").expect("the device is there")
    }

    /// The bytes of events in the next messages from this peer.
    async fn told(&mut self, from: PeerId) -> Vec<Message> {
        let search = async {
            loop {
                match self.events.recv().await.expect("the device is there") {
                    Event::Received { peer, messages, .. } if peer == from => return messages,
                    _ => {}
                }
            }
        };
        timeout(PATIENCE, search).await.expect("in time")
    }
}

/// One side of a link that runs.
struct Side {
    line: Line,
    shared: Arc<Shared>,
}

/// Greets over these streams, and lets the link run at both sides. The first dials.
async fn link(number: u64, ends: [(&Device, ByteStream, Path); 2]) -> [Side; 2] {
    let [(ana, at_ana, path_ana), (ben, at_ben, path_ben)] = ends;
    let (introduced, answered) = tokio::join!(
        introduce(at_ana, path_ana, &ana.context, Some(ben.id), async |_| true),
        answer(at_ben, path_ben, &ben.context, async || {}),
    );
    let arrivals = [(ana, introduced.expect("they greet").expect("she may")), (ben, answered.expect("they greet"))];
    arrivals.map(|(device, arrival)| {
        let shared = Arc::new(Shared::new(device.context.limits.clone(), 1));
        let direct = !matches!(arrival.path, Path::Circuit { .. });
        let line = Line::new(LinkId(number), arrival.session.peer, arrival.session.role, direct, &shared);
        let task = Link::new(device.context.clone(), shared.clone(), LinkId(number), arrival, false, mpsc::channel(1).0);
        tokio::spawn(task.run());
        Side { line, shared }
    })
}

struct Scene {
    ana: Device,
    ben: Device,
    chi: Device,
    ana_ben: [Side; 2],
    ben_chi: [Side; 2],
}

impl Scene {
    async fn new(caps: Caps) -> Self {
        let [ana, ben, chi] = [1, 2, 3].map(|seed| Device::new(seed, caps));
        let path = Path::Tcp(SocketAddr::from(([192, 0, 2, 1], 4747)));
        let pair = || tokio::io::duplex(16 * 1024);
        let (one, other) = pair();
        let ana_ben = link(1, [(&ana, ByteStream::Memory(one), path), (&ben, ByteStream::Memory(other), path)]).await;
        let (one, other) = pair();
        let ben_chi = link(2, [(&ben, ByteStream::Memory(one), path), (&chi, ByteStream::Memory(other), path)]).await;
        Self { ana, ben, chi, ana_ben, ben_chi }
    }

    /// A circuit from Ana to Chi.
    async fn connect(&mut self) -> [ByteStream; 2] {
        let at_ana = self.ana.board().open(&self.ana_ben[0].line, self.chi.id);
        let CircuitEvent::Asked { leg, from, to } = self.ben.asked().await else { panic!("he is asked") };
        assert_eq!((from, to), (self.ana.id, self.chi.id));
        self.ben.board().permit(leg, Ok(self.ben_chi[0].line.clone()));
        let CircuitEvent::Offered { leg, carrier, from } = self.chi.asked().await else { panic!("she is offered it") };
        assert_eq!((carrier, from), (self.ben.id, self.ana.id));
        let at_chi = self.chi.board().accept(leg, true).expect("the offer stands");
        [at_ana, at_chi]
    }
}

fn fast() -> Caps {
    let flow = Flow { burst: 1 << 30, amount: 1 << 30, per: 1_000 };
    Caps { pace: flow, total: flow, ..Caps::default() }
}

fn byte(at: usize) -> u8 {
    (at * 31 + at / 256) as u8
}

fn word(number: u32, bytes: usize) -> Message {
    let log = LogKey { device: PeerId::from_bytes([9; 32]), log: LogId(1) };
    Message::Data(wire::Data { room: RoomId([0; 32]), log, last: number, events: vec![RawEvent(vec![7; bytes].into())] })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_link_stands_through_a_member_and_both_ends_prove_who_they_are() {
    let mut scene = Scene::new(Caps::default()).await;
    let [at_ana, at_chi] = scene.connect().await;
    let path = Path::Circuit { carrier: scene.ben.id };
    let [ana, chi] = link(3, [(&scene.ana, at_ana, path), (&scene.chi, at_chi, path)]).await;
    assert_eq!((ana.line.near.peer, chi.line.near.peer), (scene.chi.id, scene.ana.id));
    for number in 0..20 {
        ana.line.outbox.send_now(Class::Live, word(number, 300).encode()).expect("there is room");
        assert_eq!(scene.chi.told(scene.ana.id).await, [word(number, 300)]);
        chi.line.outbox.send_now(Class::Live, word(number, 30_000).encode()).expect("there is room");
        assert_eq!(scene.ana.told(scene.chi.id).await, [word(number, 30_000)]);
    }
    let carrying = scene.ben.board().carrying();
    assert!(carrying.circuits == 1 && carrying.today > 600_000, "{carrying:?}");
    // Chi asks Ana to carry over the circuit: a link that goes through somebody carries nothing.
    let mut nested = scene.chi.board().open(&chi.line, scene.ben.id);
    assert_eq!(nested.read_u8().await.expect_err("refused").kind(), std::io::ErrorKind::PermissionDenied);
    // Ana says why she leaves, through Ben.
    ana.shared.mailbox.order_end(End::Say(Bye::Renew));
    let down = async {
        loop {
            if let Event::LinkDown { peer, reason, .. } = scene.chi.events.recv().await.expect("she is there")
                && peer == scene.ana.id
            {
                return reason;
            }
        }
    };
    assert_eq!(timeout(PATIENCE, down).await.expect("in time"), crate::reason::Reason::Replaced);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn fifty_megabytes_pass_a_slow_reader_and_full_queues_whole_and_in_order() {
    const BYTES: usize = 50 * 1024 * 1024;
    let mut scene = Scene::new(fast()).await;
    let [mut at_ana, mut at_chi] = scene.connect().await;
    let start = std::time::Instant::now();
    let writing = tokio::spawn(async move {
        let mut sent = 0;
        while sent < BYTES {
            let piece: Vec<u8> = (sent..BYTES.min(sent + 50_000)).map(byte).collect();
            at_ana.write_all(&piece).await.expect("the circuit stands");
            sent += piece.len();
        }
        at_ana.shutdown().await.expect("the circuit stands");
        at_ana
    });
    // Ben has words of his own for Chi, in the same queue.
    let own: Outbox = scene.ben_chi[0].line.outbox.clone();
    let talking = tokio::spawn(async move {
        loop {
            let _ = own.offer(Class::Bulk, word(1, 20_000).encode());
            sleep(Duration::from_millis(5)).await;
        }
    });
    let mut events = scene.chi.events;
    tokio::spawn(async move { while events.recv().await.is_some() {} });
    let (mut input, mut read) = (vec![0; 30_000], 0);
    loop {
        let count = timeout(PATIENCE, at_chi.read(&mut input)).await.expect("in time").expect("an orderly end");
        if count == 0 {
            break;
        }
        for (offset, found) in input[..count].iter().enumerate() {
            assert!(*found == byte(read + offset), "byte {}", read + offset);
        }
        read += count;
        if read / 1_000_000 != (read - count) / 1_000_000 {
            sleep(Duration::from_millis(2)).await;
        }
    }
    talking.abort();
    println!("{read} bytes in {:?}", start.elapsed());
    assert_eq!(read, BYTES);
    assert_eq!(scene.ben.board().carrying(), crate::circuit::event::Carrying { circuits: 0, today: BYTES as u64 });
    writing.await.expect("she has written all");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_usual_caps_slow_a_circuit_down_and_lose_nothing() {
    let mut scene = Scene::new(Caps::default()).await;
    let [mut at_ana, mut at_chi] = scene.connect().await;
    let start = std::time::Instant::now();
    let bytes: Vec<u8> = (0..400 * 1024).map(byte).collect();
    let sent = bytes.clone();
    let writing = tokio::spawn(async move {
        at_ana.write_all(&sent).await.expect("the circuit stands");
        at_ana.shutdown().await.expect("the circuit stands");
    });
    let mut received = Vec::new();
    timeout(PATIENCE, at_chi.read_to_end(&mut received)).await.expect("in time").expect("an orderly end");
    assert!(received == bytes);
    // Beyond the window and the burst 272 KiB had to be waited for.
    let took = start.elapsed();
    println!("400 KiB took {took:?}");
    assert!(took >= Duration::from_millis(950), "{took:?}");
    writing.await.expect("all was written");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn when_the_link_to_the_carrier_drops_both_ends_hear_of_it() {
    let mut scene = Scene::new(fast()).await;
    let [mut at_ana, mut at_chi] = scene.connect().await;
    at_ana.write_all(b"hello").await.expect("the circuit stands");
    let mut input = [0; 5];
    at_chi.read_exact(&mut input).await.expect("the circuit stands");
    scene.ana_ben[0].shared.mailbox.order_end(End::Silent);
    let lost = timeout(PATIENCE, at_ana.read_u8()).await.expect("in time").expect_err("the link is down");
    assert_eq!(lost.kind(), std::io::ErrorKind::ConnectionAborted);
    let lost = timeout(PATIENCE, at_chi.read_u8()).await.expect("in time").expect_err("Ben says so");
    assert_eq!(lost.kind(), std::io::ErrorKind::ConnectionReset);
    let CircuitEvent::Ended { carrier, peer, why, .. } = scene.ana.asked().await else { panic!("she is told") };
    assert_eq!((carrier, peer, why), (scene.ben.id, scene.chi.id, Over::LinkDown));
    let CircuitEvent::Ended { why, .. } = scene.chi.asked().await else { panic!("she is told") };
    assert_eq!(why, Over::Closed(CircuitEnd::Gone));
    assert_eq!(scene.ben.board().carrying().circuits, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn refusals_of_carrier_and_callee_reach_the_caller() {
    let mut scene = Scene::new(Caps::default()).await;
    let mut refused = scene.ana.board().open(&scene.ana_ben[0].line, scene.chi.id);
    let CircuitEvent::Asked { leg, .. } = scene.ben.asked().await else { panic!("he is asked") };
    scene.ben.board().permit(leg, Err(HelpRefused::NotLinked));
    assert!(timeout(PATIENCE, refused.read_u8()).await.expect("in time").is_err());
    let CircuitEvent::Ended { why, .. } = scene.ana.asked().await else { panic!("she is told") };
    assert_eq!(why, Over::Refused(HelpRefused::NotLinked));

    let mut refused = scene.ana.board().open(&scene.ana_ben[0].line, scene.chi.id);
    let CircuitEvent::Asked { leg, .. } = scene.ben.asked().await else { panic!("he is asked") };
    scene.ben.board().permit(leg, Ok(scene.ben_chi[0].line.clone()));
    let CircuitEvent::Offered { leg, .. } = scene.chi.asked().await else { panic!("she is offered it") };
    assert!(scene.chi.board().accept(leg, false).is_none() && scene.chi.board().accept(leg, true).is_none());
    assert!(timeout(PATIENCE, refused.read_u8()).await.expect("in time").is_err());
    let CircuitEvent::Ended { why, .. } = scene.ana.asked().await else { panic!("she is told") };
    assert_eq!(why, Over::Refused(HelpRefused::NotAllowed));

    scene.ben.board().set_carry(false);
    let mut refused = scene.ana.board().open(&scene.ana_ben[0].line, scene.chi.id);
    assert!(timeout(PATIENCE, refused.read_u8()).await.expect("in time").is_err());
    let CircuitEvent::Ended { why, .. } = scene.ana.asked().await else { panic!("she is told") };
    assert_eq!(why, Over::Refused(HelpRefused::Off));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_nobody_decides_on_is_refused_after_5_s() {
    let mut scene = Scene::new(Caps::default()).await;
    let start = std::time::Instant::now();
    let mut unanswered = scene.ana.board().open(&scene.ana_ben[0].line, scene.chi.id);
    let refused = timeout(PATIENCE, unanswered.read_u8()).await.expect("in time").expect_err("nobody decided");
    assert_eq!(refused.kind(), std::io::ErrorKind::ResourceBusy);
    assert!((Duration::from_millis(4_900)..Duration::from_secs(8)).contains(&start.elapsed()), "{:?}", start.elapsed());
    let CircuitEvent::Ended { why, .. } = scene.ana.asked().await else { panic!("she is told") };
    assert_eq!(why, Over::Refused(HelpRefused::Busy));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_link_is_not_used_for_a_circuit_once_it_is_down() {
    let mut scene = Scene::new(Caps::default()).await;
    let _at_ana = scene.ana.board().open(&scene.ana_ben[0].line, scene.chi.id);
    let CircuitEvent::Asked { leg, .. } = scene.ben.asked().await else { panic!("he is asked") };
    scene.ben_chi[0].shared.mailbox.order_end(End::Silent);
    let closed = async {
        while scene.ben_chi[0].line.outbox.has_room(Class::Control, 1) {
            sleep(Duration::from_millis(5)).await;
        }
    };
    timeout(PATIENCE, closed).await.expect("in time");
    scene.ben.board().permit(leg, Ok(scene.ben_chi[0].line.clone()));
    let CircuitEvent::Ended { why, .. } = scene.ana.asked().await else { panic!("she is told") };
    assert_eq!(why, Over::Refused(HelpRefused::NotLinked));
}
