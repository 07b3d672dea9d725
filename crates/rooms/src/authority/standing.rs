//! What follows for one device.

use std::collections::{BTreeMap, BTreeSet};

use wire::ids::{EventId, LogId};

use super::op::{Cut, keeps};
use super::rank::{Rank, Role};

/// How a device stands in a room: the rights that it was given, and what ended them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Standing {
    rights: Vec<Right>,
    /// By others. The highest comes first.
    ends: Vec<End>,
    leaves: Vec<Leave>,
}

/// A right that counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Right {
    pub(super) rank: Rank,
    pub(super) round: u32,
    pub(super) turn: u32,
}

/// Somebody ended rights of the device: those below their own rank.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct End {
    pub(super) of: Ended,
    /// The event that does it, and the rank of who did.
    pub(super) by: EventId,
    pub(super) rank: Rank,
    /// What the device did by those rights, or wrote, and counts.
    pub(super) cut: Cut,
}

/// Which rights end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ended {
    /// All up to a round: it was removed.
    Removed { round: u32 },
    /// Those above a role, up to a turn in a round.
    Lowered { round: u32, turn: u32, to: Role },
}

/// The device left.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Leave {
    pub(super) round: u32,
    pub(super) at: (LogId, u32),
    pub(super) cut: Cut,
}

impl End {
    fn ends(&self, right: &Right) -> bool {
        right.rank < self.rank
            && match self.of {
                Ended::Removed { round } => right.round <= round,
                Ended::Lowered { round, turn, to } => {
                    (right.round, right.turn) <= (round, turn) && right.rank.role > to && right.rank.right != self.by
                }
            }
    }
}

impl Leave {
    /// Whether what was done there by a right still counts. What a member did in other logs does,
    /// whatever the Leave says of it: else anybody could throw out whom they once let in. Who had
    /// more than that could do so anyway, and must not go on in another log.
    fn keeps(&self, right: &Right, (log, seq): (LogId, u32)) -> bool {
        if right.rank.role == Role::Member {
            log != self.at.0 || seq <= self.at.1
        } else {
            (log, seq) == self.at || keeps(&self.cut, (log, seq))
        }
    }
}

impl Standing {
    pub(super) fn give(&mut self, right: Right) {
        self.rights.push(right);
    }

    /// Of ends, the higher are told first.
    pub(super) fn end(&mut self, end: End) {
        self.ends.push(end);
    }

    pub(super) fn leave(&mut self, leave: Leave) {
        self.leaves.push(leave);
    }

    /// What ended a right: the highest that did says what counts.
    fn ended(&self, right: &Right) -> Option<&End> {
        self.ends.iter().find(|end| end.ends(right))
    }

    /// Whether the device may act there by this right.
    pub(super) fn may_act(&self, by: EventId, at: (LogId, u32)) -> bool {
        let Some(right) = self.rights.iter().find(|right| right.rank.right == by) else { return false };
        let end = self.ended(right);
        // Who was removed takes nothing back by leaving afterwards.
        let counts = |leave: &&Leave| right.round <= leave.round && end.is_none_or(|end| keeps(&end.cut, leave.at));
        end.is_none_or(|end| keeps(&end.cut, at)) && self.leaves.iter().filter(counts).all(|leave| leave.keeps(right, at))
    }

    fn standing_rights(&self) -> impl Iterator<Item = &Right> {
        let has_left = |right: &Right| self.leaves.iter().any(|leave| right.round <= leave.round);
        self.rights.iter().filter(move |right| self.ended(right).is_none() && !has_left(right))
    }

    /// The highest rank among the rights up to a turn of a round that it holds now.
    pub(super) fn highest(&self, round: u32, turn: u32) -> Option<Rank> {
        self.standing_rights().filter(|right| (right.round, right.turn) <= (round, turn)).map(|right| right.rank).max()
    }

    /// The right that it may act by now, if it is a member: the highest that it holds.
    pub fn right(&self) -> Option<Rank> {
        self.standing_rights().map(|right| right.rank).max()
    }

    /// The round of its present membership.
    pub fn round(&self) -> Option<u32> {
        self.standing_rights().map(|right| right.round).max()
    }

    /// It is or was a member.
    pub fn was_member(&self) -> bool {
        !self.rights.is_empty()
    }

    /// The round that its next membership has. None if there is no higher one.
    pub fn next_round(&self) -> Option<u32> {
        let removed = self.ends.iter().filter_map(|end| if let Ended::Removed { round } = end.of { Some(round) } else { None });
        removed.chain(self.leaves.iter().map(|leave| leave.round)).max().unwrap_or(0).checked_add(1)
    }

    /// Its last membership up to a round.
    pub fn last_round(&self, up_to: u32) -> Option<u32> {
        self.rights.iter().map(|right| right.round).filter(|round| *round <= up_to).max()
    }

    /// Something ended a right of it.
    pub fn was_ended(&self) -> bool {
        !self.ends.is_empty() || !self.leaves.is_empty()
    }

    /// Whether the same of what it wrote counts as with another standing.
    pub fn counts_like(&self, other: &Standing) -> bool {
        let rounds = |of: &Standing| of.rights.iter().map(|right| right.round).collect::<BTreeSet<_>>();
        let cuts = |of: &Standing| of.ends.iter().map(|end| (end.by, end.cut.clone())).collect::<BTreeMap<_, _>>();
        rounds(self) == rounds(other) && cuts(self) == cuts(other) && self.leaves == other.leaves
    }

    /// The rank that one of its rights gives.
    pub fn rank_by(&self, right: EventId) -> Option<Rank> {
        self.rights.iter().map(|held| held.rank).find(|rank| rank.right == right)
    }

    /// The round of one of its rights.
    pub fn round_by(&self, right: EventId) -> Option<u32> {
        self.rights.iter().find(|held| held.rank.right == right).map(|held| held.round)
    }

    /// The highest rank that it ever had.
    pub fn best_ever(&self) -> Option<Rank> {
        self.rights.iter().map(|right| right.rank).max()
    }

    /// Somebody removed it, at some time.
    pub fn was_removed(&self) -> bool {
        self.ends.iter().any(|end| matches!(end.of, Ended::Removed { .. }))
    }

    /// It was a member, and others ended all of that.
    pub fn is_removed(&self) -> bool {
        self.was_member() && self.rights.iter().all(|right| self.ended(right).is_some_and(|end| matches!(end.of, Ended::Removed { .. })))
    }

    /// Up to which number a log counts that was begun in a round; none: without an end.
    pub fn limit(&self, log: LogId, round: u32) -> Option<u32> {
        if !self.rights.iter().any(|right| right.round == round) {
            return Some(0);
        }
        let last = |cut: &Cut| cut.get(&log).map_or(0, |kept| kept.last);
        let removal = self.ends.iter().find(|end| matches!(end.of, Ended::Removed { round: up_to } if round <= up_to));
        let counts = |leave: &&Leave| round <= leave.round && removal.is_none_or(|end| keeps(&end.cut, leave.at));
        let left = self.leaves.iter().filter(counts).map(|leave| last(&leave.cut));
        left.chain(removal.map(|end| last(&end.cut))).min()
    }
}
