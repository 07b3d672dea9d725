//! PCP for IPv6 pinholes. `crab_nat` binds no address, and then a gateway that is known by its
//! link-local address sees a link-local client: it answers ADDRESS_MISMATCH.

use std::net::{IpAddr, SocketAddr, SocketAddrV6};

use tokio::net::UdpSocket;
use tokio::time::timeout;

use super::hold::Hold;
use super::limits::{CLOSING, FIRST_WAIT, REPEATS};
use super::natpmp::unsent;
use super::opening::{Grant, Opening, Token, Why};
use super::pcp_record::{Granted, LONGEST, Request};
use super::place::PlaceV6;

/// Opens or renews a pinhole.
pub(super) async fn open(place: &PlaceV6, opening: &Opening) -> Result<Grant, Why> {
    let request = request(opening).ok_or(Why::Refused)?;
    let mut wait = FIRST_WAIT;
    let socket = socket(place, &request).await.map_err(|error| unsent(&error))?;
    for _ in 0..=REPEATS {
        if let Ok(answer) = timeout(wait, ask(&socket, &request)).await {
            let granted = answer?;
            let external = SocketAddr::new(granted.external.into(), granted.external_port);
            return Ok(Grant { external, lease: granted.lease, token: opening.token, epoch: Some(granted.epoch) });
        }
        wait = wait.saturating_mul(2);
    }
    Err(Why::Silent)
}

/// Closes a pinhole.
pub(super) async fn close(place: &PlaceV6, hold: &Hold) {
    let opening = Opening { slot: hold.slot, port: hold.external.port(), lease: 0, token: hold.token };
    let Some(request) = request(&opening) else { return };
    let Ok(socket) = socket(place, &request).await else { return };
    for wait in [CLOSING / 4, CLOSING / 2] {
        if timeout(wait, ask(&socket, &request)).await.is_ok() {
            return;
        }
    }
}

fn request(opening: &Opening) -> Option<Request> {
    let (Token::Nonce(nonce), IpAddr::V6(client)) = (opening.token, opening.slot.internal.ip()) else { return None };
    Some(Request {
        client,
        transport: opening.slot.transport,
        internal_port: opening.slot.internal.port(),
        external_port: opening.port,
        lease: opening.lease,
        nonce,
    })
}

/// Hears only the gateway.
async fn socket(place: &PlaceV6, request: &Request) -> std::io::Result<UdpSocket> {
    let socket = UdpSocket::bind(SocketAddrV6::new(request.client, 0, 0, 0)).await?;
    socket.connect(place.server(crab_nat::GATEWAY_PORT)).await?;
    Ok(socket)
}

async fn ask(socket: &UdpSocket, request: &Request) -> Result<Granted, Why> {
    socket.send(&request.encode()).await.map_err(|error| unsent(&error))?;
    let mut buffer = [0; LONGEST];
    loop {
        let length = socket.recv(&mut buffer).await.map_err(|error| unsent(&error))?;
        if let Some(answer) = buffer.get(..length).and_then(|bytes| request.decode(bytes)) {
            return answer;
        }
    }
}
