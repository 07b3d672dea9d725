//! Letting newcomers in.

use std::collections::HashMap;
use std::net::IpAddr;

use quinn::{Connecting, Endpoint, Incoming};
use tokio::sync::mpsc;
use tokio::task::{Id, JoinSet};
use tokio::time::timeout;
use tracing::debug;

use super::datagram::canonical;
use super::event::UdpEvent;
use super::limits::HANDSHAKE;
use super::strangers::{Admission, admit};
use super::stream::QuicStream;
use crate::byte_stream::ByteStream;

/// Runs as long as the port is open.
pub(super) async fn accept(endpoint: Endpoint, events: mpsc::Sender<UdpEvent>) {
    let mut tasks = JoinSet::new();
    let mut waiting: HashMap<Id, IpAddr> = HashMap::new();
    loop {
        tokio::select! {
            over = tasks.join_next_with_id(), if !tasks.is_empty() => {
                let id = match over {
                    Some(Ok((id, ()))) => id,
                    Some(Err(error)) => error.id(),
                    None => continue,
                };
                waiting.remove(&id);
            }
            incoming = endpoint.accept() => {
                let Some(incoming) = incoming else { return };
                let from = canonical(incoming.remote_address()).ip();
                match admit(waiting.values().copied(), from, incoming.remote_address_validated()) {
                    Admission::Ignore => incoming.ignore(),
                    Admission::Prove if incoming.may_retry() => {
                        let _ = incoming.retry();
                    }
                    Admission::Prove | Admission::Enter => {
                        if let Some(connecting) = enter(incoming) {
                            let task = tasks.spawn(greet(connecting, events.clone()));
                            waiting.insert(task.id(), from);
                        }
                    }
                }
            }
        }
    }
}

fn enter(incoming: Incoming) -> Option<Connecting> {
    incoming.accept().inspect_err(|error| debug!(%error, "a newcomer's first packet is not QUIC")).ok()
}

/// Until the newcomer has said its first bytes: only then is there a stream. Counts as a handshake
/// until the driver has taken it.
async fn greet(connecting: Connecting, events: mpsc::Sender<UdpEvent>) {
    let arriving = async {
        let connection = connecting.await?;
        let halves = connection.accept_bi().await?;
        Ok::<_, quinn::ConnectionError>((connection, halves))
    };
    let Ok(Ok((connection, halves))) = timeout(HANDSHAKE, arriving).await else { return };
    let from = canonical(connection.remote_address());
    let stream = ByteStream::Quic(Box::new(QuicStream::accepted(connection, halves)));
    let _ = events.send(UdpEvent::Incoming(stream, from)).await;
}
