//! How a link goes, and which of two ways is the better one.

use std::fmt;
use std::net::SocketAddr;

use identity::PeerId;

/// How a link goes from this device to its peer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Path {
    /// A TCP connection with the peer's end of it.
    Tcp(SocketAddr),
    /// A QUIC connection with the peer's end of it.
    Quic(SocketAddr),
    /// A circuit that a member carries.
    Circuit {
        /// The member.
        carrier: PeerId,
    },
}

/// What a link costs and depends on; a greater one replaces a smaller one (`docs/PROTOCOL.md`
/// §1.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Rank {
    /// Others carry it.
    Circuit,
    /// Direct, with some thirty kilobytes of memory at each end.
    Quic,
    /// Direct.
    Tcp,
}

impl Path {
    /// Which of two links with one peer is to stay.
    pub fn rank(&self) -> Rank {
        match self {
            Path::Tcp(_) => Rank::Tcp,
            Path::Quic(_) => Rank::Quic,
            Path::Circuit { .. } => Rank::Circuit,
        }
    }

    /// The peer's end, if the path is direct.
    pub fn remote(&self) -> Option<SocketAddr> {
        match self {
            Path::Tcp(remote) | Path::Quic(remote) => Some(*remote),
            Path::Circuit { .. } => None,
        }
    }
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Path::Tcp(remote) => write!(f, "{remote}"),
            Path::Quic(remote) => write!(f, "{remote} (QUIC)"),
            Path::Circuit { carrier } => write!(f, "through {}", carrier.short()),
        }
    }
}
