//! One device as the control log of a room speaks of it.

use std::collections::{BTreeMap, BTreeSet};

use identity::PeerId;

use crate::invites::{InviteKey, Use};
use crate::membership_line::{MembershipLine, What};
use crate::position::Position;

/// What was said of a device, by members or not, and what follows from it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Person {
    pub(crate) founded: Option<Founded>,
    pub(crate) adds: BTreeMap<u32, BTreeMap<Position, Add>>,
    pub(crate) leaves: BTreeMap<u32, Position>,
    /// Whom this device added: they are looked at again when it turns out to be a member.
    pub(crate) added: BTreeSet<PeerId>,
    /// Control events that it wrote.
    pub(crate) events: usize,
    pub(crate) settled: Settled,
}

/// The device made the room.
#[derive(Clone, Debug)]
pub(crate) struct Founded {
    pub(crate) position: Position,
    pub(crate) room_name: String,
    pub(crate) name: String,
}

/// A member let the device in.
#[derive(Clone, Debug)]
pub(crate) struct Add {
    pub(crate) author: PeerId,
    pub(crate) name: String,
    pub(crate) invite: Option<InviteKey>,
}

/// What follows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Settled {
    /// Was ever a member.
    pub(crate) known: bool,
    /// Where each round began.
    pub(crate) entered: BTreeMap<u32, Position>,
    /// Round of the membership that lasts.
    pub(crate) round: Option<u32>,
    /// As given on the way in, the last time.
    pub(crate) name: String,
    /// What the history shows of it.
    pub(crate) lines: BTreeMap<Position, MembershipLine>,
    /// By which invites it came in.
    pub(crate) uses: BTreeSet<(InviteKey, Use)>,
}

impl Person {
    /// The round that an Add must have now: none if the device left in the last round there is.
    pub(crate) fn next_round(&self) -> Option<u32> {
        self.last_leave().checked_add(1)
    }

    fn last_leave(&self) -> u32 {
        self.leaves.last_key_value().map_or(0, |(round, _)| *round)
    }

    /// Settles what follows, given whose word counts. More facts and more people that count only
    /// ever add ways in, so the result does not depend on the order of arrival.
    pub(crate) fn settle(&self, peer: PeerId, counts: impl Fn(&PeerId) -> bool) -> Settled {
        let mut settled = Settled::default();
        let mut entries: BTreeMap<u32, (MembershipLine, &str)> = BTreeMap::new();
        // A round above the next one would let a member lock others out for good, so it does not
        // count until they left in the round before.
        for (round, adds) in self.adds.range(..=self.next_round().unwrap_or(u32::MAX)) {
            for (position, add) in adds.iter().filter(|(_, add)| counts(&add.author)) {
                settled.uses.extend(add.invite.map(|key| (key, (peer, *round))));
                let what = What::Added { peer, name: add.name.clone(), invited: add.invite.is_some() };
                entries.entry(*round).or_insert((MembershipLine { position: *position, author: add.author, what }, &add.name));
            }
        }
        if let Some(founded) = &self.founded {
            let what = What::Created { name: founded.room_name.clone() };
            entries.insert(1, (MembershipLine { position: founded.position, author: peer, what }, &founded.name));
        }
        settled.known = !entries.is_empty();
        settled.entered = entries.iter().map(|(round, (line, _))| (*round, line.position)).collect();
        settled.name = entries.last_key_value().map(|(_, (_, name))| (*name).to_owned()).unwrap_or_default();
        settled.round = entries.last_key_value().map(|(round, _)| *round).filter(|round| *round > self.last_leave());
        let exits = self.exits(|up_to| entries.range(..=up_to).next_back().map(|(round, _)| *round));
        let exits = exits.map(|position| MembershipLine { position, author: peer, what: What::Left });
        settled.lines = entries.values().map(|(line, _)| line.clone()).chain(exits).map(|line| (line.position, line)).collect();
        settled
    }

    /// The Leaves that ended something: those with an entry at or below their round that no Leave
    /// before had ended.
    fn exits(&self, entered: impl Fn(u32) -> Option<u32>) -> impl Iterator<Item = Position> {
        let ends = move |(round, position): (&u32, &Position)| {
            let entry = entered(*round)?;
            self.leaves.range(entry..*round).next().is_none().then_some(*position)
        };
        self.leaves.iter().filter_map(ends)
    }
}
