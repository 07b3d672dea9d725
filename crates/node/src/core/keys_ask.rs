//! Keys over links: asking for those that lack, and giving what others may have.

use std::collections::BTreeSet;

use gossip::Input;
use identity::PeerId;
use rooms::To;
use rooms::keys::{ControlSecret, EpochId, EpochSecret, Held, recipient};
use store::{EpochPartRow, Standing};
use wire::SecretBytes;
use wire::ids::RoomId;
use wire::limits::{MAX_ENDED, MAX_KEYS};
use wire::message::{EpochKey, KeyRequest, Keys, Message};

use super::Core;
use crate::parts::keys::epochs::{Epoch, Key};
use crate::parts::keys::granting::{Named, grant};
use crate::parts::room::Room;

/// The part of an epoch, by this device, that is no event: what came with its key.
pub(crate) const CAME_WITH_KEY: u8 = 0;
/// So many endings that came with a key are kept. Who knows more was told them by the epoch.
const MAX_ENDED_KEPT: usize = 1_024;

impl Core {
    /// What gossip is told of neighbours is whom keys are asked of.
    pub(crate) fn note_neighbours(&mut self, input: &Input) {
        let now = self.clocks.mono();
        match input {
            Input::NeighbourUp { room, peer, .. } => {
                if let Some(state) = self.rooms.get_mut(room) {
                    state.keys.asking.on_neighbour(*peer, now);
                }
            }
            Input::LinkDown { peer } => self.rooms.values_mut().for_each(|state| state.keys.asking.on_neighbour_gone(peer)),
            _ => {}
        }
    }

    /// Asks for keys, and opens what waited for those that came.
    pub(crate) fn look_at_keys(&mut self) {
        let now = self.clocks.mono();
        for room in self.rooms.keys_due.iter().copied().collect::<Vec<_>>() {
            self.open_waiting(room);
            let Some(state) = self.rooms.get_mut(&room) else {
                self.rooms.keys_due.remove(&room);
                continue;
            };
            let asks = if state.is_active() { state.keys.asking.take_due(now) } else { Vec::new() };
            if !state.is_active() || state.keys.asking.is_idle() && state.keys.opening.is_empty() {
                self.rooms.keys_due.remove(&room);
            }
            for (peer, epochs) in asks {
                self.links.tell(&peer, &Message::KeyRequest(KeyRequest { room, epochs }));
            }
        }
    }

    /// A peer asks for keys. It always gets an answer, unless it asks too often.
    pub(crate) fn on_key_request(&mut self, peer: PeerId, request: &KeyRequest) {
        let (room, now) = (request.room, self.clocks.mono());
        let known = self.rooms.get_mut(&room).map(|state| (state.keys.requests.take(peer, now), state.members.is_member(&peer)));
        let is_member = match known {
            Some((false, _)) => return,
            Some((true, is_member)) => is_member,
            None => false,
        };
        let of_end = if is_member { Vec::new() } else { self.keys_of_end(room, &peer, &request.epochs) };
        if !of_end.is_empty() {
            return self.tell_keys_of_end(peer, room, &of_end);
        }
        if !is_member {
            self.on_fault(peer, "asked for keys of a room that it is not in");
        }
        let mut keys: Vec<EpochKey> = match self.rooms.get(&room).filter(|_| is_member) {
            Some(state) => request.epochs.iter().filter_map(|epoch| self.given(state, &peer, epoch)).collect(),
            None => Vec::new(),
        };
        let mut left = MAX_ENDED;
        for key in &mut keys {
            let ended = self.ended_before(&room, &key.epoch).filter(|ended| ended.len() <= left);
            left = left.saturating_sub(ended.as_ref().map_or(0, BTreeSet::len));
            key.ended = ended.map(|ended| ended.into_iter().map(|to| to.0).collect());
        }
        self.links.tell(&peer, &Message::Keys(Keys { room, keys }));
    }

    /// Gives a newcomer all that it may have. Called right after it was welcomed.
    pub(crate) fn give_all_keys(&mut self, peer: PeerId, room: RoomId) {
        let Some(state) = self.rooms.get(&room).filter(|state| state.members.is_member(&peer)) else { return };
        // The newest first, in case the link ends.
        let keys: Vec<EpochKey> = state.keys.epochs.newest(|_| true).iter().filter_map(|epoch| self.given(state, &peer, epoch)).collect();
        for keys in keys.chunks(MAX_KEYS) {
            self.links.tell(&peer, &Message::Keys(Keys { room, keys: keys.to_vec() }));
        }
    }

    /// Who was put out may read by whom.
    fn tell_keys_of_end(&mut self, peer: PeerId, room: RoomId, epochs: &[EpochId]) {
        let keyring = self.disk.store().keyring();
        let key = |epoch: &EpochId| {
            let secret = keyring.held(&room, epoch)?.control().to_bytes();
            Some(EpochKey { whole: false, epoch: *epoch, secret: SecretBytes(secret), ended: None })
        };
        let keys = epochs.iter().filter_map(key).collect();
        self.links.tell(&peer, &Message::Keys(Keys { room, keys }));
    }

    /// What of an epoch's key a member may have.
    fn given(&self, state: &Room, peer: &PeerId, epoch: &EpochId) -> Option<EpochKey> {
        let room = state.id();
        let known = state.keys.epochs.get(epoch)?;
        let granted = grant(known.key, self.named_as(state, known, peer, epoch), state.members.shows_history());
        let (whole, secret) = match (granted, self.disk.store().keyring().held(&room, epoch)?) {
            (Key::None, _) => return None,
            (Key::Whole, Held::Whole(secret)) => (true, secret.to_bytes()),
            (Key::Control | Key::Whole, Held::Control(secret)) => (false, secret.to_bytes()),
            (Key::Control, Held::Whole(secret)) => (false, secret.control().to_bytes()),
        };
        Some(EpochKey { whole, epoch: *epoch, secret: SecretBytes(secret), ended: None })
    }

    /// How an epoch's minter saw a member: by the memberships that stand, as far as is known here.
    fn named_as(&self, state: &Room, known: &Epoch, peer: &PeerId, epoch: &EpochId) -> Named {
        let room = state.id();
        let standing = state.members.standing_rounds(peer).into_iter();
        let standing: Vec<(To, u32)> = standing.map(|round| (recipient(&room, peer, round), round)).collect();
        let is_recipient = |claim| {
            let recipients = self.recipients(&room, epoch, claim);
            standing.iter().any(|(to, _)| recipients.contains(to))
        };
        if known.whole_claim().is_some_and(is_recipient) {
            return Named::Recipient;
        }
        let Some(ended) = self.ended_before(&room, epoch) else { return Named::Unknown };
        // If the minter knew of an end that does not count, so may who is asked.
        let may_have_ended = |(to, round): &(To, u32)| ended.contains(to) && !state.members.end_is_told(peer, *round);
        if standing.iter().all(may_have_ended) { Named::Ended } else { Named::NotEnded }
    }

    /// The memberships that had ended when an epoch was minted: what all say who claim to have
    /// minted it; or, if that is nowhere to be had, as it is beyond a cut, what came with the key.
    fn ended_before(&self, room: &RoomId, epoch: &EpochId) -> Option<BTreeSet<To>> {
        let known = self.rooms.get(room)?.keys.epochs.get(epoch)?;
        let mut claims = known.whole_claims().peekable();
        if claims.peek().is_some() {
            return Some(claims.flat_map(|claim| self.epoch_parts(room, epoch, claim)).flat_map(|part| part.ended).collect());
        }
        let came = self.disk.store().get_in::<EpochPartRow>(room, &(*epoch, self.own.peer(), CAME_WITH_KEY));
        came.map(|part| part.ended.into_iter().collect())
    }

    /// Keys that were asked for, or that come with a welcome.
    pub(crate) fn on_keys(&mut self, peer: PeerId, given: Keys) {
        let (room, now) = (given.room, self.clocks.mono());
        let Some(state) = self.rooms.get_mut(&room) else { return };
        let was_asked = state.keys.asking.on_answer(&peer, now);
        let is_joining = state.row.standing == Standing::Joining && !state.keys.epochs.is_half_full();
        if !was_asked && !is_joining {
            return;
        }
        let mut is_new = false;
        for key in given.keys {
            let is_awaited = self.rooms.get(&room).is_some_and(|state| state.keys.awaited.get(&key.epoch).is_some());
            if !is_awaited && !is_joining {
                continue;
            }
            let held = match key.whole {
                true => Held::Whole(EpochSecret::from_bytes(key.secret.0)),
                false => Held::Control(ControlSecret::from_bytes(key.secret.0)),
            };
            is_new |= self.hold_key(room, key.epoch, held);
            let ended = key.ended.filter(|ended| ended.len() <= MAX_ENDED_KEPT && self.ended_before(&room, &key.epoch).is_none());
            let is_held = self.rooms.get(&room).is_some_and(|state| state.keys.epochs.key(&key.epoch) > Key::None);
            if let Some(ended) = ended.filter(|_| is_held) {
                let ended = ended.into_iter().map(To).collect();
                let minter = self.own.peer();
                self.keep_in(&EpochPartRow { room, epoch: key.epoch, minter, part: CAME_WITH_KEY, to: Vec::new(), ended });
            }
        }
        if is_new {
            self.on_epochs_changed(room);
        }
        self.rooms.keys_due.insert(room);
    }
}
