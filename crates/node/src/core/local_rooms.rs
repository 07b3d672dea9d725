//! Rooms coming and going at this device, and the own logs in them.

use std::collections::BTreeSet;
use std::sync::Arc;

use gossip::Input;
use identity::PeerId;
use rand::RngExt;
use rooms::{Author, Clock, Hlc, Logs, Membership, Payload, direct_room_id, group_room_id};
use store::{RoomKind, RoomRow, Standing, Urgency};
use wire::ids::{ChainHash, Head, LogId, LogKey, RoomId};

use super::Core;
use crate::parts::room::Room;
use crate::view::{self, Refused};

impl Core {
    pub(crate) fn load_rooms(&mut self) {
        for row in self.disk.store().all::<RoomRow>() {
            self.open_room(row);
        }
    }

    /// Brings a room into memory: logs, membership, counts. Its history stays on disk.
    fn open_room(&mut self, row: RoomRow) {
        let id = row.room;
        let (mut logs, mut clock) = (Logs::new(), Clock::new());
        let mut saved = std::collections::BTreeMap::new();
        // Before anything of the room is read.
        let keys = self.load_keys(id);
        for (key, log) in self.disk.store().heads(&id) {
            logs.put(key, log);
            clock.observe(log.hlc, self.clocks.wall());
            if key.device == self.own.peer() {
                saved.insert(key.log, log.head.seq);
            }
        }
        let members = self.rooms.take_known_members(&id).unwrap_or_else(|| Arc::new(self.read_members(&row)));
        let acks = self.load_acks(id, &members, &saved);
        let late = self.read_late(&row, &members);
        let mut room = Room {
            row,
            members,
            logs,
            clock,
            content: None,
            control: None,
            last: None,
            newest_target: self.disk.store().newest_target(&id),
            unread: 0,
            late,
            lacking: 0,
            level: view::Level::default(),
            leave_heard: false,
            removed: false,
            hidden: BTreeSet::new(),
            saved,
            acks,
            keys,
        };
        if self.rooms.is_clean_start() {
            (room.content, room.control) = (self.resume(&room, false), self.resume(&room, true));
        }
        room.hidden = room.logs.iter().map(|(key, _)| key.device).filter(|device| room.is_hidden(device)).collect();
        let active = room.is_active();
        self.rooms.insert(room);
        if !self.rooms.is_clean_start() {
            [false, true].into_iter().for_each(|control| self.leave_log(id, control));
        }
        self.resume_keys(id);
        self.find_ahead(id);
        self.count_unread(id);
        self.find_last(id);
        // A crash may have kept the end of a membership, and not what follows from it.
        self.settle_standing(id);
        self.limit_all_logs(id);
        if active {
            self.take_part(id);
        }
    }

    pub(crate) fn read_members(&self, row: &RoomRow) -> Membership {
        let mut members = match row.kind {
            RoomKind::Direct(other) => Membership::direct(self.own.peer(), other),
            RoomKind::Group => Membership::group(row.room),
        };
        members.apply_all(&self.disk.store().control_events(&row.room));
        members
    }

    /// Events of this room are exchanged from now on.
    fn take_part(&mut self, id: RoomId) {
        let Some(state) = self.rooms.get(&id) else { return };
        let heads = state.logs.heads().collect();
        let stopped = state.logs.iter().filter(|(_, log)| log.forked).map(|(key, _)| *key).collect();
        self.gossip(Input::RoomOpened { room: id, heads, stopped });
        self.tell_all_members(id);
    }

    fn tell_all_members(&mut self, id: RoomId) {
        let Some(state) = self.rooms.get(&id) else { return };
        // People are fewer than members in a large room, and others cannot be dialled.
        let members: Vec<PeerId> = self.people.keys().filter(|peer| state.members.is_member(peer)).copied().collect();
        self.tell_members(id, members);
    }

    /// Continues an own log after an orderly stop. After any other stop, others may have more of it
    /// than this device remembers.
    fn resume(&self, room: &Room, control: bool) -> Option<Author> {
        let own = room.row.own_logs.iter().rev().find(|log| log.is_control() == control)?;
        let held = room.logs.get(&LogKey { device: self.own.peer(), log: *own })?;
        (!held.forked).then(|| Author::resume(room.id(), *own, held.head, held.hlc))
    }

    /// The own log to write into, begun if there is none.
    pub(crate) fn author(&mut self, room: RoomId, control: bool) -> Option<Author> {
        let bits: u64 = self.rng.random();
        let me = self.own.peer();
        let state = self.rooms.get_mut(&room)?;
        // What is written in another membership belongs in other logs.
        let round = state.members.round(&me).unwrap_or(1);
        let slot = if control { &mut state.control } else { &mut state.content };
        if let Some(author) = slot.take().filter(|author| author.log().round() == round) {
            return Some(author);
        }
        let held = |own: &LogId| state.logs.get(&LogKey { device: me, log: *own });
        let mut of_kind = state.row.own_logs.iter().rev().filter(|own| own.is_control() == control);
        let noted = of_kind.clone().next().filter(|own| held(own).is_none() && own.round() == round);
        let log = noted.copied().unwrap_or_else(|| LogId::in_round(round, control, bits));
        let before: Option<ChainHash> = of_kind.find_map(held).map(|held| held.head.chain);
        Some(Author::new(room, log, before))
    }

    /// Gives up the own log of this kind: the next event begins another, also after a restart.
    /// Others may have more of it than this device knows, or it is of no use otherwise.
    pub(crate) fn leave_log(&mut self, room: RoomId, control: bool) {
        let (me, bits) = (self.own.peer(), self.rng.random());
        let Some(state) = self.rooms.get_mut(&room) else { return };
        let new = LogId::in_round(state.members.round(&me).unwrap_or(1), control, bits);
        let slot = if control { &mut state.control } else { &mut state.content };
        *slot = None;
        // After an orderly end the last log of the row is continued, so the next one is entered
        // already.
        if state.row.own_logs.iter().any(|own| own.is_control() == control) {
            let logs = &state.logs;
            let is_held = |own: &LogId| logs.get(&LogKey { device: me, log: *own }).is_some();
            state.row.own_logs.retain(|own| own.is_control() != control || is_held(own));
            state.row.own_logs.push(new);
            let row = state.row.clone();
            self.keep(&row);
        }
    }

    /// Keeps a log to go on with, once what was written into it is stored.
    pub(crate) fn put_back(&mut self, room: RoomId, author: Author) {
        let Some(state) = self.rooms.get_mut(&room) else { return };
        let log = author.log();
        let slot = if log.is_control() { &mut state.control } else { &mut state.content };
        *slot = Some(author);
        if !state.row.own_logs.contains(&log) {
            state.row.own_logs.push(log);
            let row = state.row.clone();
            self.keep(&row);
        }
    }

    fn add_room(&mut self, id: RoomId, kind: RoomKind, name: String, standing: Standing) {
        let row = RoomRow {
            room: id,
            kind,
            name,
            standing,
            read_up_to: None,
            draft: String::new(),
            active_at: self.clocks.wall(),
            own_logs: Vec::new(),
        };
        self.keep(&row);
        // A crash must not lose that this device is in a room.
        self.disk.sync_soon(Urgency::Own);
        self.open_room(row);
        self.notices.room(id);
        self.notices.members(id);
    }

    /// Creates a group room.
    pub fn create_room(&mut self, name: &str) -> Result<view::RoomRow, Refused> {
        if self.rooms.is_full() {
            return Err(Refused::Limit);
        }
        let nonce: rooms::RoomNonce = self.rng.random();
        let id = group_room_id(&self.own.peer(), &nonce);
        self.add_room(id, RoomKind::Group, name.to_owned(), Standing::Member);
        let create = Payload::Create { nonce, name: name.to_owned(), creator: self.own.name().to_owned() };
        self.write(id, vec![create]).inspect_err(|_| self.drop_room(id))?;
        self.room_row(id)
    }

    pub(super) fn drop_room(&mut self, id: RoomId) {
        self.rooms.remove(&id);
        self.notices.room_gone(id);
        self.forget_keys(id);
        self.forget::<RoomRow>(&id);
        self.gossip(Input::RoomClosed { room: id });
    }

    /// Opens the direct room with a contact; a co-member is asked first to become one.
    pub fn open_direct(&mut self, peer: PeerId) -> Result<view::RoomRow, Refused> {
        if self.people.is_contact(&peer) {
            let id = self.ensure_direct(peer).ok_or(Refused::Limit)?;
            return self.room_row(id);
        }
        if peer == self.own.peer() || !self.rooms.is_co_member(&peer) {
            return Err(Refused::UnknownPeer);
        }
        if !self.people.is_asked(&peer) {
            self.ask_member(peer)?;
        }
        // If they had asked first, this made them a contact.
        self.room_row(direct_room_id(&self.own.peer(), &peer))
    }

    /// The direct room with a contact, made if it is not there.
    pub(crate) fn ensure_direct(&mut self, peer: PeerId) -> Option<RoomId> {
        let id = self.direct_room(peer, Standing::Member)?;
        if let Some(state) = self.rooms.get_mut(&id).filter(|state| state.row.standing == Standing::Requested) {
            state.row.standing = Standing::Member;
            let row = state.row.clone();
            self.keep(&row);
            self.take_part(id);
            self.publish_prekey_soon(id);
            self.notices.room(id);
        }
        self.introduce_rooms(&peer);
        Some(id)
    }

    /// The direct room with a person who has been asked; nothing can be written there before they
    /// accept.
    pub(crate) fn await_direct(&mut self, peer: PeerId) {
        let _beyond_the_limit = self.direct_room(peer, Standing::Requested);
    }

    /// They said no, or were not to be asked any more.
    pub(crate) fn forget_awaited(&mut self, peer: PeerId) {
        let id = direct_room_id(&self.own.peer(), &peer);
        if self.rooms.get(&id).is_some_and(|state| state.row.standing == Standing::Requested) {
            self.drop_room(id);
        }
    }

    fn direct_room(&mut self, peer: PeerId, standing: Standing) -> Option<RoomId> {
        let id = direct_room_id(&self.own.peer(), &peer);
        if !self.rooms.contains_key(&id) {
            if self.rooms.is_full() {
                return None;
            }
            let name = self.name_of(&peer);
            self.add_room(id, RoomKind::Direct(peer), name, standing);
            self.publish_prekey_soon(id);
        }
        Some(id)
    }

    /// A member has let this device in.
    pub(crate) fn enter_room(&mut self, id: RoomId, name: String) -> bool {
        let full = self.rooms.is_full();
        match self.rooms.get_mut(&id) {
            Some(state) if state.row.standing == Standing::Left => {
                state.row.standing = Standing::Joining;
                state.leave_heard = false;
                let row = state.row.clone();
                self.keep(&row);
                self.tell_all_members(id);
                self.restate_neighbours(id);
            }
            Some(_) => {}
            None if full => return false,
            None => self.add_room(id, RoomKind::Group, name, Standing::Joining),
        }
        self.settle_standing(id);
        true
    }

    /// Leaves a group room: the others are told, the history stays.
    pub fn leave_room(&mut self, id: RoomId) -> Result<(), Refused> {
        let state = self.rooms.get(&id).ok_or(Refused::UnknownRoom)?;
        if state.other().is_some() {
            return Err(Refused::NotMember);
        }
        let round = state.members.round(&self.own.peer()).ok_or(Refused::NotMember)?;
        let cut = state.cut_of(&self.own.peer());
        let by = self.own_right(id)?;
        self.write(id, vec![Payload::Leave { by, round, cut }])?;
        self.settle_standing(id);
        Ok(())
    }

    /// Who is a member has changed: links, names, addresses and one's own standing follow.
    pub(crate) fn on_members_changed(&mut self, id: RoomId) {
        self.notices.members(id);
        self.notices.room(id);
        self.notices.me();
        let Some(state) = self.rooms.get_mut(&id) else { return };
        if let Some(name) = state.members.name().filter(|name| **name != *state.row.name).map(str::to_owned) {
            state.row.name = name;
            let row = state.row.clone();
            self.keep(&row);
        }
        self.settle_standing(id);
        self.restate_neighbours(id);
        self.meet_members(id);
        self.refresh_wants();
        self.note_common_stale();
    }

    /// One's own standing follows from the membership.
    pub(crate) fn settle_standing(&mut self, id: RoomId) {
        let me = self.own.peer();
        let Some(state) = self.rooms.get_mut(&id).filter(|state| state.other().is_none()) else { return };
        let standing = match (state.row.standing, state.members.is_member(&me)) {
            (_, true) => Standing::Member,
            // What let this device in may count no longer. Without the Create nothing is known.
            (Standing::Member, false) if state.members.was_member(&me) || state.members.creator().is_some() => Standing::Left,
            (now, false) => now,
        };
        if standing == state.row.standing {
            return self.note_removed(id);
        }
        state.row.standing = standing;
        let row = state.row.clone();
        self.keep(&row);
        self.disk.sync_soon(Urgency::Own);
        self.notices.room(id);
        if standing == Standing::Member {
            if let Some(state) = self.rooms.get_mut(&id) {
                state.leave_heard = false;
            }
            self.tell_all_members(id);
            self.restate_neighbours(id);
            self.on_member_for_attempts(id);
            self.publish_prekey_soon(id);
        }
        if standing == Standing::Left {
            self.ask_for_nothing(id);
            self.note_removed(id);
            self.quieten(id);
            // The Leave is on its way; neighbours have it or will hear of it from each other.
            self.refresh_wants();
        }
    }

    /// How one's membership ended.
    fn note_removed(&mut self, id: RoomId) {
        let removed = self.rooms.get(&id).and_then(|state| self.closed(state)).is_some_and(|closed| closed.why == view::ClosedWhy::Removed);
        if let Some(state) = self.rooms.get_mut(&id) {
            state.removed = removed;
        }
    }

    /// In a room that this device is in no more it looks for nobody, once that is known.
    pub(crate) fn quieten(&mut self, id: RoomId) {
        let Some(state) = self.rooms.get(&id).filter(|state| state.is_quiet()) else { return };
        let known: Vec<PeerId> = self.people.keys().filter(|peer| state.members.was_member(peer)).copied().collect();
        for peer in known {
            self.gossip(Input::Forgotten { room: id, peer });
        }
        self.restate_neighbours(id);
    }

    /// Forgets what is typed, or keeps it.
    pub fn set_draft(&mut self, id: RoomId, text: String) -> Result<(), Refused> {
        let state = self.rooms.get_mut(&id).ok_or(Refused::UnknownRoom)?;
        if state.row.draft != text {
            state.row.draft = text;
            let row = state.row.clone();
            self.keep(&row);
            self.notices.room(id);
        }
        Ok(())
    }

    pub(crate) fn head_of(event: &rooms::Verified) -> (LogKey, Head, Hlc) {
        (event.log_key(), event.head(), event.header.hlc)
    }
}
