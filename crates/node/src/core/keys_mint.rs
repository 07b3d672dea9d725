//! The epoch that this device writes under, and its own prekeys.

use std::collections::{BTreeMap, BTreeSet};

use identity::PeerId;
use rooms::keys::{EpochId, EpochSecret, Held, mint, prekey_pair, recipient};
use rooms::{Payload, To};
use store::{OwnPrekeyRow, PeerPrekeyRow};
use wire::SecretBytes;
use wire::ids::RoomId;

use super::Core;
use crate::parts::keys::choice::{Circumstances, choose};
use crate::parts::keys::epochs::Key;
use crate::parts::room::Room;
use crate::view::Refused;

/// Between two looks at prekeys and at keys that do not come.
const LOOK_AGAIN_MS: u64 = 3_600_000;

impl Core {
    /// The epoch to write under, and what has to be written first: a prekey if there is none, and a
    /// new epoch if none may be used.
    pub(crate) fn ready_to_write(&mut self, room: RoomId) -> Result<(Vec<Payload>, EpochId), Refused> {
        let mut first: Vec<Payload> = self.due_prekey(room).into_iter().collect();
        let epoch = match self.choose_epoch(room) {
            Some(epoch) => epoch,
            None => {
                let (epoch, parts) = self.mint(room).ok_or(Refused::Limit)?;
                first.extend(parts);
                epoch
            }
        };
        Ok((first, epoch))
    }

    /// After a removal: what is said from now on is under a key that the removed device never had.
    pub(crate) fn renew_epoch(&mut self, room: RoomId) -> Result<(), Refused> {
        if !self.rooms.get(&room).is_some_and(Room::may_write) {
            return Ok(());
        }
        let (first, _) = self.ready_to_write(room)?;
        if first.is_empty() { Ok(()) } else { self.append(room, &first, None).map(drop) }
    }

    /// Makes a prekey known, if one is due: others can seal epochs to it before this device says
    /// anything.
    pub(crate) fn publish_prekey(&mut self, room: RoomId) {
        if !self.rooms.get(&room).is_some_and(Room::may_write) {
            return;
        }
        let prekey = self.due_prekey(room);
        if let Some(Err(refused)) = prekey.map(|prekey| self.append(room, &[prekey], None)) {
            tracing::warn!(?refused, "a prekey could not be published");
        }
    }

    fn due_prekey(&mut self, room: RoomId) -> Option<Payload> {
        let wall = self.clocks.wall();
        let state = self.rooms.get(&room)?;
        let round = state.members.round(&self.own.peer()).unwrap_or(1);
        if !state.keys.prekeys.is_due(round, wall) {
            return None;
        }
        let (secret, key) = prekey_pair(self.random());
        let row = OwnPrekeyRow { room, key, secret: SecretBytes(secret.to_bytes()), round, made_ms: wall, used: false, replaced_ms: None };
        let changed = self.rooms.get_mut(&room)?.keys.prekeys.add(row);
        changed.iter().for_each(|row| self.keep_in(row));
        Some(Payload::Prekey { key })
    }

    fn choose_epoch(&mut self, room: RoomId) -> Option<EpochId> {
        let wall = self.clocks.wall();
        let me = self.own.peer();
        let state = self.rooms.get(&room)?;
        let is_direct = state.other().is_some();
        if let Some(chosen) = state.keys.chosen(is_direct, wall) {
            return Some(chosen);
        }
        let members: BTreeSet<To> = state.memberships(me).into_keys().collect();
        let (gone, history) = (state.members.gone(), state.members.shows_history());
        let now = Circumstances { gone, members: &members, history, is_direct, wall };
        let chosen = choose(&state.keys.epochs, &now, |epoch, claim| self.recipients(&room, epoch, claim));
        if let Some(state) = self.rooms.get_mut(&room) {
            state.keys.chosen = chosen;
        }
        chosen
    }

    /// Makes an epoch for those who are members now.
    fn mint(&mut self, room: RoomId) -> Option<(EpochId, Vec<Payload>)> {
        let (secret, epoch) = loop {
            let secret = EpochSecret::from_bytes(self.random());
            let epoch = secret.control().id(&room);
            if epoch.0 != [0; 16] {
                break (secret, epoch);
            }
        };
        let (me, random) = (self.own.peer(), self.random());
        let state = self.rooms.get(&room)?;
        let rows = self.disk.store().all_in::<PeerPrekeyRow>(&room);
        let prekeys: BTreeMap<(PeerId, u32), [u8; 32]> = rows.into_iter().map(|row| ((row.device, row.round), row.key)).collect();
        let members = state.memberships(me).into_iter();
        let recipients: Vec<(To, Option<[u8; 32]>)> = members.map(|(to, whose)| (to, prekeys.get(&whose).copied())).collect();
        let parts = mint(&room, &me, &state.members.ended(), &secret, &recipients, random);
        tracing::debug!(%room, recipients = recipients.len(), "an epoch is minted");
        let keyring = self.keyring();
        let epochs = &mut self.rooms.get_mut(&room)?.keys.epochs;
        // Nothing waits for what nobody has seen yet.
        if !epochs.note_key(epoch, Key::Whole) || keyring.put(&room, epoch, Held::Whole(secret)).is_err() {
            return None;
        }
        epochs.get_mut(&epoch)?.proven = Some(me);
        self.keep_epoch(room, epoch);
        Some((epoch, parts))
    }

    /// Events of one's own were written under an epoch.
    pub(crate) fn note_written(&mut self, room: RoomId, epoch: EpochId, events: usize) {
        let known = self.rooms.get_mut(&room).and_then(|state| state.keys.epochs.get_mut(&epoch));
        if known.is_some_and(|known| known.note_written(u32::try_from(events).unwrap_or(u32::MAX))) {
            self.keep_epoch(room, epoch);
        }
    }

    /// In this room one became a member: a prekey is published in a turn of its own.
    pub(crate) fn publish_prekey_soon(&mut self, room: RoomId) {
        self.rooms.prekeys_due.insert(room);
    }

    /// Publishes prekeys, erases old halves of them, and tells of keys that do not come.
    pub(crate) fn look_at_prekeys(&mut self) {
        for room in std::mem::take(&mut self.rooms.prekeys_due) {
            self.publish_prekey(room);
        }
        let now = self.clocks.mono();
        if self.rooms.look_at_keys_at.is_some_and(|at| now < at) {
            return;
        }
        self.rooms.look_at_keys_at = Some(now.saturating_add(LOOK_AGAIN_MS));
        for room in self.rooms.keys().copied().collect::<Vec<_>>() {
            self.tend_prekeys(room);
            self.tell_lost_keys(room);
        }
    }

    fn tend_prekeys(&mut self, room: RoomId) {
        let wall = self.clocks.wall();
        let me = self.own.peer();
        let Some(state) = self.rooms.get_mut(&room) else { return };
        let erased = state.keys.prekeys.take_erased(wall);
        let round = state.members.round(&me);
        let changed = if state.takes_part() { Vec::new() } else { state.keys.prekeys.replace_all(wall) };
        // Where none was published, the first word does that.
        let is_due = round.is_some_and(|round| state.keys.prekeys.has(round) && state.keys.prekeys.is_due(round, wall));
        erased.iter().for_each(|key| self.forget_in::<OwnPrekeyRow>(&room, key));
        changed.iter().for_each(|row| self.keep_in(row));
        if is_due {
            self.publish_prekey(room);
        }
    }

    /// Messages whose keys have not come for too long are told so.
    fn tell_lost_keys(&mut self, room: RoomId) {
        let wall = self.clocks.wall();
        let Some(state) = self.rooms.get(&room) else { return };
        let freshly = |since: u64| {
            let lost_at = since.saturating_add(crate::parts::keys::awaited::LOST_AFTER_MS);
            lost_at <= wall && wall.saturating_sub(lost_at) < LOOK_AGAIN_MS.saturating_mul(2)
        };
        let lost: Vec<EpochId> =
            state.keys.awaited.iter().filter(|(_, waiting)| freshly(waiting.since_ms)).map(|(epoch, _)| *epoch).collect();
        lost.iter().for_each(|epoch| self.retell_waiting(room, epoch));
    }
}

impl Room {
    /// Who is in the room, as epochs name them. Before the Create: its author alone.
    pub(crate) fn memberships(&self, me: PeerId) -> BTreeMap<To, (PeerId, u32)> {
        let id = self.id();
        let name = |peer: PeerId, round: u32| (recipient(&id, &peer, round), (peer, round));
        let all: BTreeMap<To, (PeerId, u32)> = self.members.members().map(|member| name(member.peer, member.round)).collect();
        if all.is_empty() { [name(me, 1)].into() } else { all }
    }
}
