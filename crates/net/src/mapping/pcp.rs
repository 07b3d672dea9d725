//! PCP (RFC 6887) over IPv4 by `crab_nat`: only the gateway's own port is heard.

use std::net::{IpAddr, SocketAddr};
use std::num::NonZeroU16;

use crab_nat::pcp::{BaseMapRequest, DropMappingRange, Failure, port_mapping, try_drop_mapping};
use crab_nat::{GatewayAddress, PortMappingType};

use super::hold::Hold;
use super::natpmp::{haste, options, protocol, unsent};
use super::opening::{Grant, Opening, Token, Why};
use super::place::PlaceV4;

/// Opens or renews a door.
pub(super) async fn open(place: &PlaceV4, opening: &Opening) -> Result<Grant, Why> {
    let Token::Nonce(nonce) = opening.token else { return Err(Why::Refused) };
    let port = NonZeroU16::new(opening.slot.internal.port()).ok_or(Why::Refused)?;
    let own = opening.slot.internal.ip();
    let request = BaseMapRequest::new(GatewayAddress::IpV4(place.gateway), own, protocol(opening.slot.transport), port);
    let door = port_mapping(request, Some(nonce), None, options(opening)).await.map_err(why)?;
    let external: IpAddr = match door.mapping_type() {
        PortMappingType::Pcp { external_ip, .. } => external_ip.to_canonical(),
        PortMappingType::NatPmp => return Err(Why::Refused),
    };
    let external = SocketAddr::new(external, door.external_port().get());
    Ok(Grant { external, lease: door.lifetime(), token: opening.token, epoch: Some(door.gateway_epoch()) })
}

/// Takes a door back.
pub(super) async fn close(place: &PlaceV4, hold: &Hold) {
    let (Token::Nonce(nonce), Some(internal_port)) = (hold.token, NonZeroU16::new(hold.slot.internal.port())) else { return };
    let range = DropMappingRange::Single { protocol: protocol(hold.slot.transport), internal_port };
    let gateway = GatewayAddress::IpV4(place.gateway);
    let _ = try_drop_mapping(gateway, hold.slot.internal.ip(), nonce, range, Some(haste())).await;
}

fn why(failure: Failure) -> Why {
    match failure {
        Failure::Socket(error) => unsent(&error),
        Failure::Timeout => Why::Silent,
        // A router behind another NAT says the one or the other (miniupnpd).
        Failure::NetworkFailure(_) | Failure::NoResources(_) => Why::NoPublicAddress,
        Failure::UnsupportedVersion(_)
        | Failure::NotAuthorized(_)
        | Failure::UnsupportedOpcode
        | Failure::UnsupportedProtocol
        | Failure::UserExceededQuota(_)
        | Failure::CannotProvideExternal(_) => Why::Refused,
        Failure::AddressMismatch => Why::Other("a NAT stands between it and this device".to_owned()),
        Failure::Nonce | Failure::InvalidResponse(_) => Why::Other("its answer made no sense".to_owned()),
        Failure::MalformedRequest | Failure::UnsupportedOption | Failure::MalformedOption | Failure::ExcessiveRemotePeers => {
            Why::Other("it did not understand".to_owned())
        }
    }
}
