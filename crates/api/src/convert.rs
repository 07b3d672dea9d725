//! From the node's view, with typed ids, to the plain data of the contract.

mod invite;
mod me;
mod message;
mod network;
mod notice;
mod person;
mod room;

pub(crate) use invite::{invite_fault, joining, reading};
pub(crate) use me::me;
pub(crate) use message::{page, sent};
pub(crate) use network::network;
pub(crate) use notice::{notice, snapshot};
pub(crate) use person::{member, person_details};
pub(crate) use room::{delivery, invite, room, setter};
