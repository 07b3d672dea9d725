//! What the network tells the node.

use std::fmt;
use std::net::SocketAddr;
use std::time::Duration;

use identity::PeerId;
use wire::reach::NatClass;
use wire::{Address, Hello, Message, Role};

use crate::doctor::SystemFacts;
use crate::outbox::{Outbox, Taken};
use crate::path::Path;
use crate::reach::ReachFacts;
use crate::reason::Reason;
use crate::rendezvous::Meeting;

/// One link of this process's life; never used twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LinkId(pub u64);

impl fmt::Display for LinkId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

/// A dial that the node asked for; chosen by the node.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DialId(pub u64);

/// What happened, in order.
///
/// Invariant: of one peer at most one link is between its `LinkUp` and its `LinkDown`, and its
/// `Received` and `Drained` come only in between (guarded by `events_of_links_are_nested`).
#[derive(Debug)]
pub enum Event {
    /// Listening began, failed, or the addresses of this machine changed.
    Listening {
        /// Where others may reach this device, best first: doors of routers and where peers agree
        /// to see it, then its own.
        addresses: Vec<SocketAddr>,
        /// On which this machine itself listens: public ones first, then private ones; loopback
        /// only where there is nothing else.
        own: Vec<SocketAddr>,
        /// Why some or all of listening does not work. Dialling works all the same.
        failed: Option<String>,
    },
    /// A peer proved who it is and introduced itself.
    LinkUp(Box<LinkUp>),
    /// A peer said something, in order. `Hello`, `Ping`, `Pong` and `Bye` are handled before.
    Received {
        /// The sender, as the handshake proved.
        peer: PeerId,
        /// The link that it came by.
        link: LinkId,
        /// What one read yielded; never empty.
        messages: Vec<Message>,
        /// To be dropped when they have been dealt with.
        taken: Taken,
    },
    /// A queue that refused something is at most half full again.
    Drained {
        /// The other side of the link.
        peer: PeerId,
        /// The link whose queue it is.
        link: LinkId,
    },
    /// A link ended.
    LinkDown {
        /// The other side of the link.
        peer: PeerId,
        /// The link that is over; never used again.
        link: LinkId,
        /// The first of several reasons.
        reason: Reason,
    },
    /// Something about reaching a peer changed. Told for wanted peers and for linked ones.
    PeerChanged {
        /// The peer that is wanted or linked.
        peer: PeerId,
        /// How it stands now.
        state: PeerState,
    },
    /// Another process with this device's identity has taken the link to this peer.
    TwinFound {
        /// Whose link it was.
        at: PeerId,
    },
    /// A dial that the node asked for moved on to this address.
    DialProgress {
        /// Which dial.
        dial: DialId,
        /// The address that is being tried.
        address: Address,
    },
    /// A dial that the node asked for is over: one round over all addresses that its name stands
    /// for.
    DialEnded {
        /// Which dial.
        dial: DialId,
        /// Who answered; their `LinkUp` comes next, unless there was a link with them already.
        result: Result<PeerId, Reason>,
    },
    /// All who announce a name on the local network, each time this changes.
    Nearby(Vec<NearbyPeer>),
    /// The clocks jumped apart: the machine slept. Links are being checked and peers redialled.
    Woke,
    /// The wall clock was set back.
    ClockSet,
    /// More is known of how others reach this device.
    Reach(Box<ReachFacts>),
    /// What the system knows of its network.
    System(Box<SystemFacts>),
    /// The other side of a meeting has said by the DHT where it is.
    Partner {
        /// Which meeting.
        meeting: Meeting,
        /// What it knows of its NAT.
        nat: NatClass,
    },
    /// Somebody is to be helped to this person, or this person to this device. Rooms in common
    /// with them are told by [`Net::set_common`](crate::Net::set_common), also without a link.
    WhoIs {
        /// Who.
        peer: PeerId,
    },
    /// A peer asks that this person be dialled, to find out whether others can. Answered by
    /// [`Net::dial_back`](crate::Net::dial_back).
    MayDialBack {
        /// Which question.
        token: u64,
        /// Who would be dialled.
        subject: PeerId,
    },
}

/// A link that came up.
#[derive(Debug)]
pub struct LinkUp {
    /// Who is there.
    pub peer: PeerId,
    /// Which link.
    pub link: LinkId,
    /// Which side this device is on it.
    pub role: Role,
    /// How it goes.
    pub path: Path,
    /// They came to this device's port; false if this side dialled.
    pub came_in: bool,
    /// Handshake hash: the same on both sides, and of no other link.
    pub hash: [u8; 32],
    /// How they introduced themselves.
    pub hello: Hello,
    /// The way to them.
    pub outbox: Outbox,
    /// Which dial this is the answer to, if the node asked for it.
    pub asked: Option<DialId>,
}

/// How it stands with a peer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PeerState {
    /// A link is up.
    Connected {
        /// How the link goes.
        path: Path,
        /// Since when, in milliseconds since 1970.
        since: u64,
        /// Round trip, once known.
        rtt: Option<Duration>,
    },
    /// Being dialled, or next in the queue to be.
    Connecting {
        /// The address that is tried, or will be tried first.
        address: Address,
    },
    /// The last dial failed or the link ended; another dial follows.
    Waiting {
        /// What failed: a dialled address, or the link's remote end.
        address: Address,
        /// When the next dial starts, in milliseconds since 1970.
        retry_at: u64,
        /// Of several failures the one that tells most.
        reason: Reason,
    },
    /// No link, and nothing is being done about it: not wanted, or no address is known.
    Idle {
        /// Why the last link or dial ended, if there was one.
        reason: Option<Reason>,
    },
}

/// A person who announces a name on the local network.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NearbyPeer {
    /// Random per start of their program; says nothing about who they are.
    pub id: String,
    /// What they call themselves; unproven.
    pub name: String,
    /// Where to dial.
    pub address: SocketAddr,
}
