//! What carries the bytes of a link. All else of this crate reads and writes a [`ByteStream`] and
//! asks nothing of it but bytes in order: another way to a peer is another variant here.

#![cfg_attr(not(test), warn(clippy::indexing_slicing, clippy::arithmetic_side_effects))]

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpSocket, TcpStream};

use crate::circuit::CircuitStream;
use crate::quic::QuicStream;

/// A connection to a peer, or to a stranger who may become one.
pub(crate) enum ByteStream {
    Tcp(TcpStream),
    /// In a box, so that a TCP link does not pay for its size.
    Quic(Box<QuicStream>),
    /// Through a member who is linked with both.
    Circuit(CircuitStream),
    /// Between two tasks of a test.
    #[cfg(test)]
    Memory(tokio::io::DuplexStream),
}

impl ByteStream {
    /// Connects to another machine, from this end of one's own if the system lets it.
    pub(crate) async fn connect(target: SocketAddr, from: Option<SocketAddr>) -> io::Result<Self> {
        let connected = match from.map(bound) {
            Some(Ok(socket)) => match socket.connect(target).await {
                // The same two ends were connected a moment ago, or are.
                Err(error) if matches!(error.kind(), io::ErrorKind::AddrInUse | io::ErrorKind::AddrNotAvailable) => {
                    TcpStream::connect(target).await
                }
                connected => connected,
            },
            Some(Err(_)) | None => TcpStream::connect(target).await,
        };
        connected.map(Self::Tcp)
    }

    /// Has small frames go out at once.
    pub(crate) fn set_nodelay(&self) -> io::Result<()> {
        match self {
            Self::Tcp(stream) => stream.set_nodelay(true),
            // QUIC holds nothing back.
            Self::Quic(_) => Ok(()),
            Self::Circuit(_) => Ok(()),
            #[cfg(test)]
            Self::Memory(_) => Ok(()),
        }
    }

    /// Writes what fits now, without waiting. Bytes that were taken; 0 if there is no room.
    pub(crate) fn try_write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let taken = match self {
            Self::Tcp(stream) => stream.try_write(bytes),
            Self::Quic(stream) => write_now(&mut **stream, bytes),
            Self::Circuit(stream) => write_now(stream, bytes),
            #[cfg(test)]
            Self::Memory(stream) => write_now(stream, bytes),
        };
        match taken {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(0),
            taken => taken,
        }
    }
}

/// A socket at this end, which a listener may have too.
pub(crate) fn bound(from: SocketAddr) -> io::Result<TcpSocket> {
    let socket = if from.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
    socket.set_reuseaddr(true)?;
    #[cfg(unix)]
    socket.set_reuseport(true)?;
    socket.bind(from)?;
    Ok(socket)
}

/// For streams that have no call of their own for this. Whoever waits for room must not be
/// forgotten by it: a cipher stream that waits writes nothing new.
fn write_now(stream: &mut (impl AsyncWrite + Unpin), bytes: &[u8]) -> io::Result<usize> {
    match Pin::new(stream).poll_write(&mut Context::from_waker(Waker::noop()), bytes) {
        Poll::Ready(taken) => taken,
        Poll::Pending => Ok(0),
    }
}

impl AsyncRead for ByteStream {
    fn poll_read(self: Pin<&mut Self>, waking: &mut Context<'_>, input: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Tcp(stream) => Pin::new(stream).poll_read(waking, input),
            Self::Quic(stream) => Pin::new(&mut **stream).poll_read(waking, input),
            Self::Circuit(stream) => Pin::new(stream).poll_read(waking, input),
            #[cfg(test)]
            Self::Memory(stream) => Pin::new(stream).poll_read(waking, input),
        }
    }
}

impl AsyncWrite for ByteStream {
    fn poll_write(self: Pin<&mut Self>, waking: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Tcp(stream) => Pin::new(stream).poll_write(waking, bytes),
            Self::Quic(stream) => Pin::new(&mut **stream).poll_write(waking, bytes),
            Self::Circuit(stream) => Pin::new(stream).poll_write(waking, bytes),
            #[cfg(test)]
            Self::Memory(stream) => Pin::new(stream).poll_write(waking, bytes),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, waking: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Tcp(stream) => Pin::new(stream).poll_flush(waking),
            Self::Quic(stream) => Pin::new(&mut **stream).poll_flush(waking),
            Self::Circuit(stream) => Pin::new(stream).poll_flush(waking),
            #[cfg(test)]
            Self::Memory(stream) => Pin::new(stream).poll_flush(waking),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, waking: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Tcp(stream) => Pin::new(stream).poll_shutdown(waking),
            Self::Quic(stream) => Pin::new(&mut **stream).poll_shutdown(waking),
            Self::Circuit(stream) => Pin::new(stream).poll_shutdown(waking),
            #[cfg(test)]
            Self::Memory(stream) => Pin::new(stream).poll_shutdown(waking),
        }
    }
}
