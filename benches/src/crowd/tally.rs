//! What the peers of one host have: told line by line, each line when the last of them has it.

use std::collections::BTreeMap;
use std::sync::mpsc::SyncSender;
use std::sync::{Arc, Mutex, MutexGuard};

use node::RoomId;
use node::view::{Body, JoinState, Message, Notice};

use super::words::{Micros, Number, Told, now};

/// Shared by the peers of a host.
#[derive(Clone)]
pub(crate) struct Tally {
    inner: Arc<Mutex<Inner>>,
    /// People in the room when all are in.
    everybody: u32,
    peers: usize,
    out: SyncSender<Told>,
}

#[derive(Default)]
struct Inner {
    room: Option<RoomId>,
    joined: Times,
    complete: Times,
    messages: BTreeMap<Number, Times>,
}

/// When each peer came so far.
#[derive(Default)]
struct Times(BTreeMap<usize, Micros>);

impl Times {
    /// Notes it; all times once this was the last one.
    fn note(&mut self, peer: usize, of: usize) -> Option<Vec<Micros>> {
        if self.0.contains_key(&peer) {
            return None;
        }
        self.0.insert(peer, now());
        (self.0.len() == of).then(|| self.0.values().copied().collect())
    }
}

impl Tally {
    pub(crate) fn new(peers: usize, everybody: u32, out: SyncSender<Told>) -> Tally {
        Tally { inner: Arc::default(), everybody, peers, out }
    }

    /// Tells the orchestrator. If it is gone, the host's input has ended too.
    pub(crate) fn tell(&self, told: Told) {
        let _orchestrator_gone = self.out.send(told);
    }

    pub(crate) fn trouble(&self, what: String) {
        self.tell(Told::Trouble { what });
    }

    pub(crate) fn room(&self) -> Option<RoomId> {
        self.lock().room
    }

    pub(crate) fn set_room(&self, room: RoomId) {
        self.lock().room = Some(room);
    }

    pub(crate) fn joined(&self, peer: usize) {
        let at = self.lock().joined.note(peer, self.peers);
        if let Some(at) = at {
            self.tell(Told::Joined { at });
        }
    }

    /// A peer's row of the room says how many people are in it.
    pub(crate) fn counted(&self, peer: usize, members: u32) {
        if members < self.everybody {
            return;
        }
        let at = self.lock().complete.note(peer, self.peers);
        if let Some(at) = at {
            self.tell(Told::Complete { at });
        }
    }

    pub(crate) fn has(&self, peer: usize, messages: &[Message]) {
        let numbers = messages.iter().filter_map(number_of);
        for number in numbers {
            let at = self.lock().messages.entry(number).or_default().note(peer, self.peers);
            if let Some(at) = at {
                self.tell(Told::Has { number, at });
            }
        }
    }

    /// What a peer tells its window.
    pub(crate) fn notice(&self, peer: usize, notice: &Notice) {
        match notice {
            Notice::Messages(_, messages) => self.has(peer, messages),
            Notice::Room(row) => self.counted(peer, row.members),
            Notice::Join(joining) => match &joining.state {
                JoinState::Joined { room } => {
                    self.set_room(*room);
                    self.joined(peer);
                }
                JoinState::Refused(why) => self.trouble(format!("peer {peer} is refused: {why:?}")),
                JoinState::Connecting { .. } | JoinState::Waiting { .. } | JoinState::Asked { .. } => {}
            },
            Notice::Alert(alert) => self.trouble(format!("peer {peer}: {:?} {}", alert.kind, alert.detail)),
            Notice::MessagesGone(_, messages) => self.trouble(format!("peer {peer} lost {} messages", messages.len())),
            Notice::Me(_)
            | Notice::AlertGone(_)
            | Notice::RoomGone(_)
            | Notice::Delivery(..)
            | Notice::Members(..)
            | Notice::Person(_)
            | Notice::RequestAdded(_)
            | Notice::RequestGone(_)
            | Notice::Nearby(_)
            | Notice::JoinGone(_)
            | Notice::Network { .. }
            | Notice::Doctor(_) => {}
        }
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().expect("no thread panics while it holds this")
    }
}

/// The number that a text begins with.
fn number_of(message: &Message) -> Option<Number> {
    match &message.body {
        Body::Text { text, .. } => text.split(' ').next()?.parse().ok(),
        Body::Deleted | Body::RoomCreated { .. } | Body::MemberAdded { .. } | Body::MemberLeft => None,
        Body::MemberRemoved { .. } | Body::RoleGiven { .. } => None,
        Body::RoomRenamed { .. } | Body::TopicSet { .. } | Body::OnlyAdminsAdd { .. } | Body::HistorySet { .. } | Body::Waiting { .. } => {
            None
        }
    }
}
