//! Content logs that their author wrote on in more than one way.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use rooms::limits::{MAX_BRANCH_EVENTS, MAX_BRANCHES, MAX_LOGS_PER_DEVICE};
use rooms::{Author, Branch, Clock, Draft, Fitting, Held, Hlc, LogHead, Logs, Place, Run, Signatures, Verified};
use wire::{ChainHash, Head, LogId, LogKey};

use crate::people::*;

const LOG: LogKey = LogKey { device: identity::PeerId::from_bytes([0; 32]), log: LogId(7) };

fn of() -> LogKey {
    LogKey { device: ben().peer(), ..LOG }
}

/// Ben's log as he wrote it, in as many ways as he liked.
#[derive(Default)]
struct Tree {
    runs: Vec<Vec<Verified>>,
    written: u64,
}

impl Tree {
    /// Goes on after an event, or begins the log.
    fn write(&mut self, after: Option<&Verified>, count: usize) -> Verified {
        let mut author = match after {
            Some(event) => Author::resume(room(), of().log, event.head(), event.header.hlc),
            None => Author::new(room(), of().log, None),
        };
        let drafts: Vec<Draft> = (0..count)
            .map(|_| {
                self.written += 1;
                let mut random = [0; Draft::RANDOM_BYTES];
                random[2..10].copy_from_slice(&self.written.to_be_bytes());
                Draft::new(&message(&self.written.to_string()), NOON, &random).expect("well-formed")
            })
            .collect();
        let run = author.append(&ben(), &drafts, &mut Clock::new(), NOON, [0; 16], None).expect("within all limits");
        let last = run.last().expect("it is not empty").clone();
        self.runs.push(run);
        last
    }
}

/// A member with their logs, and the events in them.
#[derive(Default)]
struct Mind {
    logs: Logs,
    events: Events,
    /// Runs that came too early.
    waiting: Vec<Run>,
}

/// Events by log and number.
#[derive(Default)]
struct Events(BTreeMap<LogKey, BTreeMap<u32, Verified>>);

impl Held for Events {
    fn at(&self, log: &LogKey, seq: u32) -> Option<(Head, Hlc)> {
        self.0.get(log)?.get(&seq).map(|event| (event.head(), event.header.hlc))
    }

    fn signed_from(&self, log: &LogKey, seq: u32) -> Option<(Head, Hlc)> {
        let signed = Signatures::new(8, 8);
        self.0
            .get(log)?
            .range(seq..)
            .map(|(_, event)| event)
            .find(|event| signed.is_signed(event))
            .map(|event| (event.head(), event.header.hlc))
    }
}

impl Mind {
    /// What came, and what came too early before, as repair would bring it again.
    fn receive(&mut self, run: Run) {
        self.waiting.push(run);
        loop {
            let before = self.waiting.len();
            for run in std::mem::take(&mut self.waiting) {
                self.take(run);
            }
            if self.waiting.len() == before {
                return;
            }
        }
    }

    fn take(&mut self, run: Run) {
        match self.logs.place(&run, &self.events) {
            Place::Fits(fitting) => self.fit(run, &fitting),
            Place::Gap | Place::Apart { .. } => self.waiting.push(run),
            Place::Duplicate { log } => assert_eq!(self.events.at(&log, run.last_seq()).map(|(head, _)| head), Some(run.head())),
            Place::Beyond => {}
            Place::Backwards => panic!("ben's time rises"),
        }
    }

    fn fit(&mut self, run: Run, fitting: &Fitting) {
        let signatures = Signatures::new(8, 8);
        let run = run.skip(fitting.skip).and_then(|run| run.keep(fitting.room, &signatures)).expect("something of it counts");
        for log in &fitting.recut.gone {
            self.events.0.remove(log);
        }
        if let Some(cut) = &fitting.recut.cut {
            let mut rest = self.events.0.entry(cut.log).or_default().split_off(&(cut.end.head.seq + 1));
            rest.split_off(&(cut.rest_end.head.seq + 1));
            self.events.0.insert(cut.rest, rest);
        }
        self.logs.recut(&fitting.recut);
        let end = LogHead { head: run.head(), hlc: run.last_hlc(), forked: false, branch: fitting.branch };
        self.logs.put(fitting.log, end);
        let verified = run.verify(&signatures).expect("ben signed it");
        self.events.0.entry(fitting.log).or_default().extend(verified.into_iter().map(|event| (event.header.seq, event)));
    }

    /// What is in each log, by the chain hashes of the events, having checked that it hangs
    /// together.
    fn parts(&self) -> BTreeMap<LogKey, (bool, Vec<ChainHash>)> {
        let parts = self.logs.parts(of()).map(|(key, end)| {
            let events: Vec<&Verified> = self.events.0.get(&key).into_iter().flat_map(BTreeMap::values).collect();
            assert_eq!(events.len(), end.len() as usize);
            assert!(events.last().is_none_or(|last| last.head() == end.head && last.header.hlc == end.hlc));
            (key, (end.forked, events.iter().map(|event| event.chain()).collect()))
        });
        parts.collect()
    }
}

/// What is to come of a set of events: written down from the document, not from the code.
fn wanted(tree: &Tree) -> BTreeMap<LogKey, (bool, Vec<ChainHash>)> {
    let start = Head { seq: 0, chain: ChainHash([0; 32]) };
    let mut follow: BTreeMap<Head, BTreeSet<(ChainHash, u32)>> = BTreeMap::new();
    for event in tree.runs.iter().flatten() {
        let after = if event.header.seq == 1 { start } else { Head { seq: event.header.seq - 1, chain: event.header.prev } };
        follow.entry(after).or_default().insert((event.chain(), event.header.seq));
    }
    let (mut parts, mut waiting) = (BTreeMap::new(), vec![(of(), Vec::new(), start)]);
    while let Some((key, mut events, mut at)) = waiting.pop() {
        let forked = loop {
            let next: Vec<_> = follow.get(&at).into_iter().flatten().take(MAX_BRANCHES).copied().collect();
            match next.as_slice() {
                [] => break false,
                [(chain, seq)] => {
                    events.push(*chain);
                    at = Head { seq: *seq, chain: *chain };
                }
                several => {
                    waiting.extend(several.iter().map(|(chain, seq)| {
                        let key = Branch { of: of().log, after: at, first: *chain }.key(ben().peer());
                        (key, vec![*chain], Head { seq: *seq, chain: *chain })
                    }));
                    break true;
                }
            }
        };
        if !events.is_empty() || forked {
            parts.insert(key, (forked, events));
        }
    }
    parts
}

fn minds(tree: &Tree, orders: &[Vec<usize>]) -> Vec<Mind> {
    let all = orders.iter().map(|order| {
        let mut mind = Mind::default();
        order.iter().for_each(|at| mind.receive(received(&tree.runs[*at])));
        mind
    });
    all.collect()
}

fn in_order(tree: &Tree) -> Mind {
    minds(tree, &[(0..tree.runs.len()).collect()]).remove(0)
}

fn scene() -> impl Strategy<Value = (Vec<(prop::sample::Index, usize)>, Vec<usize>)> {
    prop::collection::vec((any::<prop::sample::Index>(), 1..4usize), 1..24)
        .prop_flat_map(|writes| (Just(writes.clone()), Just((0..writes.len()).collect::<Vec<_>>()).prop_shuffle()))
}

proptest! {
    #[test]
    fn any_order_of_arrival_gives_the_same_branches((writes, order) in scene()) {
        let mut tree = Tree::default();
        for (after, count) in &writes {
            let events: Vec<Verified> = tree.runs.iter().flatten().cloned().collect();
            // Now and then the log begins anew, mostly it goes on, somewhere.
            let at = after.index(events.len() + 1);
            tree.write(events.get(at), *count);
        }
        let backwards = (0..writes.len()).rev().collect();
        let mut minds = minds(&tree, &[(0..writes.len()).collect(), backwards, order]);
        let wanted = wanted(&tree);
        for mind in &minds {
            prop_assert_eq!(mind.parts(), wanted.clone());
        }
        let digests: BTreeSet<[u8; 16]> = minds.iter_mut().map(|mind| mind.logs.digest()).collect();
        prop_assert_eq!(digests.len(), 1);
    }
}

#[test]
fn without_a_second_continuation_there_is_one_log() {
    let mut tree = Tree::default();
    let first = tree.write(None, 3);
    let second = tree.write(Some(&first), 2);
    let mind = in_order(&tree);
    assert_eq!(mind.logs.heads().collect::<Vec<_>>(), [(of(), second.head())]);
}

#[test]
fn both_continuations_count_and_both_may_go_on() {
    let mut tree = Tree::default();
    let common = tree.write(None, 5);
    let (one, other) = (tree.write(Some(&common), 2), tree.write(Some(&common), 3));
    let longer = tree.write(Some(&other), 1);
    let mind = in_order(&tree);
    let ends: BTreeMap<u32, bool> = mind.logs.parts(of()).map(|(_, end)| (end.head.seq, end.forked)).collect();
    assert_eq!(ends, [(5, true), (7, false), (9, false)].into());
    assert_eq!(mind.logs.heads().count(), 3);
    assert!(mind.logs.heads().any(|(_, head)| head == one.head()) && mind.logs.heads().any(|(_, head)| head == longer.head()));
    assert!(mind.logs.get(&of()).is_some_and(|end| end.head == common.head()));
}

#[test]
fn a_log_that_forks_at_its_first_event_is_empty_and_has_branches() {
    let mut tree = Tree::default();
    tree.write(None, 2);
    tree.write(None, 1);
    let mind = in_order(&tree);
    assert!(mind.logs.get(&of()).is_some_and(|end| end.is_empty() && end.forked));
    assert_eq!(mind.logs.heads().count(), 2);
}

#[test]
fn of_ten_continuations_four_count_the_same_everywhere() {
    let mut tree = Tree::default();
    let common = tree.write(None, 1);
    for _ in 0..10 {
        let first = tree.write(Some(&common), 1);
        tree.write(Some(&first), 1);
    }
    let forth: Vec<usize> = (0..tree.runs.len()).collect();
    let back: Vec<usize> = forth.iter().rev().copied().collect();
    for mind in minds(&tree, &[forth, back]) {
        assert_eq!(mind.logs.parts(of()).count(), 1 + MAX_BRANCHES);
        assert_eq!(mind.parts(), wanted(&tree));
    }
}

#[test]
fn whoever_holds_another_history_is_told_where_to_look_for_the_common_event() {
    let mut tree = Tree::default();
    let common = tree.write(None, 40);
    tree.write(Some(&common), 200);
    let other = tree.write(Some(&common), 150);
    tree.write(Some(&other), 1);
    let mut mind = Mind::default();
    mind.receive(received(&tree.runs[0]));
    mind.receive(received(&tree.runs[1]));
    let late = received(&tree.runs[3]);
    assert_eq!(mind.logs.place(&late, &mind.events), Place::Apart { from: 160 });
    let back: Vec<Verified> = tree.runs[2].iter().filter(|event| event.header.seq >= 160).cloned().collect();
    assert_eq!(mind.logs.place(&received(&back), &mind.events), Place::Apart { from: 1 });
    let whole: Vec<Verified> = [&tree.runs[0][..], &tree.runs[2][..]].concat();
    let Place::Fits(fitting) = mind.logs.place(&received(&whole), &mind.events) else { panic!("it is whole") };
    assert_eq!(fitting.skip, 40);
}

#[test]
fn a_branch_ends_with_the_first_signed_event_beyond_the_bound() {
    let mut logs = Logs::new();
    let mut tree = Tree::default();
    let common = tree.write(None, 1);
    tree.write(Some(&common), 1);
    logs.advance(of(), common.head(), common.header.hlc).expect("it begins");
    // As if a hundred thousand others followed.
    let last = Head { seq: 100_001, chain: ChainHash([9; 32]) };
    logs.advance(of(), last, Hlc(u64::MAX)).expect("it goes on");
    struct Long(Verified);
    impl Held for Long {
        fn at(&self, _: &LogKey, seq: u32) -> Option<(Head, Hlc)> {
            let chain = if seq == 1 { self.0.chain() } else { ChainHash([8; 32]) };
            Some((Head { seq, chain }, if seq == 1 { self.0.header.hlc } else { Hlc(u64::MAX) }))
        }
        fn signed_from(&self, log: &LogKey, seq: u32) -> Option<(Head, Hlc)> {
            self.at(log, seq + 3)
        }
    }
    let Place::Fits(fitting) = logs.place(&received(&tree.runs[1]), &Long(common)) else { panic!("it is a branch") };
    let cut = fitting.recut.cut.expect("the log is cut");
    assert_eq!((cut.end.head.seq, cut.rest_end.head.seq), (1, 1 + MAX_BRANCH_EVENTS + 3));
    assert_eq!(fitting.room, MAX_BRANCH_EVENTS as usize);
    logs.recut(&fitting.recut);
    assert!(logs.get(&cut.rest).is_some_and(|rest| rest.len() >= MAX_BRANCH_EVENTS && !rest.forked));
}

#[test]
fn branches_count_as_logs_of_their_author() {
    let mut tree = Tree::default();
    let common = tree.write(None, 1);
    tree.write(Some(&common), 1);
    tree.write(Some(&common), 1);
    let mut mind = Mind::default();
    mind.receive(received(&tree.runs[0]));
    mind.receive(received(&tree.runs[1]));
    for log in 100..100 + MAX_LOGS_PER_DEVICE as u64 - 2 {
        mind.logs.advance(LogKey { log: LogId(log), ..of() }, Head { seq: 1, chain: ChainHash([1; 32]) }, Hlc(1)).expect("below the limit");
    }
    let second = received(&tree.runs[2]);
    assert_eq!(mind.logs.place(&second, &mind.events), Place::Beyond, "two more would be one too many");
}

#[test]
fn a_log_with_the_name_of_a_branch_does_not_count() {
    let mut tree = Tree::default();
    let common = tree.write(None, 2);
    let other = tree.write(Some(&common), 1);
    tree.write(Some(&common), 1);
    let name = Branch { of: of().log, after: common.head(), first: other.chain() }.key(ben().peer());
    let mut thief = Author::new(room(), name.log, None);
    let draft = Draft::new(&message("mine"), NOON, &[3; 34]).expect("well-formed");
    let stolen = thief.append(&ben(), &[draft], &mut Clock::new(), NOON, [0; 16], None).expect("within all limits");
    let (mut before, mut after) = (Mind::default(), in_order(&tree));
    before.receive(received(&stolen));
    tree.runs.iter().for_each(|run| before.receive(received(run)));
    after.receive(received(&stolen));
    assert_eq!(before.parts(), wanted(&tree));
    assert_eq!(before.logs.digest(), after.logs.digest());
}
