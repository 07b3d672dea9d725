//! UPnP IGD, versions 1 and 2, by `igd-next`.

use std::net::{IpAddr, SocketAddr};

use igd_next::{AddPortError, GetExternalIpError, PortMappingProtocol, RequestError};
use tokio::time::timeout;

use super::find_upnp::{self, Igd};
use super::hold::Hold;
use super::limits::{CLOSING, SOAP};
use super::mappings::Transport;
use super::opening::{Grant, Opening, Token, Why};
use super::place::PlaceV4;

/// What the router's own page lists the door under.
const NAME: &str = "Grapevine";
/// "Action Failed": what a router says that has no address of its own.
const FAILED: u16 = 501;

/// The service and the router's outer address.
pub(super) async fn find(place: &PlaceV4) -> Result<(Igd, IpAddr), Why> {
    let igd = find_upnp::igd(place).await?;
    let address = address(&igd).await?;
    Ok((igd, address))
}

/// Opens or renews a door.
pub(super) async fn open(igd: &Igd, opening: &Opening) -> Result<Grant, Why> {
    let protocol = protocol(opening.slot.transport);
    let added = timeout(SOAP, igd.add_port(protocol, opening.port, opening.slot.internal, opening.lease, NAME)).await;
    added.map_err(|_| Why::Silent)?.map_err(not_added)?;
    let external = SocketAddr::new(address(igd).await?, opening.port);
    Ok(Grant { external, lease: opening.lease, token: Token::Port, epoch: None })
}

/// Takes a door back.
pub(super) async fn close(igd: &Igd, hold: &Hold) {
    let _ = timeout(CLOSING, igd.remove_port(protocol(hold.slot.transport), hold.external.port())).await;
}

async fn address(igd: &Igd) -> Result<IpAddr, Why> {
    match timeout(SOAP, igd.get_external_ip()).await.map_err(|_| Why::Silent)? {
        Ok(address) => Ok(address.to_canonical()),
        Err(GetExternalIpError::ActionNotAuthorized) => Err(Why::Refused),
        // An answer without an address in it.
        Err(GetExternalIpError::RequestError(RequestError::InvalidResponse(_) | RequestError::ErrorCode(FAILED, _))) => {
            Err(Why::NoPublicAddress)
        }
        Err(GetExternalIpError::RequestError(error)) => Err(unanswered(&error)),
    }
}

fn not_added(error: AddPortError) -> Why {
    match error {
        AddPortError::PortInUse => Why::PortTaken,
        AddPortError::OnlyPermanentLeasesSupported => Why::PermanentOnly,
        AddPortError::ActionNotAuthorized | AddPortError::SamePortValuesRequired => Why::Refused,
        AddPortError::InternalPortZeroInvalid | AddPortError::ExternalPortZeroInvalid | AddPortError::DescriptionTooLong => {
            Why::Other("it did not understand".to_owned())
        }
        AddPortError::RequestError(error) => unanswered(&error),
    }
}

/// Never with the router's own words.
pub(super) fn unanswered(error: &RequestError) -> Why {
    match error {
        RequestError::ErrorCode(code, _) => Why::Other(format!("error {code}")),
        RequestError::InvalidResponse(_) | RequestError::Utf8Error(_) | RequestError::HttpError(_) => {
            Why::Other("its answer made no sense".to_owned())
        }
        RequestError::UnsupportedAction(_) => Why::Refused,
        RequestError::IoError(_) | RequestError::HyperError(_) | RequestError::HyperClientError(_) => Why::Silent,
    }
}

pub(super) fn protocol(transport: Transport) -> PortMappingProtocol {
    match transport {
        Transport::Tcp => PortMappingProtocol::TCP,
        Transport::Udp => PortMappingProtocol::UDP,
    }
}
