//! Along which edges events and news of them go: both sides must agree on that, and those who
//! depend on an edge come first.

use gossip::{Config, Effect, Engine, Input, Trust, Verdict};
use identity::{Identity, PeerId};
use rand::SeedableRng;
use rand::rngs::StdRng;
use wire::ids::{ChainHash, Head, LogId, LogKey, RoomId};
use wire::message::{HeadOf, Heads, Message, Neighbour, RawEvent, Run};

const ROOM: RoomId = RoomId([7; 32]);

fn person(n: u8) -> PeerId {
    Identity::from_seed(&[n; 32]).peer()
}

/// Log number `nth` of an author who is unknown.
fn log(nth: u64) -> LogKey {
    LogKey { device: person(99), log: LogId(nth) }
}

/// Ana, who is linked with others.
struct Ana {
    engine: Engine,
    rng: StdRng,
}

impl Ana {
    fn with(active: &[u8], others: &[u8]) -> Ana {
        let mut ana = Ana { engine: Engine::new(person(1), Config::default(), [0; 32]), rng: StdRng::seed_from_u64(1) };
        ana.handle(0, Input::RoomOpened { room: ROOM, heads: Vec::new(), stopped: Vec::new() });
        for peer in active.iter().chain(others) {
            ana.handle(0, Input::NeighbourUp { room: ROOM, peer: person(*peer), trust: Trust::Member });
            // A peer that has said before what it has tells of news from then on.
            ana.says(0, *peer, Message::Heads(Heads { room: ROOM, heads: vec![head(log(1_000), 1)] }));
        }
        for peer in active {
            ana.says(0, *peer, Message::Neighbour(Neighbour { room: ROOM, urgent: true, degree: 5 }));
        }
        ana.runs(0, active.first().copied().unwrap_or(0), log(1_000));
        ana
    }

    fn handle(&mut self, now: u64, input: Input) -> Vec<(PeerId, Message)> {
        let mut effects = Vec::new();
        self.engine.handle(now, input, &mut self.rng, &mut effects);
        let sent = effects.into_iter().filter_map(|effect| match effect {
            Effect::Send { peer, message } => Some((peer, message)),
            _ => None,
        });
        sent.collect()
    }

    fn says(&mut self, now: u64, peer: u8, message: Message) -> Vec<(PeerId, Message)> {
        self.handle(now, Input::Received { peer: person(peer), message })
    }

    /// The first event of a log comes from a peer along the tree, and is good.
    fn runs(&mut self, now: u64, peer: u8, log: LogKey) -> Vec<(PeerId, Message)> {
        let events = vec![RawEvent(format!("{log:?}").into_bytes().into())];
        let message = Message::Run(Run { ttl: 9, room: ROOM, events });
        let mut effects = Vec::new();
        self.engine.handle(now, Input::Received { peer: person(peer), message }, &mut self.rng, &mut effects);
        let (mut sent, mut checked) = (Vec::new(), Vec::new());
        for effect in effects {
            match effect {
                Effect::Send { peer, message } => sent.push((peer, message)),
                Effect::Check { peer, room, origin, events } => {
                    let verdict = Verdict::Fresh { log, head: Head { seq: 1, chain: ChainHash([9; 32]) } };
                    checked.push(Input::Checked { peer, room, origin, events, verdict });
                }
                _ => {}
            }
        }
        sent.extend(checked.into_iter().flat_map(|input| self.handle(now, input)));
        sent
    }

    /// What she sends from one moment to another, and when.
    fn sends(&mut self, times: std::ops::Range<u64>) -> Vec<(u64, PeerId, Message)> {
        times
            .flat_map(|now| self.handle(now, Input::Tick).into_iter().map(|(peer, message)| (now, peer, message)).collect::<Vec<_>>())
            .collect()
    }
}

fn head(log: LogKey, seq: u32) -> HeadOf {
    HeadOf { log, seq, hash: [9; 8] }
}

fn grafts(sent: &[(PeerId, Message)]) -> Vec<PeerId> {
    sent.iter().filter(|(_, message)| matches!(message, Message::Graft(_))).map(|(peer, _)| *peer).collect()
}

#[test]
fn a_run_along_an_edge_that_was_pruned_meanwhile_makes_both_sides_agree_again() {
    let mut ana = Ana::with(&[2, 3], &[]);
    assert_eq!(grafts(&ana.runs(100, 2, log(1))), [], "an eager edge");
    ana.says(200, 2, Message::Prune(ROOM));
    assert_eq!(grafts(&ana.runs(201, 2, log(2))), [person(2)]);
    assert_eq!(grafts(&ana.runs(202, 2, log(3))), []);
}

#[test]
fn an_edge_that_should_have_brought_something_is_grafted_whatever_this_side_thinks_of_it_but_not_for_each_log() {
    let mut ana = Ana::with(&[2], &[]);
    let news = (1..=3).map(|nth| head(log(nth), 1)).collect();
    ana.says(2_000, 2, Message::Heads(Heads { room: ROOM, heads: news }));
    let sent = ana.sends(2_000..3_000);
    let needs = sent.iter().filter(|(_, _, message)| matches!(message, Message::Need(_))).count();
    let grafts = sent.iter().filter(|(_, _, message)| matches!(message, Message::Graft(_))).count();
    assert_eq!((needs, grafts), (3, 1), "{sent:?}");
}

#[test]
fn an_active_neighbour_is_asked_rather_than_another() {
    for (active, other) in [(2, 3), (3, 2)] {
        let mut ana = Ana::with(&[active], &[other]);
        for peer in [other, active] {
            ana.says(100, peer, Message::Heads(Heads { room: ROOM, heads: vec![head(log(1), 1)] }));
        }
        let sent = ana.sends(100..1_000);
        let asked: Vec<PeerId> =
            sent.iter().filter(|(_, _, message)| matches!(message, Message::Need(_))).map(|(_, peer, _)| *peer).collect();
        assert_eq!(asked, [person(active)]);
    }
}

#[test]
fn who_is_no_active_neighbour_is_told_later() {
    let (config, mut ana) = (Config::default(), Ana::with(&[2, 3, 4], &[5]));
    ana.says(0, 5, Message::Disconnect(wire::message::Disconnect { room: ROOM, degree: 5 }));
    ana.says(0, 3, Message::Prune(ROOM));
    ana.sends(0..10_000);
    ana.runs(10_000, 2, log(1));
    let sent = ana.sends(10_000..20_000);
    let told = |peer| {
        let heads = sent.iter().filter(|(_, to, message)| *to == person(peer) && matches!(message, Message::Heads(_)));
        heads.map(|(at, _, _)| at - 10_000).collect::<Vec<_>>()
    };
    let (near, far) = (told(3), told(5));
    let ([near], [far]) = (near.as_slice(), far.as_slice()) else { panic!("{sent:?}") };
    assert!(within(config.calm_heads_after).contains(near), "{near}");
    assert!(within(config.far_heads_after).contains(far), "{far}");
    assert_eq!((told(2), told(4)), (vec![], vec![]), "who brought it and who got it have it");
}

#[test]
fn after_a_change_of_the_tree_active_neighbours_are_told_soon() {
    let config = Config::default();
    let changes = [
        (Message::Graft(ROOM), config.heads_after),
        (Message::Disconnect(wire::message::Disconnect { room: ROOM, degree: 5 }), config.heads_after),
        // An edge too many says nothing of what others missed.
        (Message::Prune(ROOM), config.calm_heads_after),
    ];
    for (change, longest) in changes {
        let mut ana = Ana::with(&[2, 3, 4], &[]);
        ana.says(0, 3, Message::Prune(ROOM));
        ana.sends(0..10_000);
        ana.runs(10_000, 2, log(1));
        ana.says(10_000, 4, change.clone());
        let sent = ana.sends(10_000..20_000);
        let told: Vec<u64> =
            sent.iter().filter(|(_, to, m)| *to == person(3) && matches!(m, Message::Heads(_))).map(|(at, _, _)| *at).collect();
        let [at] = told.as_slice() else { panic!("{change:?}: {sent:?}") };
        assert!(within(longest).contains(&(at - 10_000)), "{change:?}: {at}");
    }
}

#[test]
fn two_beside_the_tree_are_asked_to_look_out_while_all_is_calm() {
    let mut ana = Ana::with(&[2, 3, 4, 5, 6], &[]);
    let beside = [3, 4, 5, 6].map(person);
    [3, 4, 5].into_iter().for_each(|peer| drop(ana.says(0, peer, Message::Prune(ROOM))));
    let asked = |sent: Vec<(u64, PeerId, Message)>| -> Vec<(PeerId, bool)> {
        let asks = sent.into_iter().filter_map(|(_, peer, message)| match message {
            Message::Neighbour(ask) => Some((peer, ask.urgent)),
            _ => None,
        });
        asks.collect()
    };
    assert_eq!(asked(ana.sends(0..Config::default().calm_after)), [], "a tree that changes is noticed without them");
    let first = asked(ana.sends(5_000..30_000));
    let [(one, true), (other, true)] = first.as_slice() else { panic!("{first:?}") };
    assert!(one != other && beside.contains(one) && beside.contains(other));
    // One becomes a branch, and another takes their place; once they are none any more they are
    // three.
    ana.handle(30_000, Input::Received { peer: *one, message: Message::Graft(ROOM) });
    let second = asked(ana.sends(30_000..60_000));
    let [(third, true)] = second.as_slice() else { panic!("{second:?}") };
    assert!(third != one && third != other && beside.contains(third));
    ana.handle(60_000, Input::Received { peer: *one, message: Message::Prune(ROOM) });
    let third = asked(ana.sends(60_000..90_000));
    assert!(matches!(third.as_slice(), [(_, false)]), "{third:?}");
}

#[test]
fn whoever_asks_for_it_is_told_early_while_all_is_calm() {
    let config = Config::default();
    let mut ana = Ana::with(&[2, 3, 4], &[]);
    ana.says(0, 3, Message::Prune(ROOM));
    for (at, urgent, longest) in [(10_000, true, config.heads_after), (20_000, false, config.calm_heads_after)] {
        ana.sends(at - 10_000..at);
        ana.says(at, 3, Message::Neighbour(Neighbour { room: ROOM, urgent, degree: 5 }));
        ana.runs(at, 2, log(at));
        let sent = ana.sends(at..at + 9_000);
        let told: Vec<u64> =
            sent.iter().filter(|(_, to, m)| *to == person(3) && matches!(m, Message::Heads(_))).map(|(then, _, _)| then - at).collect();
        let [after] = told.as_slice() else { panic!("{sent:?}") };
        assert!(within(longest).contains(after), "{after}");
    }
}

/// Milliseconds after which a neighbour is told if it is to be told after this long at most.
fn within(longest: u64) -> std::ops::RangeInclusive<u64> {
    longest / 4..=longest + Config::default().tell_every
}
