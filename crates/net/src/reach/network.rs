//! Which addresses lie in different networks.

use std::net::IpAddr;

use super::own::Scope;

/// What one provider or house is likely to have to itself: two sources in two of these hardly have
/// one owner.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Network {
    /// A /16.
    V4([u8; 2]),
    /// A /48.
    V6([u8; 6]),
}

impl Network {
    pub(crate) fn of(ip: IpAddr) -> Self {
        match ip.to_canonical() {
            IpAddr::V4(v4) => {
                let [first, second, ..] = v4.octets();
                Self::V4([first, second])
            }
            IpAddr::V6(v6) => {
                let [a, b, c, d, e, f, ..] = v6.octets();
                Self::V6([a, b, c, d, e, f])
            }
        }
    }
}

/// What counts as outside.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Horizon {
    /// For tests on one machine.
    pub(crate) loopback_is_far: bool,
}

impl Horizon {
    /// Whether this address means the same to everybody.
    pub(crate) fn is_far(self, ip: IpAddr) -> bool {
        match Scope::of(ip) {
            Scope::Public => true,
            Scope::Loopback => self.loopback_is_far,
            Scope::Private | Scope::Link | Scope::Nowhere => false,
        }
    }

    /// Whether an address that was seen from `helper` can mean the same here: a helper on this
    /// network may name addresses of this network.
    pub(crate) fn means_something(self, ip: IpAddr, helper: IpAddr) -> bool {
        let scope = Scope::of(ip);
        scope == Scope::Public || (scope != Scope::Nowhere && scope == Scope::of(helper))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ip(text: &str) -> IpAddr {
        text.parse().expect("an address")
    }

    #[test]
    fn networks_are_sixteen_and_forty_eight_bits() {
        assert_eq!(Network::of(ip("203.0.113.9")), Network::of(ip("203.0.1.1")));
        assert_ne!(Network::of(ip("203.0.113.9")), Network::of(ip("203.1.113.9")));
        assert_eq!(Network::of(ip("::ffff:203.0.113.9")), Network::of(ip("203.0.1.1")));
        assert_eq!(Network::of(ip("2001:db8:1:2::1")), Network::of(ip("2001:db8:1:ffff::9")));
        assert_ne!(Network::of(ip("2001:db8:1::1")), Network::of(ip("2001:db8:2::1")));
    }

    #[test]
    fn loopback_is_far_in_tests_that_say_so_only() {
        let usual = Horizon::default();
        assert!(usual.is_far(ip("203.0.113.9")));
        for near in ["127.0.0.1", "192.168.1.1", "100.64.0.1", "169.254.1.1", "fe80::1", "::1"] {
            assert!(!usual.is_far(ip(near)), "{near}");
        }
        assert!(Horizon { loopback_is_far: true }.is_far(ip("127.0.0.1")));
    }

    #[test]
    fn a_helper_on_this_network_may_name_its_addresses() {
        let usual = Horizon::default();
        assert!(usual.means_something(ip("203.0.113.9"), ip("192.168.1.1")));
        assert!(usual.means_something(ip("192.168.1.7"), ip("192.168.1.1")));
        assert!(!usual.means_something(ip("192.168.1.7"), ip("203.0.113.9")));
        assert!(!usual.means_something(ip("127.0.0.1"), ip("203.0.113.9")));
        assert!(!usual.means_something(ip("fe80::1"), ip("fe80::2")));
    }
}
