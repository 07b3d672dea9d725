//! Ports of this device talk to each other on loopback.

mod echoes;
mod endings;
mod links;
mod loss;
mod memory;
mod relay;
mod strangers;

use std::net::{SocketAddr, UdpSocket};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::timeout;

use super::{Tag, UdpEvent, UdpPort};
use crate::byte_stream::ByteStream;

/// No test waits longer for one thing.
const PATIENCE: Duration = Duration::from_secs(60);
/// Long enough for whatever is on its way on loopback to arrive, where nothing must.
const MOMENT: Duration = Duration::from_millis(300);
const TAG: Tag = *b"a link of theirs";

async fn soon<T>(what: &str, work: impl Future<Output = T>) -> T {
    timeout(PATIENCE, work).await.unwrap_or_else(|_| panic!("waited in vain for {what}"))
}

fn open() -> UdpPort {
    UdpPort::open_at(SocketAddr::from(([127, 0, 0, 1], 0))).expect("a port")
}

fn at(port: u16) -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], port))
}

/// A socket that knows nothing of QUIC.
fn raw() -> (UdpSocket, SocketAddr) {
    let socket = UdpSocket::bind(at(0)).expect("a port");
    socket.set_read_timeout(Some(MOMENT)).expect("a socket");
    let address = socket.local_addr().expect("a socket");
    (socket, address)
}

async fn incoming(port: &UdpPort) -> (ByteStream, SocketAddr) {
    let coming = async {
        loop {
            if let UdpEvent::Incoming(stream, from) = port.next().await {
                return (stream, from);
            }
        }
    };
    soon("a newcomer", coming).await
}

/// Dials `to`, which leads to `port`, and says one byte, which makes the stream visible.
async fn link(from: &UdpPort, port: &UdpPort, to: SocketAddr) -> (ByteStream, ByteStream) {
    let dialling = async {
        let mut stream = from.connect(to).await.expect("a connection");
        stream.write_all(b"!").await.expect("a connection");
        stream
    };
    let (near, (mut far, _)) = soon("a link", async { tokio::join!(dialling, incoming(port)) }).await;
    assert_eq!(far.read_u8().await.expect("the byte"), b'!');
    (near, far)
}

/// Bytes that differ from place to place.
fn bytes(count: usize) -> Vec<u8> {
    (0..count).map(|at| (at % 251) as u8 ^ (at >> 12) as u8).collect()
}
