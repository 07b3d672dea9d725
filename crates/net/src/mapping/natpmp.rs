//! NAT-PMP (RFC 6886) by `crab_nat`: only the gateway's own port is heard.

use std::net::{Ipv4Addr, SocketAddr};
use std::num::NonZeroU16;

use crab_nat::natpmp::{Failure, external_address, port_mapping, try_drop_mapping};
use crab_nat::{InternetProtocol, PortMappingOptions, TimeoutConfig};

use super::hold::Hold;
use super::limits::{CLOSING, FIRST_WAIT, REPEATS};
use super::mappings::Transport;
use super::opening::{Grant, Opening, Token, Why};

/// The router's outer address.
pub(super) async fn address(gateway: Ipv4Addr) -> Result<Ipv4Addr, Why> {
    external_address(gateway.into(), Some(patience())).await.map_err(why)
}

/// Opens or renews a door.
pub(super) async fn open(gateway: Ipv4Addr, opening: &Opening) -> Result<Grant, Why> {
    let port = NonZeroU16::new(opening.slot.internal.port()).ok_or(Why::Refused)?;
    let door = port_mapping(gateway.into(), protocol(opening.slot.transport), port, options(opening)).await.map_err(why)?;
    let external = SocketAddr::new(address(gateway).await?.into(), door.external_port().get());
    Ok(Grant { external, lease: door.lifetime(), token: Token::Port, epoch: Some(door.gateway_epoch()) })
}

/// Takes a door back.
pub(super) async fn close(gateway: Ipv4Addr, hold: &Hold) {
    let port = NonZeroU16::new(hold.slot.internal.port());
    let _ = try_drop_mapping(gateway.into(), protocol(hold.slot.transport), port, Some(haste())).await;
}

/// What is wanted, in the library's words.
pub(super) fn options(opening: &Opening) -> PortMappingOptions {
    PortMappingOptions {
        external_port: NonZeroU16::new(opening.port),
        lifetime_seconds: Some(opening.lease),
        timeout_config: Some(patience()),
    }
}

pub(super) fn protocol(transport: Transport) -> InternetProtocol {
    match transport {
        Transport::Tcp => InternetProtocol::Tcp,
        Transport::Udp => InternetProtocol::Udp,
    }
}

fn patience() -> TimeoutConfig {
    TimeoutConfig { initial_timeout: FIRST_WAIT, max_retries: REPEATS, max_retry_timeout: None }
}

/// For the end, where two questions must do.
pub(super) fn haste() -> TimeoutConfig {
    TimeoutConfig { initial_timeout: CLOSING / 4, max_retries: 1, max_retry_timeout: None }
}

fn why(failure: Failure) -> Why {
    match failure {
        Failure::Socket(error) => unsent(&error),
        Failure::Timeout => Why::Silent,
        Failure::UnsupportedVersion(_) | Failure::NotAuthorized | Failure::OutOfResources | Failure::UnsupportedOpcode => Why::Refused,
        Failure::NetworkFailure => Why::NoPublicAddress,
        Failure::InvalidResponse(_) => Why::Other("its answer made no sense".to_owned()),
    }
}

/// What a socket said. Most of it means that nothing is there.
pub(super) fn unsent(error: &std::io::Error) -> Why {
    use std::io::ErrorKind::{ConnectionRefused, ConnectionReset, HostUnreachable, NetworkUnreachable, TimedOut};
    match error.kind() {
        ConnectionRefused | ConnectionReset | HostUnreachable | NetworkUnreachable | TimedOut => Why::Silent,
        other => Why::Other(other.to_string()),
    }
}
