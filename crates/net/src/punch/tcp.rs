//! TCP simultaneous open: both sides dial each other from the port that they listen on. Each SYN
//! opens a way in for the other's. Where no router stands before one side, or a SYN comes before
//! the own one is out, the listener on that port takes it, and this attempt is ended from outside.

#![cfg_attr(not(test), warn(clippy::indexing_slicing, clippy::arithmetic_side_effects))]

use std::convert::Infallible;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use socket2::SockRef;
use tokio::net::TcpSocket;
use tokio::time::{sleep, timeout, timeout_at};

use super::clock::{Clock, later};
use super::limits::{LOW_TTL, TCP_LOW_EVERY, TCP_LOW_STAYS};
use super::plan::{tcp_rest, tcp_until};
use super::tried::Tried;
use crate::byte_stream::{ByteStream, bound};

pub(super) async fn tcp(port: u16, to: SocketAddr, clock: &Clock) -> Result<ByteStream, Tried> {
    let begin = tokio::select! {
        biased;
        begin = clock.begun() => begin,
        never = open_the_way(port, to) => match never {},
        () = clock.over() => return Err(Tried::Silent),
    };
    let mut last = Tried::Silent;
    while let Some(until) = tcp_until(begin.elapsed()) {
        last = match timeout_at(later(begin, until), connect(port, to)).await {
            Ok(Ok(stream)) => return Ok(stream),
            Ok(Err(error)) => Tried::of(&error),
            // Waiting once more does not make a refusal silence.
            Err(_) if last == Tried::Refused => Tried::Refused,
            Err(_) => Tried::Silent,
        };
        sleep(tcp_rest(last)).await;
    }
    Err(last)
}

async fn connect(port: u16, to: SocketAddr) -> io::Result<ByteStream> {
    Ok(ByteStream::Tcp(socket(port, to)?.connect(to).await?))
}

/// SYNs that open a way in and reach nobody. None of them stays: a SYN that comes in is for the
/// listener, whose answer gets further.
async fn open_the_way(port: u16, to: SocketAddr) -> Infallible {
    loop {
        if let Ok(socket) = socket(port, to)
            && set_hops(&socket, to).is_ok()
        {
            let _ = timeout(TCP_LOW_STAYS, socket.connect(to)).await;
        }
        sleep(TCP_LOW_EVERY).await;
    }
}

fn set_hops(socket: &TcpSocket, to: SocketAddr) -> io::Result<()> {
    let socket = SockRef::from(socket);
    if to.is_ipv4() { socket.set_ttl_v4(LOW_TTL) } else { socket.set_unicast_hops_v6(LOW_TTL) }
}

fn socket(port: u16, to: SocketAddr) -> io::Result<TcpSocket> {
    let any: IpAddr = if to.is_ipv4() { Ipv4Addr::UNSPECIFIED.into() } else { Ipv6Addr::UNSPECIFIED.into() };
    bound(SocketAddr::new(any, port))
}
