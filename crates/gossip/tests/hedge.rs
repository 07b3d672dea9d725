//! Which peer is asked for what is missing, when the one that was asked first says nothing.

use gossip::{Config, Effect, Engine, Input, Trust};
use identity::{Identity, PeerId};
use rand::SeedableRng;
use rand::rngs::StdRng;
use wire::ids::{ChainHash, Head, LogId, LogKey, RoomId};
use wire::message::{HeadOf, Heads, Message};

const ROOM: RoomId = RoomId([7; 32]);
const ANA: u8 = 1;
const BEN: u8 = 2;
const CHI: u8 = 3;
const DICE: u8 = 4;

fn person(n: u8) -> PeerId {
    Identity::from_seed(&[n; 32]).peer()
}

fn log(of: u8) -> LogKey {
    LogKey { device: person(of), log: LogId(1) }
}

/// Ana, who has three events of Dice and is linked with Ben and Chi.
struct Ana {
    engine: Engine,
    rng: StdRng,
}

impl Ana {
    fn new() -> Ana {
        let mut ana = Ana { engine: Engine::new(person(ANA), Config::default(), [0; 32]), rng: StdRng::seed_from_u64(1) };
        let heads = vec![(log(DICE), Head { seq: 3, chain: ChainHash([DICE; 32]) })];
        ana.handle(0, Input::RoomOpened { room: ROOM, heads, stopped: Vec::new() });
        for peer in [BEN, CHI] {
            ana.handle(0, Input::NeighbourUp { room: ROOM, peer: person(peer), trust: Trust::Member });
        }
        ana
    }

    /// Whom she asks because of this.
    fn handle(&mut self, now: u64, input: Input) -> Vec<PeerId> {
        let mut effects = Vec::new();
        self.engine.handle(now, input, &mut self.rng, &mut effects);
        let asked = effects.into_iter().filter_map(|effect| match effect {
            Effect::Send { peer, message: Message::Need(need) } if need.log == log(DICE) => Some(peer),
            _ => None,
        });
        asked.collect()
    }

    /// A peer says how many events of Dice it has.
    fn hears(&mut self, now: u64, peer: u8, seq: u32) {
        let heads = vec![HeadOf { log: log(DICE), seq, hash: [DICE; 8] }];
        assert_eq!(self.handle(now, Input::Received { peer: person(peer), message: Message::Heads(Heads { room: ROOM, heads }) }), []);
    }

    /// Each whom she asks from one moment to another, and when.
    fn asks(&mut self, times: std::ops::Range<u64>) -> Vec<(u64, PeerId)> {
        times.flat_map(|now| self.handle(now, Input::Tick).into_iter().map(|peer| (now, peer)).collect::<Vec<_>>()).collect()
    }
}

#[test]
fn who_does_not_answer_holds_up_nothing_that_others_have() {
    let (config, mut ana) = (Config::default(), Ana::new());
    ana.hears(10, BEN, 5);
    let asked = ana.asks(10..1_000);
    let [(at, first)] = asked.as_slice() else { panic!("{asked:?}") };
    assert_eq!(*first, person(BEN));
    assert!(*at <= 10 + 3 * config.graft_after);
    ana.hears(1_000, CHI, 5);
    let again = ana.asks(1_000..1_000 + config.need_hedge + 10);
    assert_eq!(again.iter().map(|(_, peer)| *peer).collect::<Vec<_>>(), [person(CHI)], "{again:?}");
}

#[test]
fn what_only_one_has_is_waited_for() {
    let (config, mut ana) = (Config::default(), Ana::new());
    ana.hears(10, BEN, 5);
    let asked = ana.asks(10..1_000);
    let [(at, _)] = asked.as_slice() else { panic!("{asked:?}") };
    assert_eq!(ana.asks(1_000..at + config.need_timeout), []);
}

#[test]
fn a_long_answer_is_waited_for() {
    let (config, mut ana) = (Config::default(), Ana::new());
    ana.hears(10, BEN, 5_000);
    ana.hears(10, CHI, 5_000);
    let asked = ana.asks(10..1_000);
    let [(at, _)] = asked.as_slice() else { panic!("{asked:?}") };
    assert_eq!(ana.asks(1_000..at + config.need_timeout), []);
}
