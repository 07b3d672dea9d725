//! The port: opening it, and what can be asked of it.

use std::future::pending;
use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket as StdSocket};
use std::sync::{Arc, Mutex as StdMutex, PoisonError};

use quinn::{ConnectError, Endpoint, TokioRuntime};
use socket2::{Domain, Protocol, Socket as AnySocket, Type};
use tokio::sync::{Mutex, mpsc};
use tokio::task::AbortHandle;
use tokio::time::timeout;

use super::accept::accept;
use super::beside::Beside;
use super::datagram::{Tag, canonical};
use super::event::UdpEvent;
use super::limits::{EVENTS, HANDSHAKE};
use super::other::answer_echoes;
use super::socket::Socket;
use super::stream::{QuicStream, of_connection};
use super::tls::{NAME, tls};
use super::transport;
use crate::byte_stream::ByteStream;
use crate::time::TimeSource;

/// One UDP port. Clones are the same port; with the last of them it stops listening, and the links
/// that go over it stay until they end.
#[derive(Clone)]
pub(crate) struct UdpPort {
    shared: Arc<Shared>,
}

struct Shared {
    endpoint: Endpoint,
    socket: Arc<Socket>,
    other_port: u16,
    beside: Arc<StdMutex<Beside>>,
    events: Mutex<mpsc::Receiver<UdpEvent>>,
    tasks: Vec<AbortHandle>,
}

impl Drop for Shared {
    fn drop(&mut self) {
        self.tasks.iter().for_each(AbortHandle::abort);
    }
}

impl UdpPort {
    /// Opens this port if it is free, else another; for both IP versions if the system allows. To
    /// be called inside a runtime, as all that opens.
    pub(crate) fn open(wanted: u16) -> io::Result<Self> {
        Self::with_other(open_any(wanted)?, open_any(0)?)
    }

    /// The same on one address of this machine, for a device that listens there alone.
    pub(crate) fn open_at(wanted: SocketAddr) -> io::Result<Self> {
        let main = match bind(wanted) {
            Err(error) if error.kind() == io::ErrorKind::AddrInUse => bind(SocketAddr::new(wanted.ip(), 0))?,
            result => result?,
        };
        Self::with_other(main, bind(SocketAddr::new(wanted.ip(), 0))?)
    }

    /// Makes a port of a socket through which a peer was reached. It must not be connected. It has
    /// no other port.
    pub(crate) fn adopt(socket: StdSocket) -> io::Result<Self> {
        Self::start(socket, None)
    }

    fn with_other(main: StdSocket, other: StdSocket) -> io::Result<Self> {
        Self::start(main, Some(other))
    }

    fn start(main: StdSocket, other: Option<StdSocket>) -> io::Result<Self> {
        let tls = tls()?;
        let time = TimeSource::start();
        let beside = Arc::<StdMutex<Beside>>::default();
        let (tell, events) = mpsc::channel(EVENTS);
        let socket = Arc::new(Socket::new(main, time, beside.clone(), Some(tell.clone()))?);
        let other = other.map(|other| Socket::new(other, time, beside.clone(), None)).transpose()?;
        let other_port = other.as_ref().map_or(0, Socket::port);
        let runtime = Arc::new(TokioRuntime);
        let mut endpoint =
            Endpoint::new_with_abstract_socket(transport::endpoint(), Some(transport::server(tls)), socket.clone(), runtime)?;
        endpoint.set_default_client_config(transport::client(tls));
        let mut tasks = vec![tokio::spawn(accept(endpoint.clone(), tell)).abort_handle()];
        tasks.extend(other.map(|other| tokio::spawn(answer_echoes(Arc::new(other))).abort_handle()));
        Ok(Self { shared: Arc::new(Shared { endpoint, socket, other_port, beside, events: Mutex::new(events), tasks }) })
    }

    pub(crate) fn port(&self) -> u16 {
        self.shared.socket.port()
    }

    /// Answers echoes too; 0 if there is none.
    pub(crate) fn other_port(&self) -> u16 {
        self.shared.other_port
    }

    /// Asks once where this port is seen; a lost question is not repeated.
    pub(crate) fn ask_echo(&self, to: SocketAddr, tag: Tag) -> io::Result<()> {
        self.shared.socket.ask_echo(to, tag)
    }

    /// Answers questions with this tag, until it is forgotten.
    pub(crate) fn allow_echo(&self, tag: Tag) {
        self.shared.beside.lock().unwrap_or_else(PoisonError::into_inner).echoes.allow(tag);
    }

    pub(crate) fn forget_echo(&self, tag: &Tag) {
        self.shared.beside.lock().unwrap_or_else(PoisonError::into_inner).echoes.forget(tag);
    }

    /// What happened next. Each event is told once, to whichever clone asks.
    pub(crate) async fn next(&self) -> UdpEvent {
        match self.shared.events.lock().await.recv().await {
            Some(event) => event,
            // The socket holds a sender as long as the port is open.
            None => pending().await,
        }
    }

    /// Sends one datagram now. If it is a question to a DHT node (a bencoded dictionary), answers
    /// from there are told for five seconds.
    pub(crate) fn send(&self, to: SocketAddr, bytes: &[u8]) -> io::Result<()> {
        if bytes.first() == Some(&b'd') { self.shared.socket.ask_node(to, bytes) } else { self.shared.socket.send(to, bytes) }
    }

    /// Hops that datagrams to this address may take from now on, those of QUIC too; none: as many
    /// as usual. Others are not touched. An error where the system cannot do that.
    pub(crate) fn set_ttl(&self, to: SocketAddr, ttl: Option<u32>) -> io::Result<()> {
        self.shared.socket.set_ttl(to, ttl)
    }

    /// Dials. The other side hears of it with the first bytes that are written.
    pub(crate) async fn connect(&self, to: SocketAddr) -> io::Result<ByteStream> {
        has_route(canonical(to))?;
        let connecting = self.shared.endpoint.connect(canonical(to), NAME).map_err(of_connect)?;
        let connection = timeout(HANDSHAKE, connecting).await?.map_err(of_connection)?;
        let halves = connection.open_bi().await.map_err(of_connection)?;
        Ok(ByteStream::Quic(Box::new(QuicStream::opened(connection, halves))))
    }
}

fn of_connect(error: ConnectError) -> io::Error {
    let kind = match error {
        ConnectError::InvalidRemoteAddress(_) => io::ErrorKind::AddrNotAvailable,
        _ => io::ErrorKind::Other,
    };
    io::Error::new(kind, error)
}

/// QUIC takes a datagram that the system refuses to send for a lost one, and would try until its
/// time is over. Nothing is sent here.
fn has_route(to: SocketAddr) -> io::Result<()> {
    let any = if to.is_ipv4() { Ipv4Addr::UNSPECIFIED.into() } else { Ipv6Addr::UNSPECIFIED.into() };
    StdSocket::bind(SocketAddr::new(any, 0))?.connect(to)
}

/// Both IP versions if possible, this port if free.
fn open_any(port: u16) -> io::Result<StdSocket> {
    let v6 = |port| bind(SocketAddr::new(Ipv6Addr::UNSPECIFIED.into(), port));
    let v4 = |port| bind(SocketAddr::new(Ipv4Addr::UNSPECIFIED.into(), port));
    match v6(port) {
        Err(error) if error.kind() == io::ErrorKind::AddrInUse => v6(0),
        Err(_) => match v4(port) {
            Err(error) if error.kind() == io::ErrorKind::AddrInUse => v4(0),
            result => result,
        },
        Ok(socket) => Ok(socket),
    }
}

/// The port is this program's alone: nothing is said about sharing it.
fn bind(address: SocketAddr) -> io::Result<StdSocket> {
    let socket = AnySocket::new(Domain::for_address(address), Type::DGRAM, Some(Protocol::UDP))?;
    if address.is_ipv6() && address.ip().is_unspecified() {
        socket.set_only_v6(false)?;
    }
    socket.bind(&address.into())?;
    Ok(socket.into())
}
