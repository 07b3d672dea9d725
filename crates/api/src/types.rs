//! The plain data of the contract. Ids are lowercase hexadecimal text; times are milliseconds since
//! 1970 UTC. Enums without content come from the node's view as they are.

#[macro_use]
mod data;
mod ids;
mod invite;
mod message;
mod network;
mod notice;
mod person;
mod refusal;
mod room;
mod stage;

pub use ids::*;
pub use invite::*;
pub use message::*;
pub use network::*;
pub use node::view::{
    AddressPart, AlertKind, ClosedWhy, Doctor, DoctorAddress, DoctorRow, DoorProtocol, Finding, FindingDetails, FindingLevel, Firewall,
    FixKind, IpVersion, JoinFinding, JoinRefusal, JoinTrouble, LinkReason, OwnReach, Role, RoomKind, Standing, TroubleSide,
};
pub use notice::*;
pub use person::*;
pub use refusal::*;
pub use room::*;
pub use stage::*;
