//! Two tables that dial each other. Every message between them may be overtaken by every other of
//! another connection.

use std::collections::{BTreeMap, VecDeque};

use proptest::prelude::*;
use rand::RngExt;

use super::*;

/// What travels or is pending; the first of each lane can happen next.
#[derive(Clone, Copy, Debug)]
enum Step {
    /// The dialler learned who is there.
    Proven,
    /// The dialler's proof and Hello arrive.
    FirstHello,
    /// The other side's Hello arrives.
    SecondHello,
    /// A Bye or the end of the connection arrives at this side.
    Over,
    /// This side's task has ended.
    Ended(Reason),
}

/// Where a step waits: connection, side where it happens, and whether it is news from the other
/// side.
type Lane = (u64, usize, bool);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    Unknown,
    Ready,
    Running,
    Gone,
}

struct Conn {
    dialler: usize,
    attempt: AttemptId,
    stage: [Stage; 2],
}

/// Ana is side 0 and Ben side 1.
struct World {
    tables: [Table; 2],
    nonces: [u64; 2],
    now: Now,
    conns: BTreeMap<u64, Conn>,
    lanes: BTreeMap<Lane, VecDeque<Step>>,
}

const PEERS: [PeerId; 2] = [ANA, BEN];

impl World {
    fn new(seed: u64) -> Self {
        let table = |side: usize| Table::new(PEERS[side], Limits::default(), Times::default(), Pace::default(), seed + side as u64);
        Self { tables: [table(0), table(1)], nonces: [1, 2], now: Now { tick: 1, wall: 1 }, conns: BTreeMap::new(), lanes: BTreeMap::new() }
    }

    fn want_each_other(&mut self) {
        for side in [0, 1] {
            self.on(side, |table, now, out| table.want(PEERS[1 - side], vec![address("198.51.100.1:1")], now, out));
        }
    }

    /// Lets a table decide and carries out what it decided.
    fn on<T>(&mut self, side: usize, decide: impl FnOnce(&mut Table, Now, &mut Vec<Effect>) -> T) -> T {
        let mut out = Vec::new();
        let result = decide(&mut self.tables[side], self.now, &mut out);
        for effect in out {
            match effect {
                Effect::Dial { attempt, .. } => {
                    let id = self.conns.len() as u64;
                    self.conns.insert(id, Conn { dialler: side, attempt, stage: [Stage::Unknown; 2] });
                    self.push((id, side, true), Step::Proven);
                }
                Effect::Abort(attempt) => {
                    let id = self.conns.iter().find(|(_, conn)| conn.dialler == side && conn.attempt == attempt).map(|(id, _)| *id);
                    self.lanes.retain(|(conn, ..), _| Some(*conn) != id);
                }
                Effect::Start { link, .. } => {
                    let others = self.conns.iter().filter(|(id, conn)| **id != link.0 && conn.stage[side] == Stage::Running).count();
                    assert_eq!(others, 0, "two links run at once");
                    assert_eq!(self.stage(link.0, side), Stage::Ready);
                    self.set_stage(link.0, side, Stage::Running);
                }
                Effect::Close { link, bye } => {
                    self.push((link.0, 1 - side, true), Step::Over);
                    match self.stage(link.0, side) {
                        Stage::Running => self.push((link.0, side, false), Step::Ended(Reason::of_bye(bye))),
                        _ => self.set_stage(link.0, side, Stage::Gone),
                    }
                }
                Effect::Tell(_) => {}
            }
        }
        result
    }

    fn push(&mut self, lane: Lane, step: Step) {
        self.lanes.entry(lane).or_default().push_back(step);
    }

    fn stage(&self, conn: u64, side: usize) -> Stage {
        self.conns[&conn].stage[side]
    }

    fn set_stage(&mut self, conn: u64, side: usize, stage: Stage) {
        self.conns.get_mut(&conn).expect("made before").stage[side] = stage;
    }

    /// Steps that can happen now. A link that is ready does not notice its end before it runs.
    fn choices(&self) -> Vec<Lane> {
        let can = |(lane, steps): (&Lane, &VecDeque<Step>)| {
            let waits = matches!(steps.front(), Some(Step::Over)) && self.stage(lane.0, lane.1) == Stage::Ready;
            (!steps.is_empty() && !waits).then_some(*lane)
        };
        self.lanes.iter().filter_map(can).collect()
    }

    fn happen(&mut self, lane: Lane) {
        let (id, side, _) = lane;
        let Some(step) = self.lanes.get_mut(&lane).and_then(VecDeque::pop_front) else { return };
        let (dialler, attempt) = (self.conns[&id].dialler, self.conns[&id].attempt);
        match step {
            Step::Proven => {
                if self.on(side, |table, now, out| table.may_complete(attempt, PEERS[1 - side], Rank::Tcp, now, out)) {
                    self.push((id, 1 - side, true), Step::FirstHello);
                }
            }
            Step::FirstHello => {
                self.push((id, dialler, true), Step::SecondHello);
                self.greet(id, side, Role::Responder, None);
            }
            Step::SecondHello => self.greet(id, side, Role::Initiator, Some(attempt)),
            Step::Over => match self.stage(id, side) {
                Stage::Running => self.push((id, side, false), Step::Ended(Reason::Replaced)),
                Stage::Unknown if side == dialler => {
                    self.on(side, |table, now, out| table.dial_failed(attempt, address("ben:1"), Reason::Lost, now, out));
                }
                Stage::Unknown | Stage::Ready | Stage::Gone => {}
            },
            Step::Ended(reason) => {
                if self.stage(id, side) == Stage::Running {
                    self.set_stage(id, side, Stage::Gone);
                    self.push((id, 1 - side, true), Step::Over);
                    self.on(side, |table, now, out| table.ended(PEERS[1 - side], LinkId(id), reason, now, out));
                }
            }
        }
    }

    fn greet(&mut self, id: u64, side: usize, role: Role, attempt: Option<AttemptId>) {
        self.set_stage(id, side, Stage::Ready);
        let candidate = Candidate {
            link: LinkId(id),
            peer: PEERS[1 - side],
            role,
            path: Path::Tcp("198.51.100.1:1".parse().expect("an address")),
            nonce: self.nonces[1 - side],
            attempt,
        };
        self.on(side, |table, now, out| table.greeted(candidate, now, out));
    }

    /// Running connections of a side.
    fn running(&self, side: usize) -> Vec<u64> {
        self.conns.iter().filter(|(_, conn)| conn.stage[side] == Stage::Running).map(|(id, _)| *id).collect()
    }

    /// The connection breaks at one side, and later at the other.
    fn cut(&mut self, side: usize) {
        for id in self.running(side) {
            self.push((id, side, false), Step::Ended(Reason::Lost));
        }
    }

    fn pass(&mut self, millis: u64) {
        self.now.tick += millis;
        self.now.wall += millis;
        for side in [0, 1] {
            self.on(side, |table, now, out| table.tick(now, out));
        }
    }
}

/// Runs with the given choices, 0 after them; how many choices there were at each step.
fn play(choices: &[usize]) -> (World, Vec<usize>) {
    let mut world = World::new(0);
    world.want_each_other();
    let mut widths = Vec::new();
    loop {
        let open = world.choices();
        if open.is_empty() {
            return (world, widths);
        }
        let choice = choices.get(widths.len()).copied().unwrap_or(0);
        widths.push(open.len());
        world.happen(open[choice]);
        assert!(widths.len() < 100, "they never come to rest");
    }
}

#[test]
fn one_link_stays_in_all_orders() {
    let mut choices: Vec<usize> = Vec::new();
    let mut orders = 0;
    loop {
        let (world, widths) = play(&choices);
        orders += 1;
        let (ana, ben) = (world.running(0), world.running(1));
        assert!(ana.len() == 1 && ana == ben, "ana holds {ana:?}, ben holds {ben:?} after {choices:?}");
        // The next order: count the last choice up that can be counted up.
        choices.resize(widths.len(), 0);
        let Some(last) = (0..widths.len()).rev().find(|n| choices[*n] + 1 < widths[*n]) else { break };
        choices.truncate(last + 1);
        choices[last] += 1;
    }
    assert!(orders > 50, "only {orders} orders");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn one_link_stays_after_any_faults(seed: u64) {
        let mut rng = StdRng::seed_from_u64(seed);
        let mut world = World::new(seed % 1000);
        world.want_each_other();
        for _ in 0..rng.random_range(0..120) {
            let open = world.choices();
            match rng.random_range(0..12) {
                0 => world.cut(rng.random_range(0..2)),
                1 => world.pass(rng.random_range(1..20_000)),
                _ if open.is_empty() => world.pass(1000),
                _ => world.happen(open[rng.random_range(0..open.len())]),
            }
        }
        for _ in 0..400 {
            while let Some(lane) = world.choices().first().copied() {
                world.happen(lane);
            }
            world.pass(1000);
        }
        let (ana, ben) = (world.running(0), world.running(1));
        prop_assert!(ana.len() == 1 && ana == ben, "ana holds {:?}, ben holds {:?}", ana, ben);
    }
}

#[test]
fn a_restarted_peer_replaces_its_old_link_whoever_dialled() {
    for (old, new) in [(Role::Initiator, Role::Responder), (Role::Responder, Role::Responder)] {
        let mut ana = Scene::new();
        ana.want(BEN, &[]);
        let first = ana.greet(BEN, old, 1, None);
        let second = ana.greet(BEN, new, 2, None);
        assert_eq!((ana.closed(), ana.started()), (vec![(first, Bye::Replaced)], vec![first]));
        ana.end(BEN, first, Reason::Replaced);
        assert_eq!(ana.started(), [first, second], "only after the old one has ended");
    }
}

#[test]
fn a_dialler_who_comes_again_has_lost_the_old_link() {
    let mut ana = Scene::new();
    ana.want(BEN, &[]);
    let first = ana.greet(BEN, Role::Responder, 1, None);
    ana.greet(BEN, Role::Responder, 1, None);
    assert_eq!(ana.closed(), [(first, Bye::Replaced)]);
}

#[test]
fn the_smaller_initiates_only_if_both_dialled_at_once() {
    for (age, loser) in [(100, 1), (10_001, 0)] {
        let mut ana = Scene::new();
        ana.want(BEN, &[]);
        let first = ana.greet(BEN, Role::Initiator, 1, None);
        ana.pass(age);
        let second = ana.greet(BEN, Role::Responder, 1, None);
        assert_eq!(ana.closed(), [([first, second][loser], Bye::Replaced)], "after {age} ms");
    }
}

#[test]
fn of_two_heirs_one_starts() {
    let mut ana = Scene::new();
    ana.want(BEN, &[]);
    let links = [1, 2, 3].map(|nonce| ana.greet(BEN, Role::Responder, nonce, None));
    assert_eq!(ana.closed(), [(links[0], Bye::Replaced), (links[1], Bye::Replaced)]);
    ana.end(BEN, links[0], Reason::Replaced);
    assert_eq!(ana.started(), [links[0], links[2]]);
}

/// Ana's table when two processes with ben's identity run, of which the second has the link.
fn with_twins() -> (Scene, [LinkId; 2]) {
    let mut ana = Scene::new();
    ana.want(BEN, &[]);
    let first = ana.greet(BEN, Role::Responder, 1, None);
    let second = ana.greet(BEN, Role::Responder, 2, None);
    ana.end(BEN, first, Reason::Replaced);
    (ana, [first, second])
}

#[test]
fn a_process_that_was_replaced_and_comes_back_waits_until_the_other_had_a_minute() {
    let (mut ana, [_, second]) = with_twins();
    for _ in 0..5 {
        ana.pass(10_000);
        let back = ana.greet(BEN, Role::Responder, 1, None);
        assert_eq!(ana.closed().last(), Some(&(back, Bye::Replaced)));
    }
    ana.pass(10_000);
    ana.greet(BEN, Role::Responder, 1, None);
    assert_eq!(ana.closed().last(), Some(&(second, Bye::Replaced)), "both get their turn");
}

#[test]
fn a_new_process_is_linked_at_once_even_beside_twins() {
    let (mut ana, [_, second]) = with_twins();
    ana.pass(100);
    ana.greet(BEN, Role::Responder, 3, None);
    assert_eq!(ana.closed().last(), Some(&(second, Bye::Replaced)));
    // A process is only known as replaced here while the other process is remembered.
    assert!(ana.table.peers[&BEN].ousted.len() <= MAX_OUSTED);
}

fn twins_told(scene: &Scene) -> usize {
    scene.out.iter().filter(|effect| matches!(effect, Effect::Tell(Event::TwinFound { at: BEN }))).count()
}

#[test]
fn whoever_is_replaced_and_has_no_other_link_learns_of_a_twin_and_gives_it_time() {
    let mut ana = Scene::new();
    ana.want(BEN, &["198.51.100.1:1"]);
    let attempt = ana.last_dial();
    let link = ana.greet(BEN, Role::Initiator, 1, Some(attempt));
    ana.end(BEN, link, Reason::Replaced);
    ana.pass(9_999);
    assert_eq!(twins_told(&ana), 0);
    ana.pass(1);
    assert_eq!(twins_told(&ana), 1);
    ana.pass(TWIN_STAYS - 10_001);
    assert_eq!(ana.dialled().len(), 1, "not yet");
    ana.pass(300_000);
    assert_eq!((ana.dialled().len(), twins_told(&ana)), (2, 1));
}

#[test]
fn whoever_is_replaced_by_their_own_other_link_has_no_twin() {
    let mut ana = Scene::new();
    ana.want(BEN, &["198.51.100.1:1"]);
    let attempt = ana.last_dial();
    let link = ana.greet(BEN, Role::Initiator, 1, Some(attempt));
    ana.end(BEN, link, Reason::Replaced);
    ana.pass(50);
    ana.greet(BEN, Role::Responder, 1, None);
    ana.pass(60_000);
    assert_eq!(twins_told(&ana), 0);
    // Nor is an end that was decided here.
    let link = ana.greet(BEN, Role::Responder, 1, None);
    ana.end(BEN, LinkId(2), Reason::Replaced);
    ana.pass(60_000);
    assert_eq!((twins_told(&ana), ana.started().last()), (0, Some(&link)));
}
