//! What the UDP port tells.

use std::net::SocketAddr;

use super::datagram::Tag;
use crate::byte_stream::ByteStream;

/// All addresses in it are canonical: an IPv4 address is written as one.
pub(crate) enum UdpEvent {
    /// A peer asked where it is seen, and was answered: at `from`, on this port.
    Asked { from: SocketAddr, tag: Tag },
    /// A peer answered: it sees this port at `seen`. `from` tells which of its two ports answered.
    Echoed { tag: Tag, from: SocketAddr, seen: SocketAddr },
    /// A DHT node that was asked in the last five seconds says something.
    Dht { from: SocketAddr, bytes: Vec<u8> },
    /// Somebody dialled, and said the first bytes. Who it is the handshake tells.
    Incoming(ByteStream, SocketAddr),
}
