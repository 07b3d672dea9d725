//! Heads, digests, forks, and how many logs one device may have.

use rooms::limits::MAX_LOGS_PER_DEVICE;
use rooms::{Fit, Hlc, LogRefused, Logs};
use wire::{ChainHash, Head, LogId, LogKey};

use crate::people::*;

fn key(log: u64) -> LogKey {
    LogKey { device: ben().peer(), log: LogId(log) }
}

fn head(seq: u32, mark: u8) -> Head {
    Head { seq, chain: ChainHash([mark; 32]) }
}

fn held(logs: &[(u64, u32)]) -> Logs {
    let mut held = Logs::new();
    for (log, seq) in logs {
        held.advance(key(*log), head(*seq, 1), Hlc(9)).expect("it goes on");
    }
    held
}

#[test]
fn equal_logs_have_equal_digests_in_whatever_order_they_grew() {
    let (mut one, mut other) = (held(&[(1, 1), (2, 5), (1, 3)]), held(&[(2, 2), (1, 3), (2, 5)]));
    assert_eq!(one.digest(), other.digest());
    other.advance(key(1), head(4, 1), Hlc(10)).expect("it goes on");
    assert_ne!(one.digest(), other.digest());
    assert_ne!(held(&[(1, 1)]).digest(), Logs::new().digest());
}

#[test]
fn another_hash_is_another_digest() {
    let (mut one, mut other) = (Logs::new(), Logs::new());
    one.advance(key(1), head(1, 1), Hlc(1)).expect("it begins");
    other.advance(key(1), head(1, 2), Hlc(1)).expect("it begins");
    assert_ne!(one.digest(), other.digest());
}

#[test]
fn the_control_digest_speaks_of_control_logs_alone() {
    let mut logs = held(&[(LogId::CONTROL | 1, 1)]);
    let (control, all) = (logs.control_digest(), logs.digest());
    assert_eq!(control, all);
    logs.advance(key(1), head(1, 1), Hlc(1)).expect("it begins");
    assert_eq!(logs.control_digest(), control);
    assert_ne!(logs.digest(), all);
    logs.advance(key(LogId::CONTROL | 1), head(2, 1), Hlc(10)).expect("it goes on");
    assert_ne!(logs.control_digest(), control);
}

#[test]
fn a_log_only_grows() {
    let mut logs = held(&[(1, 5)]);
    for seq in [0, 4, 5] {
        assert_eq!(logs.advance(key(1), head(seq, 1), Hlc(10)), Err(LogRefused::NotBeyond));
    }
    assert_eq!(logs.get(&key(1)).map(|log| log.head), Some(head(5, 1)));
}

#[test]
fn a_forked_log_is_closed_and_ends_before_the_fork_at_everyone() {
    let (mut long, mut short) = (held(&[(1, 9)]), held(&[(1, 4)]));
    let common = Some((head(3, 7), Hlc(3)));
    long.close(key(1), common);
    short.close(key(1), common);
    assert_eq!(long.digest(), short.digest());
    assert_eq!(long.advance(key(1), head(10, 1), Hlc(10)), Err(LogRefused::Forked));
    assert!(long.get(&key(1)).is_some_and(|log| log.forked && log.head == head(3, 7)));
    // An earlier fork moves the end further back, a later one does not move it.
    long.close(key(1), Some((head(2, 6), Hlc(2))));
    long.close(key(1), common);
    assert_eq!(long.get(&key(1)).map(|log| log.head.seq), Some(2));
}

#[test]
fn a_log_that_forks_at_its_first_event_is_like_none() {
    let mut logs = held(&[(1, 4)]);
    logs.close(key(1), None);
    assert_eq!(logs.digest(), Logs::new().digest());
    assert_eq!(logs.heads().count(), 0);
    assert_eq!(logs.accepts(&key(1)), Err(LogRefused::Forked));
}

#[test]
fn ben_begins_500_logs_and_may_but_not_more_than_the_limit() {
    let mut logs = Logs::new();
    for log in 0..MAX_LOGS_PER_DEVICE as u64 {
        logs.advance(key(log), head(1, 1), Hlc(1)).expect("below the limit");
        if log == 499 {
            assert_eq!((logs.len(), logs.accepts(&key(500))), (500, Ok(())));
        }
    }
    assert_eq!(logs.advance(key(5000), head(1, 1), Hlc(1)), Err(LogRefused::TooMany));
    logs.advance(key(0), head(2, 1), Hlc(2)).expect("those that he has go on");
    let of_chi = LogKey { device: chi().peer(), log: LogId(5000) };
    logs.advance(of_chi, head(1, 1), Hlc(1)).expect("and chi is not ben");
    assert_eq!(logs.of(&ben().peer()).count(), MAX_LOGS_PER_DEVICE);
    assert_eq!(logs.of(&chi().peer()).count(), 1);
}

#[test]
fn runs_are_compared_with_their_own_log() {
    let mut ana = Device::new(ana());
    let (first, second) = (received(&[ana.says("one")]), received(&[ana.says("two")]));
    let mut logs = Logs::new();
    assert_eq!((logs.fit(&first), logs.fit(&second)), (Fit::Next, Fit::Gap { have: 0 }));
    logs.advance(first.key(), first.head(), first.last_hlc()).expect("it begins");
    assert_eq!((logs.fit(&first), logs.fit(&second)), (Fit::Duplicate, Fit::Next));
}
