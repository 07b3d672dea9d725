//! What members do to their room and to each other: removing and adding again, roles, settings,
//! invites that stand.

use std::collections::BTreeMap;

use identity::PeerId;
use rooms::authority::{Rank, Setting};
use rooms::limits::{MAX_CONTROL_EVENTS_PER_MEMBER, MAX_MEMBERS};
use rooms::{CutList, LogHead, Membership, MembershipLine, Payload, What};
use wire::ids::{EventId, LogId, LogKey, RoomId};

use super::Core;
use crate::parts::room::Room;
use crate::view::{Closed, ClosedWhy, MemberMay, Refused, Role, RoomInvite, RoomMay, Setter};

/// Invites of somebody that end with their membership: each is an event of who removes them, who
/// has a bounded number of those. Others are ended one by one.
const MAX_ENDED_AT_ONCE: usize = 64;

impl Core {
    /// Puts a member out of a room: what they write from now on counts nowhere, and nobody comes in
    /// any more by the invites that they made.
    pub fn remove_member(&mut self, room: RoomId, peer: PeerId) -> Result<(), Refused> {
        let by = self.own_right(room)?;
        let state = self.rooms.get(&room).ok_or(Refused::UnknownRoom)?;
        let round = state.members.round(&peer).ok_or(Refused::UnknownPeer)?;
        let removal = Payload::Remove { by, device: peer, round, cut: state.cut_of(&peer) };
        self.check_allowed(room, &removal)?;
        let mut acts = vec![removal];
        acts.extend(self.ends_of_invites(state, by, &peer));
        self.write(room, acts).map(drop)
    }

    /// Ends the invites that somebody made.
    fn ends_of_invites(&self, state: &Room, by: EventId, author: &PeerId) -> Vec<Payload> {
        let now = self.clocks.wall();
        let theirs = state.members.invites().filter(|(_, invite)| invite.author == *author && invite.is_usable(now));
        let end = |(invite, _): (EventId, _)| Payload::Revoke { by, invite, used: state.members.used(&invite) };
        theirs.take(MAX_ENDED_AT_ONCE).map(end).collect()
    }

    /// Gives a member another role.
    pub fn set_role(&mut self, room: RoomId, peer: PeerId, role: Role) -> Result<(), Refused> {
        let by = self.own_right(room)?;
        let state = self.rooms.get(&room).ok_or(Refused::UnknownRoom)?;
        let round = state.members.round(&peer).ok_or(Refused::UnknownPeer)?;
        if state.members.role(&peer) == Some(role.into()) {
            return Ok(());
        }
        let turn = state.members.next_turn(&peer, round);
        let cut = state.cut_of(&peer);
        self.act(room, Payload::SetRole { by, device: peer, round, turn, role: role.into(), cut })
    }

    /// Lets somebody in again who was a member.
    pub fn add_member(&mut self, room: RoomId, peer: PeerId) -> Result<(), Refused> {
        let by = self.own_right(room)?;
        let state = self.rooms.get(&room).ok_or(Refused::UnknownRoom)?;
        if state.members.is_member(&peer) {
            return Ok(());
        }
        if !state.members.was_member(&peer) {
            return Err(Refused::UnknownPeer);
        }
        if state.members.member_count() >= MAX_MEMBERS {
            return Err(Refused::Limit);
        }
        let round = state.members.next_round(&peer).ok_or(Refused::Limit)?;
        let name = state.members.name_of(&peer).map_or_else(|| self.name_of(&peer), str::to_owned);
        self.act(room, Payload::Add { by, device: peer, name, round, pass: None })?;
        if self.links.get(&peer).is_none_or(|link| !link.rooms.contains(&room)) {
            self.rooms.meet(peer, room);
            self.refresh_wants();
        }
        Ok(())
    }

    /// Gives the room another name or topic, or says who may add people.
    pub fn set_room(
        &mut self,
        room: RoomId,
        name: Option<String>,
        topic: Option<String>,
        only_admins_add: Option<bool>,
    ) -> Result<(), Refused> {
        let wanted = [name.map(Setting::Name), topic.map(Setting::Topic), only_admins_add.map(Setting::AdminsAdd)];
        let mut settings = Vec::new();
        let by = self.own_right(room)?;
        let state = self.rooms.get(&room).ok_or(Refused::UnknownRoom)?;
        for setting in wanted.into_iter().flatten().filter(|setting| !state.is_set(setting)) {
            let known = state.known_for(&setting);
            let version = state.members.next_version(&setting);
            settings.push(Payload::Set { by, version, setting, known });
        }
        // All or none.
        settings.iter().try_for_each(|payload| self.check_allowed(room, payload))?;
        if settings.is_empty() {
            return Ok(());
        }
        self.write(room, settings).map(drop)
    }

    /// Says whether newcomers see what was said before they came.
    pub fn set_history(&mut self, room: RoomId, on: bool) -> Result<(), Refused> {
        let by = self.own_right(room)?;
        let setting = Setting::History(on);
        let state = self.rooms.get(&room).ok_or(Refused::UnknownRoom)?;
        if state.is_set(&setting) {
            return Ok(());
        }
        let (version, known) = (state.members.next_version(&setting), state.known_for(&setting));
        self.act(room, Payload::Set { by, version, setting, known })
    }

    /// Who last set whether newcomers see what was said before; none if nobody ever did.
    pub fn history_setter(&self, room: RoomId) -> Result<Option<Setter>, Refused> {
        let state = self.rooms.get(&room).ok_or(Refused::UnknownRoom)?;
        let wanted = What::Set(Setting::History(state.members.shows_history()));
        // The lines need not be looked at in most rooms.
        if !state.members.settings().any(|setting| matches!(setting, Setting::History(_))) {
            return Ok(None);
        }
        let line = state.members.lines().into_iter().rev().find(|line| line.what == wanted);
        Ok(line.map(|line| Setter { peer: line.author, name: self.name_of(&line.author), at_ms: line.position.hlc.ms() }))
    }

    /// The invites that members made known, the newest last.
    pub fn room_invites(&self, room: RoomId) -> Result<Vec<RoomInvite>, Refused> {
        let state = self.rooms.get(&room).ok_or(Refused::UnknownRoom)?;
        let me = self.own.peer();
        let is_admin = state.may(&me).rename;
        let is_in = state.may_write();
        let row = |(id, invite): (EventId, rooms::InviteState)| RoomInvite {
            id,
            author: invite.author,
            uses: invite.uses,
            used: invite.used,
            expires_ms: invite.expires,
            revoked: invite.revoked,
            may_revoke: is_in && !invite.revoked && (is_admin || invite.author == me),
        };
        Ok(state.members.invites().map(row).collect())
    }

    /// Ends an invite: nobody else comes in by it.
    pub fn revoke_invite(&mut self, room: RoomId, id: EventId) -> Result<(), Refused> {
        let by = self.own_right(room)?;
        let state = self.rooms.get(&room).ok_or(Refused::UnknownRoom)?;
        let invite = state.members.invite(&id).ok_or(Refused::BadInvite(wire::invite::InviteFault::NotAnInvite))?;
        if invite.revoked {
            return Ok(());
        }
        let used = state.members.used(&id);
        self.act(room, Payload::Revoke { by, invite: id, used })
    }

    /// The right by which this device acts in a room.
    pub(crate) fn own_right(&self, room: RoomId) -> Result<EventId, Refused> {
        let state = self.rooms.get(&room).ok_or(Refused::UnknownRoom)?;
        let right = state.members.right(&self.own.peer()).filter(|_| state.may_write());
        right.map(|rank| rank.right).ok_or(Refused::NotMember)
    }

    /// Whether a control event that this device writes now would count.
    pub(crate) fn check_allowed(&self, room: RoomId, payload: &Payload) -> Result<(), Refused> {
        let state = self.rooms.get(&room).ok_or(Refused::UnknownRoom)?;
        let me = self.own.peer();
        let next = |author: &rooms::Author| (author.log(), author.head().map_or(1, |head| head.seq.saturating_add(1)));
        let round = state.members.round(&me).ok_or(Refused::NotMember)?;
        let at = state.control.as_ref().map_or((LogId::in_round(round, true, 0), 1), next);
        if state.members.would_count(me, at, payload) { Ok(()) } else { Err(Refused::NotAllowed) }
    }

    /// Writes a control event, if it counts.
    pub(crate) fn act(&mut self, room: RoomId, payload: Payload) -> Result<(), Refused> {
        self.check_allowed(room, &payload)?;
        self.write(room, vec![payload]).map(drop)
    }

    /// Why nothing more can be said in a room of which one was a member.
    pub(crate) fn closed(&self, state: &Room) -> Option<Closed> {
        if state.row.standing != store::Standing::Left {
            return None;
        }
        let me = self.own.peer();
        let end = state.members.lines().into_iter().rev().find(|line| ends(line, me));
        let has_left = end.as_ref().is_some_and(|line| line.what == What::Left);
        let by = end.as_ref().map(|line| line.author).filter(|_| !has_left);
        Some(Closed {
            why: if has_left { ClosedWhy::Left } else { ClosedWhy::Removed },
            by,
            by_name: by.map(|by| self.name_of(&by)).unwrap_or_default(),
            at_ms: end.map_or(0, |line| line.position.hlc.ms()),
        })
    }
}

fn ends(line: &MembershipLine, me: PeerId) -> bool {
    match &line.what {
        What::Left => line.author == me,
        What::Removed { peer } => *peer == me,
        What::Created { .. } | What::Added { .. } | What::Role { .. } | What::Set(_) => false,
    }
}

/// Who let each member in.
pub(crate) fn added_by(members: &Membership) -> BTreeMap<PeerId, PeerId> {
    let added = |line: MembershipLine| if let What::Added { peer, .. } = line.what { Some((peer, line.author)) } else { None };
    members.lines().into_iter().filter_map(added).collect()
}

impl Room {
    /// How many more control events of a device others would store: one is kept for its Leave.
    pub(crate) fn control_left(&self, device: &PeerId, payloads: &[Payload]) -> usize {
        let written = self.logs.of(device).filter(|(key, _)| key.log.is_control()).map(|(_, end)| u64::from(end.head.seq)).sum::<u64>();
        let kept = usize::from(!matches!(payloads, [Payload::Leave { .. }]));
        let may = MAX_CONTROL_EVENTS_PER_MEMBER.saturating_sub(kept);
        may.saturating_sub(usize::try_from(written).unwrap_or(usize::MAX))
    }

    /// What of a device's logs is here, and counts.
    pub(crate) fn cut_of(&self, device: &PeerId) -> CutList {
        let held = self.logs.of(device).filter(|(_, end)| end.head.seq > 0);
        held.map(|(key, end)| self.kept_of(key, end)).collect()
    }

    fn kept_of(&self, key: &LogKey, end: &LogHead) -> (LogId, u32, Vec<u32>) {
        let last = end.head.seq;
        let except = if key.log.is_control() { self.members.without_effect(&key.device, key.log, last) } else { Vec::new() };
        (key.log, last, except)
    }

    /// What all who are or were members did to the room until now, as far as it matters to a
    /// setting: only that of who may add people says what had counted.
    pub(crate) fn known_for(&self, setting: &Setting) -> Vec<(PeerId, CutList)> {
        let mut known: BTreeMap<PeerId, CutList> = BTreeMap::new();
        let control = self.logs.iter().filter(|(key, end)| key.log.is_control() && end.head.seq > 0);
        let says_who_adds = matches!(setting, Setting::AdminsAdd(_));
        for (key, end) in control.filter(|(key, _)| says_who_adds && self.members.was_member(&key.device)) {
            known.entry(key.device).or_default().push(self.kept_of(key, end));
        }
        known.into_iter().collect()
    }

    /// Whether this is so already.
    pub(crate) fn is_set(&self, wanted: &Setting) -> bool {
        match wanted {
            Setting::Name(name) => self.members.name() == Some(name),
            Setting::Topic(topic) => self.topic() == topic,
            Setting::AdminsAdd(on) => self.only_admins_add() == *on,
            Setting::History(on) => self.members.shows_history() == *on,
        }
    }

    pub(crate) fn topic(&self) -> &str {
        let topic = self.members.settings().find_map(|setting| if let Setting::Topic(topic) = setting { Some(topic) } else { None });
        topic.map_or("", String::as_str)
    }

    pub(crate) fn only_admins_add(&self) -> bool {
        self.members.settings().any(|setting| *setting == Setting::AdminsAdd(true))
    }

    /// What a member may do in the room.
    pub(crate) fn may(&self, peer: &PeerId) -> RoomMay {
        let Some(rank) = self.members.right(peer).filter(|_| self.may_write()) else { return RoomMay::default() };
        let is_admin = rank.role >= rooms::authority::Role::Admin;
        RoomMay { add: is_admin || !self.only_admins_add(), rename: is_admin }
    }

    /// What somebody of this rank may do with another member.
    pub(crate) fn may_with(&self, rank: Option<Rank>, other: &PeerId) -> MemberMay {
        let (Some(rank), Some(theirs)) = (rank.filter(|_| self.may_write()), self.members.right(other)) else {
            return MemberMay::default();
        };
        if rank.role < rooms::authority::Role::Admin || theirs >= rank {
            return MemberMay::default();
        }
        let roles = Role::ALL.into_iter().filter(|role| *role <= rank.role.into() && *role != theirs.role.into());
        MemberMay { remove: true, set_role: roles.collect() }
    }
}
