//! Datagrams that must not get far: towards some addresses only, so that the other links of the
//! socket go on.

use std::collections::BTreeMap;
use std::io;
use std::net::SocketAddr;
use std::sync::{PoisonError, RwLock};

use socket2::SockRef;

use super::limits::LOW_TTLS;

pub(super) struct LowTtls {
    usual_v4: u32,
    usual_v6: u32,
    low: RwLock<BTreeMap<SocketAddr, u32>>,
}

impl LowTtls {
    pub(super) fn new(socket: SockRef<'_>) -> Self {
        // What most systems use, where this one does not tell.
        const USUAL: u32 = 64;
        Self { usual_v4: socket.ttl_v4().unwrap_or(USUAL), usual_v6: socket.unicast_hops_v6().unwrap_or(USUAL), low: RwLock::default() }
    }

    /// From now on datagrams to this address (canonical) live for so many hops. An error if the
    /// system cannot do that, or for too many addresses.
    pub(super) fn set(&self, socket: SockRef<'_>, to: SocketAddr, ttl: Option<u32>) -> io::Result<()> {
        let mut low = self.low.write().unwrap_or_else(PoisonError::into_inner);
        let Some(ttl) = ttl else {
            low.remove(&to);
            return Ok(());
        };
        if low.len() >= LOW_TTLS && !low.contains_key(&to) {
            return Err(io::Error::from(io::ErrorKind::QuotaExceeded));
        }
        set_hops(&socket, to, ttl)?;
        self.restore(&socket, to)?;
        low.insert(to, ttl);
        Ok(())
    }

    /// Sends to this address (canonical), as far as it may go.
    pub(super) fn send(&self, socket: SockRef<'_>, to: SocketAddr, send: impl FnOnce() -> io::Result<()>) -> io::Result<()> {
        let low = self.low.read().unwrap_or_else(PoisonError::into_inner);
        let Some(ttl) = low.get(&to).copied() else { return send() };
        drop(low);
        // The number of hops is the socket's. Nobody else sends while it is low.
        let _alone = self.low.write().unwrap_or_else(PoisonError::into_inner);
        set_hops(&socket, to, ttl)?;
        let sent = send();
        self.restore(&socket, to)?;
        sent
    }

    fn restore(&self, socket: &SockRef<'_>, to: SocketAddr) -> io::Result<()> {
        set_hops(socket, to, if to.is_ipv4() { self.usual_v4 } else { self.usual_v6 })
    }
}

fn set_hops(socket: &SockRef<'_>, to: SocketAddr, hops: u32) -> io::Result<()> {
    if to.is_ipv4() { socket.set_ttl_v4(hops) } else { socket.set_unicast_hops_v6(hops) }
}

#[cfg(test)]
mod tests {
    use std::net::UdpSocket;

    use super::*;

    #[test]
    fn only_datagrams_to_the_address_are_kept_near_and_only_while_they_go() {
        let socket = UdpSocket::bind("127.0.0.1:0").expect("a port");
        let hops = || SockRef::from(&socket).ttl_v4().expect("a hop count");
        let usual = hops();
        let ttls = LowTtls::new(SockRef::from(&socket));
        let [near, far] = [1, 2].map(|last| SocketAddr::from(([192, 0, 2, last], 1)));
        let sent_with = |to: SocketAddr| {
            let mut seen = 0;
            let send = || {
                seen = hops();
                Ok(())
            };
            ttls.send(SockRef::from(&socket), to, send).expect("a socket");
            seen
        };
        ttls.set(SockRef::from(&socket), near, Some(5)).expect("a hop count");
        assert_eq!((hops(), sent_with(far), sent_with(near), hops()), (usual, usual, 5, usual));
        ttls.set(SockRef::from(&socket), near, None).expect("a hop count");
        assert_eq!(sent_with(near), usual);
    }

    #[test]
    fn addresses_with_few_hops_are_bounded() {
        let socket = UdpSocket::bind("127.0.0.1:0").expect("a port");
        let ttls = LowTtls::new(SockRef::from(&socket));
        let set = |port| ttls.set(SockRef::from(&socket), SocketAddr::from(([192, 0, 2, 1], port)), Some(3));
        let taken = (1..=100).filter(|port| set(*port).is_ok()).count();
        assert_eq!(taken, LOW_TTLS);
        assert!(set(1).is_ok(), "one that is known");
    }
}
