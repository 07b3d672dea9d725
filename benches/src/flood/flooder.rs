//! A member who says as much as the other side takes, at a pace of its own: real keys, logs and
//! sockets, and no node behind them.

use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use identity::Identity;
use net::{Config, Event, Net, Outbox};
use rooms::{Author, Clock, Draft, Payload, Proof, Target, Verified};
use tokio::runtime::Runtime;
use tokio::sync::mpsc;
use wire::Invite;
use wire::ids::{LogId, RoomId};
use wire::message::{Class, Message, Run, room_tag};

use crate::mallory::enter;

/// Wait for a queue that is full.
const FULL: Duration = Duration::from_millis(1);
const TTL: u8 = 8;

pub(super) struct Flooder {
    runtime: Runtime,
    net: Net,
    identity: Arc<Identity>,
    room: RoomId,
    outbox: Outbox,
    author: Author,
    clock: Clock,
}

impl Flooder {
    /// Joins the room of the invite, and stays linked to its inviter alone.
    pub(super) fn join(invite: &str) -> Flooder {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().expect("a runtime");
        let invite = Invite::parse(invite).expect("an invite");
        let identity = Arc::new(Identity::generate());
        let (send, mut events) = mpsc::channel::<Event>(16);
        let config = Config { listen: vec!["127.0.0.1:0".parse().expect("an address")], nearby: None, ..Config::default() };
        let net = runtime.block_on(Net::start(config, identity.clone(), send)).expect("a socket");
        net.want(invite.inviter(), invite.addresses().to_vec());
        let (room, up) = runtime.block_on(enter(&mut events, &invite, &identity));
        runtime.spawn(async move { while events.recv().await.is_some() {} });
        let tags = Message::Rooms(vec![room_tag(&room, &up.hash, up.role)]);
        up.outbox.offer(tags.class(), tags.encode()).expect("an empty queue takes one");
        let author = Author::new(room, LogId(rand::random::<u64>() & !LogId::CONTROL), None);
        Flooder { runtime, net, identity, room, outbox: up.outbox, author, clock: Clock::new() }
    }

    /// Says all of it in runs of so many, at most so many events a second.
    pub(super) fn say(&mut self, what: impl Iterator<Item = Payload>, in_a_run: usize, per_second: Option<f64>) -> Vec<Target> {
        let (began, mut said, mut places) = (Instant::now(), 0_usize, Vec::new());
        let mut what = what.peekable();
        while what.peek().is_some() {
            let run: Vec<Payload> = what.by_ref().take(in_a_run).collect();
            said += run.len();
            let events = self.write(&run);
            places.extend(events.iter().map(|event| event.position()));
            for run in events.split_inclusive(|event| event.proof() == Proof::Own) {
                self.send(run);
            }
            if let Some(per_second) = per_second {
                let due = began + Duration::from_secs_f64(said as f64 / per_second);
                std::thread::sleep(due.saturating_duration_since(Instant::now()));
            }
        }
        places
    }

    fn write(&mut self, payloads: &[Payload]) -> Vec<Verified> {
        let now =
            u64::try_from(SystemTime::now().duration_since(UNIX_EPOCH).expect("it is later").as_millis()).expect("it is not that late");
        let draft = |payload: &Payload| Draft::new(payload, now, &rand::random()).expect("it is fit");
        let drafts: Vec<Draft> = payloads.iter().map(draft).collect();
        self.author.append(&self.identity, &drafts, &mut self.clock, now, [0; 16], None).expect("the log has room")
    }

    fn send(&self, run: &[Verified]) {
        let events = run.iter().map(|event| event.raw().clone()).collect();
        let record = Message::Run(Run { ttl: TTL, room: self.room, events }).encode();
        while self.outbox.offer(Class::Live, record.clone()).is_err() {
            std::thread::sleep(FULL);
        }
    }

    pub(super) fn leave(self) {
        self.runtime.block_on(self.net.shutdown());
        self.runtime.shutdown_background();
    }
}
