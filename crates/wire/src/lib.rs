//! How bytes look: frames, the handshake, messages, invites, and every limit on them
//! (`docs/PROTOCOL.md` §1 and §4).
//!
//! Owns: the frame reader, records and padding; Noise XX with both devices' Ed25519 keys bound to
//! it, and the cipher of the link after it; all messages and their one encoding; invites and
//! addresses as people pass them on. Never does: sockets, clocks, threads, queues, or anything that
//! needs to know a room's members. What is inside an event is the business of `rooms`. Data passes
//! as bytes in and typed values out: bytes → [`FrameReader`] → [`Handshake`] or [`LinkCipher`] →
//! [`frame::records`] → [`Message::decode`], and back through [`Message::encode`] →
//! [`frame::push_record`] → [`LinkCipher::seal`]. A fault is an error value; what it ends is the
//! caller's choice. Nothing here panics on foreign bytes. Start in `message.rs`, then
//! `handshake.rs`.

// What is read here comes from others: it is taken apart by code that cannot fail half-way.
#![cfg_attr(not(test), warn(clippy::indexing_slicing, clippy::arithmetic_side_effects, clippy::unwrap_used, clippy::expect_used))]

pub mod address;
pub mod codec;
mod crossed;
mod epoch_keys;
#[cfg(test)]
mod fixtures;
pub mod frame;
#[cfg(test)]
mod golden;
pub mod handshake;
pub mod hash;
pub mod ids;
pub mod invite;
pub mod limits;
mod link_cipher;
pub mod message;
mod name_seal;
mod overlay;
mod pair_key;
pub mod reach;
mod record;
mod record_batch;
mod spread;
mod talk;
pub mod text;

pub use address::{Address, AddressFault, USUAL_PORT};
pub use codec::CodecFault;
pub use crossed::{Crossed, crossed};
pub use frame::{FrameFault, FrameReader};
pub use handshake::{Handshake, HandshakeFault, Role, Session, StaticKey, Step};
pub use hash::{derive, hash};
pub use ids::{BadId, ChainHash, EpochId, EventId, Head, LogId, LogKey, RoomId, RoomTag};
pub use invite::{Invite, InviteFault, InviteKind};
pub use link_cipher::{LinkCipher, OpenFault, SealFault};
pub use message::{
    Bye, CheckReach, CircuitAnswer, CircuitClose, CircuitCredit, CircuitData, CircuitOpen, CircuitWay, Class, ContactAnswer,
    ContactRequest, Data, DialBack, Digest, Disconnect, EpochKey, ForwardJoin, HeadOf, Heads, Hello, Join, JoinRefused, KeyRequest, Keys,
    Message, MessageFault, Need, Neighbour, NeighbourReply, Observed, PeerRecord, RawEvent, ReachChecked, Record, Run, SecretBytes,
    Shuffle, Signal, SignalRefused, Time, Welcome, room_tag,
};
pub use name_seal::{NameSeal, Naming, SealedName};
pub use pair_key::pair_key;
pub use text::{Likeness, NameFault, check_name, shows, tidy_name};
