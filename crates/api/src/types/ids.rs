//! Ids, as text.

/// Public key of a device, 64 hex digits.
pub type PeerIdText = String;
/// Room id, 64 hex digits.
pub type RoomIdText = String;
/// Event id of a message, 64 hex digits.
pub type MessageIdText = String;
/// Place in a room's order: hex of hybrid time, UUID and id. Compares as text in display order.
pub type PositionText = String;
/// Id of an attempt to join or to reach a person, valid while this process runs.
pub type JoinIdText = String;
/// Id of a person nearby, valid while they are listed.
pub type NearbyIdText = String;
/// The event that announced an invite to a room, 64 hex digits.
pub type InviteIdText = String;
/// A log of one device in one room, 16 hex digits.
pub type LogIdText = String;
