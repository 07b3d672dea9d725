//! Who is awaited, and what rendezvous tells about it.

use std::fmt;
use std::net::SocketAddr;

use identity::PeerId;
use wire::reach::NatClass;

/// Which of the two this device is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Side {
    /// It made the invite.
    Inviter,
    /// It holds the invite. Several may.
    Joiner,
    /// Of two contacts, the one with the smaller PeerId.
    Smaller,
    /// The other contact.
    Greater,
}

/// A place where one side writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Seat {
    /// The inviter's.
    Inviter,
    /// One of those for joiners, who pick theirs at random: numbers below 4.
    Joiner(u8),
    /// The smaller contact's.
    Smaller,
    /// The greater contact's.
    Greater,
}

/// Somebody is awaited.
#[derive(Clone, PartialEq, Eq)]
pub struct Meeting {
    /// What only the two sides know: `derive("rendezvous", seed)` of an invite, or what two
    /// contacts agreed on.
    pub secret: [u8; 32],
    /// Which of the two this device is.
    pub side: Side,
    /// Who is awaited, if that is known. A joiner must know: values of an inviter are signed.
    pub peer: Option<PeerId>,
}

impl fmt::Debug for Meeting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Meeting({:?}, {:?})", self.side, self.peer)
    }
}

/// Where this device can be reached, beside what DHT nodes see.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Own {
    /// A router's door for UDP. It is told instead of what DHT nodes see.
    pub(crate) udp: Option<SocketAddr>,
    /// Where peers see the TCP port that is listened on.
    pub(crate) tcp: Option<SocketAddr>,
    /// Where it is listened on TCP: doors, global addresses, the best first. Four are told.
    pub(crate) addresses: Vec<SocketAddr>,
    /// Its NAT, if more is known than DHT nodes tell; else `Unknown`.
    pub(crate) class: NatClass,
}

/// How it stands with the DHT.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum DhtState {
    /// Not turned on: nothing is sent.
    #[default]
    Off,
    /// Asked, and nobody answered yet.
    Joining,
    /// Somebody answered.
    Reachable,
    /// Nobody answers. It is tried again.
    Unreachable,
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum RendezvousEvent {
    /// The partner's value is new.
    Met {
        /// Which meeting.
        meeting: Meeting,
        /// Which seat of the other side: several joiners have one each.
        seat: Seat,
        /// Where DHT nodes see the partner's UDP port, or its router's door.
        udp: Option<SocketAddr>,
        /// Where peers see the partner's TCP port.
        tcp: Option<SocketAddr>,
        /// Where else the partner listens on TCP.
        addresses: Vec<SocketAddr>,
        /// The partner's NAT.
        class: NatClass,
        /// The partner has begun to fire at an address of this device.
        to_me: bool,
    },
    /// How it stands with the DHT changed.
    State(DhtState),
    /// Where most of at least three DHT nodes see this device's UDP port, or its class, changed.
    Seen {
        /// The address. With a hard NAT only its IP means something to others.
        addr: SocketAddr,
        /// Easy or hard.
        class: NatClass,
    },
}
