//! What opening a door takes, and why there is none.

use std::net::SocketAddr;

use super::mappings::{MappingProtocol, Transport};

/// One protocol for one family of addresses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Way {
    Pcp,
    NatPmp,
    Upnp,
    PinholePcp,
    PinholeUpnp,
}

impl Way {
    pub(super) const ALL: [Self; 5] = [Self::Pcp, Self::NatPmp, Self::Upnp, Self::PinholePcp, Self::PinholeUpnp];

    pub(super) fn is_v6(self) -> bool {
        matches!(self, Self::PinholePcp | Self::PinholeUpnp)
    }

    pub(super) fn protocol(self) -> MappingProtocol {
        match self {
            Self::Pcp | Self::PinholePcp => MappingProtocol::Pcp,
            Self::NatPmp => MappingProtocol::NatPmp,
            Self::Upnp | Self::PinholeUpnp => MappingProtocol::Upnp,
        }
    }

    /// Whether it must be looked for, or asked for the router's address, before a door. PCP tells
    /// all in one answer.
    pub(super) fn must_find(self) -> bool {
        !matches!(self, Self::Pcp | Self::PinholePcp)
    }

    /// Who may go first to what is often the same table of the router.
    pub(super) fn elders(self) -> &'static [Self] {
        match self {
            Self::Pcp | Self::PinholePcp => &[],
            Self::NatPmp => &[Self::Pcp],
            Self::Upnp => &[Self::Pcp, Self::NatPmp],
            Self::PinholeUpnp => &[Self::PinholePcp],
        }
    }
}

/// Where a door is to lead.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Slot {
    pub(super) transport: Transport,
    pub(super) internal: SocketAddr,
}

/// By what a router knows a door again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Token {
    /// By its port.
    Port,
    /// By 96 bits of ours: whoever does not know them cannot take the door.
    Nonce([u32; 3]),
    /// By the number that UPnP gave a pinhole. None: it is new.
    Pinhole(Option<u16>),
}

/// A door to be opened, or renewed if there is one with this token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Opening {
    pub(super) slot: Slot,
    /// The wanted outer port.
    pub(super) port: u16,
    /// Seconds; 0: for ever.
    pub(super) lease: u32,
    pub(super) token: Token,
}

/// An opened door.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Grant {
    pub(super) external: SocketAddr,
    /// Seconds; 0: for ever.
    pub(super) lease: u32,
    pub(super) token: Token,
    /// The router's own clock, in seconds; it starts anew when the router forgets.
    pub(super) epoch: Option<u32>,
}

/// Why there is no door.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Why {
    Silent,
    Refused,
    NoPublicAddress,
    /// Another device has this outer port.
    PortTaken,
    /// Only doors for ever can be had.
    PermanentOnly,
    Other(String),
}
