//! The socket under quinn. What is not QUIC is taken out before quinn sees it.

#![cfg_attr(not(test), warn(clippy::indexing_slicing, clippy::arithmetic_side_effects))]

use std::fmt;
use std::io::{self, IoSliceMut};
use std::net::{IpAddr, SocketAddr, UdpSocket as StdSocket};
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, ready};

use quinn::udp::{RecvMeta, Transmit, UdpSocketState};
use quinn::{AsyncUdpSocket, UdpPoller};
use socket2::SockRef;
use tokio::io::Interest;
use tokio::net::UdpSocket;
use tokio::sync::mpsc;

use super::beside::{Beside, Then};
use super::datagram::{Tag, canonical, keep};
use super::event::UdpEvent;
use super::limits::READ_FAULTS;
use super::ttl::LowTtls;
use crate::time::TimeSource;

pub(super) struct Socket {
    io: UdpSocket,
    state: UdpSocketState,
    bound: SocketAddr,
    ttls: LowTtls,
    time: TimeSource,
    beside: Arc<Mutex<Beside>>,
    /// None on the other port, which only answers.
    events: Option<mpsc::Sender<UdpEvent>>,
}

impl Socket {
    pub(super) fn new(
        socket: StdSocket,
        time: TimeSource,
        beside: Arc<Mutex<Beside>>,
        events: Option<mpsc::Sender<UdpEvent>>,
    ) -> io::Result<Self> {
        socket.set_nonblocking(true)?;
        let state = UdpSocketState::new((&socket).into())?;
        let ttls = LowTtls::new(SockRef::from(&socket));
        let bound = socket.local_addr()?;
        Ok(Self { io: UdpSocket::from_std(socket)?, state, bound, ttls, time, beside, events })
    }

    pub(super) fn port(&self) -> u16 {
        self.bound.port()
    }

    /// Sends one datagram now, or fails.
    pub(super) fn send(&self, to: SocketAddr, bytes: &[u8]) -> io::Result<()> {
        self.send_from(to, bytes, None)
    }

    pub(super) fn ask_echo(&self, to: SocketAddr, tag: Tag) -> io::Result<()> {
        let to = canonical(to);
        let question = self.beside().echoes.ask(to, tag, rand::random(), self.time.tick());
        self.send(to, &question)
    }

    pub(super) fn ask_node(&self, to: SocketAddr, bytes: &[u8]) -> io::Result<()> {
        self.beside().nodes.ask(canonical(to), self.time.tick());
        self.send(to, bytes)
    }

    pub(super) fn set_ttl(&self, to: SocketAddr, ttl: Option<u32>) -> io::Result<()> {
        self.ttls.set(SockRef::from(&self.io), canonical(to), ttl)
    }

    /// Never held while anything else is locked or waited for.
    fn beside(&self) -> MutexGuard<'_, Beside> {
        self.beside.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// `from`: the own address to which the question came, so that the answer comes from there.
    fn send_from(&self, to: SocketAddr, bytes: &[u8], from: Option<IpAddr>) -> io::Result<()> {
        let destination = self.spelled(to)?;
        let transmit = Transmit { destination, ecn: None, contents: bytes, segment_size: None, src_ip: from };
        // Not by way of tokio, which knows only after a moment that a new socket can be written to.
        self.transmit(&transmit)
    }

    /// How this socket's system wants to hear the address.
    fn spelled(&self, to: SocketAddr) -> io::Result<SocketAddr> {
        match (canonical(to), self.bound.is_ipv6()) {
            (SocketAddr::V4(v4), true) => Ok(SocketAddr::new(v4.ip().to_ipv6_mapped().into(), v4.port())),
            (SocketAddr::V6(_), false) => Err(io::Error::from(io::ErrorKind::Unsupported)),
            (to, _) => Ok(to),
        }
    }

    fn transmit(&self, transmit: &Transmit<'_>) -> io::Result<()> {
        let send = || self.state.try_send((&self.io).into(), transmit);
        self.ttls.send(SockRef::from(&self.io), canonical(transmit.destination), send)
    }

    /// Whether the datagram is not for quinn.
    fn take(&self, meta: &RecvMeta, bytes: &[u8]) -> bool {
        let from = canonical(meta.addr);
        let then = self.beside().on_datagram(from, bytes, self.time.tick());
        match then {
            Then::Quic => return false,
            Then::Drop => {}
            Then::Answer { tag, answer } => {
                // Lost, as datagrams are, if it cannot be sent.
                let _ = self.send_from(from, &answer, meta.dst_ip);
                self.tell(UdpEvent::Asked { from, tag });
            }
            Then::Echoed { tag, seen } => self.tell(UdpEvent::Echoed { tag, from, seen }),
            Then::Dht => self.tell(UdpEvent::Dht { from, bytes: bytes.to_vec() }),
        }
        true
    }

    fn tell(&self, event: UdpEvent) {
        if let Some(events) = &self.events {
            let _ = events.try_send(event);
        }
    }
}

impl fmt::Debug for Socket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Socket({})", self.port())
    }
}

impl AsyncUdpSocket for Socket {
    fn create_io_poller(self: Arc<Self>) -> Pin<Box<dyn UdpPoller>> {
        Box::pin(Poller { socket: self, waiting: None })
    }

    fn try_send(&self, transmit: &Transmit<'_>) -> io::Result<()> {
        match self.io.try_io(Interest::WRITABLE, || self.transmit(transmit)) {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => Err(error),
            // To QUIC it is a lost packet: too large for the path, no way there for the moment.
            Err(_) | Ok(()) => Ok(()),
        }
    }

    fn poll_recv(&self, waking: &mut Context<'_>, bufs: &mut [IoSliceMut<'_>], meta: &mut [RecvMeta]) -> Poll<io::Result<usize>> {
        for _ in 0..READ_FAULTS {
            ready!(self.io.poll_recv_ready(waking))?;
            let received = self.io.try_io(Interest::READABLE, || self.state.recv((&self.io).into(), bufs, meta));
            // That a datagram did not arrive, or that nothing is there after all.
            let Ok(received) = received else { continue };
            for (buffer, meta) in bufs.iter_mut().zip(meta.iter_mut()).take(received) {
                let (len, stride) = (meta.len.min(buffer.len()), meta.stride);
                // An empty one is nothing to quinn.
                meta.len = keep(buffer, len, stride, |datagram| self.take(meta, datagram));
            }
            return Poll::Ready(Ok(received));
        }
        waking.waker().wake_by_ref();
        Poll::Pending
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        Ok(self.bound)
    }

    fn max_transmit_segments(&self) -> usize {
        self.state.max_gso_segments()
    }

    fn max_receive_segments(&self) -> usize {
        self.state.gro_segments()
    }

    fn may_fragment(&self) -> bool {
        self.state.may_fragment()
    }
}

/// Waits for one task until the socket can be written to. A socket remembers one task alone.
struct Poller {
    socket: Arc<Socket>,
    waiting: Option<Pin<Box<dyn Future<Output = io::Result<()>> + Send + Sync>>>,
}

impl UdpPoller for Poller {
    fn poll_writable(mut self: Pin<&mut Self>, waking: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = &mut *self;
        let socket = &this.socket;
        let waiting = this.waiting.get_or_insert_with(|| {
            let socket = socket.clone();
            Box::pin(async move { socket.io.writable().await })
        });
        let writable = ready!(waiting.as_mut().poll(waking));
        this.waiting = None;
        Poll::Ready(writable)
    }
}

impl fmt::Debug for Poller {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Poller")
    }
}
