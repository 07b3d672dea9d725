//! What the window has not been told yet. Rows are made when they are told, so that many changes cost one row.

use std::collections::{BTreeMap, BTreeSet};

use gossip::Millis;
use identity::PeerId;
use rooms::Position;
use wire::ids::{LogId, RoomId};

use crate::view::{Alert, Message, Notice, Request};

/// Shortest time between two rows of one room while messages pour in.
pub(crate) const ROOM_ROW_PAUSE: Millis = 50;

/// Changes since the last batch of notices.
#[derive(Default)]
pub(crate) struct Changed {
    pub(crate) me: bool,
    pub(crate) nearby: bool,
    rooms: BTreeSet<RoomId>,
    rooms_told: BTreeMap<RoomId, Millis>,
    rooms_due: Option<Millis>,
    pub(crate) members: BTreeSet<RoomId>,
    pub(crate) people: BTreeSet<PeerId>,
    /// New messages, ready to show.
    pub(crate) messages: BTreeMap<RoomId, Vec<Message>>,
    /// Messages to read again, because something about them changed.
    pub(crate) stale: BTreeSet<(RoomId, Position)>,
    pub(crate) saved: BTreeMap<RoomId, BTreeSet<LogId>>,
    pub(crate) acks: BTreeMap<RoomId, BTreeSet<(PeerId, LogId)>>,
    pub(crate) rooms_gone: Vec<RoomId>,
    pub(crate) requests_added: Vec<Request>,
    pub(crate) requests_gone: Vec<PeerId>,
    pub(crate) attempts: BTreeSet<u64>,
    pub(crate) attempts_gone: Vec<u64>,
    pub(crate) alerts: Vec<Alert>,
    /// Ready to tell.
    pub(crate) network: Vec<Notice>,
}

impl Changed {
    pub(crate) fn room(&mut self, room: RoomId) {
        self.rooms.insert(room);
    }

    pub(crate) fn room_gone(&mut self, room: RoomId) {
        self.rooms.remove(&room);
        self.rooms_gone.push(room);
    }

    pub(crate) fn person(&mut self, peer: PeerId) {
        self.people.insert(peer);
    }

    pub(crate) fn saved(&mut self, room: RoomId, log: LogId) {
        self.saved.entry(room).or_default().insert(log);
    }

    pub(crate) fn ack(&mut self, room: RoomId, peer: PeerId, log: LogId) {
        self.acks.entry(room).or_default().insert((peer, log));
    }

    /// Rooms whose row may be told now; the others wait for their pause to end.
    pub(crate) fn take_rooms(&mut self, now: Millis) -> Vec<RoomId> {
        self.rooms_due = None;
        let told = &mut self.rooms_told;
        let ready = |room: &RoomId| told.get(room).is_none_or(|at| *at + ROOM_ROW_PAUSE <= now);
        let (ready, waiting): (Vec<RoomId>, Vec<RoomId>) = std::mem::take(&mut self.rooms).into_iter().partition(ready);
        for room in &ready {
            told.insert(*room, now);
        }
        self.rooms_due = waiting.iter().filter_map(|room| told.get(room)).map(|at| at + ROOM_ROW_PAUSE).min();
        self.rooms = waiting.into_iter().collect();
        ready
    }

    /// When a waiting row may be told.
    pub(crate) fn wake(&self) -> Option<Millis> {
        self.rooms_due
    }
}
