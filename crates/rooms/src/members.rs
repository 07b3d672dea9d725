//! Who is in a room: a pure function of the set of its control events (`docs/PROTOCOL.md` §2.1).

use std::collections::{BTreeMap, BTreeSet};

use identity::PeerId;
use wire::ids::{EventId, RoomId};
use wire::tidy_name;

use crate::event::Verified;
use crate::invites::{InviteKey, InviteState, Invites, Offer};
use crate::kind;
use crate::limits::{MAX_CONTROL_EVENTS, MAX_CONTROL_EVENTS_PER_MEMBER, MAX_PENDING_EVENTS};
use crate::membership_line::MembershipLine;
use crate::payload::Payload;
use crate::person::{Add, Founded, Person};
use crate::position::Position;
use crate::room::{direct_room_id, group_room_id};
use crate::run::Run;

/// Membership of one room.
///
/// Invariant: events in any order, in any number of copies, give the same membership, guarded by
/// `any_order_of_control_events_gives_the_same_membership`. An Add whose author is not known as a
/// member waits here until they are.
#[derive(Clone, Debug)]
pub struct Membership {
    room: RoomId,
    direct: bool,
    creator: Option<PeerId>,
    people: BTreeMap<PeerId, Person>,
    invites: Invites,
    applied: BTreeSet<EventId>,
    pending: usize,
    /// Of `people`, those who are in the room now.
    inside: usize,
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
}

/// What an event changed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Changed {
    /// Devices that are now members, or no longer, or under another name.
    pub members: BTreeSet<PeerId>,
    /// Devices that are now known to have been members: what they wrote counts from now on.
    pub known: BTreeSet<PeerId>,
    /// Lines that the history now shows, in order.
    pub shown: BTreeMap<Position, MembershipLine>,
    /// Lines that it no longer shows, because an earlier event did the same.
    pub hidden: BTreeSet<Position>,
    /// The room has another name than before.
    pub name: bool,
    /// Some invite stands otherwise than before.
    pub invites: bool,
}

impl Changed {
    /// Nothing changed.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// One event can settle a person twice, so what is shown at first may be hidden in the end.
    fn redraw(&mut self, before: &BTreeMap<Position, MembershipLine>, after: &BTreeMap<Position, MembershipLine>) {
        for position in before.keys().filter(|position| !after.contains_key(position)) {
            if self.shown.remove(position).is_none() {
                self.hidden.insert(*position);
            }
        }
        for (position, line) in after.iter().filter(|(position, line)| before.get(position) != Some(line)) {
            if !self.hidden.remove(position) {
                self.shown.insert(*position, line.clone());
            }
        }
    }
}

/// May a run be stored?
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Admission {
    /// Its author is or was a member.
    Counts,
    /// Control events whose author is not known yet: kept, and looked at again.
    Pending,
    /// Not now. Repair brings it again, once its author is known.
    Refused,
}

impl Membership {
    /// A group room of which nothing is known yet.
    pub fn group(room: RoomId) -> Self {
        let (people, invites) = (BTreeMap::new(), Invites::default());
        Self { room, direct: false, creator: None, people, invites, applied: BTreeSet::new(), pending: 0, inside: 0 }
    }

    /// The direct room of two devices: they are its members, always.
    pub fn direct(one: PeerId, other: PeerId) -> Self {
        let mut room = Self { direct: true, ..Self::group(direct_room_id(&one, &other)) };
        for peer in [one, other] {
            let person = room.people.entry(peer).or_default();
            person.settled.known = true;
            person.settled.round = Some(1);
        }
        room.inside = room.people.len();
        room
    }

    /// Id of the room.
    pub fn room(&self) -> RoomId {
        self.room
    }

    /// It has two fixed members and no control log.
    pub fn is_direct(&self) -> bool {
        self.direct
    }

    /// May this run be stored and applied? Asked of what strangers send, before the signature is
    /// checked.
    pub fn admits(&self, run: &Run) -> Admission {
        let events = run.events().len();
        let control = run.key().log.is_control();
        if !control {
            return if self.was_member(&run.device()) { Admission::Counts } else { Admission::Refused };
        }
        if self.direct || self.applied.len().saturating_add(events) > MAX_CONTROL_EVENTS {
            return Admission::Refused;
        }
        let written = self.people.get(&run.device()).map_or(0, |person| person.events);
        if self.was_member(&run.device()) || self.is_founded_by(run) {
            let fits = written.saturating_add(events) <= MAX_CONTROL_EVENTS_PER_MEMBER;
            return if fits { Admission::Counts } else { Admission::Refused };
        }
        if self.pending.saturating_add(events) <= MAX_PENDING_EVENTS { Admission::Pending } else { Admission::Refused }
    }

    fn is_founded_by(&self, run: &Run) -> bool {
        let fits = |payload: Payload| matches!(payload, Payload::Create { nonce, .. } if group_room_id(&run.device(), &nonce) == self.room);
        run.events().first().is_some_and(|event| Payload::of(event).is_ok_and(fits))
    }

    /// Takes a control event, in any order and as often as it comes. Never refuses, so that what
    /// was stored is always read back whole; see [`admits`](Self::admits) for the limits. Events of
    /// other rooms, and content, change nothing.
    pub fn apply(&mut self, event: &Verified) -> Changed {
        let header = &event.header;
        let mut changed = Changed::default();
        if self.direct || header.room != self.room || !kind::is_control(header.kind) || !self.applied.insert(event.id()) {
            return changed;
        }
        let author = self.people.entry(header.device).or_default();
        author.events = author.events.saturating_add(1);
        if !author.settled.known {
            self.pending = self.pending.saturating_add(1);
        }
        if let Ok(payload) = Payload::of(event) {
            self.note(header.device, event.position(), payload, &mut changed);
        }
        changed
    }

    fn note(&mut self, author: PeerId, position: Position, payload: Payload, changed: &mut Changed) {
        match payload {
            Payload::Create { nonce, name, creator } if group_room_id(&author, &nonce) == self.room => {
                self.found(author, Founded { position, room_name: tidy_name(&name), name: tidy_name(&creator) }, changed);
            }
            Payload::Add { device, name, round, invite } => {
                self.add(device, round, position, Add { author, name: tidy_name(&name), invite }, changed)
            }
            Payload::Leave { round } => {
                let leave = self.people.entry(author).or_default().leaves.entry(round).or_insert(position);
                *leave = position.min(*leave);
                self.settle(author, changed);
            }
            Payload::Invite { key, uses, expires } => {
                self.invites.offered(key, author, Offer { position, uses, expires });
                changed.invites |= self.was_member(&author);
            }
            Payload::Revoke { key } => {
                self.invites.revoked(key, author);
                changed.invites |= self.was_member(&author);
            }
            // A Create that founds another room, and content, which never comes here.
            Payload::Create { .. } | Payload::Message { .. } | Payload::Edit { .. } | Payload::Delete { .. } | Payload::Reaction { .. } => {
            }
        }
    }

    fn add(&mut self, peer: PeerId, round: u32, position: Position, add: Add, changed: &mut Changed) {
        let (counts, invite) = (self.was_member(&add.author), add.invite);
        self.people.entry(add.author).or_default().added.insert(peer);
        let person = self.people.entry(peer).or_default();
        person.adds.entry(round).or_default().insert(position, add);
        if !counts {
            return;
        }
        if person.settled.entered.get(&round).is_none_or(|first| position < *first) {
            return self.settle(peer, changed);
        }
        // It came in already. Repeating that costs no further work.
        if let Some(key) = invite.filter(|key| person.settled.uses.insert((*key, (peer, round)))) {
            self.invites.used(key, (peer, round));
            changed.invites = true;
        }
    }

    /// The creator's earliest Create stands.
    fn found(&mut self, creator: PeerId, founded: Founded, changed: &mut Changed) {
        let held = &mut self.people.entry(creator).or_default().founded;
        if held.as_ref().is_none_or(|held| founded.position < held.position) {
            changed.name = held.as_ref().is_none_or(|held| held.room_name != founded.room_name);
            *held = Some(founded);
            self.creator = Some(creator);
            self.settle(creator, changed);
        }
    }

    /// Settles what follows for a device, and for all whose entry depended on it.
    fn settle(&mut self, first: PeerId, changed: &mut Changed) {
        let mut waiting = vec![first];
        while let Some(peer) = waiting.pop() {
            let Some(person) = self.people.get(&peer) else { continue };
            let settled = person.settle(peer, |author| self.was_member(author));
            let Some(person) = self.people.get_mut(&peer) else { continue };
            let before = std::mem::replace(&mut person.settled, settled);
            let after = &person.settled;
            self.inside =
                self.inside.saturating_add(usize::from(after.round.is_some())).saturating_sub(usize::from(before.round.is_some()));
            if (&before.round, &before.name) != (&after.round, &after.name) {
                changed.members.insert(peer);
            }
            changed.redraw(&before.lines, &after.lines);
            for (key, by) in after.uses.difference(&before.uses) {
                self.invites.used(*key, *by);
                changed.invites = true;
            }
            if after.known && !before.known {
                changed.known.insert(peer);
                changed.invites |= person.events > 0;
                self.pending = self.pending.saturating_sub(person.events);
                waiting.extend(person.added.iter().copied());
            }
        }
    }

    /// Is in the room now.
    pub fn is_member(&self, peer: &PeerId) -> bool {
        self.round(peer).is_some()
    }

    /// Is or was in the room: what it wrote counts.
    pub fn was_member(&self, peer: &PeerId) -> bool {
        self.people.get(peer).is_some_and(|person| person.settled.known)
    }

    /// Round of a device's present membership: what its Leave has to name.
    pub fn round(&self, peer: &PeerId) -> Option<u32> {
        self.people.get(peer)?.settled.round
    }

    /// Where a device's membership began, the last time; none in a direct room.
    pub fn entered(&self, peer: &PeerId) -> Option<Position> {
        self.people.get(peer)?.settled.entered.last_key_value().map(|(_, position)| *position)
    }

    /// Round that an Add of this device must have to count: one more than its last Leave. None if
    /// there is no higher round.
    pub fn next_round(&self, peer: &PeerId) -> Option<u32> {
        self.people.get(peer).map_or(Some(1), Person::next_round)
    }

    /// Who is in the room, sorted by key.
    pub fn members(&self) -> impl Iterator<Item = Member<'_>> {
        self.people.iter().filter_map(|(peer, person)| {
            let round = person.settled.round?;
            Some(Member { peer: *peer, name: &person.settled.name, creator: self.creator == Some(*peer), round })
        })
    }

    /// Number of members.
    pub fn member_count(&self) -> usize {
        self.inside
    }

    /// Name of a device that is or was a member, as given when it last came in.
    pub fn name_of(&self, peer: &PeerId) -> Option<&str> {
        let settled = &self.people.get(peer)?.settled;
        (!settled.name.is_empty()).then_some(settled.name.as_str())
    }

    /// The room's name; none before its Create is here, and for direct rooms.
    pub fn name(&self) -> Option<&str> {
        let founded = self.people.get(&self.creator?)?.founded.as_ref()?;
        Some(&founded.room_name)
    }

    /// Who made the room; none before the Create is here, and for direct rooms.
    pub fn creator(&self) -> Option<PeerId> {
        self.creator
    }

    /// How an invite stands; none if no member made it known.
    pub fn invite(&self, key: &[u8; 32]) -> Option<InviteState> {
        self.invites.state(key, |author| self.was_member(author))
    }

    /// All invites that members made known, sorted by key.
    pub fn invites(&self) -> impl Iterator<Item = (InviteKey, InviteState)> {
        self.invites.keys().filter_map(|key| Some((*key, self.invite(key)?)))
    }

    /// What the history shows of the control log, in order.
    pub fn lines(&self) -> Vec<MembershipLine> {
        let mut lines: Vec<MembershipLine> = self.people.values().flat_map(|person| person.settled.lines.values()).cloned().collect();
        lines.sort_by_key(|line| line.position);
        lines
    }

    /// What the history shows of one control event; none if it changed nothing.
    pub fn line(&self, event: &Verified) -> Option<MembershipLine> {
        let author = event.header.device;
        let subject = match Payload::of(event).ok()? {
            Payload::Add { device, .. } => device,
            _ => author,
        };
        self.people.get(&subject)?.settled.lines.get(&event.position()).cloned()
    }
}
