//! The plain data of the contract. Ids are lowercase hexadecimal text; times are milliseconds since
//! 1970 UTC.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// Public key of a device, 64 hex digits.
pub type PeerIdText = String;
/// Room id, 64 hex digits.
pub type RoomIdText = String;
/// Event id of a message, 64 hex digits.
pub type MessageIdText = String;
/// Place in a room's order: hex of hybrid time, UUID and id. Compares as text in display order.
pub type PositionText = String;
/// Id of an attempt to join or to reach somebody, valid while this process runs.
pub type JoinIdText = String;
/// Id of somebody nearby, valid while they are listed.
pub type NearbyIdText = String;
/// A log of one device in one room, 16 hex digits.
pub type LogIdText = String;

macro_rules! data {
    ($( $(#[$meta:meta])* $vis:vis $kind:ident $name:ident $body:tt )*) => { $(
        #[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS, JsonSchema)]
        $(#[$meta])*
        $vis $kind $name $body
    )* };
}

mod invite;
mod message;
mod network;
mod notice;
mod person;
mod refusal;
mod room;
mod stage;

pub use invite::*;
pub use message::*;
pub use network::*;
pub use node::view::{AlertKind, JoinRefusal, LinkReason, OwnReach, RoomKind, Standing};
pub use notice::*;
pub use person::*;
pub use refusal::*;
pub use room::*;
pub use stage::*;
