//! What becomes of large runs: in a large room their author sends few copies.

use gossip::{Config, Effect, Engine, Input, Trust};
use identity::{Identity, PeerId};
use rand::SeedableRng;
use rand::rngs::StdRng;
use wire::ids::{ChainHash, Head, LogId, LogKey, RoomId};
use wire::message::{HeadOf, Heads, Message, Neighbour, RawEvent};

const ROOM: RoomId = RoomId([7; 32]);
const ANA: u8 = 1;
/// More than a third of what is pushed at once.
const LARGE: usize = 20 * 1024;
const SMALL: usize = 300;

fn person(n: u8) -> PeerId {
    Identity::from_seed(&[n; 32]).peer()
}

fn log() -> LogKey {
    LogKey { device: person(ANA), log: LogId(1) }
}

/// Ana and her neighbours, from 2 on, each of whom has said what it has and is eager.
struct Ana {
    engine: Engine,
    rng: StdRng,
    seq: u32,
}

impl Ana {
    fn new(neighbours: u8, members: u8) -> Ana {
        let engine = Engine::new(person(ANA), Config { fanout: 8, active_wanted: 8, ..Config::default() }, [0; 32]);
        let mut ana = Ana { engine, rng: StdRng::seed_from_u64(1), seq: 0 };
        ana.handle(0, Input::RoomOpened { room: ROOM, heads: Vec::new(), stopped: Vec::new() });
        for peer in (2..).take(neighbours.into()).map(person) {
            ana.handle(0, Input::NeighbourUp { room: ROOM, peer, trust: Trust::Member });
            let ask = Neighbour { room: ROOM, urgent: true, degree: 3 };
            ana.handle(0, Input::Received { peer, message: Message::Neighbour(ask) });
        }
        ana.handle(0, Input::Known { room: ROOM, peers: (2..=members).map(person).collect() });
        ana
    }

    fn handle(&mut self, now: u64, input: Input) -> Vec<Effect> {
        let mut effects = Vec::new();
        self.engine.handle(now, input, &mut self.rng, &mut effects);
        effects
    }

    /// To whom she pushes what she says.
    fn says(&mut self, now: u64, bytes: usize) -> Vec<PeerId> {
        self.seq += 1;
        let head = Head { seq: self.seq, chain: ChainHash([1; 32]) };
        let events = vec![RawEvent(vec![self.seq as u8; bytes].into())];
        let effects = self.handle(now, Input::Published { room: ROOM, log: log(), head, events });
        effects.into_iter().find_map(|e| if let Effect::Spread { peers, .. } = e { Some(peers) } else { None }).unwrap_or_default()
    }

    fn hears(&mut self, now: u64, peer: PeerId) {
        let heads = vec![HeadOf { log: log(), seq: self.seq, hash: [1; 8] }];
        self.handle(now, Input::Received { peer, message: Message::Heads(Heads { room: ROOM, heads }) });
    }

    /// When she first tells somebody of her log.
    fn tells(&mut self, times: std::ops::Range<u64>) -> Option<u64> {
        let tells = |e: &Effect| matches!(e, Effect::Send { message: Message::Heads(h), .. } if h.heads.iter().any(|h| h.log == log()));
        times.into_iter().find(|now| self.handle(*now, Input::Tick).iter().any(tells))
    }
}

#[test]
fn the_author_pushes_a_large_run_to_few_and_a_small_one_to_all() {
    let mut ana = Ana::new(6, 40);
    assert_eq!(ana.says(10, SMALL).len(), 6);
    assert_eq!(ana.says(20, LARGE).len(), 2);
    assert_eq!(Ana::new(6, 40).says(10, 50 * 1024).len(), 1);
}

#[test]
fn in_a_small_room_and_to_two_neighbours_a_large_run_goes_at_once() {
    assert_eq!(Ana::new(4, 5).says(10, 50 * 1024).len(), 4);
    assert_eq!(Ana::new(2, 40).says(10, 50 * 1024).len(), 2);
}

#[test]
fn who_did_not_get_a_large_run_does_not_get_what_follows_it_until_it_has_it() {
    let mut ana = Ana::new(6, 40);
    let given = ana.says(10, LARGE);
    assert_eq!(ana.says(20, SMALL), given);
    let other = (2..8).map(person).find(|peer| !given.contains(peer)).expect("somebody was passed over");
    ana.hears(30, other);
    assert!(ana.says(40, SMALL).contains(&other));
}

#[test]
fn the_author_of_a_large_run_tells_of_it_late_if_it_spreads_and_soon_if_not() {
    let hold = Config::default().hold_heads;
    let mut ana = Ana::new(6, 40);
    ana.says(10, LARGE);
    let told = ana.tells(10..5_000).expect("others hear of it");
    assert!((hold..=hold + 600).contains(&told), "{told}");

    let mut ana = Ana::new(6, 40);
    let given = ana.says(10, LARGE);
    let other = (2..8).map(person).find(|peer| !given.contains(peer)).expect("somebody was passed over");
    ana.hears(300, other);
    let told = ana.tells(300..10_000).expect("others hear of it");
    assert!(told >= 3 * hold, "{told}");
}

#[test]
fn if_those_who_got_a_large_run_are_gone_others_are_told_at_once() {
    let mut ana = Ana::new(6, 40);
    for peer in ana.says(10, LARGE) {
        ana.handle(20, Input::LinkDown { peer });
    }
    let told = ana.tells(20..5_000).expect("others hear of it");
    assert!(told <= 500, "{told}");
}

#[test]
fn a_neighbour_of_whom_nothing_has_changed_is_asked_nothing() {
    let mut ana = Ana::new(6, 40);
    let again = Input::NeighbourUp { room: ROOM, peer: person(2), trust: Trust::Member };
    let asked = ana.handle(1_000, again).into_iter().any(|e| matches!(e, Effect::Send { message: Message::Digest(_), .. }));
    assert!(!asked);
}
