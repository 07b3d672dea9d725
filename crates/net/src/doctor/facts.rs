//! What the system tells of its network.

use std::net::IpAddr;

use super::row::Firewall;

/// What the system tells of its network, at one moment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SystemFacts {
    /// There is a way out by IPv4.
    pub ipv4: bool,
    /// There is a way out by IPv6.
    pub ipv6: bool,
    /// The way out leads into a VPN.
    pub tunnel: bool,
    /// Whether the network wants people to sign in first.
    pub portal: Portal,
    /// A firewall that is on, of those that an ordinary user may ask about.
    pub firewall: Option<Firewall>,
    /// The router.
    pub gateway: Option<IpAddr>,
}

/// Whether the network wants people to sign in first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Portal {
    /// The system does not tell.
    #[default]
    Unknown,
    /// It does not.
    Absent,
    /// It does.
    Present {
        /// A page that the network replaces by its own, if the system tells one.
        url: Option<String>,
    },
}
