//! From where this device can be dialled, as far as its own sockets tell.

use std::net::{IpAddr, SocketAddr};

/// All that is known without a peer dialling back: a router or a firewall may still stand between.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reach {
    /// Nothing is listened on: the system refused it.
    Closed,
    /// It is listened on, and this machine has no address there now.
    NoNetwork,
    /// Only programs on this machine.
    ThisComputer,
    /// Devices on the same network.
    ThisNetwork,
    /// The same, and there are addresses that mean something elsewhere. No peer has tried them.
    PerhapsOutside,
}

impl Reach {
    /// What follows from the addresses that [`crate::Event::Listening`] told; `failed` if it told
    /// of a failure too.
    pub(crate) fn of(addresses: &[SocketAddr], failed: bool) -> Self {
        match addresses.iter().map(|address| Scope::of(address.ip())).min() {
            None | Some(Scope::Nowhere) if failed => Self::Closed,
            None | Some(Scope::Nowhere) => Self::NoNetwork,
            Some(Scope::Public) => Self::PerhapsOutside,
            Some(Scope::Private | Scope::Link) => Self::ThisNetwork,
            Some(Scope::Loopback) => Self::ThisComputer,
        }
    }
}

/// Whether an address means something to all the world.
pub fn is_public(ip: IpAddr) -> bool {
    Scope::of(ip) == Scope::Public
}

/// Where an address means something, the widest first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Scope {
    Public,
    /// In one house, or behind a provider who shares one address among many.
    Private,
    /// On one cable or radio, where no server gives out addresses.
    Link,
    Loopback,
    Nowhere,
}

impl Scope {
    pub(crate) fn of(ip: IpAddr) -> Self {
        match ip.to_canonical() {
            ip if ip.is_loopback() => Self::Loopback,
            ip if ip.is_unspecified() || ip.is_multicast() => Self::Nowhere,
            IpAddr::V4(v4) if v4.is_link_local() => Self::Link,
            // It means nothing without the interface, which others do not know.
            IpAddr::V6(v6) if v6.is_unicast_link_local() => Self::Nowhere,
            IpAddr::V4(v4) if v4.is_private() || is_shared(v4.octets()) => Self::Private,
            IpAddr::V6(v6) if v6.is_unique_local() => Self::Private,
            _ => Self::Public,
        }
    }
}

/// 100.64.0.0/10 (RFC 6598).
fn is_shared([first, second, ..]: [u8; 4]) -> bool {
    first == 100 && second & 0xc0 == 64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(addresses: &[&str], failed: bool, expected: Reach) {
        let addresses: Vec<SocketAddr> = addresses.iter().map(|text| text.parse().expect("an address")).collect();
        assert_eq!(Reach::of(&addresses, failed), expected, "{addresses:?}");
    }

    #[test]
    fn no_more_is_claimed_than_the_addresses_tell() {
        check(&[], true, Reach::Closed);
        check(&[], false, Reach::NoNetwork);
        check(&["127.0.0.1:4747", "[::1]:4747"], false, Reach::ThisComputer);
        check(&["[::ffff:127.0.0.1]:4747"], false, Reach::ThisComputer);
        for here in ["192.168.1.5:1", "10.0.0.1:1", "172.20.0.1:1", "100.64.0.1:1", "100.127.255.1:1", "169.254.7.7:1", "[fd00::1]:1"] {
            check(&[here], false, Reach::ThisNetwork);
        }
        for outside in ["203.0.113.9:1", "100.128.0.1:1", "172.32.0.1:1", "[2001:db8::7]:1"] {
            check(&["192.168.1.5:1", outside], false, Reach::PerhapsOutside);
        }
    }

    #[test]
    fn a_second_port_that_fails_does_not_close_the_first() {
        check(&["192.168.1.5:4747"], true, Reach::ThisNetwork);
    }
}
