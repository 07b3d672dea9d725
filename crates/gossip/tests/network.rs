//! Engines talking to each other over a network that the test makes: virtual time, seeded latency
//! and loss.

use std::collections::{BTreeMap, VecDeque};

use gossip::{Config, Effect, Engine, Input, Origin, Trust, Verdict};
use identity::{Identity, PeerId};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use wire::ids::{ChainHash, Head, LogId, LogKey, RoomId};
use wire::message::{Data, HeadOf, Heads, Message, RawEvent, Run};

const ROOM: RoomId = RoomId([7; 32]);
const SERVED_AT_ONCE: u32 = 50;

struct Peer {
    id: PeerId,
    engine: Engine,
    logs: BTreeMap<LogKey, Vec<RawEvent>>,
    wake: Option<u64>,
    shown: Vec<(LogKey, u32)>,
    sent: Vec<Message>,
}

struct World {
    now: u64,
    rng: StdRng,
    loss: f64,
    peers: BTreeMap<PeerId, Peer>,
    flying: BTreeMap<(u64, u64), (PeerId, PeerId, Message)>,
    count: u64,
}

fn person(n: u8) -> PeerId {
    Identity::from_seed(&[n + 1; 32]).peer()
}

fn content_log(device: PeerId) -> LogKey {
    LogKey { device, log: LogId(1) }
}

/// An event that says only which log and number it is.
fn event(log: LogKey, seq: u32) -> RawEvent {
    let mut bytes = vec![0; 300];
    bytes[..32].copy_from_slice(log.device.as_bytes());
    bytes[32..40].copy_from_slice(&log.log.0.to_be_bytes());
    bytes[40..44].copy_from_slice(&seq.to_be_bytes());
    RawEvent(bytes.into())
}

fn read(event: &RawEvent) -> (LogKey, u32) {
    let device = PeerId::from_bytes(event.0[..32].try_into().expect("32 bytes"));
    let log = LogId(u64::from_be_bytes(event.0[32..40].try_into().expect("8 bytes")));
    (LogKey { device, log }, u32::from_be_bytes(event.0[40..44].try_into().expect("4 bytes")))
}

fn head(log: LogKey, seq: u32) -> Head {
    Head { seq, chain: ChainHash(blake3::hash(&event(log, seq).0).into()) }
}

impl World {
    fn new(size: u8, seed: u64, loss: f64) -> World {
        println!("seed {seed}");
        let mut world = World { now: 0, rng: StdRng::seed_from_u64(seed), loss, peers: BTreeMap::new(), flying: BTreeMap::new(), count: 0 };
        for n in 0..size {
            let id = person(n);
            let engine = Engine::new(id, Config::default(), [n; 32]);
            world.peers.insert(id, Peer { id, engine, logs: BTreeMap::new(), wake: None, shown: Vec::new(), sent: Vec::new() });
            world.input(id, Input::RoomOpened { room: ROOM, heads: Vec::new(), stopped: Vec::new() });
        }
        world
    }

    fn link(&mut self, a: u8, b: u8) {
        for (me, peer) in [(a, b), (b, a)] {
            self.input(person(me), Input::NeighbourUp { room: ROOM, peer: person(peer), trust: Trust::Member });
        }
    }

    /// Lets neighbours agree.
    fn settle(&mut self) {
        let soon = self.now + 100;
        self.run(soon);
    }

    fn say(&mut self, n: u8) {
        let log = content_log(person(n));
        let events = &mut self.peers.get_mut(&person(n)).expect("a peer").logs.entry(log).or_default();
        let seq = events.len() as u32 + 1;
        events.push(event(log, seq));
        self.input(person(n), Input::Published { room: ROOM, log, head: head(log, seq), events: vec![event(log, seq)] });
    }

    /// Takes an input and whatever follows from it, one after the other: the next one only when all
    /// effects of the one before are carried out.
    fn input(&mut self, id: PeerId, input: Input) {
        let mut inputs = VecDeque::from([input]);
        while let Some(input) = inputs.pop_front() {
            let peer = self.peers.get_mut(&id).expect("a peer");
            let mut effects = Vec::new();
            peer.engine.handle(self.now, input, &mut self.rng, &mut effects);
            inputs.extend(effects.into_iter().filter_map(|effect| self.carry_out(id, effect)));
        }
    }

    /// Gives the input that follows for the same peer, if there is one.
    fn carry_out(&mut self, id: PeerId, effect: Effect) -> Option<Input> {
        match effect {
            Effect::Send { peer, message } => self.send(id, peer, message),
            Effect::Spread { peers, message } => peers.into_iter().for_each(|peer| self.send(id, peer, message.clone())),
            Effect::Check { peer, room, origin, events } => {
                let verdict = self.check(id, &events);
                return Some(Input::Checked { peer, room, origin, events, verdict });
            }
            Effect::Serve { peer, need } => {
                let held = &self.peers[&id].logs.get(&need.log).map_or(&[][..], Vec::as_slice);
                let to = need.to.min(need.from + SERVED_AT_ONCE - 1).min(held.len() as u32);
                let events: Vec<RawEvent> = (need.from..=to).map(|seq| held[seq as usize - 1].clone()).collect();
                self.send(id, peer, Message::Data(Data { room: ROOM, log: need.log, last: to, events }));
            }
            Effect::WakeAt(at) => {
                let wake = &mut self.peers.get_mut(&id).expect("a peer").wake;
                *wake = Some(wake.map_or(at, |earlier| earlier.min(at)));
            }
            Effect::Fault { what, .. } => panic!("{what}"),
            Effect::Acked { .. } | Effect::Lacking { .. } | Effect::WantsChanged | Effect::Introduce { .. } => {}
        }
        None
    }

    fn check(&mut self, id: PeerId, events: &[RawEvent]) -> Verdict {
        let (log, first) = read(&events[0]);
        let peer = self.peers.get_mut(&id).expect("a peer");
        let held = peer.logs.entry(log).or_default();
        let (have, last) = (held.len() as u32, first + events.len() as u32 - 1);
        if first > have + 1 {
            return Verdict::Gap { log, seq: last };
        }
        if last <= have {
            return Verdict::Duplicate { log, seq: last };
        }
        for fresh in &events[(have + 1 - first) as usize..] {
            held.push(fresh.clone());
            peer.shown.push(read(fresh));
        }
        Verdict::Fresh { log, head: head(log, last) }
    }

    fn send(&mut self, from: PeerId, to: PeerId, message: Message) {
        self.peers.get_mut(&from).expect("a peer").sent.push(message.clone());
        if matches!(message, Message::Run(_)) && self.rng.random_bool(self.loss) {
            return;
        }
        self.count += 1;
        let at = self.now + self.rng.random_range(1..20);
        self.flying.insert((at, self.count), (from, to, message));
    }

    /// Lets time pass until `until`.
    fn run(&mut self, until: u64) {
        loop {
            let wake = self.peers.values().filter_map(|p| p.wake.map(|at| (at, p.id))).min();
            let arrival = self.flying.first_key_value().map(|((at, _), _)| *at);
            let next = wake.map(|(at, _)| at).into_iter().chain(arrival).min().unwrap_or(u64::MAX);
            if next > until {
                self.now = until;
                return;
            }
            self.now = self.now.max(next);
            match wake {
                Some((at, id)) if at == next => {
                    self.peers.get_mut(&id).expect("a peer").wake = None;
                    self.input(id, Input::Tick);
                }
                _ => {
                    let (_, (from, to, message)) = self.flying.pop_first().expect("something flies");
                    self.input(to, Input::Received { peer: from, message });
                }
            }
        }
    }

    /// Each peer has everything, once, each log in order.
    fn assert_level(&self, messages: &[(u8, u32)]) {
        for peer in self.peers.values() {
            for (author, count) in messages {
                let log = content_log(person(*author));
                let shown: Vec<u32> = peer.shown.iter().filter(|(l, _)| *l == log).map(|(_, seq)| *seq).collect();
                let own = log.device == peer.id;
                let wanted: Vec<u32> = if own { Vec::new() } else { (1..=*count).collect() };
                assert_eq!(shown, wanted, "at {:?}, of author {author}", peer.id);
            }
        }
    }
}

#[test]
fn a_message_travels_along_a_line_and_back() {
    let mut world = World::new(5, 1, 0.0);
    (0..4).for_each(|n| world.link(n, n + 1));
    world.settle();
    world.say(0);
    world.say(4);
    world.run(200);
    world.assert_level(&[(0, 1), (4, 1)]);
}

#[test]
fn everybody_gets_everything_in_order_though_half_of_the_runs_are_lost() {
    for seed in 0..8 {
        let mut world = World::new(20, seed, 0.5);
        for n in 0..20u8 {
            [1, 3, 7].into_iter().for_each(|step| world.link(n, (n + step) % 20));
        }
        for _ in 0..30 {
            let author = world.rng.random_range(0..3);
            world.say(author);
            let pause = world.now + 10;
            world.run(pause);
        }
        world.run(60_000);
        let counts: Vec<(u8, u32)> =
            (0..3).map(|a| (a, world.peers[&person(a)].logs.get(&content_log(person(a))).map_or(0, Vec::len) as u32)).collect();
        world.assert_level(&counts);
    }
}

#[test]
fn somebody_who_was_away_gets_all_that_was_said() {
    let mut world = World::new(3, 5, 0.0);
    world.link(0, 1);
    (0..2_000).for_each(|_| world.say(0));
    world.run(1_000);
    world.link(1, 2);
    world.run(20_000);
    world.assert_level(&[(0, 2_000)]);
}

#[test]
fn without_loss_a_pair_costs_one_payload_for_each_message() {
    let mut world = World::new(2, 6, 0.0);
    world.link(0, 1);
    world.settle();
    for _ in 0..100 {
        world.say(0);
        let pause = world.now + 30;
        world.run(pause);
    }
    world.run(30_000);
    world.assert_level(&[(0, 100)]);
    let payloads = |n: u8| world.peers[&person(n)].sent.iter().filter(|m| matches!(m, Message::Run(_) | Message::Data(_))).count();
    assert_eq!((payloads(0), payloads(1)), (100, 0));
}

#[test]
fn a_run_whose_ttl_is_spent_is_taken_and_not_forwarded() {
    for (ttl, forwarded) in [(0, 0), (1, 0), (2, 1), (255, 1)] {
        let mut world = World::new(3, 7, 0.0);
        world.link(0, 1);
        world.link(1, 2);
        world.settle();
        let log = content_log(person(0));
        let run = Message::Run(Run { ttl, room: ROOM, events: vec![event(log, 1)] });
        world.input(person(1), Input::Received { peer: person(0), message: run });
        let ben = &world.peers[&person(1)];
        assert_eq!(ben.shown, vec![(log, 1)]);
        assert_eq!(ben.sent.iter().filter(|m| matches!(m, Message::Run(_))).count(), forwarded, "ttl {ttl}");
    }
}

#[test]
fn ben_claims_a_hundred_thousand_logs_and_is_asked_for_four() {
    let mut world = World::new(2, 8, 0.0);
    world.link(0, 1);
    for batch in 0..100u64 {
        let heads =
            (0..1_000).map(|n| HeadOf { log: LogKey { device: person(9), log: LogId(batch * 1_000 + n) }, seq: u32::MAX, hash: [1; 8] });
        let message = Message::Heads(Heads { room: ROOM, heads: heads.collect() });
        world.input(person(0), Input::Received { peer: person(1), message });
    }
    let asked = world.peers[&person(0)].sent.iter().filter(|m| matches!(m, Message::Need(_))).count();
    assert_eq!(asked, Config::default().needs_at_once);
}

#[test]
fn a_provisional_neighbour_sees_and_gets_control_logs_only() {
    let mut world = World::new(2, 9, 0.0);
    let (ana, ben) = (person(0), person(1));
    let control = LogKey { device: ana, log: LogId(LogId::CONTROL | 5) };
    for log in [control, content_log(ana)] {
        world.peers.get_mut(&ana).expect("a peer").logs.insert(log, vec![event(log, 1)]);
        world.input(ana, Input::Published { room: ROOM, log, head: head(log, 1), events: vec![event(log, 1)] });
    }
    for (me, peer) in [(ana, ben), (ben, ana)] {
        world.input(me, Input::NeighbourUp { room: ROOM, peer, trust: Trust::Provisional });
    }
    world.run(30_000);
    assert_eq!(world.peers[&ben].shown, vec![(control, 1)]);
}

#[test]
fn events_that_fail_their_check_are_never_forwarded() {
    let mut world = World::new(3, 10, 0.0);
    world.link(0, 1);
    world.link(1, 2);
    let log = content_log(person(0));
    let events = vec![event(log, 1)];
    let mut effects = Vec::new();
    let ben = world.peers.get_mut(&person(1)).expect("a peer");
    let bad = Input::Checked { peer: person(0), room: ROOM, origin: Origin::Live { ttl: 9, name: 1 }, events, verdict: Verdict::Bad };
    ben.engine.handle(0, bad, &mut world.rng, &mut effects);
    assert!(effects.iter().any(|e| matches!(e, Effect::Fault { .. })));
    assert!(!effects.iter().any(|e| matches!(e, Effect::Spread { .. })));
}
