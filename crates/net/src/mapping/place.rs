//! Which router this device is behind, and under which addresses.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddrV6};

use netdev::Interface;
use netdev::ipnet::{Ipv4Net, Ipv6Net};

use super::limits::MAX_IPV6;
use super::public::is_public;

/// The network as far as mapping cares. If it changes, everything is asked afresh.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Place {
    /// The router, whether or not there is anything to ask it for.
    pub(super) gateway: Option<IpAddr>,
    pub(super) v4: Option<PlaceV4>,
    pub(super) v6: Option<PlaceV6>,
}

/// Behind a NAT.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct PlaceV4 {
    pub(super) gateway: Ipv4Addr,
    /// Own address and its network.
    pub(super) own: Ipv4Net,
}

/// Perhaps behind a firewall.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct PlaceV6 {
    pub(super) gateway: Ipv6Addr,
    /// The interface, which a link-local address means nothing without.
    pub(super) interface: u32,
    /// Own global addresses and their networks, those that stay first.
    pub(super) own: Vec<Ipv6Net>,
}

impl Place {
    /// Asks the system. Blocks for some milliseconds.
    pub(super) fn look() -> Self {
        Self::of(&netdev::get_interfaces())
    }

    /// Only the interface of the default route counts: others are not how the internet comes in.
    fn of(interfaces: &[Interface]) -> Self {
        let Some(interface) = interfaces.iter().find(|interface| interface.default) else { return Self::default() };
        let Some(router) = &interface.gateway else { return Self::default() };
        let (gateway_v4, gateway_v6) = (router.ipv4.first().copied(), router.ipv6.first().copied());
        Self {
            gateway: gateway_v4.map(IpAddr::V4).or(gateway_v6.map(IpAddr::V6)),
            v4: gateway_v4.and_then(|gateway| PlaceV4::of(gateway, &interface.ipv4)),
            v6: gateway_v6.and_then(|gateway| PlaceV6::of(gateway, interface)),
        }
    }
}

impl PlaceV4 {
    /// None where no NAT can be: the device has a public address itself.
    fn of(gateway: Ipv4Addr, own: &[Ipv4Net]) -> Option<Self> {
        let own = *own.iter().find(|net| net.contains(&gateway)).or(own.first())?;
        (!is_public(own.addr().into())).then_some(Self { gateway, own })
    }

    /// Whether an address belongs to the router, or at least to this network.
    pub(super) fn is_near(&self, ip: IpAddr) -> bool {
        matches!(ip, IpAddr::V4(v4) if v4 == self.gateway || self.own.contains(&v4))
    }
}

impl PlaceV6 {
    fn of(gateway: Ipv6Addr, interface: &Interface) -> Option<Self> {
        let flags = interface.ipv6_addr_flags.iter().map(Some).chain(std::iter::repeat(None));
        let mut own: Vec<(bool, Ipv6Net)> = Vec::new();
        for (net, flags) in interface.ipv6.iter().zip(flags) {
            let usable = flags.is_none_or(|flags| !flags.deprecated && !flags.tentative && !flags.duplicated);
            if usable && is_public(net.addr().into()) {
                own.push((flags.is_some_and(|flags| flags.temporary), *net));
            }
        }
        own.sort();
        let own: Vec<Ipv6Net> = own.into_iter().map(|(_, net)| net).take(MAX_IPV6).collect();
        (!own.is_empty()).then_some(Self { gateway, interface: interface.index, own })
    }

    /// Where the router hears PCP.
    pub(super) fn server(&self, port: u16) -> SocketAddrV6 {
        let scope = if self.gateway.is_unicast_link_local() { self.interface } else { 0 };
        SocketAddrV6::new(self.gateway, port, 0, scope)
    }

    /// See [`PlaceV4::is_near`].
    pub(super) fn is_near(&self, ip: IpAddr) -> bool {
        let IpAddr::V6(v6) = ip else { return false };
        v6 == self.gateway || v6.is_unicast_link_local() || self.own.iter().any(|net| net.contains(&v6))
    }
}

#[cfg(test)]
mod tests {
    use netdev::interface::ipv6_addr_flags::Ipv6AddrFlags;
    use netdev::net::device::NetworkDevice;

    use super::*;

    fn interface(v4: &[&str], v6: &[&str], gateways: &[&str]) -> Interface {
        let mut interface = Interface::dummy();
        interface.index = 7;
        interface.default = true;
        interface.ipv4 = v4.iter().map(|text| text.parse().expect("a network")).collect();
        interface.ipv6 = v6.iter().map(|text| text.parse().expect("a network")).collect();
        interface.ipv6_addr_flags = vec![Ipv6AddrFlags::default(); v6.len()];
        let mut router = NetworkDevice::new();
        for text in gateways {
            match text.parse().expect("an address") {
                IpAddr::V4(v4) => router.ipv4.push(v4),
                IpAddr::V6(v6) => router.ipv6.push(v6),
            }
        }
        interface.gateway = (!gateways.is_empty()).then_some(router);
        interface
    }

    #[test]
    fn the_own_address_is_the_one_in_the_routers_network() {
        let place = Place::of(&[interface(&["10.0.0.5/8", "192.168.2.2/24"], &[], &["192.168.2.1"])]);
        let v4 = place.v4.expect("behind a NAT");
        assert_eq!((v4.own.addr(), v4.gateway), (Ipv4Addr::new(192, 168, 2, 2), Ipv4Addr::new(192, 168, 2, 1)));
        assert!(v4.is_near(IpAddr::V4(Ipv4Addr::new(192, 168, 2, 77))));
        assert!(!v4.is_near(IpAddr::V4(Ipv4Addr::new(192, 168, 3, 1))));
        assert!(!v4.is_near(IpAddr::V4(Ipv4Addr::new(10, 0, 0, 1))));
    }

    #[test]
    fn nothing_is_asked_where_nothing_could_be_had() {
        assert_eq!(Place::of(&[]), Place::default());
        assert_eq!(Place::of(&[interface(&["10.8.0.2/24"], &[], &[])]), Place::default(), "a tunnel");
        let public = Place::of(&[interface(&["11.99.0.2/24"], &["fd00::2/64", "fe80::2/64"], &["11.99.0.1", "fe80::1"])]);
        assert_eq!((public.v4, public.v6), (None, None));
        assert_eq!(public.gateway, Some(IpAddr::V4(Ipv4Addr::new(11, 99, 0, 1))), "the doctor still knows it");
        let mut other = interface(&["192.168.2.2/24"], &[], &["192.168.2.1"]);
        other.default = false;
        assert_eq!(Place::of(&[other]), Place::default());
    }

    #[test]
    fn pinholes_are_for_global_addresses_that_last_and_few() {
        let addresses =
            ["2a00:99::1/64", "2a00:99::2/64", "2a00:99::3/64", "fe80::2/64", "2a00:99::4/64", "2a00:99::5/64", "2a00:99::6/64"];
        let mut one = interface(&[], &addresses, &["fe80::1"]);
        one.ipv6_addr_flags[0].temporary = true;
        one.ipv6_addr_flags[1].deprecated = true;
        let place = Place::of(&[one]).v6.expect("global addresses");
        let own: Vec<String> = place.own.iter().map(|net| net.addr().to_string()).collect();
        assert_eq!(own, ["2a00:99::3", "2a00:99::4", "2a00:99::5", "2a00:99::6"]);
        assert_eq!(place.server(5351).to_string(), "[fe80::1%7]:5351");
        assert!(place.is_near("2a00:99::99".parse().expect("an address")) && !place.is_near("2a00:9a::1".parse().expect("an address")));
    }
}
