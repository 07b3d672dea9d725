//! Doors in the router: the ports of this device opened for the internet by UPnP IGD, NAT-PMP and
//! PCP, and pinholes in the router's firewall for IPv6.
//!
//! All protocols are asked at once, and the first that grants a door keeps it; what the others
//! answered stays known for the doctor. `keeper` decides (pure), `driver` is the task that acts.
//! Nothing that a router says is believed beyond what it is asked for: a door whose outer address
//! is not public is none. Start in `mappings.rs`, then `keeper.rs`.

mod ask;
mod backoff;
mod driver;
mod epoch;
mod execute;
mod find_upnp;
mod hold;
mod keeper;
mod limits;
mod mapper;
mod mappings;
mod natpmp;
mod opening;
mod pcp;
mod pcp6;
mod pcp_record;
mod pinhole;
mod place;
mod public;
mod track;
mod upnp;
mod wish;

#[cfg(test)]
mod keeper_tests;
#[cfg(test)]
mod keeper_world;

pub(crate) use mapper::Mapper;
pub use mappings::{Door, MappingAnswer, MappingProtocol, MappingState, Mappings, Ports, Router, Transport};
