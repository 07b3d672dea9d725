//! People who act on what they have heard, and others who make things up.

use std::collections::{BTreeMap, BTreeSet};

use identity::PeerId;
use rooms::authority::{Act, Authority, Cut, Op, Role, Setting, fold};
use wire::ids::{EventId, LogId};

pub(crate) fn device(n: u8) -> PeerId {
    PeerId::from_bytes([n; 32])
}

/// What there is, and who has heard what of it.
#[derive(Clone, Default)]
pub(crate) struct World {
    pub(crate) ops: Vec<Op>,
    pub(crate) heard: BTreeMap<PeerId, BTreeSet<EventId>>,
}

/// What somebody may want to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Wish {
    Add(u8),
    Remove(u8),
    Give(u8, Role),
    Leave,
    AdminsAdd(bool),
    Name(u8),
    Invite(u8),
    Revoke(u8),
}

impl World {
    /// A room that the first of them made, of which the rest know nothing.
    pub(crate) fn made_by(founder: u8) -> World {
        let mut world = World::default();
        let op = Op { id: EventId([1; 32]), author: device(founder), at: (LogId(1), 1), by: None, act: Act::Create };
        world.add(op);
        world
    }

    pub(crate) fn add(&mut self, op: Op) {
        self.heard.entry(op.author).or_default().insert(op.id);
        self.ops.push(op);
    }

    /// Everybody hears everything.
    pub(crate) fn tell_all(&mut self, people: u8) {
        let all: BTreeSet<EventId> = self.ops.iter().map(|op| op.id).collect();
        (0..people).for_each(|n| {
            self.heard.insert(device(n), all.clone());
        });
    }

    /// One hears what another one has.
    pub(crate) fn tell(&mut self, from: u8, to: u8) {
        let told = self.heard.get(&device(from)).cloned().unwrap_or_default();
        self.heard.entry(device(to)).or_default().extend(told);
    }

    pub(crate) fn seen_by(&self, author: PeerId) -> Vec<&Op> {
        let heard = self.heard.get(&author);
        self.ops.iter().filter(|op| heard.is_some_and(|heard| heard.contains(&op.id))).collect()
    }

    pub(crate) fn all(&self) -> Authority {
        fold(&self.ops)
    }

    /// The number of the next event of a log.
    pub(crate) fn next_in(&self, author: PeerId, log: LogId) -> u32 {
        self.ops.iter().filter(|op| op.author == author && op.at.0 == log).map(|op| op.at.1).max().unwrap_or(0) + 1
    }

    /// What an honest program writes when its user wants this, if it lets them.
    pub(crate) fn honest(&self, author: u8, wish: Wish, id: EventId) -> Option<Op> {
        let author = device(author);
        let seen = self.seen_by(author);
        let now = fold(seen.iter().copied());
        let right = now.standing(&author)?.right()?;
        let log = LogId(1);
        let op = Op { id, author, at: (log, self.next_in(author, log)), by: Some(right.right), act: act(&seen, &now, author, wish)? };
        // A program asks first whether it would count.
        fold(seen.iter().copied().chain([&op])).counts(&id).then_some(op).filter(|op| {
            // Leaving always counts; only members do.
            !matches!(op.act, Act::Leave { .. }) || now.role(&author).is_some()
        })
    }
}

/// What counts of what somebody did, as far as one knows.
pub(crate) fn cut_of(seen: &[&Op], now: &Authority, of: PeerId) -> Cut {
    let mut cut = Cut::new();
    for op in seen.iter().filter(|op| op.author == of) {
        let kept = cut.entry(op.at.0).or_default();
        kept.last = kept.last.max(op.at.1);
        if !now.counts(&op.id) && !matches!(op.act, Act::Leave { .. }) {
            kept.except.insert(op.at.1);
        }
    }
    cut
}

pub(crate) fn act(seen: &[&Op], now: &Authority, author: PeerId, wish: Wish) -> Option<Act> {
    let count = |is: &dyn Fn(&Act) -> bool| seen.iter().filter(|op| is(&op.act)).count() as u32;
    let round_of = |of: PeerId| now.standing(&of).and_then(|standing| standing.round());
    let next_round = |of: PeerId| {
        let rounds = seen.iter().filter_map(|op| match &op.act {
            Act::Leave { round, .. } if op.author == of => Some(*round),
            Act::Remove { device, round, .. } if *device == of && now.counts(&op.id) => Some(*round),
            _ => None,
        });
        rounds.max().unwrap_or(0) + 1
    };
    Some(match wish {
        Wish::Add(n) => {
            let device = device(n);
            if round_of(device).is_some() {
                return None;
            }
            Act::Add { device, round: next_round(device), pass: None }
        }
        Wish::Remove(n) => {
            let device = device(n);
            Act::Remove { device, round: round_of(device)?, cut: cut_of(seen, now, device) }
        }
        Wish::Give(n, role) => {
            let device = device(n);
            let round = round_of(device)?;
            if now.role(&device) == Some(role) {
                return None;
            }
            let turn =
                1 + count(&|act| matches!(act, Act::SetRole { device: of, round: in_round, .. } if *of == device && *in_round == round));
            Act::SetRole { device, round, turn, role, cut: cut_of(seen, now, device) }
        }
        Wish::Leave => Act::Leave { round: round_of(author)?, cut: cut_of(seen, now, author) },
        Wish::AdminsAdd(only) => {
            let version = 1 + count(&|act| matches!(act, Act::Set { setting: Setting::AdminsAdd(_), .. }));
            let authors: BTreeSet<PeerId> = seen.iter().map(|op| op.author).collect();
            let known = authors.into_iter().map(|of| (of, cut_of(seen, now, of))).collect();
            Act::Set { setting: Setting::AdminsAdd(only), version, known }
        }
        Wish::Name(n) => {
            let version = 1 + count(&|act| matches!(act, Act::Set { setting: Setting::Name(_), .. }));
            Act::Set { setting: Setting::Name(n.to_string()), version, known: BTreeMap::new() }
        }
        Wish::Invite(n) => Act::Invite { key: [n; 32], uses: 1, expires: 0 },
        Wish::Revoke(n) => {
            let invite = seen.iter().find(|op| matches!(op.act, Act::Invite { key, .. } if key == [n; 32]))?.id;
            Act::Revoke { invite, used: Vec::new() }
        }
    })
}
