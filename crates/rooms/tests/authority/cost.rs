//! What one person can pile up is looked at in a moment.

use std::time::Instant;

use identity::PeerId;
use rooms::authority::{Act, Authority, Cut, Kept, Op, Pass, Setting, fold};
use wire::ids::{EventId, LogId};

fn number(n: u32) -> [u8; 32] {
    let mut bytes = [0xee; 32];
    bytes[..4].copy_from_slice(&n.to_be_bytes());
    bytes
}

fn op(id: u32, author: u32, seq: u32, act: Act) -> Op {
    // The owner's right is the event 0, that of the member the event 1.
    let by = (act != Act::Create).then_some(EventId(number(author)));
    Op { id: EventId(number(id)), author: PeerId::from_bytes(number(author)), at: (LogId(1), seq), by, act }
}

fn add(who: u32, round: u32, pass: Option<Pass>) -> Act {
    Act::Add { device: PeerId::from_bytes(number(who)), round, pass }
}

fn in_a_moment<T>(what: impl FnOnce() -> T) -> T {
    let begin = Instant::now();
    let value = what();
    let took = begin.elapsed();
    println!("{took:?}");
    assert!(took.as_secs() < 5, "{took:?}");
    value
}

#[test]
fn an_invite_that_was_ended_a_thousand_times_with_long_lists_lets_in_whom_all_name() {
    let newcomers = 1000..1800;
    let used: Vec<(PeerId, u32)> = newcomers.clone().map(|n| (PeerId::from_bytes(number(n)), 1)).collect();
    let invite = EventId(number(2));
    let pass = Pass { invite, key: [5; 32], at_ms: 0 };
    let mut ops = vec![op(0, 0, 1, Act::Create), op(2, 0, 2, Act::Invite { key: [5; 32], uses: 9_999, expires: 0 })];
    ops.extend((10_000..11_000).map(|n| op(n, 0, n, Act::Revoke { invite, used: used.clone() })));
    ops.push(op(20_000, 0, 20_000, Act::Revoke { invite, used: used[1..].to_vec() }));
    let only = Act::Set { setting: Setting::AdminsAdd(true), version: 1, known: Default::default() };
    ops.extend([op(3, 0, 3, only), op(1, 0, 4, add(1, 1, None))]);
    ops.extend(newcomers.map(|n| op(30_000 + n, 1, n, add(n, 1, Some(pass)))));
    let all = in_a_moment(|| fold(&ops));
    assert_eq!(all.members().count(), 2 + 799);
}

#[test]
fn who_came_in_and_left_a_thousand_times_is_compared_in_one_go() {
    let kept = |last| Kept { last, ..Kept::default() };
    let cut = |last| (0..30).map(|log| (LogId(log), kept(1))).chain([(LogId(99), kept(last))]).collect::<Cut>();
    let mut ops = vec![op(0, 0, 1, Act::Create)];
    ops.extend((1..=1000).map(|n| op(n, 0, 1 + n, add(1, n, None))));
    ops.extend((1..=1000).map(|n| op(10_000 + n, 1, n, Act::Leave { round: n, cut: cut(n) })));
    let more = [ops.clone(), vec![op(20_000, 0, 5_000, add(1, 1001, None))]].concat();
    let counts = |one: &Authority, other: &Authority| {
        let who = PeerId::from_bytes(number(1));
        one.standing(&who).zip(other.standing(&who)).map(|(one, other)| one.counts_like(other))
    };
    let (was, is, again) = in_a_moment(|| (fold(&ops), fold(&more), fold(more.iter().rev())));
    assert_eq!(in_a_moment(|| [counts(&was, &is), counts(&is, &again)]), [Some(false), Some(true)]);
}
