//! The engine without a loop: its holder moves time, carries messages and decides when the disk
//! is slow. For the simulator and tests.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use ::store::Flusher;
use identity::{Identity, PeerId};
use rand::SeedableRng;
use rand::rngs::StdRng;
pub use rooms::Signatures;
use rooms::keys::{EpochId, EpochSecret};
use rooms::{Membership, Payload, Verified};
use tokio::sync::oneshot;
use wire::ids::{EventId, LogKey, RoomId};
use wire::message::RawEvent;

use crate::core::{Core, Options};
use crate::now::Now;
use crate::say::Say;
use crate::view::{Refused, Said};

/// What a stand-in for the sockets needs.
pub mod net {
    pub use ::net::doctor::{Portal, SystemFacts};
    pub use ::net::manual::{Act, Feed, Manual, Moment, Wishes, reason_of};
    pub use ::net::{
        CameIn, Checked, Config, DhtState, DialId, Door, Event, Limits, LinkId, LinkUp, MappingAnswer, MappingProtocol, MappingState,
        Mappings, Meeting, Net, Outbox, Path, PeerState, ReachFacts, ReachSettings, Reason, Router, Side, Times, Transport,
    };
}

/// What a stand-in for the disk needs.
pub mod store {
    pub use ::store::{
        Base, ClaimRow, Contact, EpochPartRow, EpochRow, KeyRow, LastEnd, Medium, Opened, PeerRow, RoomKind, RoomRow, Standing, Store,
        open_in_memory,
    };
}

/// How much of what changes is told to the sink.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Show {
    /// All, as in the program.
    All,
    /// New messages only: rows of rooms with thousands of members cost more than all the rest.
    Messages,
}

/// What nodes of one world may know from each other, because each would find the same.
#[derive(Clone)]
pub struct Shared {
    /// Who is in rooms, instead of reading it from the store.
    pub members: BTreeMap<RoomId, Arc<Membership>>,
    /// Signatures that were found good: that five hundred nodes check the same one tells nothing
    /// that the first did not.
    pub signatures: Arc<Signatures>,
}

/// A node that is stepped by hand. Dropping it is a crash.
pub struct Hand {
    core: Core,
    due: ::store::Due,
}

impl Hand {
    /// Starts a node. Everything that it leaves to chance follows from `seed`; `shared` saves doing
    /// again what other nodes have done.
    pub fn start(mut options: Options, net: net::Net, at: net::Moment, seed: [u8; 32], shared: Shared) -> Hand {
        let identity = Arc::new(std::mem::replace(&mut options.identity, Identity::from_seed(&[0; 32])));
        let (flusher, due) = Flusher::manual();
        let core = Core::new(options, identity, flusher, net, shared.signatures, now(at), StdRng::from_seed(seed), shared.members);
        Hand { core, due }
    }

    /// Sets the time. To be called before anything else in a turn.
    pub fn set_now(&mut self, at: net::Moment) {
        self.core.set_now(now(at));
    }

    /// When it has something to do by itself.
    pub fn next_wake(&self) -> Option<u64> {
        self.core.next_wake()
    }

    /// Something happened on the network.
    pub fn on_net(&mut self, event: net::Event) {
        self.core.on_net(event);
    }

    /// Ends a turn as the loop does: does what is due, and tells what changed.
    pub fn end_turn(&mut self, show: Show) {
        self.core.tick();
        loop {
            let batches = self.core.serve();
            if batches.is_empty() {
                break;
            }
            batches.into_iter().for_each(|batch| self.core.on_read(batch.read()));
        }
        match show {
            Show::All => self.core.tell_changes(),
            Show::Messages => self.core.tell_messages_only(),
        }
    }

    /// Writes a message, maybe as an answer to another one.
    pub fn say(&mut self, room: RoomId, text: String, reply_to: Option<EventId>) -> Result<Said, Refused> {
        let (done, mut outcome) = oneshot::channel();
        self.core.say_all(vec![Say { room, text, reply_to, done }]);
        outcome.try_recv().unwrap_or(Err(Refused::Closing))
    }

    /// After how long a flush was asked for since the last call; none if it was not.
    pub fn flush_due(&self) -> Option<Duration> {
        self.due.take()
    }

    /// The disk syncs, and the node hears of it.
    pub fn flush(&mut self) {
        match self.core.store().flush() {
            Ok(mark) => self.core.on_durable(mark),
            Err(error) => self.core.on_disk_failure(error.to_string()),
        }
    }

    /// An orderly end.
    pub fn close(self) {
        self.core.close();
    }

    /// What else the program can ask of a node.
    pub fn core(&mut self) -> &mut Core {
        &mut self.core
    }

    /// Digest over all logs of a room: equal digests, equal events.
    pub fn digest(&mut self, room: &RoomId) -> Option<[u8; 16]> {
        self.core.room_logs(room).map(rooms::Logs::digest)
    }

    /// How far each log of a room has come.
    pub fn heads(&self, room: &RoomId) -> Vec<(LogKey, u32)> {
        self.core.store().heads(room).into_iter().map(|(log, head)| (log, head.head.seq)).collect()
    }

    /// One log of a room, or a branch, as it is on the disk.
    pub fn log_events(&self, room: &RoomId, log: &LogKey) -> Vec<Verified> {
        self.core.store().log_events(room, log, 1)
    }

    /// All events of a room as they lie on the disk.
    pub fn raw_events(&self, room: &RoomId) -> Vec<RawEvent> {
        self.core.raw_events(room)
    }

    /// The epoch that a message is sealed under.
    pub fn epoch_of(&self, room: &RoomId, message: &EventId) -> Option<EpochId> {
        self.core.epoch_of(room, message)
    }

    /// All that was said under an epoch can be read.
    pub fn holds_epoch(&self, room: &RoomId, epoch: &EpochId) -> bool {
        self.core.holds_epoch(room, epoch)
    }

    /// The newest epoch whose key, or half of it, is held.
    pub fn newest_epoch(&self, room: &RoomId) -> Option<EpochId> {
        self.core.newest_epoch(room)
    }

    /// Erases the private halves of all prekeys, as if it were long ago that they were replaced.
    pub fn erase_prekeys(&mut self, room: &RoomId) {
        self.core.erase_prekeys(room);
    }

    /// Writes what a changed program could write: in the clear, whatever it is.
    pub fn write_in_the_clear(&mut self, room: RoomId, payloads: &[Payload]) {
        self.core.write_in_the_clear(room, payloads);
    }

    /// Holds the secret of an epoch that a changed program made.
    pub fn learn_secret(&mut self, room: RoomId, epoch: EpochId, secret: EpochSecret) {
        self.core.learn_secret(room, epoch, secret);
    }

    /// Is in a room, as far as this node knows.
    pub fn is_member(&mut self, room: &RoomId, peer: &PeerId) -> bool {
        self.core.has_member(room, peer)
    }

    /// Who is linked.
    pub fn linked(&self) -> Vec<PeerId> {
        self.core.linked()
    }

    /// The spreading engine, to look at.
    pub fn gossip(&self) -> &gossip::Engine {
        self.core.engine()
    }
}

fn now(at: net::Moment) -> Now {
    Now { mono: at.tick, wall: at.wall }
}
