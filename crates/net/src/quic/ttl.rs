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
