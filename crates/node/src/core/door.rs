//! Newcomers who show an invite to a room: who of them is let in.

use std::collections::BTreeMap;

use identity::PeerId;
use rooms::limits::MAX_MEMBERS;
use rooms::{InviteState, Payload, ShownPass};
use wire::ids::{EventId, RoomId};
use wire::message::JoinRefused;

use super::Core;
use crate::parts::door::Newcomer;
use crate::parts::room::Room;

impl Core {
    /// A peer shows an invite to a room; what it can prove was checked.
    pub(crate) fn knock(&mut self, peer: PeerId, newcomer: Newcomer) {
        if self.invites.door.knock(peer, newcomer) {
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
        for (peer, newcomer) in here.collect::<Vec<_>>() {
            match self.admit_member(peer, &newcomer, &mut adds) {
                Ok(None) => {}
                Ok(Some((room, name))) => self.answer_join(peer, Ok((Some(room), name))),
                Err(why) => self.answer_join(peer, Err(why)),
            }
        }
        for (room, adds) in adds {
            self.let_in(room, adds);
        }
    }

    /// Adds a newcomer to those who are let in together; a member already is welcome as they are.
    fn admit_member(
        &self,
        peer: PeerId,
        newcomer: &Newcomer,
        adds: &mut BTreeMap<RoomId, Vec<Payload>>,
    ) -> Result<Option<(RoomId, String)>, JoinRefused> {
        let id = self.room_with(&newcomer.hint).ok_or(JoinRefused::UnknownInvite)?;
        let state = self.rooms.get(&id).ok_or(JoinRefused::UnknownInvite)?;
        if state.members.is_member(&peer) {
            return Ok(Some((id, state.row.name.clone())));
        }
        // Who was removed needs more than an invite: somebody adds them.
        if state.members.was_removed(&peer) {
            return Err(JoinRefused::UnknownInvite);
        }
        let before = adds.get(&id).map_or(&[][..], Vec::as_slice);
        let invite = self.invite_that_lets_in(state, &newcomer.key, before)?;
        let full = state.members.member_count() + before.len() >= MAX_MEMBERS;
        if full || before.len() >= state.control_left(&self.own.peer(), before) {
            return Err(JoinRefused::Full);
        }
        let round = state.members.next_round(&peer).ok_or(JoinRefused::Full)?;
        let by = self.own_right(id).map_err(|_| JoinRefused::UnknownInvite)?;
        // Others see by it that the newcomer was invited. So it lets in also for those who may not
        // add people of themselves.
        let pass = Some(ShownPass { invite, key: newcomer.key, proof: newcomer.pass });
        let add = Payload::Add { by, device: peer, name: newcomer.name.clone(), round, pass };
        if !state.may(&self.own.peer()).add {
            self.check_allowed(id, &add).map_err(|_| JoinRefused::UnknownInvite)?;
        }
        adds.entry(id).or_default().push(add);
        Ok(None)
    }

    /// By which event an invite was announced that lets somebody in now, after others who are let
    /// in with them. Anybody can announce an invite again that somebody else made.
    fn invite_that_lets_in(&self, state: &Room, key: &[u8; 32], before: &[Payload]) -> Result<EventId, JoinRefused> {
        let now = self.clocks.wall();
        let by_same =
            |id: EventId| before.iter().filter(move |add| matches!(add, Payload::Add { pass: Some(pass), .. } if pass.invite == id));
        let stands = || state.members.invites_with(key).filter(|(_, invite)| !invite.revoked && !invite.is_expired(now));
        let is_left = |id: EventId, invite: &InviteState| {
            let used = invite.used.saturating_add(u32::try_from(by_same(id).count()).unwrap_or(u32::MAX));
            InviteState { used, ..*invite }.is_usable(now)
        };
        // One's own is the one that its holder was given.
        let usable = stands().filter(|(id, invite)| is_left(*id, invite));
        match usable.min_by_key(|(id, invite)| (invite.author != self.own.peer(), *id)) {
            Some((id, _)) => Ok(id),
            None if stands().next().is_some() => Err(JoinRefused::UsedUp),
            None => Err(JoinRefused::UnknownInvite),
        }
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
            self.answer_join(peer, Ok((Some(room), title.clone())));
        }
    }
}
