//! Which control events count.
//!
//! Each names the right that its author acts by, so it has a rank that does not depend on what else
//! is known, and whether it counts depends on events of higher rank only. So they are looked at
//! once, the highest first.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use identity::PeerId;
use wire::ids::EventId;

use super::cut::Cut;
use super::op::{Act, Op, Pass, Setting};
use super::rank::{Rank, Role};
use super::standing::{End, Ended, Leave, Right, Standing};
use crate::invites::InviteState;

/// What follows from a set of control events.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Authority {
    people: BTreeMap<PeerId, Standing>,
    counting: BTreeSet<EventId>,
    settings: BTreeMap<u8, Set>,
    invites: BTreeMap<EventId, Invite>,
    /// By invite that was ended: who had come in, as every Revoke of it says. An admin's may be
    /// looked at before the invite.
    revoked: BTreeMap<EventId, BTreeSet<(PeerId, u32)>>,
}

/// A setting that counts.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Set {
    version: u32,
    rank: Rank,
    id: EventId,
    setting: Setting,
    known: BTreeMap<PeerId, Cut>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Invite {
    key: [u8; 32],
    /// Who announced it, and by which right.
    author: (PeerId, EventId),
    uses: u32,
    expires: u64,
    /// Whom it let in.
    used: BTreeSet<(PeerId, u32)>,
}

/// How often something was changed, by anybody, with the right to do so or not: the next change may
/// have a number that is one higher. So nobody can use up the numbers.
#[derive(Default)]
struct Counts {
    ends: BTreeMap<PeerId, u32>,
    roles: BTreeMap<(PeerId, u32), u32>,
    settings: BTreeMap<u8, u32>,
}

/// Folds a set of control events. The order in which they are given means nothing, and neither do
/// copies.
pub fn fold<'a>(ops: impl IntoIterator<Item = &'a Op>) -> Authority {
    let ops: BTreeMap<EventId, &Op> = ops.into_iter().map(|op| (op.id, op)).collect();
    let counts = Counts::of(ops.values().copied());
    let ranks = ranks(&ops);
    let mut ranked: Vec<(Rank, &Op)> = ops.values().filter_map(|op| Some((*ranks.get(&op.by.unwrap_or(op.id))?, *op))).collect();
    // A Create has the rank that it gives, and comes before what is done by it.
    ranked.sort_by_key(|(rank, op)| (Reverse(*rank), op.turn()));
    let mut authority = Authority::default();
    // Anybody may leave, by whatever right.
    for op in ops.values() {
        if let Act::Leave { round, cut } = &op.act
            && counts.may_end(&op.author, *round)
        {
            authority.people.entry(op.author).or_default().leave(Leave { round: *round, at: op.at, cut: cut.clone() });
        }
    }
    for (rank, op) in ranked {
        authority.take(rank, op, &counts);
    }
    authority
}

/// The rank that each right gives, if the events that it comes from are all there.
fn ranks(ops: &BTreeMap<EventId, &Op>) -> BTreeMap<EventId, Rank> {
    let mut ranks: BTreeMap<EventId, Option<Rank>> = BTreeMap::new();
    for id in ops.keys() {
        // From this right towards the Create, then back.
        let (mut way, mut at) = (Vec::new(), Some(*id));
        while let Some(op) = at.filter(|id| !ranks.contains_key(id)).and_then(|id| ops.get(&id)) {
            // What comes back to itself has no rank; ids are hashes, so nobody can write that.
            ranks.insert(op.id, None);
            way.push(*op);
            at = op.by;
        }
        for op in way.into_iter().rev() {
            let Some((_, role, ..)) = op.gives() else { continue };
            let depth = match op.by {
                None => (op.act == Act::Create).then_some(0),
                // The right must be the author's.
                Some(by) => {
                    let is_its = ops.get(&by).and_then(|right| right.gives()).is_some_and(|(device, ..)| device == op.author);
                    ranks.get(&by).copied().flatten().filter(|_| is_its).map(|rank| rank.depth.saturating_add(1))
                }
            };
            ranks.insert(op.id, depth.map(|depth| Rank { role, depth, right: op.id }));
        }
    }
    ranks.into_iter().filter_map(|(id, rank)| Some((id, rank?))).collect()
}

impl Counts {
    fn of<'a>(ops: impl Iterator<Item = &'a Op>) -> Counts {
        let mut counts = Counts::default();
        for op in ops {
            let count = match &op.act {
                Act::Leave { .. } => counts.ends.entry(op.author).or_default(),
                Act::Remove { device, .. } => counts.ends.entry(*device).or_default(),
                Act::SetRole { device, round, .. } => counts.roles.entry((*device, *round)).or_default(),
                Act::Set { setting, .. } => counts.settings.entry(setting.number()).or_default(),
                Act::Create | Act::Add { .. } | Act::Invite { .. } | Act::Revoke { .. } => continue,
            };
            *count = count.saturating_add(1);
        }
        counts
    }

    /// What ends a membership counts itself.
    fn may_end(&self, device: &PeerId, round: u32) -> bool {
        (1..=self.ends.get(device).copied().unwrap_or_default()).contains(&round)
    }

    fn may_be_round(&self, device: &PeerId, round: u32) -> bool {
        (1..=self.ends.get(device).map_or(1, |ends| ends.saturating_add(1))).contains(&round)
    }
}

impl Authority {
    /// Takes an event, after all of higher rank.
    fn take(&mut self, rank: Rank, op: &Op, counts: &Counts) {
        let acts =
            op.act == Act::Create || op.by.is_some_and(|by| self.standing(&op.author).is_some_and(|author| author.may_act(by, op.at)));
        if !acts || !self.may(rank, op, counts) {
            return;
        }
        self.counting.insert(op.id);
        if let Some((device, role, round, turn)) = op.gives() {
            let depth = if op.act == Act::Create { 0 } else { rank.depth.saturating_add(1) };
            self.people.entry(device).or_default().give(Right { rank: Rank { role, depth, right: op.id }, round, turn });
        }
        match &op.act {
            Act::Remove { device, round, cut } => {
                let end = End { of: Ended::Removed { round: *round }, rank, cut: cut.clone() };
                self.people.entry(*device).or_default().end(end);
            }
            Act::SetRole { device, round, turn, role, cut } => {
                let end = End { of: Ended::Lowered { round: *round, turn: *turn, to: *role }, rank, cut: cut.clone() };
                self.people.entry(*device).or_default().end(end);
            }
            Act::Invite { key, uses, expires } => {
                let author = (op.author, rank.right);
                self.invites.insert(op.id, Invite { key: *key, author, uses: *uses, expires: *expires, used: BTreeSet::new() });
            }
            Act::Revoke { invite, used } => {
                let used: BTreeSet<(PeerId, u32)> = used.iter().copied().collect();
                self.revoked.entry(*invite).and_modify(|had| had.retain(|who| used.contains(who))).or_insert(used);
            }
            Act::Set { setting, version, known } => {
                let held = self.settings.get(&setting.number()).map(|held| (held.version, held.rank, held.id));
                if held.is_none_or(|held| held < (*version, rank, op.id)) {
                    let new = Set { version: *version, rank, id: op.id, setting: setting.clone(), known: known.clone() };
                    self.settings.insert(setting.number(), new);
                }
            }
            Act::Create | Act::Add { .. } | Act::Leave { .. } => {}
        }
    }

    /// Whether somebody of this rank may do this.
    fn may(&mut self, rank: Rank, op: &Op, counts: &Counts) -> bool {
        let is_admin = rank.role >= Role::Admin;
        // Nobody at or above one's own rank.
        let outranks = |device: &PeerId, round: u32, turn: u32| {
            *device != op.author && self.standing(device).and_then(|held| held.highest(round, turn)).is_none_or(|held| held < rank)
        };
        match &op.act {
            Act::Create => true,
            Act::Leave { round, .. } => counts.may_end(&op.author, *round),
            Act::Add { device, round, pass } => {
                let (device, round) = (*device, *round);
                let fits = device != op.author && counts.may_be_round(&device, round);
                // Who came with an invite used it, also if they could have come in without.
                fits && (pass.is_some_and(|pass| self.lets_in(&pass, (device, round))) | self.may_add(rank, op))
            }
            Act::Remove { device, round, .. } => is_admin && outranks(device, *round, u32::MAX) && counts.may_end(device, *round),
            Act::SetRole { device, round, turn, role, .. } => {
                let changes = counts.roles.get(&(*device, *round)).copied().unwrap_or_default();
                let fits = (1..=changes).contains(turn) && counts.may_be_round(device, *round);
                is_admin && *role <= rank.role && fits && outranks(device, *round, *turn)
            }
            Act::Invite { .. } => self.may_add(rank, op),
            Act::Revoke { invite, .. } => {
                is_admin || self.invites.get(invite).is_some_and(|invite| invite.author == (op.author, rank.right))
            }
            Act::Set { setting, version, .. } => {
                let changes = counts.settings.get(&setting.number()).copied().unwrap_or_default();
                is_admin && (1..=changes).contains(version)
            }
        }
    }

    /// Whether somebody may let people in, of themselves: what had counted when that was last set
    /// still does, and what had not still does not.
    fn may_add(&self, rank: Rank, op: &Op) -> bool {
        let set = self.settings.get(&Setting::AdminsAdd(true).number());
        let Some(Set { setting: Setting::AdminsAdd(only), known, .. }) = set.filter(|_| rank.role < Role::Admin) else { return true };
        match known.get(&op.author).and_then(|cut| cut.get(&op.at.0)).filter(|kept| op.at.1 <= kept.last) {
            Some(kept) => kept.has(op.at.1) && (!only || matches!(op.act, Act::Add { .. })),
            None => !only,
        }
    }

    /// Lets somebody in by an invite, if it still does. Who was removed needs more than that.
    fn lets_in(&mut self, pass: &Pass, who: (PeerId, u32)) -> bool {
        let was_removed = self.standing(&who.0).is_some_and(Standing::was_removed);
        let Some(invite) = self.invites.get_mut(&pass.invite).filter(|invite| invite.key == pass.key && !was_removed) else { return false };
        let used = u32::try_from(invite.used.len()).unwrap_or(u32::MAX);
        let is_left = used < invite.uses && (invite.expires == 0 || pass.at_ms < invite.expires);
        let may_still = self.revoked.get(&pass.invite).is_none_or(|had| had.contains(&who));
        let may = invite.used.contains(&who) || is_left && may_still;
        if may {
            invite.used.insert(who);
        }
        may
    }

    /// Takes an Add of the first round or an Invite after all others, which is the same if nothing
    /// that is here depends on it.
    pub(crate) fn take_last(&mut self, op: &Op) {
        let right = op.by.and_then(|by| self.standing(&op.author)?.rank_by(by));
        if let Some(rank) = right {
            self.take(rank, op, &Counts::default());
        }
    }

    /// Whether [`take_last`](Self::take_last) would let it count, where everybody adds people.
    pub(crate) fn would_take_last(&self, op: &Op) -> bool {
        let is_own = matches!(op.act, Act::Add { device, .. } if device == op.author);
        !is_own && op.by.is_some_and(|by| self.standing(&op.author).is_some_and(|author| author.may_act(by, op.at)))
    }

    /// It was set who adds people, be it everybody: what an Add needs may depend on others.
    pub(crate) fn says_who_adds(&self) -> bool {
        self.settings().any(|setting| matches!(setting, Setting::AdminsAdd(_)))
    }

    /// All of whom anything is known.
    pub fn people(&self) -> impl Iterator<Item = &PeerId> {
        self.people.keys()
    }

    /// How a device stands; none if nothing was ever said of it that counts.
    pub fn standing(&self, device: &PeerId) -> Option<&Standing> {
        self.people.get(device)
    }

    /// The role of a member.
    pub fn role(&self, device: &PeerId) -> Option<Role> {
        self.standing(device)?.right().map(|rank| rank.role)
    }

    /// Who is in the room.
    pub fn members(&self) -> impl Iterator<Item = (&PeerId, Rank)> {
        self.people.iter().filter_map(|(device, standing)| Some((device, standing.right()?)))
    }

    /// How an invite stands, by the event that announced it; none if that does not count. How many
    /// it let in is told by the history.
    pub(crate) fn invite(&self, invite: &EventId) -> Option<InviteState> {
        let Invite { key, author: (author, _), uses, expires, .. } = self.invites.get(invite)?;
        let revoked = self.revoked.contains_key(invite);
        Some(InviteState { key: *key, author: *author, uses: *uses, used: 0, expires: *expires, revoked })
    }

    /// All invites that count.
    pub(crate) fn invites(&self) -> impl Iterator<Item = &EventId> {
        self.invites.keys()
    }

    /// Whether an event counts.
    pub fn counts(&self, id: &EventId) -> bool {
        self.counting.contains(id)
    }

    /// What is set.
    pub fn settings(&self) -> impl Iterator<Item = &Setting> {
        self.settings.values().map(|set| &set.setting)
    }
}
