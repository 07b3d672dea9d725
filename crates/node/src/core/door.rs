//! Newcomers who show an invite to a room: who of them is let in.

use std::collections::BTreeMap;

use identity::PeerId;
use rooms::Payload;
use rooms::limits::{MAX_CONTROL_EVENTS_PER_MEMBER, MAX_MEMBERS};
use wire::ids::RoomId;
use wire::message::{Join, JoinRefused, Welcome};

use super::Core;

impl Core {
    /// A peer shows an invite to a room; what it can prove was checked.
    pub(crate) fn knock(&mut self, peer: PeerId, join: Join) {
        if self.invites.door.knock(peer, join) {
            self.open_door();
        }
    }

    /// Lets in those who wait at the door, if it is time: those of one room by one run of Adds.
    pub(crate) fn tend_door(&mut self) {
        if self.invites.door.is_due(self.clocks.mono()) {
            self.open_door();
        }
    }

    fn open_door(&mut self) {
        let waiting = self.invites.door.open(self.clocks.mono());
        let mut adds: BTreeMap<RoomId, Vec<Payload>> = BTreeMap::new();
        // A peer that left meanwhile shows the invite again when it is back.
        let here = waiting.into_iter().filter(|(peer, _)| self.links.get(peer).is_some());
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
        let invite = state.members.invite(&join.key).filter(|i| !i.revoked && !i.is_expired(self.clocks.wall()));
        let mut invite = invite.ok_or(JoinRefused::UnknownInvite)?;
        let before = adds.get(&id).map_or(&[][..], Vec::as_slice);
        let by_same = before.iter().filter(|add| matches!(add, Payload::Add { invite, .. } if *invite == Some(join.key)));
        invite.used = invite.used.saturating_add(u32::try_from(by_same.count()).unwrap_or(u32::MAX));
        if !invite.is_usable(self.clocks.wall()) {
            return Err(JoinRefused::UsedUp);
        }
        let written: u64 =
            state.logs.of(&self.own.peer()).filter(|(key, _)| key.log.is_control()).map(|(_, log)| u64::from(log.head.seq)).sum();
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
