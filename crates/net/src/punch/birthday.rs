//! The birthday method: one side's router takes another port for each socket and each address, so
//! nobody knows where to dial it. It opens many sockets towards the other side, which tries ports
//! by chance: among few they soon meet, as two of few people have one birthday.

#![cfg_attr(not(test), warn(clippy::indexing_slicing, clippy::arithmetic_side_effects))]

use std::future::poll_fn;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::task::{Context, Poll};

use socket2::SockRef;
use tokio::io::ReadBuf;
use tokio::net::UdpSocket;
use tokio::time::{Instant, sleep, sleep_until};

use super::clock::{Clock, later};
use super::limits::{
    LOW_TTL, PORTS_EVERY, PORTS_START, SOCKETS, SOCKETS_AGAIN, SOCKETS_AT_ONCE, SOCKETS_EVERY, SOCKETS_LEAST, SOCKETS_MOST, SOCKETS_SPARED,
};
use super::ports::{TAGGED, ports, tagged};
use super::quic::dial;
use super::tried::Tried;
use crate::byte_stream::ByteStream;
use crate::quic::{PROBE, UdpPort};

/// Looks for a port of the other side. The dial of whoever was hit comes in at this UDP port.
pub(super) async fn look(port: &UdpPort, session: u64, to: IpAddr, clock: &Clock) -> Tried {
    let looking = async {
        let probe = tagged(session);
        let mut at = later(clock.begun().await, PORTS_START);
        let mut sent = Ok(());
        let ports = ports(&mut rand::rng());
        for number in ports {
            sleep_until(at).await;
            sent = port.send(SocketAddr::new(to, number), &probe);
            at = later(at, PORTS_EVERY);
        }
        sent
    };
    tokio::select! {
        sent = looking => {
            clock.over().await;
            sent.map_or_else(|error| Tried::Failed(error.kind()), |()| Tried::Awaited)
        }
        () = clock.over() => Tried::Awaited,
    }
}

/// Opens sockets until one is hit, and dials from that one.
pub(super) async fn be_found(session: u64, to: SocketAddr, clock: &Clock) -> Result<ByteStream, Tried> {
    let found = async {
        let mut sockets = Vec::new();
        grow(&mut sockets, SOCKETS, to).await.map_err(|error| Tried::of(&error))?;
        let hit = hit(&mut sockets, &tagged(session), to).await;
        let found = hit.into_std().and_then(UdpPort::adopt).map_err(|error| Tried::of(&error))?;
        drop(sockets);
        Ok(dial(&found, to, Instant::now()).await)
    };
    tokio::select! {
        found = found => found,
        () = clock.over() => Err(Tried::Silent),
    }
}

/// Makes them `count`, or as many as there may be, each with a mapping towards the other side.
async fn grow(sockets: &mut Vec<UdpSocket>, count: usize, to: SocketAddr) -> io::Result<()> {
    let any: IpAddr = if to.is_ipv4() { Ipv4Addr::UNSPECIFIED.into() } else { Ipv6Addr::UNSPECIFIED.into() };
    let before = sockets.len();
    while sockets.len() < count {
        match UdpSocket::bind((any, 0)).await {
            Ok(socket) => sockets.push(socket),
            Err(error) => {
                // Those with a mapping stay.
                sockets.truncate(sockets.len().saturating_sub(SOCKETS_SPARED).max(before));
                if sockets.len() < SOCKETS_LEAST {
                    return Err(error);
                }
                break;
            }
        }
    }
    open_mappings(sockets, to).await
}

/// With few hops: at the other side's router these datagrams can only do harm, as it takes none
/// from ports it has not sent to, and some routers then choose another port for what is sent there.
async fn open_mappings(sockets: &[UdpSocket], to: SocketAddr) -> io::Result<()> {
    for some in sockets.chunks(SOCKETS_AT_ONCE) {
        for socket in some {
            let usual = hops(socket, to)?;
            set_hops(socket, to, LOW_TTL)?;
            // One that is lost is one chance less.
            let _ = socket.send_to(&PROBE, to).await;
            set_hops(socket, to, usual)?;
        }
        sleep(SOCKETS_EVERY).await;
    }
    Ok(())
}

/// The socket that was hit, taken out of the others.
async fn hit(sockets: &mut Vec<UdpSocket>, tagged: &[u8; TAGGED], to: SocketAddr) -> UdpSocket {
    loop {
        let again = later(Instant::now(), SOCKETS_AGAIN);
        tokio::select! {
            place = poll_fn(|waking| poll_hit(sockets, tagged, to, waking)) => return sockets.swap_remove(place),
            () = sleep_until(again) => {
                // What there is goes on if there may be no more.
                let _ = grow(sockets, SOCKETS_MOST, to).await;
            }
        }
    }
}

/// Where the socket stands that got a probe of this session from the other side.
fn poll_hit(sockets: &[UdpSocket], tagged: &[u8; TAGGED], to: SocketAddr, waking: &mut Context<'_>) -> Poll<usize> {
    let mut place = 0_usize;
    for socket in sockets {
        // One byte more, so that a longer datagram is not taken for a probe.
        let mut bytes = [0; TAGGED + 1];
        let mut input = ReadBuf::new(&mut bytes);
        while let Poll::Ready(received) = socket.poll_recv_from(waking, &mut input) {
            let from_there = received.is_ok_and(|from| from.ip().to_canonical() == to.ip().to_canonical() && from.port() == to.port());
            if from_there && input.filled() == tagged {
                return Poll::Ready(place);
            }
            input.clear();
        }
        place = place.saturating_add(1);
    }
    Poll::Pending
}

fn hops(socket: &UdpSocket, to: SocketAddr) -> io::Result<u32> {
    let socket = SockRef::from(socket);
    if to.is_ipv4() { socket.ttl_v4() } else { socket.unicast_hops_v6() }
}

fn set_hops(socket: &UdpSocket, to: SocketAddr, hops: u32) -> io::Result<()> {
    let socket = SockRef::from(socket);
    if to.is_ipv4() { socket.set_ttl_v4(hops) } else { socket.set_unicast_hops_v6(hops) }
}
