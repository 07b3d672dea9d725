//! The one stream of a QUIC connection, with the connection.
//!
//! The dialler opens it. It appears at the other side with its first bytes, which are those of the
//! handshake in `greeting.rs`; that handshake is what tells who the other side is (`tls.rs` says
//! why QUIC's own does not).

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use quinn::{Connection, ConnectionError, ReadError, RecvStream, SendStream, TransportErrorCode, VarInt, WriteError};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::runtime::Handle;
use tokio::time::timeout;

use super::limits::FAREWELL;

/// Dropping it closes the connection, after what was written is acknowledged or a moment is over.
pub(crate) struct QuicStream {
    connection: Connection,
    send: SendStream,
    recv: RecvStream,
    /// The other side knows of the stream.
    visible: bool,
}

impl QuicStream {
    /// Of the dialler. The other side hears of it with the first bytes.
    pub(super) fn opened(connection: Connection, (send, recv): (SendStream, RecvStream)) -> Self {
        Self { connection, send, recv, visible: false }
    }

    /// Of the other side.
    pub(super) fn accepted(connection: Connection, (send, recv): (SendStream, RecvStream)) -> Self {
        Self { connection, send, recv, visible: true }
    }
}

impl AsyncRead for QuicStream {
    fn poll_read(self: Pin<&mut Self>, waking: &mut Context<'_>, input: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        self.get_mut().recv.poll_read_buf(waking, input).map_err(of_read)
    }
}

impl AsyncWrite for QuicStream {
    fn poll_write(self: Pin<&mut Self>, waking: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let taken = ready!(Pin::new(&mut this.send).poll_write(waking, bytes)).map_err(of_write)?;
        this.visible |= taken > 0;
        Poll::Ready(Ok(taken))
    }

    /// Quinn sends what it has taken as soon as it may.
    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        this.visible = true;
        // A stream that is finished already is no fault.
        let _ = this.send.finish();
        Poll::Ready(Ok(()))
    }
}

impl Drop for QuicStream {
    fn drop(&mut self) {
        if !self.visible {
            // Finishing it would make it visible.
            return close(&self.connection);
        }
        let _ = self.send.finish();
        let delivered = self.send.stopped();
        let connection = self.connection.clone();
        // Without a runtime nothing is delivered any more, and quinn closes at once.
        if let Ok(runtime) = Handle::try_current() {
            runtime.spawn(async move {
                let _ = timeout(FAREWELL, delivered).await;
                close(&connection);
            });
        }
    }
}

fn close(connection: &Connection) {
    connection.close(VarInt::from_u32(0), b"");
}

fn of_read(error: ReadError) -> io::Error {
    match error {
        ReadError::ConnectionLost(error) => of_connection(error),
        error => error.into(),
    }
}

fn of_write(error: WriteError) -> io::Error {
    match error {
        WriteError::ConnectionLost(error) => of_connection(error),
        error => error.into(),
    }
}

/// In the words of the system, so that `Reason` understands them.
pub(super) fn of_connection(error: ConnectionError) -> io::Error {
    match &error {
        ConnectionError::ConnectionClosed(close) if close.error_code == TransportErrorCode::CONNECTION_REFUSED => {
            io::Error::new(io::ErrorKind::ConnectionRefused, error)
        }
        _ => error.into(),
    }
}
