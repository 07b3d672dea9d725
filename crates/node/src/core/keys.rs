//! Epochs and prekeys of rooms: what is learnt of them from events, and kept.
//!
//! What is known of keys is written before the events that told it: events that are here already
//! are not looked at again.

use std::collections::BTreeSet;

use identity::PeerId;
use rooms::keys::{EpochId, Held, Keyring, open_epoch, recipient};
use rooms::{EpochPart, Payload, Position, To, Verified, kind};
use store::{AwaitedRow, ClaimRow, EpochPartRow, EpochRow, KeyRow, OwnPrekeyRow, PeerPrekeyRow};
use wire::SecretBytes;
use wire::ids::{LogKey, RoomId};

use super::Core;
use super::keys_ask::CAME_WITH_KEY;
use crate::parts::keys::epochs::{Key, Part};
use crate::parts::keys::room_keys::RoomKeys;
use crate::parts::room::Room;
use crate::view::AlertKind;

/// Own memberships for which epochs are looked at, the last ones. Each costs a hash.
const MAX_ROUNDS: u32 = 64;
/// Messages that wait for a key and are told anew at once; older ones are when their page is read.
const MAX_RETOLD: usize = 1_024;

impl Core {
    pub(crate) fn keyring(&self) -> Keyring {
        self.disk.store().keyring().clone()
    }

    /// What the last process knew of a room's keys. From here on its events are read open.
    pub(crate) fn load_keys(&self, room: RoomId) -> RoomKeys {
        let store = self.disk.store();
        let epochs: Vec<EpochRow> = store.all_in(&room);
        for row in &epochs {
            if held_in(row).is_some_and(|held| store.keyring().put(&room, row.epoch, held).is_err()) {
                tracing::error!(%room, "a kept key is not that of its epoch");
            }
        }
        RoomKeys::restore(epochs, store.all_in::<AwaitedRow>(&room), store.all_in::<OwnPrekeyRow>(&room))
    }

    /// All that is kept of a room's keys is forgotten.
    pub(crate) fn forget_keys(&mut self, room: RoomId) {
        let store = self.disk.store();
        store.keyring().forget_room(&room);
        self.forget_all_in::<EpochRow>(room);
        self.forget_all_in::<EpochPartRow>(room);
        self.forget_all_in::<AwaitedRow>(room);
        self.forget_all_in::<PeerPrekeyRow>(room);
        self.forget_all_in::<OwnPrekeyRow>(room);
    }

    fn forget_all_in<R: store::RowInRoom>(&mut self, room: RoomId) {
        for row in self.disk.store().all_in::<R>(&room) {
            self.forget_in::<R>(&room, &row.id());
        }
    }

    /// Takes note of what events say of keys that are about to be stored.
    pub(crate) fn learn_keys(&mut self, room: RoomId, events: &[Verified]) {
        for event in events.iter().filter(|event| kind::is_clear(event.header.kind)) {
            match Payload::of(event) {
                Ok(Payload::Prekey { key }) => self.learn_prekey(room, event, key),
                Ok(Payload::Epoch(part)) => self.learn_epoch(room, event, &part),
                Ok(_) | Err(_) => {}
            }
        }
    }

    /// Of somebody's prekeys the last one counts.
    fn learn_prekey(&mut self, room: RoomId, event: &Verified, key: [u8; 32]) {
        let device = event.header.device;
        if device == self.own.peer() {
            return;
        }
        let new = PeerPrekeyRow { room, device, round: event.header.log.round(), key, hlc: event.header.hlc, event: event.id() };
        let rank = |row: &PeerPrekeyRow| (row.round, row.hlc, row.event);
        let held = self.disk.store().get_in::<PeerPrekeyRow>(&room, &device);
        if held.is_none_or(|held| rank(&held) < rank(&new)) {
            self.keep_in(&new);
        }
    }

    fn learn_epoch(&mut self, room: RoomId, event: &Verified, told: &EpochPart) {
        let minter = event.header.device;
        let me = self.own.peer();
        let Some(state) = self.rooms.get_mut(&room) else { return };
        let mine = state.own_recipients(&me);
        let meant: Vec<_> = told.seals.iter().filter(|(to, _)| mine.contains(to)).collect();
        let part = Part {
            epoch: told.epoch,
            minter,
            gone: told.gone,
            hlc: event.header.hlc,
            part: told.part,
            parts: told.parts,
            for_me: !meant.is_empty(),
        };
        if !state.keys.epochs.note_part(&part) {
            return;
        }
        let to = told.seals.iter().map(|(to, _)| *to).collect();
        self.keep_in(&EpochPartRow { room, epoch: told.epoch, minter, part: told.part, to, ended: told.ended.clone() });
        if minter != me {
            let seals = meant.into_iter().filter(|(_, sealed)| sealed.is_some()).map(|(to, _)| *to);
            self.open_seals(room, minter, told, &seals.collect::<Vec<_>>());
        }
        self.keep_epoch(room, told.epoch);
        self.on_epochs_changed(room);
        self.review_waiting(room, told.epoch);
    }

    /// Opens what a minter sealed for this device, if it can.
    fn open_seals(&mut self, room: RoomId, minter: PeerId, told: &EpochPart, tos: &[To]) {
        let Some(state) = self.rooms.get(&room).filter(|_| !tos.is_empty()) else { return };
        let secrets = state.keys.prekeys.secrets();
        let opened = tos.iter().find_map(|to| open_epoch(&room, &minter, told, *to, &secrets));
        let Some(secret) = opened else {
            tracing::debug!(minter = %minter.short(), "a seal of an epoch does not open");
            return;
        };
        let _checked_by_its_id = self.hold_key(room, told.epoch, Held::Whole(secret));
        let Some(state) = self.rooms.get_mut(&room) else { return };
        if let Some(known) = state.keys.epochs.get_mut(&told.epoch) {
            known.proven = Some(minter);
        }
        if let Some(used) = state.keys.prekeys.note_used() {
            self.keep_in(&used);
        }
    }

    /// Holds a key from here on, and has what waited for it opened. True if it is new.
    pub(crate) fn hold_key(&mut self, room: RoomId, epoch: EpochId, held: Held) -> bool {
        let key = if matches!(held, Held::Whole(_)) { Key::Whole } else { Key::Control };
        let keyring = self.keyring();
        let now = self.clocks.mono();
        let Some(state) = self.rooms.get_mut(&room) else { return false };
        if state.keys.epochs.key(&epoch) >= key || !matches!(keyring.put(&room, epoch, held), Ok(true)) {
            return false;
        }
        if !state.keys.epochs.note_key(epoch, key) {
            return false;
        }
        if let Some(waiting) = state.keys.awaited.take(&epoch, key == Key::Whole) {
            let ends = state.logs.iter().map(|(log, end)| (*log, end.before().saturating_add(1), end.head.seq));
            state.keys.open(epoch, waiting, ends.collect::<Vec<_>>().into_iter());
        }
        let shows_history = state.members.shows_history();
        state.keys.review(epoch, shows_history, None, now);
        self.rooms.keys_due.insert(room);
        self.keep_epoch(room, epoch);
        true
    }

    /// Epochs, members or removals are others than before.
    pub(crate) fn on_epochs_changed(&mut self, room: RoomId) {
        let Some(state) = self.rooms.get_mut(&room) else { return };
        state.keys.chosen = None;
        for (epoch, claims) in state.keys.epochs.take_evicted() {
            self.forget_in::<EpochRow>(&room, &epoch);
            let parts = claims.iter().flat_map(|claim| (1..=claim.parts).map(|part| (epoch, claim.minter, part)));
            parts.for_each(|id| self.forget_in::<EpochPartRow>(&room, &id));
            self.forget_in::<EpochPartRow>(&room, &(epoch, self.own.peer(), CAME_WITH_KEY));
        }
    }

    /// Members, removals, or what newcomers see are others than before.
    pub(crate) fn on_key_policy(&mut self, room: RoomId, showed_history: bool) {
        self.on_epochs_changed(room);
        let now = self.clocks.mono();
        if let Some(state) = self.rooms.get_mut(&room).filter(|state| !state.keys.asking.is_idle()) {
            state.keys.asking.hurry(now);
            self.rooms.keys_due.insert(room);
        }
        if self.rooms.get(&room).is_none_or(|state| state.members.shows_history() == showed_history) {
            return;
        }
        let waiting: Vec<EpochId> =
            self.rooms.get(&room).map(|state| state.keys.awaited.iter().map(|(epoch, _)| *epoch).collect()).unwrap_or_default();
        waiting.into_iter().for_each(|epoch| self.review_waiting(room, epoch));
    }

    /// What waited when the last process ended goes on waiting, or is filed if its key came.
    pub(crate) fn resume_keys(&mut self, room: RoomId) {
        self.file_what_waited(room);
        let now = self.clocks.mono();
        let Some(state) = self.rooms.get_mut(&room).filter(|state| state.takes_part()) else { return };
        let shows_history = state.members.shows_history();
        let waiting: Vec<EpochId> = state.keys.awaited.iter().map(|(epoch, _)| *epoch).collect();
        if !waiting.is_empty() {
            waiting.into_iter().for_each(|epoch| state.keys.review(epoch, shows_history, None, now));
            self.rooms.keys_due.insert(room);
        }
    }

    /// Who is in a room no more is given no keys of it.
    pub(crate) fn ask_for_nothing(&mut self, room: RoomId) {
        if let Some(state) = self.rooms.get_mut(&room) {
            state.keys.asking.forget_all();
        }
    }

    /// More is known of an epoch under which something waits: it may be for others, and then it is
    /// not shown.
    fn review_waiting(&mut self, room: RoomId, epoch: EpochId) {
        let now = self.clocks.mono();
        let Some(state) = self.rooms.get_mut(&room) else { return };
        let shows_history = state.members.shows_history();
        state.keys.review(epoch, shows_history, None, now);
        if state.keys.awaited.get(&epoch).is_some_and(|waiting| waiting.has_content()) {
            self.rooms.keys_due.insert(room);
            self.retell_waiting(room, &epoch);
        }
    }

    /// Messages that wait for a key are to be told anew, the newest of them.
    pub(crate) fn retell_waiting(&mut self, room: RoomId, epoch: &EpochId) {
        let Some(waiting) = self.rooms.get(&room).and_then(|state| state.keys.awaited.get(epoch)) else { return };
        let content = waiting.ranges.iter().rev().filter(|(log, ..)| !log.log.is_control());
        let places = content.flat_map(|(log, from, to)| (*from..=*to).rev().map(|seq| (*log, seq)));
        let places: Vec<(LogKey, u32)> = places.take(MAX_RETOLD).collect();
        let store = self.disk.store();
        let events = places.iter().filter_map(|(log, seq)| store.event_in(&room, log, *seq));
        let messages: Vec<Position> = events.filter(|event| event.header.kind == kind::MESSAGE).map(|event| event.position()).collect();
        messages.into_iter().for_each(|place| self.notices.stale(room, place));
    }

    /// Opens what is about to be stored in a log, and notes what cannot be opened. `from` brought
    /// it.
    pub(crate) fn open_or_await(&mut self, room: RoomId, log: LogKey, events: Vec<Verified>, from: Option<PeerId>) -> Vec<Verified> {
        let (keyring, wall, mono) = (self.keyring(), self.clocks.wall(), self.clocks.mono());
        let Some(state) = self.rooms.get_mut(&room) else { return events };
        let events: Vec<Verified> =
            events.into_iter().map(|event| if event.is_shut() { keyring.open_verified(event) } else { event }).collect();
        // One that does not open under its key never does.
        let waiting = events.iter().filter(|event| event.is_shut() && !keyring.can_open(&event.header));
        let (mut rows, mut epochs) = (BTreeSet::new(), BTreeSet::new());
        for event in waiting {
            let epoch = EpochId(event.header.epoch);
            let is_known = state.keys.epochs.get(&epoch).is_some_and(|known| known.claim().is_some());
            rows.insert(state.keys.awaited.note(epoch, (log, event.header.seq), is_known, wall));
            epochs.insert(epoch);
        }
        let shows_history = state.members.shows_history();
        let waits = !epochs.is_empty();
        epochs.into_iter().for_each(|epoch| state.keys.review(epoch, shows_history, from, mono));
        if waits {
            self.rooms.keys_due.insert(room);
        }
        rows.into_iter().for_each(|epoch| self.keep_awaited(room, epoch));
        events
    }

    /// Logs were cut: what waits may be elsewhere.
    pub(crate) fn on_logs_cut(&mut self, room: RoomId) {
        let Some(state) = self.rooms.get_mut(&room) else { return };
        for epoch in state.keys.awaited.note_cut() {
            self.keep_awaited(room, epoch);
        }
    }

    /// Who an epoch was minted for.
    pub(crate) fn recipients(&self, room: &RoomId, epoch: &EpochId, claim: &ClaimRow) -> BTreeSet<To> {
        self.epoch_parts(room, epoch, claim).flat_map(|row| row.to).collect()
    }

    /// Whom each part of an epoch names.
    pub(crate) fn epoch_parts(&self, room: &RoomId, epoch: &EpochId, claim: &ClaimRow) -> impl Iterator<Item = EpochPartRow> {
        let part = |part| self.disk.store().get_in::<EpochPartRow>(room, &(*epoch, claim.minter, part));
        (1..=claim.parts).filter_map(part)
    }

    pub(crate) fn keep_epoch(&mut self, room: RoomId, epoch: EpochId) {
        let key = match self.disk.store().keyring().held(&room, &epoch) {
            None => KeyRow::None,
            Some(Held::Control(secret)) => KeyRow::Control(SecretBytes(secret.to_bytes())),
            Some(Held::Whole(secret)) => KeyRow::Whole(SecretBytes(secret.to_bytes())),
        };
        let row = self.rooms.get(&room).and_then(|state| state.keys.epochs.get(&epoch)).map(|known| known.row(room, epoch, key));
        if let Some(row) = row {
            self.keep_in(&row);
        }
    }

    pub(crate) fn keep_awaited(&mut self, room: RoomId, epoch: EpochId) {
        match self.rooms.get(&room).and_then(|state| state.keys.awaited.row(room, epoch)) {
            Some(row) => self.keep_in(&row),
            None => self.forget_in::<AwaitedRow>(&room, &epoch),
        }
    }

    pub(crate) fn keep_in<R: store::RowInRoom>(&mut self, row: &R) {
        if let Err(error) = self.disk.store().put_in(row) {
            self.alert(AlertKind::DiskFailing, error.to_string());
        }
        self.disk.sync_soon(store::Urgency::Row);
    }

    pub(crate) fn forget_in<R: store::RowInRoom>(&mut self, room: &RoomId, id: &R::Id) {
        if let Err(error) = self.disk.store().remove_in::<R>(room, id) {
            self.alert(AlertKind::DiskFailing, error.to_string());
        }
        self.disk.sync_soon(store::Urgency::Row);
    }
}

impl Room {
    /// What decides which epochs are used and who is given them: which memberships have ended, and
    /// whether newcomers see what was said before.
    pub(crate) fn key_policy(&self) -> ([u8; 16], bool) {
        (self.members.gone(), self.members.shows_history())
    }

    /// The memberships of this device, as epochs name them: also the one that would be its next.
    fn own_recipients(&self, me: &PeerId) -> BTreeSet<To> {
        let standing = self.members.round(me).unwrap_or(1);
        let last = self.members.next_round(me).unwrap_or(1).max(standing);
        let first = last.saturating_sub(MAX_ROUNDS).max(1);
        (first..=last).map(|round| recipient(&self.id(), me, round)).collect()
    }
}

fn held_in(row: &EpochRow) -> Option<Held> {
    match &row.key {
        KeyRow::None => None,
        KeyRow::Control(secret) => Some(Held::Control(rooms::keys::ControlSecret::from_bytes(secret.0))),
        KeyRow::Whole(secret) => Some(Held::Whole(rooms::keys::EpochSecret::from_bytes(secret.0))),
    }
}
