//! What goes into the engine and what comes out.

use identity::PeerId;
use wire::ids::{Head, LogKey, RoomId};
use wire::message::{Message, Need, RawEvent};

/// Milliseconds on a clock that never goes back.
pub type Millis = u64;

/// How far a neighbour is trusted with a room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trust {
    /// Has the room's tag, but its Add has not been seen: may exchange control logs only.
    Provisional,
    /// A member.
    Member,
}

/// Where events that are being checked came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// Live, with the hops that are left.
    Live {
        /// Hops left.
        ttl: u8,
        /// Under which name the seen set will have it: to find it costs reading every byte.
        name: u128,
    },
    /// In answer to a Need whose range ends at `last`.
    Asked {
        /// Which log was asked for: that of the events, or a branch of it.
        log: LogKey,
        /// Last sequence number that will come.
        last: u32,
    },
}

/// What the node found when it checked events.
#[derive(Clone, Debug, PartialEq)]
pub enum Verdict {
    /// Valid, new and stored; the log now stands at `head`.
    Fresh {
        /// The log or branch that the events belong to.
        log: LogKey,
        /// Where it ends now.
        head: Head,
    },
    /// All of it was here already.
    Duplicate {
        /// The log or branch that has them.
        log: LogKey,
        /// Its last sequence number in what came.
        seq: u32,
    },
    /// Valid in itself as far as one can see, but earlier events are missing here.
    Gap {
        /// The log that the events belong to.
        log: LogKey,
        /// Its last sequence number in what came.
        seq: u32,
    },
    /// Two valid events share a sequence number; the log has been stopped.
    Fork {
        /// The log that forked.
        log: LogKey,
        /// Where it ends now: the last event that both histories share, if any.
        head: Option<Head>,
        /// A run of each history, for the neighbours to see for themselves.
        proof: [Vec<RawEvent>; 2],
    },
    /// Not to be taken now: its author is not known as a member yet, or the disk refused. To be
    /// asked for again.
    Later {
        /// The log that the events belong to.
        log: LogKey,
    },
    /// Beyond what counts of its author: not to be asked for again.
    Beyond,
    /// Breaks the rules.
    Bad,
}

/// How a log stands after a fork.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// It ends at the fork, and nothing more of it is taken; none if it forked at its first event.
    Closed(Option<Head>),
    /// A branch that may go on.
    Open(Head),
    /// It no longer counts.
    Gone,
}

/// What happened.
#[derive(Clone, Debug)]
pub enum Input {
    /// A room is here, with these logs.
    RoomOpened {
        /// The room.
        room: RoomId,
        /// Its logs.
        heads: Vec<(LogKey, Head)>,
        /// Logs that ended in a fork: nothing more of them is taken.
        stopped: Vec<LogKey>,
    },
    /// A room is no longer taken part in.
    RoomClosed {
        /// The room.
        room: RoomId,
    },
    /// A link is up with a peer that has this room, or it is trusted more or less than before.
    NeighbourUp {
        /// The room.
        room: RoomId,
        /// The device at the other end of the link.
        peer: PeerId,
        /// How far they are trusted.
        trust: Trust,
    },
    /// A peer is no longer a neighbour in this room.
    NeighbourDown {
        /// The room.
        room: RoomId,
        /// The device that was one.
        peer: PeerId,
    },
    /// A link ended.
    LinkDown {
        /// The device at its other end.
        peer: PeerId,
    },
    /// A message of the spreading or repair kind arrived.
    Received {
        /// The sender, authenticated by its link.
        peer: PeerId,
        /// The message, decoded and not checked otherwise.
        message: Message,
    },
    /// Events were checked, in answer to [`Effect::Check`].
    Checked {
        /// From whom they came.
        peer: PeerId,
        /// Room that they claim.
        room: RoomId,
        /// How they came.
        origin: Origin,
        /// The events of [`Effect::Check`], as they came.
        events: Vec<RawEvent>,
        /// What was found.
        verdict: Verdict,
    },
    /// Own events were stored.
    Published {
        /// The room.
        room: RoomId,
        /// The own log that they continue.
        log: LogKey,
        /// Where it ends now.
        head: Head,
        /// The events, ending in a signed one.
        events: Vec<RawEvent>,
    },
    /// A log forked: some end elsewhere now, others are new.
    Recut {
        /// The room.
        room: RoomId,
        /// How each of them stands.
        ends: Vec<(LogKey, Ending)>,
    },
    /// A live message did not fit into a peer's queue.
    Refused {
        /// The peer with the full queue.
        peer: PeerId,
        /// The room of the message.
        room: RoomId,
    },
    /// A peer's queue, which refused something, has room again.
    Drained {
        /// The peer whose queue it is.
        peer: PeerId,
    },
    /// These are members, and it is known where they can be dialled.
    Known {
        /// The room.
        room: RoomId,
        /// Members with an address, in any order.
        peers: Vec<PeerId>,
    },
    /// A peer is no longer a member.
    Forgotten {
        /// The room.
        room: RoomId,
        /// The former member.
        peer: PeerId,
    },
    /// A dial of a peer that is [`wanted`](crate::Engine::wanted) failed, or there is no address to
    /// dial.
    Unreached {
        /// The peer that was dialled.
        peer: PeerId,
    },
    /// The time of the last [`Effect::WakeAt`] has come.
    Tick,
}

/// What is to be done.
#[derive(Clone, Debug, PartialEq)]
pub enum Effect {
    /// Queue a message for a peer; if it is a live one and does not fit, say [`Input::Refused`].
    Send {
        /// The recipient.
        peer: PeerId,
        /// The message to encode.
        message: Message,
    },
    /// Queue one run for several peers: encoded once.
    Spread {
        /// The recipients, each once.
        peers: Vec<PeerId>,
        /// The run to encode.
        message: Message,
    },
    /// Decode, verify, store and show these events, then say [`Input::Checked`].
    Check {
        /// From whom they came.
        peer: PeerId,
        /// Room that they claim.
        room: RoomId,
        /// How they came.
        origin: Origin,
        /// The events, not decoded yet.
        events: Vec<RawEvent>,
    },
    /// Read this range from the store and send it to the peer as Data, at the pace that its bulk
    /// queue allows.
    Serve {
        /// The peer that asked.
        peer: PeerId,
        /// What; never beyond this device's own head.
        need: Need,
    },
    /// A member has said that it has this much of one's own log.
    Acked {
        /// The room.
        room: RoomId,
        /// The member.
        peer: PeerId,
        /// The own log that was acknowledged.
        log: LogKey,
        /// Sequence number.
        seq: u32,
    },
    /// The number of events known to exist elsewhere and missing here changed.
    Lacking {
        /// The room.
        room: RoomId,
        /// How many.
        count: u32,
    },
    /// Who is [`wanted`](crate::Engine::wanted) has changed.
    WantsChanged,
    /// Send a peer the signed records of these members, so that it can dial them; those that are
    /// not known here are left out.
    Introduce {
        /// The recipient.
        peer: PeerId,
        /// Members whose records it gets.
        subjects: Vec<PeerId>,
    },
    /// A peer broke the rules of spreading.
    Fault {
        /// The peer that did.
        peer: PeerId,
        /// What, for the log.
        what: &'static str,
    },
    /// Say [`Input::Tick`] at this time. A Tick too early is harmless, one too late is not.
    WakeAt(Millis),
}
