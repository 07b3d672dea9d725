//! What there is to know about the doors of this device.

use std::net::{IpAddr, SocketAddr};

/// On which ports this device is to be reached. UDP has the same number as TCP where it can.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Ports {
    /// Where links are listened for.
    pub tcp: Option<u16>,
    /// Where QUIC and probes come in.
    pub udp: Option<u16>,
}

/// The doors, and what the router said.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Mappings {
    /// Whether the rest is final.
    pub state: MappingState,
    /// Open now. TCP first.
    pub doors: Vec<Door>,
    /// For the doctor.
    pub router: Router,
}

/// How far the search is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum MappingState {
    /// Turned off.
    #[default]
    Off,
    /// Not all protocols have answered yet.
    Searching,
    /// All have, or had time enough. Doors are renewed, and failures tried again, all the same.
    Settled,
}

/// One port that is open to the internet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Door {
    /// What comes in.
    pub transport: Transport,
    /// Who opened it.
    pub by: MappingProtocol,
    /// Where it leads.
    pub internal: SocketAddr,
    /// Where others come. The same as `internal` for a pinhole.
    pub external: SocketAddr,
    /// When it closes by itself, in milliseconds since 1970.
    pub until: u64,
}

/// What a door lets in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Transport {
    /// Links.
    Tcp,
    /// QUIC and probes.
    Udp,
}

/// By which protocol a door was opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum MappingProtocol {
    /// UPnP IGD.
    Upnp,
    /// RFC 6886.
    NatPmp,
    /// RFC 6887.
    Pcp,
}

/// The router as far as it told.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Router {
    /// Its address on this side. None: no default route over a router.
    pub gateway: Option<IpAddr>,
    /// Its address on the other side, as it says itself; perhaps a private one.
    pub wan: Option<IpAddr>,
    /// For IPv4.
    pub upnp: MappingAnswer,
    /// For IPv4.
    pub nat_pmp: MappingAnswer,
    /// For IPv4.
    pub pcp: MappingAnswer,
    /// For IPv6: the better answer of UPnP and PCP.
    pub pinhole: MappingAnswer,
}

/// What a protocol led to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum MappingAnswer {
    /// Nothing to ask for, or nobody to ask.
    #[default]
    NotAsked,
    /// No answer, or nothing listens there.
    Silent,
    /// It answered, and said no.
    Refused,
    /// The router itself has no public address: the provider's NAT, or two routers in a row.
    NoPublicAddress,
    /// Something else, in short words of ours and error numbers; never in the router's own words.
    Failed(String),
    /// It is there and has a public address. It was not asked for a door: another protocol holds
    /// them.
    Found,
    /// It opened a door.
    Granted,
}
