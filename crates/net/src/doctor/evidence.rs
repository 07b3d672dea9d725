//! What a diagnosis goes by.

use std::net::{IpAddr, SocketAddr};

use wire::reach::{CheckOutcome, NatClass};

use super::facts::SystemFacts;
use super::row::IpVersion;
use crate::mapping::{Door, MappingAnswer, Transport};
use crate::reach::{Checked, Reach, ReachFacts, Scope};

/// All that is known, at one moment.
#[derive(Clone, Copy, Debug)]
pub struct Evidence<'a> {
    /// What was found out on the network.
    pub reach: &'a ReachFacts,
    /// What the system tells; none if it was not asked yet.
    pub system: Option<&'a SystemFacts>,
    /// Where it is listened, as [`Event::Listening`](crate::Event::Listening) told.
    pub listening: &'a [SocketAddr],
    /// Listening failed, or a part of it.
    pub failed: bool,
    /// Links that are up.
    pub links: usize,
    /// A dial to an address of this device's own router, or to this device's own public address,
    /// failed of late.
    pub own_address_failed: bool,
}

impl Evidence<'_> {
    /// What the sockets alone tell.
    pub(super) fn sockets(&self) -> Reach {
        Reach::of(self.listening, self.failed)
    }

    /// The port that is listened on.
    pub(super) fn port(&self) -> Option<u16> {
        self.listening.first().map(SocketAddr::port)
    }

    /// This machine has an address of this version that means something to the world.
    pub(super) fn has_public(&self, version: IpVersion) -> bool {
        self.listening.iter().any(|address| is(version, address.ip()) && Scope::of(address.ip()) == Scope::Public)
    }

    /// The doors for links.
    pub(super) fn doors(&self) -> impl Iterator<Item = &Door> {
        self.reach.mappings.doors.iter().filter(|door| door.transport == Transport::Tcp)
    }

    pub(super) fn has_door(&self, version: IpVersion) -> bool {
        self.doors().any(|door| is(version, door.external.ip()))
    }

    /// When somebody came in from outside by this version; nothing that a later attempt refutes.
    pub(super) fn came_in(&self, version: IpVersion) -> Option<u64> {
        let at = match version {
            IpVersion::V4 => self.reach.came_in.v4,
            IpVersion::V6 => self.reach.came_in.v6,
        };
        at.filter(|at| self.failed_check(version).is_none_or(|failed| failed < *at))
    }

    pub(super) fn has_come_in(&self) -> bool {
        [IpVersion::V4, IpVersion::V6].into_iter().any(|version| self.came_in(version).is_some())
    }

    fn check(&self, version: IpVersion) -> Option<Checked> {
        match version {
            IpVersion::V4 => self.reach.checked_v4,
            IpVersion::V6 => self.reach.checked_v6,
        }
    }

    /// When somebody outside last tried to come in and could not, if that was the last try.
    pub(super) fn failed_check(&self, version: IpVersion) -> Option<u64> {
        let check = self.check(version)?;
        match check.outcome {
            CheckOutcome::Refused | CheckOutcome::TimedOut => Some(check.at),
            CheckOutcome::Answered | CheckOutcome::NotDone => None,
        }
    }

    /// Nobody comes in by this version: somebody has tried, and nobody came since.
    pub(super) fn is_shut(&self, version: IpVersion) -> bool {
        self.failed_check(version).is_some() && self.came_in(version).is_none()
    }

    /// What the router said for IPv4.
    pub(super) fn answers(&self) -> [&MappingAnswer; 3] {
        let router = &self.reach.mappings.router;
        [&router.upnp, &router.nat_pmp, &router.pcp]
    }

    /// Others may see this device under an address of its router's.
    pub(super) fn is_behind_router(&self) -> bool {
        !self.has_public(IpVersion::V4) && self.listening.iter().any(|address| is(IpVersion::V4, address.ip()))
    }

    /// UDP does not come through, although TCP does.
    pub(super) fn is_udp_blocked(&self) -> bool {
        self.reach.nat == NatClass::Blocked
    }
}

pub(super) fn is(version: IpVersion, ip: IpAddr) -> bool {
    ip.to_canonical().is_ipv4() == (version == IpVersion::V4)
}
