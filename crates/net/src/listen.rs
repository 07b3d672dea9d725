//! Sockets that others can connect to, and the addresses that lead to them.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::task::{Context as Waking, Poll};

use socket2::{Domain, Protocol, Socket, Type};
use tokio::net::TcpListener;

use crate::byte_stream::ByteStream;
use crate::config::DEFAULT_PORT;
use crate::reach::Scope;

/// Connections that the system holds until they are accepted: a room's worth that redials at once.
const BACKLOG: i32 = 512;

/// All sockets that are listened on.
pub(crate) struct Listeners {
    listeners: Vec<TcpListener>,
    turn: usize,
}

impl Listeners {
    /// Opens what can be opened, and says what could not. No failure here keeps a node from
    /// dialling.
    pub(crate) fn open(wanted: &[SocketAddr]) -> (Self, Option<String>) {
        let mut listeners = Vec::new();
        let mut failures = Vec::new();
        if wanted.is_empty() {
            match open_default() {
                Ok(listener) => listeners.push(listener),
                Err(error) => failures.push(error.to_string()),
            }
        }
        for address in wanted {
            match open(*address) {
                Ok(listener) => listeners.push(listener),
                Err(error) => failures.push(format!("{address}: {error}")),
            }
        }
        (Self { listeners, turn: 0 }, (!failures.is_empty()).then(|| failures.join("; ")))
    }

    /// Where others may reach this device.
    pub(crate) fn addresses(&self) -> Vec<SocketAddr> {
        let machine = if_addrs::get_if_addrs().unwrap_or_default();
        let machine: Vec<IpAddr> = machine.iter().filter(|interface| interface.is_oper_up()).map(|interface| interface.ip()).collect();
        reachable(&self.bound(), &machine)
    }

    /// The ports that are open, in the order in which they were asked for.
    pub(crate) fn bound(&self) -> Vec<SocketAddr> {
        self.listeners.iter().filter_map(|listener| listener.local_addr().ok()).collect()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.listeners.is_empty()
    }

    /// The next connection of any socket, none of them favoured.
    pub(crate) fn poll_accept(&mut self, waking: &mut Waking<'_>) -> Poll<io::Result<(ByteStream, SocketAddr)>> {
        let count = self.listeners.len();
        for offset in 0..count {
            let place = (self.turn + offset) % count;
            if let Some(listener) = self.listeners.get(place)
                && let Poll::Ready(accepted) = listener.poll_accept(waking)
            {
                self.turn = place + 1;
                return Poll::Ready(accepted.map(|(stream, remote)| (ByteStream::Tcp(stream), remote)));
            }
        }
        Poll::Pending
    }
}

/// Both IP versions if possible, the usual port if free.
fn open_default() -> io::Result<TcpListener> {
    let v6 = |port| open(SocketAddr::new(Ipv6Addr::UNSPECIFIED.into(), port));
    let v4 = |port| open(SocketAddr::new(Ipv4Addr::UNSPECIFIED.into(), port));
    match v6(DEFAULT_PORT) {
        Err(error) if error.kind() == io::ErrorKind::AddrInUse => v6(0),
        Err(_) => match v4(DEFAULT_PORT) {
            Err(error) if error.kind() == io::ErrorKind::AddrInUse => v4(0),
            result => result,
        },
        Ok(listener) => Ok(listener),
    }
}

/// Opens a port that own dials may go out from as well.
fn open(address: SocketAddr) -> io::Result<TcpListener> {
    // Once the port is shared, the system would let another program in silently. So it is taken
    // alone first: then it says whether somebody has it.
    let taken = bind(address, false)?.local_addr()?.as_socket();
    let socket = bind(taken.unwrap_or(address), true)?;
    TcpListener::from_std(socket.into())
}

fn bind(address: SocketAddr, shared: bool) -> io::Result<Socket> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
    if address.is_ipv6() && address.ip().is_unspecified() {
        socket.set_only_v6(false)?;
    }
    // Elsewhere than on Unix this option would let two programs share the port.
    #[cfg(unix)]
    {
        socket.set_reuse_address(true)?;
        socket.set_reuse_port(shared)?;
    }
    #[cfg(not(unix))]
    let _ = shared;
    socket.set_nonblocking(true)?;
    socket.bind(&address.into())?;
    socket.listen(BACKLOG)?;
    Ok(socket)
}

/// Where sockets that are bound to `bound` can be reached on a machine with these addresses:
/// public, then private ones, IPv4 first within each; link-local ones only if there is nothing
/// better, and loopback only if there is nothing else. An address that the machine no longer has
/// leads nowhere, though its socket is still open.
fn reachable(bound: &[SocketAddr], machine: &[IpAddr]) -> Vec<SocketAddr> {
    let mut found = Vec::new();
    for socket in bound {
        let (ip, port) = (socket.ip().to_canonical(), socket.port());
        if !ip.is_unspecified() {
            // All of 127.0.0.0/8 is this machine's, listed or not; and where nothing can be listed
            // the socket is all that is known.
            let here = ip.is_loopback() || machine.is_empty() || machine.contains(&ip);
            found.extend(here.then_some(SocketAddr::new(ip, port)));
            continue;
        }
        let same = machine.iter().filter(|own| own.is_ipv4() || ip.is_ipv6());
        found.extend(same.map(|own| SocketAddr::new(*own, port)));
    }
    found.sort_by_key(|address| (Scope::of(address.ip()), address.is_ipv6()));
    found.dedup();
    let told = [&[Scope::Public, Scope::Private][..], &[Scope::Link], &[Scope::Loopback]];
    let such = |scopes: &&[Scope]| found.iter().copied().filter(|address| scopes.contains(&Scope::of(address.ip()))).collect::<Vec<_>>();
    told.iter().map(such).find(|some| !some.is_empty()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(bound: &[&str], machine: &[&str], expected: &[&str]) {
        let bound: Vec<SocketAddr> = bound.iter().map(|text| text.parse().expect("an address")).collect();
        let machine: Vec<IpAddr> = machine.iter().map(|text| text.parse().expect("an address")).collect();
        let found: Vec<String> = reachable(&bound, &machine).iter().map(ToString::to_string).collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn public_addresses_come_before_private_ones_and_loopback_is_left_out() {
        let machine = ["127.0.0.1", "::1", "192.168.1.5", "fe80::1", "2001:db8::7", "203.0.113.9", "169.254.1.1", "fd00::1"];
        let expected = ["203.0.113.9:4747", "[2001:db8::7]:4747", "192.168.1.5:4747", "[fd00::1]:4747"];
        check(&["[::]:4747"], &machine, &expected);
        check(&["0.0.0.0:4747"], &machine, &["203.0.113.9:4747", "192.168.1.5:4747"]);
    }

    #[test]
    fn loopback_is_told_where_there_is_nothing_else() {
        check(&["[::]:4747"], &["127.0.0.1", "::1"], &["127.0.0.1:4747", "[::1]:4747"]);
        check(&["127.0.0.1:4747"], &["127.0.0.1", "192.168.1.5"], &["127.0.0.1:4747"]);
        check(&["127.0.0.2:4747"], &["127.0.0.1", "192.168.1.5"], &["127.0.0.2:4747"]);
        check(&[], &["192.168.1.5"], &[]);
    }

    #[test]
    fn of_several_ports_each_is_told_where_it_is_listened_on() {
        let machine = ["127.0.0.1", "192.168.1.5", "10.0.0.5"];
        check(&["127.0.0.1:4747", "192.168.1.5:4848"], &machine, &["192.168.1.5:4848"]);
        check(&["10.0.0.5:4747", "192.168.1.5:4848"], &machine, &["10.0.0.5:4747", "192.168.1.5:4848"]);
        check(&["[::ffff:192.168.1.5]:4747"], &machine, &["192.168.1.5:4747"]);
    }

    #[test]
    fn an_address_that_the_machine_lost_is_not_told_until_it_comes_back() {
        check(&["192.168.1.5:4747"], &["127.0.0.1", "10.0.0.5"], &[]);
        check(&["192.168.1.5:4747"], &["127.0.0.1", "10.0.0.5", "192.168.1.5"], &["192.168.1.5:4747"]);
    }

    #[test]
    fn link_local_addresses_are_told_where_there_is_nothing_better() {
        check(&["0.0.0.0:4747"], &["127.0.0.1", "169.254.7.7"], &["169.254.7.7:4747"]);
        check(&["0.0.0.0:4747"], &["127.0.0.1", "169.254.7.7", "192.168.1.5"], &["192.168.1.5:4747"]);
    }

    #[tokio::test]
    async fn a_taken_port_is_a_failure_that_is_told() {
        let (first, none) = Listeners::open(&["127.0.0.1:0".parse().expect("an address")]);
        assert_eq!(none, None);
        let (second, failed) = Listeners::open(&first.bound());
        assert!(second.is_empty());
        assert!(failed.expect("the port is taken").contains("127.0.0.1"));
    }

    #[tokio::test]
    async fn without_a_wish_there_is_always_a_port() {
        let (first, _) = Listeners::open(&[]);
        let (second, failed) = Listeners::open(&[]);
        assert_eq!(failed, None);
        assert_ne!(first.bound(), second.bound());
    }
}
