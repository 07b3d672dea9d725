//! Who is in a room, and what the history shows of that: a pure function of the set of its control
//! events (`docs/PROTOCOL.md` §2.1, `docs/AUTHORITY.md`).

use std::collections::{BTreeMap, BTreeSet};

use identity::PeerId;
use wire::ids::{EventId, LogId, RoomId};

pub use crate::admission::Admission;
use crate::admission::Amount;
use crate::authority::{Act, Authority, Op, Rank, Role, Setting, Standing, fold};
pub use crate::changed::Changed;
use crate::event::Verified;
use crate::history::History;
use crate::keys::gone_digest;
use crate::kind;
use crate::membership_line::MembershipLine;
use crate::payload::Payload;
use crate::position::Position;
use crate::room::direct_room_id;
use crate::told::{Told, act};

mod admits;
mod cuts;
mod ended;
mod invites;
mod waiting;

/// Membership of one room.
///
/// Invariant: events in any order, in any number of copies, give the same membership, guarded by
/// `any_order_of_control_events_gives_the_same_membership`.
#[derive(Clone, Debug)]
pub struct Membership {
    room: RoomId,
    /// The two devices of a direct room, sorted.
    direct: Option<[PeerId; 2]>,
    told: BTreeMap<EventId, Told>,
    /// Control events that say nothing to this version.
    silent: BTreeSet<EventId>,
    /// Control events whose keys are not here, and where they are.
    waiting: BTreeMap<EventId, (PeerId, LogId, u32)>,
    /// Rights that events act by.
    cited: BTreeSet<EventId>,
    /// Invites that somebody ended, with the right to do so or not.
    revoked: BTreeSet<EventId>,
    /// By public key, the events that announce it.
    offers: BTreeMap<[u8; 32], Vec<EventId>>,
    authority: Authority,
    history: History,
    /// All control events.
    held: Amount,
    /// Those of each author.
    written: BTreeMap<PeerId, Amount>,
    /// Those of authors who are not known.
    pending: Amount,
    inside: usize,
    /// Digest of the memberships that have ended.
    gone: [u8; 16],
}

/// A device that is in the room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Member<'a> {
    /// Id of the device.
    pub peer: PeerId,
    /// Name as given when they came in; empty in a direct room.
    pub name: &'a str,
    /// Made the room.
    pub creator: bool,
    /// Round of this membership; a Leave names it.
    pub round: u32,
    /// What they may do.
    pub role: Role,
}

impl Membership {
    /// A group room of which nothing is known yet.
    pub fn group(room: RoomId) -> Self {
        Self {
            room,
            direct: None,
            told: BTreeMap::new(),
            silent: BTreeSet::new(),
            waiting: BTreeMap::new(),
            cited: BTreeSet::new(),
            revoked: BTreeSet::new(),
            offers: BTreeMap::new(),
            authority: Authority::default(),
            history: History::default(),
            held: Amount::default(),
            written: BTreeMap::new(),
            pending: Amount::default(),
            inside: 0,
            gone: gone_digest([]),
        }
    }

    /// The direct room of two devices: they are its members, always.
    pub fn direct(one: PeerId, other: PeerId) -> Self {
        Self { direct: Some([one.min(other), one.max(other)]), inside: 2, ..Self::group(direct_room_id(&one, &other)) }
    }

    /// Id of the room.
    pub fn room(&self) -> RoomId {
        self.room
    }

    /// It has two fixed members and no control log.
    pub fn is_direct(&self) -> bool {
        self.direct.is_some()
    }

    /// Takes a control event, in any order and as often as it comes. Never refuses, so that what
    /// was stored is always read back whole; see [`admits`](Self::admits) for the limits. Events of
    /// other rooms, and content, change nothing.
    pub fn apply(&mut self, event: &Verified) -> Changed {
        let Some(told) = self.note(event) else { return Changed::default() };
        if self.changes_nothing_else(&told.op) && !self.cited.contains(&told.id()) {
            return self.take_last(told);
        }
        self.told.insert(told.id(), told);
        self.settle()
    }

    /// Takes many at once, as when they are read from the disk.
    pub fn apply_all<'a>(&mut self, events: impl IntoIterator<Item = &'a Verified>) -> Changed {
        let mut is_new = false;
        for event in events {
            if let Some(told) = self.note(event) {
                self.told.insert(told.id(), told);
                is_new = true;
            }
        }
        if is_new { self.settle() } else { Changed::default() }
    }

    /// None: it says nothing, or is here already.
    fn note(&mut self, event: &Verified) -> Option<Told> {
        let (header, id) = (&event.header, event.id());
        let is_ours = header.room == self.room && kind::is_control(header.kind) && !self.is_direct();
        if !is_ours || self.told.contains_key(&id) || self.silent.contains(&id) {
            return None;
        }
        let waits = event.is_shut();
        if self.note_waiting(event, waits) {
            let one = Amount::of(event);
            let written = self.written.entry(header.device).or_default();
            *written = written.plus(one);
            self.held = self.held.plus(one);
            if !self.was_member(&header.device) {
                self.pending = self.pending.plus(one);
            }
        }
        if waits {
            return None;
        }
        let Some(told) = Told::of(&self.room, event) else {
            self.silent.insert(id);
            return None;
        };
        self.cited.extend(told.op.by);
        self.note_invite(&told);
        Some(told)
    }

    /// Whether an event only adds: whether it counts follows from what is settled, and nothing that
    /// is here comes to count by it, unless it acts by that event.
    fn changes_nothing_else(&self, op: &Op) -> bool {
        !self.authority.says_who_adds()
            && match &op.act {
                Act::Add { device, round: 1, .. } => self.authority.standing(device).is_none_or(|held| !held.was_ended()),
                Act::Invite { .. } => !self.revoked.contains(&op.id),
                _ => false,
            }
    }

    /// Takes an event that changes nothing else.
    fn take_last(&mut self, told: Told) -> Changed {
        let (subject, invite) = (told.subject(), told.invite());
        let stands = |room: &Self| (room.right(&subject), room.name_of(&subject).map(str::to_owned));
        let counts = |room: &Self| room.limit(&subject, LogId::in_round(1, false, 0), LogId(0));
        let state = |room: &Self| invite.and_then(|invite| room.invite(&invite));
        let (was, was_known, counted, had) = (stands(self), self.was_member(&subject), counts(self), state(self));
        self.authority.take_last(&told.op);
        let redrawn = self.history.show(&told, &self.authority);
        self.told.insert(told.id(), told);
        let mut changed = Changed { invites: had != state(self), ..Changed::default() };
        let now = stands(self);
        if now != was {
            changed.members.insert(subject);
        }
        self.inside = self.inside.saturating_add(usize::from(was.0.is_none() && now.0.is_some()));
        if counts(self) != counted {
            changed.known.insert(subject);
        }
        if !was_known && self.was_member(&subject) {
            self.pending = self.pending.minus(self.written.get(&subject).copied().unwrap_or_default());
        }
        changed.hidden.extend(redrawn.hidden);
        changed.shown.extend(redrawn.shown.and_then(|position| Some((position, self.line_at(&position)?))));
        changed
    }

    /// Looks at all again.
    fn settle(&mut self) -> Changed {
        let authority = fold(self.told.values().map(|told| &told.op));
        let history = History::of(self.told.values(), &authority);
        let before = (std::mem::replace(&mut self.authority, authority), std::mem::replace(&mut self.history, history));
        let mut changed = Changed::default();
        let none = Standing::default();
        for peer in before.0.people().chain(self.authority.people()) {
            let was = before.0.standing(peer).unwrap_or(&none);
            let is = self.authority.standing(peer).unwrap_or(&none);
            let is_same = (was.right(), was.round()) == (is.right(), is.round());
            if !is_same || self.came_in_as(&before.1, peer) != self.came_in_as(&self.history, peer) {
                changed.members.insert(*peer);
            }
            if !was.counts_like(is) {
                changed.known.insert(*peer);
            }
        }
        self.inside = self.authority.members().count();
        self.gone = gone_digest(self.ended());
        let unknown = self.written.iter().filter(|(author, _)| !self.was_member(author));
        self.pending = unknown.map(|(_, written)| *written).fold(Amount::default(), Amount::plus);
        changed.name = self.room_name(&before.0, &before.1) != self.name() || !before.0.settings().eq(self.authority.settings());
        changed.invites = before.1.invites(&before.0).ne(self.invites());
        changed.hidden = before.1.lines.difference(&self.history.lines).copied().collect();
        let shown = self.history.lines.difference(&before.1.lines);
        changed.shown = shown.filter_map(|position| Some((*position, self.line_at(position)?))).collect();
        changed
    }

    /// Whether an event of this author, at this place of one of their logs, would count. Whether an
    /// invite that it shows has expired, or has uses left after what the author did in other logs,
    /// is not asked: see [`invite`](Self::invite).
    pub fn would_count(&self, author: PeerId, at: (LogId, u32), payload: &Payload) -> bool {
        let Some((by, act)) = act(&self.room, &author, payload, 0) else { return false };
        // After others with this number that are done by the same right.
        let op = Op { id: EventId([0xff; 32]), author, at, by, act };
        if self.changes_nothing_else(&op) {
            return self.authority.would_take_last(&op);
        }
        fold(self.told.values().map(|told| &told.op).chain([&op])).counts(&op.id)
    }

    /// Is in the room now.
    pub fn is_member(&self, peer: &PeerId) -> bool {
        self.role(peer).is_some()
    }

    /// Is or was in the room.
    pub fn was_member(&self, peer: &PeerId) -> bool {
        match &self.direct {
            Some(both) => both.contains(peer),
            None => self.authority.standing(peer).is_some_and(|standing| standing.was_member()),
        }
    }

    /// The role of a member.
    pub fn role(&self, peer: &PeerId) -> Option<Role> {
        match &self.direct {
            Some(both) => both.contains(peer).then_some(Role::Member),
            None => self.authority.role(peer),
        }
    }

    /// The right that a member acts by, and the rank that it gives; none in a direct room.
    pub fn right(&self, peer: &PeerId) -> Option<Rank> {
        self.authority.standing(peer)?.right()
    }

    /// Round of a device's present membership: what its Leave has to name.
    pub fn round(&self, peer: &PeerId) -> Option<u32> {
        match &self.direct {
            Some(both) => both.contains(peer).then_some(1),
            None => self.authority.standing(peer)?.round(),
        }
    }

    /// Where a device's membership began, the last time; none in a direct room.
    pub fn entered(&self, peer: &PeerId) -> Option<Position> {
        self.history.last_entrance(peer)
    }

    /// Round that an Add of this device must have to count. None if there is no higher round.
    pub fn next_round(&self, peer: &PeerId) -> Option<u32> {
        self.authority.standing(peer).map_or(Some(1), |standing| standing.next_round())
    }

    /// The next change of a member's role.
    pub fn next_turn(&self, peer: &PeerId, round: u32) -> u32 {
        let of = |told: &&Told| matches!(told.op.act, Act::SetRole { device, round: at, .. } if device == *peer && at == round);
        count(self.told.values().filter(of)).saturating_add(1)
    }

    /// The next change of a setting like this one.
    pub fn next_version(&self, setting: &Setting) -> u32 {
        let kind = std::mem::discriminant(setting);
        let of = |told: &&Told| matches!(&told.op.act, Act::Set { setting, .. } if std::mem::discriminant(setting) == kind);
        count(self.told.values().filter(of)).saturating_add(1)
    }

    /// Who is in the room, sorted by key.
    pub fn members(&self) -> impl Iterator<Item = Member<'_>> {
        let direct = self.direct.iter().flatten();
        let direct = direct.map(|peer| Member { peer: *peer, name: "", creator: false, round: 1, role: Role::Member });
        direct.chain(self.authority.members().filter_map(|(peer, rank)| {
            let (name, creator) = (self.name_of(peer).unwrap_or(""), self.creator() == Some(*peer));
            Some(Member { peer: *peer, name, creator, round: self.round(peer)?, role: rank.role })
        }))
    }

    /// Number of members.
    pub fn member_count(&self) -> usize {
        self.inside
    }

    /// Name of a device that is or was a member, as given when it last came in.
    pub fn name_of(&self, peer: &PeerId) -> Option<&str> {
        self.came_in_as(&self.history, peer)
    }

    /// The room's name; none before its Create is here, and for direct rooms.
    pub fn name(&self) -> Option<&str> {
        self.room_name(&self.authority, &self.history)
    }

    /// What is set of the room, besides its first name.
    pub fn settings(&self) -> impl Iterator<Item = &Setting> {
        self.authority.settings()
    }

    /// Who made the room; none before the Create is here, and for direct rooms.
    pub fn creator(&self) -> Option<PeerId> {
        self.history.created.map(|(creator, _)| creator)
    }

    /// What the history shows of the control log, in order.
    pub fn lines(&self) -> Vec<MembershipLine> {
        self.history.lines.iter().filter_map(|position| self.line_at(position)).collect()
    }

    /// What the history shows of one control event; none if it changed nothing.
    pub fn line(&self, event: &Verified) -> Option<MembershipLine> {
        self.history.lines.get(&event.position()).and_then(|position| self.line_at(position))
    }

    fn line_at(&self, position: &Position) -> Option<MembershipLine> {
        self.told.get(&position.id)?.line()
    }

    fn came_in_as(&self, history: &History, peer: &PeerId) -> Option<&str> {
        self.told.get(&history.last_entrance(peer)?.id).map(|told| told.name.as_str())
    }

    fn room_name<'a>(&'a self, authority: &'a Authority, history: &History) -> Option<&'a str> {
        let (_, first) = history.created?;
        let set = authority.settings().find_map(|setting| if let Setting::Name(name) = setting { Some(name.as_str()) } else { None });
        set.or_else(|| self.told.get(&first.id)?.room_name.as_deref())
    }
}

fn count<'a>(told: impl Iterator<Item = &'a Told>) -> u32 {
    told.fold(0, |count: u32, _| count.saturating_add(1))
}
