//! Where newcomers with an invite to a room wait a moment, so that many who come at once are let in
//! together.

use std::collections::BTreeMap;

use gossip::Millis;
use identity::PeerId;
use rooms::Payload;
use rooms::limits::{MAX_CONTROL_EVENTS_PER_MEMBER, MAX_MEMBERS};
use wire::ids::RoomId;
use wire::message::{Join, JoinRefused, Welcome};

use super::Core;

/// Shortest time between two openings of the door, in milliseconds. Longer: newcomers wait;
/// shorter: when many come at once, fewer of them share the signature and the one way through the
/// room that every Add needs.
const DOOR_PAUSE: Millis = 100;
/// Newcomers who wait at the door; with so many it opens at once, because strangers may not stay
/// long in the lobby.
const MAX_AT_DOOR: usize = 32;

/// Newcomers who showed an invite to a room. They are let in together.
#[derive(Default)]
pub(crate) struct Door {
    waiting: Vec<(PeerId, Join)>,
    opened: Option<Millis>,
}

impl Door {
    pub(crate) fn due(&self) -> Option<Millis> {
        (!self.waiting.is_empty()).then(|| self.opened.map_or(0, |at| at + DOOR_PAUSE))
    }
}

impl Core {
    /// Somebody shows an invite to a room; what they can prove was checked.
    pub(crate) fn knock(&mut self, peer: PeerId, join: Join) {
        self.door.waiting.retain(|(waiting, _)| *waiting != peer);
        self.door.waiting.push((peer, join));
        if self.door.waiting.len() >= MAX_AT_DOOR {
            self.open_door();
        }
    }

    /// Lets in who waits at the door, if it is time: those of one room by one run of Adds.
    pub(crate) fn tend_door(&mut self) {
        if self.door.due().is_some_and(|due| due <= self.now.mono) {
            self.open_door();
        }
    }

    fn open_door(&mut self) {
        self.door.opened = Some(self.now.mono);
        let mut adds: BTreeMap<RoomId, Vec<Payload>> = BTreeMap::new();
        // Whoever left meanwhile shows the invite again when they are back.
        let here = std::mem::take(&mut self.door.waiting).into_iter().filter(|(peer, _)| self.links.get(peer).is_some());
        for (peer, join) in here.collect::<Vec<_>>() {
            match self.admit_member(peer, &join, &mut adds) {
                Ok(None) => {}
                Ok(Some(welcome)) => self.answer_join(peer, Ok(welcome)),
                Err(why) => self.answer_join(peer, Err(why)),
            }
        }
        for (room, adds) in adds {
            self.let_in(room, adds);
        }
    }

    /// Adds a newcomer to those who are let in together; a member already is welcome as they are.
    fn admit_member(&self, peer: PeerId, join: &Join, adds: &mut BTreeMap<RoomId, Vec<Payload>>) -> Result<Option<Welcome>, JoinRefused> {
        let id = self.room_with(&join.hint).ok_or(JoinRefused::UnknownInvite)?;
        let state = self.rooms.get(&id).ok_or(JoinRefused::UnknownInvite)?;
        if state.members.is_member(&peer) {
            return Ok(Some(Welcome { room: Some(id), name: state.row.name.clone() }));
        }
        let invite = state.members.invite(&join.key).filter(|i| !i.revoked && !i.is_expired(self.now.wall));
        let mut invite = invite.ok_or(JoinRefused::UnknownInvite)?;
        let before = adds.get(&id).map_or(&[][..], Vec::as_slice);
        let by_same = before.iter().filter(|add| matches!(add, Payload::Add { invite, .. } if *invite == Some(join.key)));
        invite.used = invite.used.saturating_add(u32::try_from(by_same.count()).unwrap_or(u32::MAX));
        if !invite.is_usable(self.now.wall) {
            return Err(JoinRefused::UsedUp);
        }
        let written: u64 = state.logs.of(&self.peer).filter(|(key, _)| key.log.is_control()).map(|(_, log)| u64::from(log.head.seq)).sum();
        let full = state.members.member_count() + before.len() >= MAX_MEMBERS;
        if full || written + before.len() as u64 >= MAX_CONTROL_EVENTS_PER_MEMBER as u64 {
            return Err(JoinRefused::Full);
        }
        let round = state.members.next_round(&peer).ok_or(JoinRefused::Full)?;
        adds.entry(id).or_default().push(Payload::Add { device: peer, name: join.name.clone(), round, invite: Some(join.key) });
        Ok(None)
    }

    fn let_in(&mut self, room: RoomId, adds: Vec<Payload>) {
        let people =
            adds.iter().filter_map(|add| if let Payload::Add { device, name, .. } = add { Some((*device, name.clone())) } else { None });
        let people: Vec<(PeerId, String)> = people.collect();
        let written = self.write(room, adds).is_ok();
        let title = self.rooms.get(&room).map(|state| state.row.name.clone()).unwrap_or_default();
        for (peer, name) in people {
            if !written {
                self.answer_join(peer, Err(JoinRefused::Full));
                continue;
            }
            self.learn_co_member(peer, &name);
            self.answer_join(peer, Ok(Welcome { room: Some(room), name: title.clone() }));
        }
    }
}
