//! QUIC through two routers: both sides send datagrams that open their mappings, and one dials.

#![cfg_attr(not(test), warn(clippy::indexing_slicing, clippy::arithmetic_side_effects))]

use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until, timeout};

use super::clock::{Clock, later};
use super::limits::{LOW_TTL, QUIC_DIAL};
use super::plan::{QuicPart, dial_at, probe_at};
use super::tried::Tried;
use crate::byte_stream::ByteStream;
use crate::quic::{PROBE, UdpPort};

pub(super) async fn quic(part: QuicPart, port: &UdpPort, to: SocketAddr, lead: Duration, clock: &Clock) -> Result<ByteStream, Tried> {
    let mut sent = Ok(());
    let found = {
        let dialled = async {
            match part {
                QuicPart::Dial => dial(port, to, clock.earnest(lead).await).await,
                QuicPart::Await => std::future::pending().await,
            }
        };
        tokio::select! {
            stream = dialled => Some(stream),
            never = probe(port, to, lead, clock, &mut sent) => match never {},
            () = clock.over() => None,
        }
    };
    found.ok_or(match (sent, part) {
        (Err(kind), _) => Tried::Failed(kind),
        (Ok(()), QuicPart::Dial) => Tried::Silent,
        (Ok(()), QuicPart::Await) => Tried::Awaited,
    })
}

/// Dials until a connection stands.
pub(super) async fn dial(port: &UdpPort, to: SocketAddr, begin: Instant) -> ByteStream {
    let mut dials = JoinSet::new();
    let mut count = 0;
    loop {
        tokio::select! {
            Some(ended) = dials.join_next(), if !dials.is_empty() => {
                // Whatever kept one of them from standing may let the next one through.
                if let Ok(Ok(Ok(stream))) = ended {
                    return stream;
                }
            }
            () = sleep_until(later(begin, dial_at(count))) => {
                let port = port.clone();
                dials.spawn(async move { timeout(QUIC_DIAL, port.connect(to)).await });
                count = count.saturating_add(1);
            }
        }
    }
}

/// Opens the mapping and keeps it open; until the other side has surely begun, with few hops.
async fn probe(port: &UdpPort, to: SocketAddr, lead: Duration, clock: &Clock, sent: &mut Result<(), io::ErrorKind>) -> Infallible {
    let earnest = tokio::select! {
        biased;
        earnest = clock.earnest(lead) => earnest,
        never = each_time(clock.start, || *sent = with_few_hops(port, to)) => match never {},
    };
    each_time(earnest, || *sent = port.send(to, &PROBE).map_err(|error| error.kind())).await
}

async fn each_time(begin: Instant, mut send: impl FnMut()) -> Infallible {
    let mut count = 0;
    loop {
        sleep_until(later(begin, probe_at(count))).await;
        send();
        count = count.saturating_add(1);
    }
}

/// Only these datagrams: an answer to the other side's dial must arrive.
fn with_few_hops(port: &UdpPort, to: SocketAddr) -> Result<(), io::ErrorKind> {
    let sent = port.set_ttl(to, Some(LOW_TTL)).and_then(|()| port.send(to, &PROBE));
    let usual = port.set_ttl(to, None);
    sent.and(usual).map_err(|error| error.kind())
}
