//! What the control events that count show of people and of the room.

use std::collections::{BTreeMap, BTreeSet};

use identity::PeerId;
use wire::ids::{EventId, LogId};

use crate::authority::{Act, Authority};
use crate::invites::InviteState;
use crate::position::Position;
use crate::told::Told;

/// What is shown. Of several Creates, Adds of one person and round, or ends of one, only the first
/// by position is; whoever made the room came in by that, whatever others say.
#[derive(Clone, Debug, Default)]
pub(crate) struct History {
    /// Of all events that are shown.
    pub(crate) lines: BTreeSet<Position>,
    /// By person and round: by which event they came in.
    entered: BTreeMap<(PeerId, u32), Entrance>,
    ended: BTreeMap<(PeerId, u32), Position>,
    pub(crate) created: Option<(PeerId, Position)>,
    /// By invite and the key that was shown: who came in by it. A key that is not the invite's
    /// says nothing.
    uses: BTreeMap<Shown, BTreeSet<(PeerId, u32)>>,
    /// By log: the events of it that do not count, without Leaves.
    without_effect: BTreeMap<(PeerId, LogId), BTreeSet<u32>>,
}

/// An invite, by the event that announced it, and the key that a newcomer showed.
type Shown = (EventId, [u8; 32]);

/// How somebody came in. A Create stands before an Add.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Entrance {
    was_added: bool,
    position: Position,
}

/// What became of the lines by one event.
#[derive(Default)]
pub(crate) struct Redrawn {
    pub(crate) shown: Option<Position>,
    pub(crate) hidden: Option<Position>,
}

impl History {
    /// Of all that was told, what counts.
    pub(crate) fn of<'a>(told: impl Iterator<Item = &'a Told>, authority: &Authority) -> History {
        let mut history = History::default();
        for told in told {
            history.show(told, authority);
        }
        history
    }

    /// Shows an event, if it counts.
    pub(crate) fn show(&mut self, told: &Told, authority: &Authority) -> Redrawn {
        if !authority.counts(&told.id()) {
            if !matches!(told.op.act, Act::Leave { .. }) {
                let (log, seq) = told.op.at;
                self.without_effect.entry((told.op.author, log)).or_default().insert(seq);
            }
            return Redrawn::default();
        }
        let (author, position) = (told.op.author, told.position);
        match &told.op.act {
            Act::Create => {
                if self.created.is_none_or(|(_, first)| position < first) {
                    self.created = Some((author, position));
                }
                self.enter((author, 1), Entrance { was_added: false, position })
            }
            Act::Add { device, round, pass } => {
                if let Some(pass) = pass {
                    self.uses.entry((pass.invite, pass.key)).or_default().insert((*device, *round));
                }
                self.enter((*device, *round), Entrance { was_added: true, position })
            }
            Act::Leave { round, .. } => self.end(authority, (author, *round), position),
            Act::Remove { device, round, .. } => self.end(authority, (*device, *round), position),
            Act::SetRole { .. } | Act::Set { .. } => self.draw(position, None),
            Act::Invite { .. } | Act::Revoke { .. } => Redrawn::default(),
        }
    }

    fn enter(&mut self, who: (PeerId, u32), entrance: Entrance) -> Redrawn {
        match self.entered.get(&who).copied() {
            Some(held) if held <= entrance => Redrawn::default(),
            held => {
                self.entered.insert(who, entrance);
                self.draw(entrance.position, held.map(|held| held.position))
            }
        }
    }

    /// Shows the end of a membership: the last one up to a round, if there was any.
    fn end(&mut self, authority: &Authority, (device, up_to): (PeerId, u32), position: Position) -> Redrawn {
        let standing = authority.standing(&device);
        let Some(round) = standing.and_then(|standing| standing.last_round(up_to)) else { return Redrawn::default() };
        match self.ended.get(&(device, round)).copied() {
            Some(first) if first <= position => Redrawn::default(),
            later => {
                self.ended.insert((device, round), position);
                self.draw(position, later)
            }
        }
    }

    fn draw(&mut self, shown: Position, hidden: Option<Position>) -> Redrawn {
        self.lines.insert(shown);
        if let Some(hidden) = &hidden {
            self.lines.remove(hidden);
        }
        Redrawn { shown: Some(shown), hidden }
    }

    /// How an invite stands.
    pub(crate) fn invite(&self, authority: &Authority, invite: &EventId) -> Option<InviteState> {
        let state = authority.invite(invite)?;
        let used = self.uses.get(&(*invite, state.key)).map_or(0, |used| u32::try_from(used.len()).unwrap_or(u32::MAX));
        Some(InviteState { used, ..state })
    }

    /// All invites, sorted by the events that announced them.
    pub(crate) fn invites(&self, authority: &Authority) -> impl Iterator<Item = (EventId, InviteState)> {
        authority.invites().filter_map(|id| Some((*id, self.invite(authority, id)?)))
    }

    /// Who came in by an invite.
    pub(crate) fn used(&self, authority: &Authority, invite: &EventId) -> Vec<(PeerId, u32)> {
        let uses = authority.invite(invite).and_then(|state| self.uses.get(&(*invite, state.key)));
        uses.into_iter().flatten().copied().collect()
    }

    /// The event by which somebody came in last.
    pub(crate) fn last_entrance(&self, peer: &PeerId) -> Option<Position> {
        self.entered.range((*peer, 0)..=(*peer, u32::MAX)).next_back().map(|(_, entrance)| entrance.position)
    }

    /// Control events of a log, up to a number, that do not count, in order; Leaves are left out.
    pub(crate) fn without_effect(&self, peer: &PeerId, log: LogId, last: u32) -> Vec<u32> {
        let held = self.without_effect.get(&(*peer, log));
        held.into_iter().flat_map(|held| held.range(..=last)).copied().collect()
    }
}
