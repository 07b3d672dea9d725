//! Looking for the router's UPnP services. Any device on the network can answer: whoever is not
//! near is not believed, and the gateway is preferred. `igd-next` sees to it that a device only
//! names services of its own, and bounds what it reads.

use std::net::{SocketAddr, SocketAddrV4};

use igd_next::aio::tokio::{Tokio, search_gateway, search_ipv6_firewall_gateway};
use igd_next::aio::{Gateway, Ipv6FirewallGateway};
use igd_next::{GatewayIpVersion, SearchOptions};
use tokio::time::{Instant, sleep_until};

use super::limits::{GATEWAY_FIRST, SEARCH};
use super::opening::Why;
use super::place::{PlaceV4, PlaceV6};

/// A router's service for doors.
pub(super) type Igd = Gateway<Tokio>;
/// A router's service for pinholes.
pub(super) type Firewall = Ipv6FirewallGateway<Tokio>;

const SSDP_PORT: u16 = 1900;

/// Asks all devices, and the gateway itself besides: if somebody else answers faster, the gateway
/// still comes first.
pub(super) async fn igd(place: &PlaceV4) -> Result<Igd, Why> {
    let everybody = search_gateway(options(SocketAddr::new(place.own.addr().into(), 0), None));
    let at_gateway = SocketAddrV4::new(place.gateway, SSDP_PORT);
    let gateway = search_gateway(options(SocketAddr::new(place.own.addr().into(), 0), Some(at_gateway.into())));
    tokio::pin!(everybody, gateway);
    let (mut asked_all, mut asked_gateway) = (true, true);
    let mut other = None;
    let end = sleep_until(after(SEARCH));
    tokio::pin!(end);
    while asked_all || asked_gateway {
        let found = tokio::select! {
            found = &mut gateway, if asked_gateway => { asked_gateway = false; found }
            found = &mut everybody, if asked_all => { asked_all = false; found }
            () = &mut end => break,
        };
        let Some(found) = found.ok().filter(|igd| place.is_near(igd.addr.ip())) else { continue };
        if found.addr.ip() == place.gateway {
            return Ok(found);
        }
        if other.is_none() {
            let sooner = after(GATEWAY_FIRST).min(end.deadline());
            end.as_mut().reset(sooner);
        }
        other = other.or(Some(found));
    }
    other.ok_or(Why::Silent)
}

/// A search finds nothing unless it is sent from a global address, which is also what the router
/// compares a pinhole with.
pub(super) async fn firewall(place: &PlaceV6) -> Result<Firewall, Why> {
    let own = place.own.first().ok_or(Why::Silent)?.addr();
    let mut search = SearchOptions::ipv6(place.interface);
    search.bind_addr = SocketAddr::new(own.into(), 0);
    search.timeout = Some(SEARCH);
    search.single_search_timeout = Some(SEARCH);
    search.gateway_ip_version = GatewayIpVersion::V6;
    let found = search_ipv6_firewall_gateway(search).await.map_err(|_| Why::Silent)?;
    if place.is_near(found.addr.ip()) { Ok(found) } else { Err(Why::Silent) }
}

fn options(bind: SocketAddr, to: Option<SocketAddr>) -> SearchOptions {
    let mut search = SearchOptions::default();
    search.bind_addr = bind;
    search.timeout = Some(SEARCH);
    search.single_search_timeout = Some(SEARCH);
    search.gateway_ip_version = GatewayIpVersion::V4;
    if let Some(to) = to {
        search.broadcast_address = to;
    }
    search
}

fn after(wait: std::time::Duration) -> Instant {
    let now = Instant::now();
    now.checked_add(wait).unwrap_or(now)
}
