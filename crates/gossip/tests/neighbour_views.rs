//! What a device can tell of its neighbours: from what they said, not from what was sent to them.

use gossip::{Config, Effect, Engine, Input, Missing, NeighbourView, Trust};
use identity::{Identity, PeerId};
use rand::SeedableRng;
use rand::rngs::StdRng;
use wire::ids::{ChainHash, Head, LogId, LogKey, RoomId};
use wire::message::{HeadOf, Heads, Message};

const ROOM: RoomId = RoomId([7; 32]);

fn person(n: u8) -> PeerId {
    Identity::from_seed(&[n; 32]).peer()
}

fn log(of: u8) -> LogKey {
    LogKey { device: person(of), log: LogId(1) }
}

fn input(engine: &mut Engine, input: Input) {
    engine.handle(1_000, input, &mut StdRng::seed_from_u64(1), &mut Vec::new());
}

/// Ana, who has logs of herself, ben and chi, and is linked with ben.
fn ana() -> Engine {
    let mut ana = Engine::new(person(1), Config::default(), [0; 32]);
    let head = |of: u8, seq: u32| (log(of), Head { seq, chain: ChainHash([of; 32]) });
    input(&mut ana, Input::RoomOpened { room: ROOM, heads: vec![head(1, 5), head(2, 4), head(3, 9)], stopped: Vec::new() });
    input(&mut ana, Input::NeighbourUp { room: ROOM, peer: person(2), trust: Trust::Member });
    ana
}

fn ben_says(ana: &mut Engine, heads: &[(LogKey, u32)]) {
    let heads = heads.iter().map(|(log, seq)| HeadOf { log: *log, seq: *seq, hash: [log.device.as_bytes()[0]; 8] }).collect();
    input(ana, Input::Received { peer: person(2), message: Message::Heads(Heads { room: ROOM, heads }) });
}

fn ben(ana: &Engine) -> NeighbourView {
    ana.neighbours(&ROOM).next().expect("ben is a neighbour")
}

#[test]
fn nothing_is_claimed_of_ben_before_he_was_heard() {
    let ana = ana();
    assert!(!ben(&ana).heard && ben(&ana).member);
    assert_eq!(ana.missing(&ROOM).count(), 0);
}

#[test]
fn what_ben_said_tells_what_he_lacks_and_what_he_has_beyond() {
    let mut ana = ana();
    ben_says(&mut ana, &[(log(1), 3), (log(3), 12)]);
    let NeighbourView { heard, lacks, ahead, .. } = ben(&ana);
    assert_eq!((heard, lacks, ahead), (true, 2, 3), "his own log he has");
    let missing: Vec<Missing> = ana.missing(&ROOM).collect();
    let config = Config::default();
    let said_within = config.acks_after + config.tell_every;
    assert_eq!(missing, [Missing { peer: person(2), log: log(1), from: 4, count: 2, on_its_way: false, said_within }]);
    ben_says(&mut ana, &[(log(1), 5)]);
    assert_eq!((ben(&ana).lacks, ana.missing(&ROOM).count()), (0, 0));
}

#[test]
fn an_end_with_another_hash_is_no_acknowledgement() {
    let (first, other) = (person(1).as_bytes()[0], !person(1).as_bytes()[0]);
    // What ben says that he has of ana's log, and how much of it counts as hers: `first` is the
    // hash of what she wrote at 5.
    for (seq, hash, acked) in [(3, other, Some(3)), (5, first, Some(5)), (5, other, None), (6, other, None)] {
        let mut ana = Engine::new(person(1), Config::default(), [0; 32]);
        let head = Head { seq: 5, chain: ChainHash([first; 32]) };
        input(&mut ana, Input::RoomOpened { room: ROOM, heads: vec![(log(1), head)], stopped: Vec::new() });
        input(&mut ana, Input::NeighbourUp { room: ROOM, peer: person(2), trust: Trust::Member });
        let heads = vec![HeadOf { log: log(1), seq, hash: [hash; 8] }];
        let said = Input::Received { peer: person(2), message: Message::Heads(Heads { room: ROOM, heads }) };
        let mut out = Vec::new();
        ana.handle(2_000, said, &mut StdRng::seed_from_u64(1), &mut out);
        let acks = out.iter().find_map(|effect| if let Effect::Acked { seq, .. } = effect { Some(*seq) } else { None });
        assert_eq!(acks, acked, "{seq} {hash}");
    }
}
