//! What reaching others asks of the driver.

use std::net::SocketAddr;

use identity::PeerId;
use wire::reach::{HelpRefused, NatClass};
use wire::{Address, Message};

use crate::circuit::Leg;
use crate::event::{Event, LinkId};
use crate::rendezvous::Meeting;

/// What should happen now, in this order.
#[derive(Debug)]
pub(crate) enum Effect {
    /// Say this on this link.
    Send { peer: PeerId, link: LinkId, message: Message },
    /// Begin a punch; told of by `punch_ended`.
    Punch(PunchOrder),
    /// Call a partner of whom the DHT told; told of by `meeting_ended`.
    Meet(Box<MeetOrder>),
    /// That partner, named by its key, is at it as well: no longer with few hops.
    Go(u64),
    /// Open a circuit and make it a link; told of by `circuit_ended`.
    OpenCircuit { peer: PeerId, carrier: PeerId, link: LinkId },
    /// Answer who asked for a circuit: it goes on over this link.
    Permit { leg: Leg, to: Result<LinkId, HelpRefused> },
    /// Answer a carrier that offers a circuit.
    Accept { leg: Leg, carrier: PeerId, from: PeerId, wanted: bool },
    /// Ask by UDP where this device is seen.
    AskEcho { to: SocketAddr, tag: [u8; 16] },
    /// Answer such questions with this tag.
    AllowEcho([u8; 16]),
    /// No longer.
    ForgetEcho([u8; 16]),
    /// Dial this peer from anew, and close that link; told of by `dialled_back`.
    DialBack { token: u64, peer: PeerId, address: SocketAddr },
    /// Where this device can be dialled, best first.
    Announce(Vec<Address>),
    /// Tell the node.
    Tell(Event),
}

/// Both sides begin to call each other now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct PunchOrder {
    pub(crate) peer: PeerId,
    /// The same on both sides.
    pub(crate) session: u64,
    /// Where the peer's TCP port was seen.
    pub(crate) tcp: Option<SocketAddr>,
    /// Where its UDP port was seen.
    pub(crate) udp: Option<SocketAddr>,
    /// This device's routers.
    pub(crate) mine: NatClass,
    /// The peer's.
    pub(crate) theirs: NatClass,
    /// Many ports at once, since one of the two changes its port with each peer.
    pub(crate) birthday: bool,
}

/// A punch with a partner who may not be known by name.
#[derive(Clone, Debug)]
pub(crate) struct MeetOrder {
    /// Names it.
    pub(crate) key: u64,
    pub(crate) meeting: Meeting,
    pub(crate) tcp: Option<SocketAddr>,
    pub(crate) udp: Option<SocketAddr>,
    pub(crate) mine: NatClass,
    pub(crate) theirs: NatClass,
    pub(crate) birthday: bool,
    /// Only with few hops until [`Effect::Go`].
    pub(crate) low_ttl: bool,
    /// This side takes the part of the smaller one.
    pub(crate) first: bool,
}
