//! What follows for one device.

use std::collections::BTreeSet;

use wire::ids::{EventId, LogId};

use super::cut::Cut;
use super::rank::{Rank, Role};

/// How a device stands in a room: the rights that it was given, and what ended them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Standing {
    rights: Vec<Held>,
    /// By others. The highest comes first.
    ends: Vec<End>,
    leaves: Vec<Leave>,
    /// Up to which round others ended it, and up to which it left.
    removed: u32,
    left: u32,
}

/// A right, and which of the ends is the highest that ended it: that one says what counts.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Held {
    right: Right,
    ended: Option<usize>,
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
    /// Of who did it.
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
                Ended::Lowered { round, turn, to } => (right.round, right.turn) <= (round, turn) && right.rank.role > to,
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
            (log, seq) == self.at || self.cut.keeps((log, seq))
        }
    }
}

impl Standing {
    pub(super) fn give(&mut self, right: Right) {
        // Most people have one.
        if self.rights.is_empty() {
            self.rights.reserve_exact(1);
        }
        let ended = self.ends.iter().position(|end| end.ends(&right));
        self.rights.push(Held { right, ended });
    }

    /// Of ends, the higher are told first.
    pub(super) fn end(&mut self, end: End) {
        if let Ended::Removed { round } = end.of {
            self.removed = self.removed.max(round);
        }
        for held in self.rights.iter_mut().filter(|held| held.ended.is_none() && end.ends(&held.right)) {
            held.ended = Some(self.ends.len());
        }
        self.ends.push(end);
    }

    pub(super) fn leave(&mut self, leave: Leave) {
        self.left = self.left.max(leave.round);
        self.leaves.push(leave);
    }

    fn end_of(&self, held: &Held) -> Option<&End> {
        self.ends.get(held.ended?)
    }

    fn rights(&self) -> impl Iterator<Item = &Right> {
        self.rights.iter().map(|held| &held.right)
    }

    /// Whether the device may act there by this right.
    pub(super) fn may_act(&self, by: EventId, at: (LogId, u32)) -> bool {
        let Some(held) = self.rights.iter().find(|held| held.right.rank.right == by) else { return false };
        let (right, end) = (&held.right, self.end_of(held));
        // Who was removed takes nothing back by leaving afterwards.
        let counts = |leave: &&Leave| right.round <= leave.round && end.is_none_or(|end| end.cut.keeps(leave.at));
        end.is_none_or(|end| end.cut.keeps(at)) && self.leaves.iter().filter(counts).all(|leave| leave.keeps(right, at))
    }

    fn standing_rights(&self) -> impl Iterator<Item = &Right> {
        self.rights.iter().filter(|held| held.ended.is_none() && held.right.round > self.left).map(|held| &held.right)
    }

    /// The rounds of its memberships that stand.
    pub fn standing_rounds(&self) -> Vec<u32> {
        self.standing_rights().map(|right| right.round).collect::<BTreeSet<u32>>().into_iter().collect()
    }

    /// The rounds of its memberships that have ended.
    pub fn ended_rounds(&self) -> Vec<u32> {
        let standing = self.standing_rounds();
        let ended = self.rights().map(|right| right.round).filter(|round| !standing.contains(round));
        ended.collect::<BTreeSet<u32>>().into_iter().collect()
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
        self.removed.max(self.left).checked_add(1)
    }

    /// Its last membership up to a round.
    pub fn last_round(&self, up_to: u32) -> Option<u32> {
        self.rights().map(|right| right.round).filter(|round| *round <= up_to).max()
    }

    /// Something ended a right of it.
    pub fn was_ended(&self) -> bool {
        !self.ends.is_empty() || !self.leaves.is_empty()
    }

    /// Whether the same of what it wrote counts as with another standing. A no may be wrong: all
    /// that could bound it is compared, once, not what does in each round.
    pub fn counts_like(&self, other: &Standing) -> bool {
        let rounds = self.rounds();
        let is_same = || self.leaves == other.leaves && self.removals().eq(other.removals());
        rounds == other.rounds() && (rounds.is_empty() || is_same())
    }

    /// The rounds of all its memberships.
    pub fn rounds(&self) -> BTreeSet<u32> {
        self.rights().map(|right| right.round).collect()
    }

    /// Up to which round it was removed, and what that lets count. The highest comes first.
    fn removals(&self) -> impl Iterator<Item = (u32, &Cut)> {
        self.ends.iter().filter_map(|end| if let Ended::Removed { round } = end.of { Some((round, &end.cut)) } else { None })
    }

    /// The cuts that say what counts of what it wrote in a round: that of the highest removal, and
    /// those of its Leaves that the removal lets count.
    fn cuts(&self, round: u32) -> impl Iterator<Item = &Cut> {
        let removal = self.removals().find(|(up_to, _)| round <= *up_to).map(|(_, cut)| cut);
        let counts = move |leave: &&Leave| round <= leave.round && removal.is_none_or(|cut| cut.keeps(leave.at));
        let left = self.leaves.iter().filter(counts).map(|leave| &leave.cut);
        left.chain(removal)
    }

    /// The rank that one of its rights gives.
    pub fn rank_by(&self, right: EventId) -> Option<Rank> {
        self.rights().map(|held| held.rank).find(|rank| rank.right == right)
    }

    /// The round of one of its rights.
    pub fn round_by(&self, right: EventId) -> Option<u32> {
        self.rights().find(|held| held.rank.right == right).map(|held| held.round)
    }

    /// The highest rank that it ever had.
    pub fn best_ever(&self) -> Option<Rank> {
        self.rights().map(|right| right.rank).max()
    }

    /// Somebody removed it, at some time.
    pub fn was_removed(&self) -> bool {
        self.removed > 0
    }

    /// It was a member, and others ended all of that.
    pub fn is_removed(&self) -> bool {
        self.was_member() && self.rights.iter().all(|held| self.end_of(held).is_some_and(|end| matches!(end.of, Ended::Removed { .. })))
    }

    /// Up to which number a log counts that was begun in a round; none: without an end.
    pub fn limit(&self, log: LogId, round: u32) -> Option<u32> {
        if !self.rights().any(|right| right.round == round) {
            return Some(0);
        }
        self.cuts(round).map(|cut| cut.get(&log).map_or(0, |kept| kept.last)).min()
    }
}
