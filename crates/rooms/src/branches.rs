//! Forks and branches: where the events of a log belong once its author has continued it in more
//! than one way.
//!
//! The events of a content log form a tree, because each names the one before it. At every **fork**
//! the tree is cut: what comes before stays in the log and ends there, and each continuation is a
//! **branch**, a log of its own with a derived id, for heads, digests, requests and
//! acknowledgements alike. While only one continuation is known nothing is cut. So the cuts depend
//! on the set of events alone, not on the order in which they came.

use identity::PeerId;
use wire::ids::{ChainHash, Head, LogId, LogKey};

use crate::clock::Hlc;
use crate::event::Event;
use crate::limits::{MAX_BRANCH_EVENTS, MAX_BRANCHES, MAX_LOGS_PER_DEVICE};
use crate::logs::{Branch, LogHead, Logs};
use crate::run::Run;

/// Where a run of a content log belongs.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::large_enum_variant, reason = "there is one at a time, on the stack")]
pub enum Place {
    /// There, if its signature verifies.
    Fits(Fitting),
    /// All of it is held, the last event in this log.
    Duplicate {
        /// A log or a branch.
        log: LogKey,
    },
    /// Events between are missing.
    Gap,
    /// It continues another history than the one that is held; the two part before its first event.
    /// The events from `from` on tell where.
    Apart {
        /// A number at which to look next; three looks are enough in a log of a million.
        from: u32,
    },
    /// It follows, but its time does not.
    Backwards,
    /// It does not count: beyond a bound.
    Beyond,
}

/// How a run is taken in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fitting {
    /// Events that are held already, from the first on.
    pub skip: usize,
    /// The log or branch that the others go into.
    pub log: LogKey,
    /// Set for a branch.
    pub branch: Option<Branch>,
    /// So many of them count, and those up to the next one that is signed.
    pub room: usize,
    /// What has to change in the logs first.
    pub recut: Recut,
}

impl Fitting {
    /// All of it goes to the end of a log, and nothing has to change.
    pub fn at_end_of(log: LogKey, skip: usize) -> Self {
        Fitting { skip, log, branch: None, room: usize::MAX, recut: Recut::default() }
    }
}

/// How logs change when a fork is found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Recut {
    /// A log or branch that ends at the fork from now on.
    pub cut: Option<Cut>,
    /// What no longer counts, with all that follows on it.
    pub gone: Vec<LogKey>,
}

/// A log or branch in two parts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cut {
    /// The log or branch that is cut.
    pub log: LogKey,
    /// What is left of it.
    pub end: LogHead,
    /// The branch that the rest becomes.
    pub rest: LogKey,
    /// The rest, as far as it counts.
    pub rest_end: LogHead,
}

/// What is held of a room's logs. By this it is found where a run belongs.
pub trait Held {
    /// Chain hash and time of an event that is held.
    fn at(&self, log: &LogKey, seq: u32) -> Option<(Head, Hlc)>;
    /// The first event from `seq` on whose own signature is good.
    fn signed_from(&self, log: &LogKey, seq: u32) -> Option<(Head, Hlc)>;
}

impl Logs {
    /// Where a run of a content log belongs. Nothing is changed: the signature is checked before
    /// [`Logs::recut`].
    ///
    /// Invariant: any order of runs leads to the same logs, guarded by
    /// `any_order_of_arrival_gives_the_same_branches`.
    pub fn place(&self, run: &Run, held: &impl Held) -> Place {
        let (of, first, last) = (run.key(), run.first_seq(), run.last_seq());
        if self.get(&of).is_some_and(|log| log.branch.is_some()) {
            return Place::Beyond;
        }
        if let Some((log, _)) = self.parts(of).find(|(_, end)| end.head == run.head()) {
            return Place::Duplicate { log };
        }
        let longest = self.parts(of).map(|(_, end)| end.head.seq).max().unwrap_or(0);
        if first.saturating_sub(1) > longest {
            return Place::Gap;
        }
        // If an event is held, all before it are.
        let is_held = |at: usize| run.events().get(at).and_then(|event| self.holder(&of, &event.head(), held));
        let skip = partition(run.events().len(), |at| is_held(at).is_some());
        let parent = match skip.checked_sub(1) {
            Some(before) => run.events().get(before).map(|event| event.head()),
            None => run.events().first().map(|event| Head { seq: first.saturating_sub(1), chain: event.header.prev }),
        };
        let (Some(parent), Some(next)) = (parent, run.events().get(skip)) else {
            return is_held(run.events().len().saturating_sub(1)).map_or(Place::Gap, |log| Place::Duplicate { log });
        };
        debug_assert_eq!(next.header.seq.saturating_sub(1), parent.seq, "up to {last} all follow on each other");
        let branch = |after| Branch { of: of.log, after, first: next.chain() };
        if parent.seq == 0 {
            return self.place_first(&of, skip, &branch(START), held);
        }
        let Some(log) = self.holder(&of, &parent, held) else { return Place::Apart { from: step_back(first) } };
        let Some(end) = self.get(&log) else { return Place::Gap };
        let before = if parent.seq == end.head.seq { Some(end.hlc) } else { held.at(&log, parent.seq).map(|(_, hlc)| hlc) };
        match before {
            Some(hlc) if hlc < next.header.hlc => {}
            Some(_) => return Place::Backwards,
            None => return Place::Gap,
        }
        if parent.seq == end.head.seq && !end.forked {
            let room = end.branch.map_or(usize::MAX, |_| (MAX_BRANCH_EVENTS as usize).saturating_sub(end.len() as usize));
            return match room {
                0 => Place::Beyond,
                _ => Place::Fits(Fitting { skip, log, branch: end.branch, room, recut: Recut::default() }),
            };
        }
        let cut = (parent.seq < end.head.seq).then_some((log, *end, before.unwrap_or_default()));
        self.place_branch(skip, of.device, cut, branch(parent), held)
    }

    /// A run that begins a log, or contradicts how it began.
    fn place_first(&self, of: &LogKey, skip: usize, branch: &Branch, held: &impl Held) -> Place {
        let Some(trunk) = self.get(of) else {
            return match self.accepts(of) {
                Ok(()) => Place::Fits(Fitting::at_end_of(*of, skip)),
                Err(_) => Place::Beyond,
            };
        };
        let cut = (trunk.head.seq > 0).then_some((*of, *trunk, Hlc::default()));
        self.place_branch(skip, of.device, cut, *branch, held)
    }

    /// One more continuation of an event. `cut` names the log that has to be cut there, because
    /// until now only one continuation was known.
    fn place_branch(&self, skip: usize, device: PeerId, cut: Option<(LogKey, LogHead, Hlc)>, branch: Branch, held: &impl Held) -> Place {
        let key = branch.key(device);
        let mut recut = Recut::default();
        match cut {
            Some((log, end, hlc)) => match self.cut(log, end, hlc, &branch, held, &mut recut) {
                Some(cut) => recut.cut = Some(cut),
                None => return Place::Gap,
            },
            // Those with the smallest hashes count.
            None => {
                let beside = self.branches_after(device, branch.of, &branch.after);
                let (count, last) = beside
                    .fold((0_usize, None), |(count, last), found: (ChainHash, LogKey)| (count.saturating_add(1), last.max(Some(found))));
                if let Some((first, last)) = last.filter(|_| count >= MAX_BRANCHES) {
                    if branch.first > first {
                        return Place::Beyond;
                    }
                    self.with_what_follows(last, &mut recut.gone);
                }
            }
        }
        // A log that has the id of a branch does not count. Its author could compute that id
        // beforehand.
        for name in [Some(key), recut.cut.map(|cut| cut.rest)].into_iter().flatten() {
            if self.get(&name).is_some_and(|taken| taken.branch.is_none()) {
                self.parts(name).for_each(|(part, _)| recut.gone.push(part));
            }
        }
        let more = if recut.cut.is_some() { 2 } else { 1 };
        if self.of(&device).count().saturating_add(more).saturating_sub(recut.gone.len()) > MAX_LOGS_PER_DEVICE {
            return Place::Beyond;
        }
        Place::Fits(Fitting { skip, log: key, branch: Some(branch), room: MAX_BRANCH_EVENTS as usize, recut })
    }

    fn cut(&self, log: LogKey, end: LogHead, hlc: Hlc, at: &Branch, held: &impl Held, recut: &mut Recut) -> Option<Cut> {
        let (first, _) = held.at(&log, at.after.seq.checked_add(1)?)?;
        let rest = Branch { first: first.chain, ..*at };
        let mut rest_end = LogHead { branch: Some(rest), ..end };
        if rest_end.len() >= MAX_BRANCH_EVENTS
            && let Some((head, hlc)) = held.signed_from(&log, at.after.seq.checked_add(MAX_BRANCH_EVENTS)?)
        {
            self.branches_after(log.device, at.of, &end.head).for_each(|(_, key)| self.with_what_follows(key, &mut recut.gone));
            rest_end = LogHead { head, hlc, forked: false, ..rest_end };
        }
        Some(Cut { log, end: LogHead { head: at.after, hlc, forked: true, branch: end.branch }, rest: rest.key(log.device), rest_end })
    }

    /// Makes the changes that a [`Fitting`] asks for.
    pub fn recut(&mut self, recut: &Recut) {
        for key in &recut.gone {
            self.remove(key);
        }
        if let Some(Cut { log, end, rest, rest_end }) = &recut.cut {
            self.put(*log, *end);
            self.put(*rest, *rest_end);
        }
    }

    /// A log and its branches, as far as they are held.
    pub fn parts(&self, of: LogKey) -> impl Iterator<Item = (LogKey, &LogHead)> {
        let (device, trunk) = (of.device, self.get(&of).filter(|log| log.branch.is_none()).map(|log| (of, log)));
        let branches = self.branches.get(&of).into_iter().flatten().map(move |log| LogKey { device, log: *log });
        trunk.into_iter().chain(branches.filter_map(|key| self.get(&key).map(|end| (key, end))))
    }

    /// The log or branch that an event belongs to in heads, requests and acknowledgements.
    pub fn part_of(&self, event: &Event, held: &impl Held) -> LogKey {
        let of = event.log_key();
        let forked = self.branches.contains_key(&of);
        forked.then(|| self.holder(&of, &event.head(), held)).flatten().unwrap_or(of)
    }

    /// In which part of a log an event is held.
    fn holder(&self, of: &LogKey, event: &Head, held: &impl Held) -> Option<LogKey> {
        let around = self.parts(*of).filter(|(_, end)| end.before() < event.seq && event.seq <= end.head.seq);
        let mut is = around.filter(|(key, end)| match event.seq == end.head.seq {
            true => end.head.chain == event.chain,
            false => held.at(key, event.seq).is_some_and(|(head, _)| head.chain == event.chain),
        });
        is.next().map(|(key, _)| key)
    }

    /// Branches that follow on an event.
    fn branches_after(&self, device: PeerId, of: LogId, after: &Head) -> impl Iterator<Item = (ChainHash, LogKey)> {
        let after = *after;
        self.parts(LogKey { device, log: of })
            .filter_map(move |(key, end)| end.branch.filter(|branch| branch.after == after).map(|branch| (branch.first, key)))
    }

    /// A branch and all that follow on it, the last ones first.
    fn with_what_follows(&self, key: LogKey, into: &mut Vec<LogKey>) {
        let mut found = vec![key];
        let mut next = 0_usize;
        while let Some(end) = found.get(next).and_then(|key| self.get(key)) {
            if let Some(branch) = end.branch.filter(|_| end.forked) {
                found.extend(self.branches_after(key.device, branch.of, &end.head).map(|(_, key)| key));
            }
            next = next.saturating_add(1);
        }
        into.extend(found.into_iter().rev());
    }
}

/// What the first events of a log follow on.
const START: Head = Head { seq: 0, chain: ChainHash([0; 32]) };

/// Number of items for which `is` holds, if these come first: a binary search.
fn partition(len: usize, is: impl Fn(usize) -> bool) -> usize {
    let (mut low, mut high) = (0, len);
    while low < high {
        let middle = usize::midpoint(low, high);
        if is(middle) { low = middle.saturating_add(1) } else { high = middle }
    }
    low
}

/// A number before `seq` at which to look for a common event: a little before, then much, then the
/// beginning. It depends on `seq` alone, so earlier looks need not be remembered.
fn step_back(seq: u32) -> u32 {
    let step = [32, 1_024, 32_768].into_iter().find(|step| !seq.is_multiple_of(*step));
    step.map_or(1, |step| seq.saturating_sub(seq.checked_rem(step).unwrap_or(0)).max(1))
}
