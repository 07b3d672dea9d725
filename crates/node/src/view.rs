//! What the node tells a program that shows it: plain data with typed ids. `api` mirrors it as
//! JSON. Enums without content are already in the words of the contract, which takes them from
//! here.

mod clock;
mod doctor;
mod invite;
mod join_trouble;
mod link;
mod me;
mod message;
mod network;
mod notice;
mod person;
mod refused;
mod room;

pub use clock::{ClockOff, Time, Whose};
pub use doctor::{AddressPart, Doctor, DoctorAddress};
pub use invite::{Found, JoinRefusal, JoinState, Joining, MadeInvite, Reading};
pub use join_trouble::{JoinFinding, JoinTrouble, TroubleSide};
pub use link::{LinkPath, LinkReason, LinkState};
pub use me::Me;
pub use message::{Body, Message, Page, Quote, Reaction, Said};
pub use net::doctor::{DoctorRow, DoorProtocol, Finding, FindingDetails, FindingLevel, Firewall, FixKind, IpVersion, OwnReach};
pub use network::{Behind, Level, Network, Owed, Reach, Via};
pub use notice::{Alert, AlertKind, Forked, Notice, Snapshot};
pub use person::{Nearby, Person, PersonDetails, Request};
pub use refused::Refused;
pub use room::{
    Closed, ClosedWhy, Delivery, Late, Member, MemberMay, Preview, Role, RoomInvite, RoomKind, RoomMay, RoomRow, Setter, Standing,
};
pub use store::Anchor;
pub use wire::invite::InviteFault;
