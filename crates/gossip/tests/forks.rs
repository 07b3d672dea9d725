//! Logs that forked: what is told of them, asked for, and taken for an acknowledgement.

use gossip::{Config, Effect, Ending, Engine, Input, Millis, Origin, Trust, Verdict};
use identity::{Identity, PeerId};
use rand::SeedableRng;
use rand::rngs::StdRng;
use wire::ids::{ChainHash, Head, LogId, LogKey, RoomId};
use wire::message::{Data, HeadOf, Heads, Message, RawEvent};

const ROOM: RoomId = RoomId([7; 32]);

fn person(n: u8) -> PeerId {
    Identity::from_seed(&[n; 32]).peer()
}

fn log(of: u8, nth: u64) -> LogKey {
    LogKey { device: person(of), log: LogId(nth) }
}

fn head(seq: u32, chain: u8) -> Head {
    Head { seq, chain: ChainHash([chain; 32]) }
}

/// Ana, linked with ben, with these logs.
struct Ana(Engine, StdRng);

impl Ana {
    fn with(heads: &[(LogKey, Head)]) -> Ana {
        let mut ana = Ana(Engine::new(person(1), Config::default(), [0; 32]), StdRng::seed_from_u64(1));
        ana.handle(0, Input::RoomOpened { room: ROOM, heads: heads.to_vec(), stopped: Vec::new() });
        ana.handle(0, Input::NeighbourUp { room: ROOM, peer: person(2), trust: Trust::Member });
        ana
    }

    fn handle(&mut self, now: Millis, input: Input) -> Vec<Effect> {
        let mut effects = Vec::new();
        self.0.handle(now, input, &mut self.1, &mut effects);
        effects
    }

    fn hears(&mut self, now: Millis, log: LogKey, seq: u32, hash: u8) -> Vec<Effect> {
        let heads = vec![HeadOf { log, seq, hash: [hash; 8] }];
        self.handle(now, Input::Received { peer: person(2), message: Message::Heads(Heads { room: ROOM, heads }) })
    }

    /// What she asks for, up to some time.
    fn asked(&mut self, effects: Vec<Effect>, from: Millis, to: Millis) -> Vec<LogKey> {
        let later = (from..to).step_by(50).flat_map(|now| self.handle(now, Input::Tick)).collect::<Vec<_>>();
        let needs = effects.into_iter().chain(later).filter_map(|effect| match effect {
            Effect::Send { message: Message::Need(need), .. } => Some(need.log),
            _ => None,
        });
        needs.collect()
    }
}

#[test]
fn another_history_of_the_same_length_is_no_acknowledgement() {
    let own = log(1, 5);
    let mut ana = Ana::with(&[(own, head(3, 1))]);
    let acked = |effects: &[Effect]| effects.iter().any(|effect| matches!(effect, Effect::Acked { log, seq: 3, .. } if *log == own));
    assert!(!acked(&ana.hears(1, own, 3, 2)));
    assert!(acked(&ana.hears(2, own, 3, 1)));
}

#[test]
fn a_log_that_forked_is_not_asked_for_and_its_branches_are() {
    let (forked, branch) = (log(3, 5), log(3, 6));
    let mut ana = Ana::with(&[(forked, head(9, 1))]);
    let ends = vec![(forked, Ending::Closed(Some(head(4, 1)))), (branch, Ending::Open(head(9, 1)))];
    let effects = ana.handle(1, Input::Recut { room: ROOM, ends });
    assert_eq!(ana.asked(effects, 1, 5_000), []);
    let effects = ana.hears(5_000, forked, 12, 2);
    assert_eq!(ana.asked(effects, 5_000, 10_000), [], "it ends elsewhere for ben, who does not know yet");
    let effects = ana.hears(10_000, branch, 12, 2);
    assert_eq!(ana.asked(effects, 10_000, 11_000).first(), Some(&branch));
}

#[test]
fn ben_hears_of_the_branches_of_a_log_that_forked() {
    let (forked, branch) = (log(3, 5), log(3, 6));
    let mut ana = Ana::with(&[(forked, head(9, 1))]);
    ana.hears(1, forked, 9, 1);
    let ends = vec![(forked, Ending::Closed(Some(head(4, 1)))), (branch, Ending::Open(head(9, 1)))];
    ana.handle(2, Input::Recut { room: ROOM, ends });
    let told = (2..6_000).step_by(50).flat_map(|now| ana.handle(now, Input::Tick)).any(|effect| match effect {
        Effect::Send { message: Message::Heads(heads), .. } => heads.heads.iter().any(|told| told.log == branch && told.seq == 9),
        _ => false,
    });
    assert!(told);
}

/// Ben tells of a log that is unknown here, and answers the Need for it.
fn answered(verdict: impl Fn(LogKey) -> Verdict) -> (Ana, LogKey) {
    let branch = log(3, 6);
    let mut ana = Ana::with(&[(log(3, 5), head(9, 1))]);
    let effects = ana.hears(1, branch, 9, 1);
    assert_eq!(ana.asked(effects, 1, 1_000), [branch]);
    let events = vec![RawEvent(vec![1].into())];
    let data = Message::Data(Data { room: ROOM, log: branch, last: 9, events: events.clone() });
    ana.handle(1_000, Input::Received { peer: person(2), message: data });
    let origin = Origin::Asked { log: branch, last: 9 };
    ana.handle(1_000, Input::Checked { peer: person(2), room: ROOM, origin, events, verdict: verdict(branch) });
    (ana, branch)
}

#[test]
fn what_does_not_count_is_not_asked_for_again() {
    let (mut ana, _) = answered(|_| Verdict::Beyond);
    assert_eq!(ana.asked(Vec::new(), 1_000, 4_000), []);
}

#[test]
fn a_branch_of_what_is_one_log_here_is_not_asked_for_on_and_on() {
    let (mut ana, branch) = answered(|_| Verdict::Duplicate { log: log(3, 5), seq: 9 });
    assert_eq!(ana.asked(Vec::new(), 1_000, 4_000), []);
    // Once the other way to go on is known here too, what is missing of it is asked for.
    let ends = vec![(log(3, 5), Ending::Closed(Some(head(4, 1)))), (branch, Ending::Open(head(7, 1)))];
    let effects = ana.handle(4_000, Input::Recut { room: ROOM, ends });
    assert_eq!(ana.asked(effects, 4_000, 5_000).first(), Some(&branch));
}
