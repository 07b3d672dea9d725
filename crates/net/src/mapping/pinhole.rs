//! Pinholes in the router's IPv6 firewall by UPnP (WANIPv6FirewallControl).

use std::net::SocketAddr;

use igd_next::PinholeError;
use tokio::time::timeout;

use super::find_upnp::{self, Firewall};
use super::hold::Hold;
use super::limits::{CLOSING, SOAP};
use super::opening::{Grant, Opening, Token, Why};
use super::place::PlaceV6;
use super::upnp::{protocol, unanswered};

/// The service.
pub(super) async fn find(place: &PlaceV6) -> Result<Firewall, Why> {
    find_upnp::firewall(place).await
}

/// Opens a pinhole, or renews it: the same one asked for again. To renew it by its number would be
/// unsafe, since a router that started anew gives out the same numbers in another order.
pub(super) async fn open(firewall: &Firewall, opening: &Opening) -> Result<Grant, Why> {
    let SocketAddr::V6(internal) = opening.slot.internal else { return Err(Why::Refused) };
    let added = timeout(SOAP, firewall.add_pinhole(protocol(opening.slot.transport), internal, opening.lease)).await;
    let number = added.map_err(|_| Why::Silent)?.map_err(not_added)?;
    Ok(Grant { external: opening.slot.internal, lease: opening.lease, token: Token::Pinhole(Some(number)), epoch: None })
}

/// Closes a pinhole.
pub(super) async fn close(firewall: &Firewall, hold: &Hold) {
    if let Token::Pinhole(Some(number)) = hold.token {
        let _ = timeout(CLOSING, firewall.remove_pinhole(number)).await;
    }
}

fn not_added(error: PinholeError) -> Why {
    match error {
        PinholeError::FirewallControlUnavailable
        | PinholeError::ActionNotAuthorized
        | PinholeError::PinholeSpaceExhausted
        | PinholeError::InboundPinholeNotAllowed => Why::Refused,
        PinholeError::FirewallDisabled => Why::Other("its IPv6 firewall is off".to_owned()),
        PinholeError::InvalidLeaseDuration | PinholeError::NoSuchEntry => Why::Other("it did not understand".to_owned()),
        PinholeError::RequestError(error) => unanswered(&error),
    }
}
