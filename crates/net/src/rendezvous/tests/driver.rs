//! Two drivers and a DHT of thirty nodes on loopback.

use std::net::{SocketAddr, SocketAddrV4};
use std::sync::Arc;
use std::time::{Duration, Instant};

use identity::Identity;
use mainline::Testnet;
use tokio::net::UdpSocket;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use super::world::{ana, meeting};
use crate::rendezvous::handle::Rendezvous;
use crate::rendezvous::meeting::{DhtState, Meeting, RendezvousEvent, Side};

pub(super) const NODES: usize = 30;

pub(super) fn testnet() -> Testnet {
    Testnet::builder(NODES).build().expect("loopback has ports")
}

/// The first nodes, as somebody would configure them.
pub(super) fn bootstrap(net: &Testnet) -> Vec<String> {
    net.bootstrap[..4].to_vec()
}

pub(super) enum Order {
    On(bool),
    Set(Vec<Meeting>),
}

/// A driver with a UDP socket, fed by a task that fires as `reach` would.
pub(super) struct Person {
    pub(super) address: SocketAddr,
    pub(super) orders: mpsc::Sender<Order>,
    pub(super) events: mpsc::Receiver<RendezvousEvent>,
    task: JoinHandle<()>,
}

impl Drop for Person {
    fn drop(&mut self) {
        self.task.abort();
    }
}

pub(super) async fn person(me: Identity, bootstrap: Vec<String>) -> Person {
    let socket = Arc::new(UdpSocket::bind("127.0.0.1:0").await.expect("a port"));
    let address = socket.local_addr().expect("bound");
    let sender = socket.clone();
    let send = Arc::new(move |to: SocketAddrV4, bytes: &[u8]| {
        let _ = sender.try_send_to(bytes, SocketAddr::V4(to));
    });
    let (orders, mut orders_at) = mpsc::channel(8);
    let (events_at, events) = mpsc::channel(64);
    let mut rendezvous = Rendezvous::start(bootstrap, Arc::new(me), send);
    let task = tokio::spawn(async move {
        let mut datagram = [0; 4096];
        loop {
            tokio::select! {
                Ok((length, from)) = socket.recv_from(&mut datagram) => rendezvous.heard(from, datagram[..length].to_vec()),
                Some(order) = orders_at.recv() => match order {
                    Order::On(on) => rendezvous.set_on(on),
                    Order::Set(meetings) => rendezvous.set(meetings),
                },
                Some(event) = rendezvous.next() => {
                    if let RendezvousEvent::Met { meeting, udp: Some(udp), .. } = &event {
                        rendezvous.fired(meeting.clone(), *udp);
                    }
                    let _ = events_at.send(event).await;
                }
            }
        }
    });
    Person { address, orders, events, task }
}

impl Person {
    pub(super) async fn attend(&self, side: Side) {
        let _ = self.orders.send(Order::Set(vec![meeting(side)])).await;
        let _ = self.orders.send(Order::On(true)).await;
    }

    pub(super) async fn until(&mut self, wanted: impl Fn(&RendezvousEvent) -> bool) -> RendezvousEvent {
        let wait = async {
            loop {
                let event = self.events.recv().await.expect("the driver runs");
                if wanted(&event) {
                    return event;
                }
            }
        };
        tokio::time::timeout(Duration::from_secs(40), wait).await.expect("in time")
    }
}

pub(super) fn fired_at_me(event: &RendezvousEvent) -> bool {
    matches!(event, RendezvousEvent::Met { to_me: true, .. })
}

/// How long after the second one was turned on one of them knows that the other fires at it.
async fn meet(net: &Testnet, secret: u8, first_side: Side, wait: Duration) -> Duration {
    let second_side = if first_side == Side::Inviter { Side::Joiner } else { Side::Inviter };
    let of = |side| {
        let me = if side == Side::Inviter { ana() } else { Identity::from_seed(&[2; 32]) };
        let meeting = Meeting { secret: [secret; 32], ..meeting(side) };
        async move { (person(me, bootstrap(net)).await, meeting) }
    };
    let ((mut first, first_meeting), (mut second, second_meeting)) = (of(first_side).await, of(second_side).await);
    let _ = first.orders.send(Order::Set(vec![first_meeting])).await;
    let _ = first.orders.send(Order::On(true)).await;
    tokio::time::sleep(wait).await;
    let start = Instant::now();
    let _ = second.orders.send(Order::Set(vec![second_meeting])).await;
    let _ = second.orders.send(Order::On(true)).await;
    tokio::select! {
        _ = first.until(fired_at_me) => {}
        _ = second.until(fired_at_me) => {}
    }
    start.elapsed()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_lone_people_meet_over_a_real_dht() {
    let net = testnet();
    let mut inviter = person(ana(), bootstrap(&net)).await;
    inviter.attend(Side::Inviter).await;
    let seen = inviter.until(|event| matches!(event, RendezvousEvent::Seen { .. })).await;
    let RendezvousEvent::Seen { addr, .. } = seen else { panic!("{seen:?}") };
    assert_eq!(addr, inviter.address, "there is no NAT on loopback");
    let mut joiner = person(Identity::from_seed(&[2; 32]), bootstrap(&net)).await;
    joiner.attend(Side::Joiner).await;
    let found = |address| move |event: &RendezvousEvent| matches!(event, RendezvousEvent::Met { udp: Some(udp), .. } if *udp == address);
    let (to_joiner, to_inviter) = (joiner.address, inviter.address);
    tokio::join!(inviter.until(found(to_joiner)), joiner.until(found(to_inviter)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn off_is_told_and_on_again_works() {
    let net = testnet();
    let mut ana = person(ana(), bootstrap(&net)).await;
    for _ in 0..2 {
        let _ = ana.orders.send(Order::On(true)).await;
        for state in [DhtState::Joining, DhtState::Reachable] {
            ana.until(|event| *event == RendezvousEvent::State(state)).await;
        }
        let _ = ana.orders.send(Order::On(false)).await;
        ana.until(|event| *event == RendezvousEvent::State(DhtState::Off)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_dht_that_nobody_runs_is_unreachable() {
    let silent = UdpSocket::bind("127.0.0.1:0").await.expect("a port");
    let address = silent.local_addr().expect("bound").to_string();
    let mut ana = person(ana(), vec![address]).await;
    ana.attend(Side::Inviter).await;
    ana.until(|event| *event == RendezvousEvent::State(DhtState::Unreachable)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "takes minutes: measures how fast two people meet"]
async fn how_fast_two_people_meet() {
    let net = testnet();
    for (index, first) in [Side::Inviter, Side::Joiner].into_iter().enumerate() {
        let mut times = Vec::new();
        for round in 0..10_u8 {
            let wait = Duration::from_millis(3_000 + 700 * u64::from(round));
            times.push(meet(&net, 100 + 10 * index as u8 + round, first, wait).await);
        }
        times.sort_unstable();
        println!("{first:?} waits: p50 {:?}, most {:?} of {times:?}", times[5], times[9]);
        assert!(times[9] < Duration::from_secs(8));
    }
}
