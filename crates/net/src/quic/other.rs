//! The other port: it answers echoes, and nothing else. A peer that asks both ports learns whether
//! its router keeps one mapping for all (both see it at one address) or makes one for each.

use std::future::poll_fn;
use std::io::IoSliceMut;
use std::sync::Arc;

use quinn::AsyncUdpSocket;
use quinn::udp::RecvMeta;

use super::socket::Socket;

/// Runs as long as the port is open. Where the system hands over several datagrams at once there is
/// room for 64 questions; longer junk is cut off.
pub(super) async fn answer_echoes(socket: Arc<Socket>) {
    let mut buffer = [0; 2048];
    let mut meta = [RecvMeta::default()];
    loop {
        let mut buffers = [IoSliceMut::new(&mut buffer)];
        if poll_fn(|waking| socket.poll_recv(waking, &mut buffers, &mut meta)).await.is_err() {
            return;
        }
    }
}
