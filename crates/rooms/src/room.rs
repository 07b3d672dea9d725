//! Names of rooms, which prove who may found them.

use identity::PeerId;
use wire::ids::RoomId;

/// Random bytes that tell the rooms of one creator apart.
pub type RoomNonce = [u8; 16];

/// The id of a group room: only its creator's Create fits it.
pub fn group_room_id(creator: &PeerId, nonce: &RoomNonce) -> RoomId {
    RoomId(wire::derive("room", &[creator.as_bytes().as_slice(), nonce].concat()))
}

/// The id of the direct room of two devices, the same from both sides.
pub fn direct_room_id(one: &PeerId, other: &PeerId) -> RoomId {
    RoomId(wire::derive("direct", &[one.min(other).as_bytes().as_slice(), one.max(other).as_bytes()].concat()))
}
