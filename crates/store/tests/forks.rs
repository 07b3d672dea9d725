//! Logs that forked: all branches are there, also after a restart and in an index
//! that was built anew.

mod common;

use common::*;
use rooms::{Held, Hlc, LogHead, Logs, Place, Run, Signatures, Verified};
use store::{Anchor, Outcome, Store};
use wire::ids::{Head, LogKey};

/// A store, with the logs as a node holds them.
struct Keeper<'a> {
    store: &'a Store,
    logs: Logs,
}

struct Events<'a>(&'a Store);

impl Held for Events<'_> {
    fn at(&self, log: &LogKey, seq: u32) -> Option<(Head, Hlc)> {
        self.0.event_in(&room(1), log, seq).map(|event| (event.head(), event.header.hlc))
    }

    fn signed_from(&self, log: &LogKey, seq: u32) -> Option<(Head, Hlc)> {
        self.at(log, seq)
    }
}

impl<'a> Keeper<'a> {
    fn of(store: &'a Store) -> Self {
        let mut logs = Logs::new();
        store.heads(&room(1)).into_iter().for_each(|(log, end)| logs.put(log, end));
        Keeper { store, logs }
    }

    fn take(&mut self, events: &[Verified]) {
        let raw: Vec<_> = events.iter().map(|event| event.raw().clone()).collect();
        let run: Run = rooms::run::decode(&raw, &room(1)).expect("as its author made it");
        let Place::Fits(fitting) = self.logs.place(&run, &Events(self.store)) else { panic!("it fits") };
        let run = run.skip(fitting.skip).expect("something of it is new");
        let (head, hlc) = (run.head(), run.last_hlc());
        let events = run.verify(&Signatures::new(8, 8)).expect("ben signed it");
        self.store.append_fitting(&room(1), &fitting, &events).expect("the disk has room");
        self.logs.recut(&fitting.recut);
        self.logs.put(fitting.log, LogHead { head, hlc, forked: false, branch: fitting.branch });
    }
}

/// Ten that all agree on, then twenty in one way and thirty in another, and five that follow on the
/// twenty.
fn forked(store: &Store) -> Vec<Verified> {
    let mut pen = Pen::new(ben(), room(1), 2);
    let common = pen.say_many(10);
    let mut copy = pen.copied(&common);
    let (one, other, more) = (pen.say_many(20), copy.say_many(30), pen.say_many(5));
    let mut keeper = Keeper::of(store);
    [&common, &one, &other, &more].into_iter().for_each(|run| keeper.take(run));
    let mut all = [common, one, other, more].concat();
    all.sort_by_key(|event| event.position());
    all
}

fn check(store: &Store, all: &[Verified]) {
    assert_eq!(positions(&store.page(&room(1), Anchor::Latest, 1_000, EVER).entries), positions(all));
    assert_eq!(store.events(), 65);
    let heads = store.heads(&room(1));
    let mut lengths: Vec<(u32, u32, bool)> = heads.iter().map(|(_, end)| (end.before(), end.head.seq, end.forked)).collect();
    lengths.sort_unstable();
    assert_eq!(lengths, [(0, 10, true), (10, 35, false), (10, 40, false)]);
    for (log, end) in heads {
        let served = store.range(&room(1), log, 1, end.head.seq, 1 << 16);
        let run = rooms::run::decode(&served, &room(1)).expect("it hangs together");
        assert_eq!((run.first_seq(), run.last_seq(), run.head()), (end.before() + 1, end.head.seq, end.head));
        assert_eq!(store.log_events(&room(1), &log, 1).len(), end.len() as usize);
        assert_eq!(store.event_in(&room(1), &log, end.before()), None, "what it follows on is not its own");
    }
    assert_eq!(store.unreadable(), 0);
}

#[test]
fn all_branches_are_there_after_a_restart_and_go_on() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let store = open(dir.path());
    let all = forked(&store);
    check(&store, &all);
    store.flush().expect("the disk works");
    drop(store);
    let opened = opened(dir.path());
    assert_eq!(opened.outcome, Outcome::Normal, "nothing counts as lost");
    check(&opened.store, &all);
    // An earlier fork cuts what was cut already.
    let early = Pen::new(ben(), room(1), 2);
    let first = early.copied(&all[..4]).say_many(2);
    Keeper::of(&opened.store).take(&first);
    let mut ends: Vec<(u32, u32, bool)> = opened.store.heads(&room(1)).iter().map(|(_, e)| (e.before(), e.head.seq, e.forked)).collect();
    ends.sort_unstable();
    assert_eq!(ends, [(0, 4, true), (4, 6, false), (4, 10, true), (10, 35, false), (10, 40, false)]);
    assert_eq!(opened.store.events(), 67);
    let gone = opened.store.page(&room(1), Anchor::Latest, 1, EVER).entries.remove(0);
    opened.store.erase(&gone).expect("the disk works");
    assert_eq!(opened.store.event(&room(1), &gone.position()).and_then(|event| event.payload().map(<[u8]>::to_vec)), None);
}

#[test]
fn a_branch_that_no_longer_counts_is_removed_and_the_others_stay() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let store = open(dir.path());
    let mut pen = Pen::new(ben(), room(1), 2);
    let common = pen.say_many(3);
    let mut keeper = Keeper::of(&store);
    keeper.take(&common);
    let mut copies: Vec<Vec<Verified>> = (0..5u64).map(|n| pen.copied_as(&common, n + 1).say_many(700)).collect();
    // The one that does not count in the end is the first that comes.
    copies.sort_by_key(|events| std::cmp::Reverse(events[0].chain()));
    copies.iter().for_each(|events| events.split_inclusive(|event| event.proof() == rooms::Proof::Own).for_each(|run| keeper.take(run)));
    assert_eq!(store.events(), 3 + 4 * 700);
    let shown = positions(&store.page(&room(1), Anchor::Latest, 10_000, EVER).entries);
    let mut wanted = positions(&[&common[..], &copies[1..].concat()].concat());
    wanted.sort_unstable();
    assert_eq!(shown, wanted);
    store.flush().expect("the disk works");
    drop(keeper);
    drop(store);
    assert_eq!(opened(dir.path()).outcome, Outcome::Normal);
}

#[test]
fn an_index_that_is_built_anew_has_all_branches() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let store = open(dir.path());
    let all = forked(&store);
    store.close().expect("the disk works");
    std::fs::remove_dir_all(dir.path().join("store/index")).expect("it is there");
    let opened = opened(dir.path());
    assert_eq!(opened.outcome, Outcome::Normal, "nothing is lost");
    check(&opened.store, &all);
}

#[test]
fn a_log_that_ended_and_is_opened_again_takes_what_was_taken_out_once_more() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let store = open(dir.path());
    let mut pen = Pen::new(ben(), room(1), 2);
    let (kept, gone) = (pen.say_many(3), pen.say_many(4));
    store.append(&kept).expect("the disk has room");
    store.append(&gone).expect("the disk has room");
    let (log, last) = (kept[0].log_key(), &kept[2]);
    let end = |forked| LogHead { head: last.head(), hlc: last.header.hlc, forked, branch: None };
    let shown = |store: &Store| positions(&store.page(&room(1), Anchor::Latest, 100, EVER).entries);
    store.end_log(&room(1), &log, end(true)).expect("the disk works");
    assert_eq!(shown(&store), positions(&kept));
    store.append(&gone).expect("it is passed over");
    assert_eq!((shown(&store), store.events()), (positions(&kept), 3));
    store.flush().expect("the disk works");
    drop(store);
    let store = open(dir.path());
    assert_eq!(store.heads(&room(1)), [(log, end(true))]);
    store.end_log(&room(1), &log, end(false)).expect("the disk works");
    store.append(&gone).expect("the disk has room");
    let all = [kept, gone].concat();
    assert_eq!(shown(&store), positions(&all));
    store.close().expect("the disk works");
    std::fs::remove_dir_all(dir.path().join("store/index")).expect("it is there");
    let opened = opened(dir.path());
    assert_eq!((opened.outcome, shown(&opened.store)), (Outcome::Normal, positions(&all)));
}
