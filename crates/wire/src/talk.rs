//! Bodies of the messages between two devices: introduction, lobby, goodbye.

use bincode::{Decode, Encode};
use identity::{BadSignature, Identity, PeerId, Signature, verify};

use crate::address::Address;
use crate::handshake::Role;
use crate::hash::derive;
use crate::ids::{RoomId, RoomTag};
use crate::name_seal::SealedName;

const JOIN: &[u8] = b"grapevine/1 join";
const PASS: &[u8] = b"grapevine/1 pass";

/// Introduction of a running process.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct Hello {
    /// Random per process: tells a restart from a second link.
    pub boot_nonce: u64,
    /// Where this device listens, best first.
    pub addresses: Vec<Address>,
    /// Software and version, for diagnostics only.
    pub agent: String,
}

/// Why a side closes a link.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub enum Bye {
    /// The program ends.
    Shutdown,
    /// Unknown, and no invite or request was presented.
    NotWelcome,
    /// Another link with the same peer stays.
    Replaced,
    /// The other side broke the protocol.
    Protocol,
    /// The other side does not take what is sent.
    TooSlow,
    /// A limit was reached.
    Busy,
    /// The link is a day old; dial again.
    Renew,
    /// Neither side has a use for the link.
    Surplus,
}

/// What the sender's clock shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Time {
    /// Milliseconds since 1970 when this was sent.
    pub now_ms: u64,
    /// The other side says the same of its own.
    pub ask: bool,
}

/// Presents an invite.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct Join {
    /// The invite's public key.
    pub key: [u8; 32],
    /// First half of the room id; zero for a contact invite.
    pub hint: [u8; 16],
    /// Display name of who joins.
    pub name: SealedName,
    /// By the invite's key over `h* ‖ joiner`, context "join".
    pub proof: Signature,
    /// By the invite's key over `hint ‖ joiner`, context "pass": who lets the joiner in shows it to
    /// the other members.
    pub pass: Signature,
}

/// Accepts a Join.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct Welcome {
    /// The room that opened; none for a contact invite.
    pub room: Option<RoomId>,
    /// The room's name, or the contact's.
    pub name: SealedName,
}

/// Turns a Join down.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub enum JoinRefused {
    /// Not known (any more) here.
    UnknownInvite,
    /// Used as often as it may be.
    UsedUp,
    /// The room cannot take more people.
    Full,
}

/// Asks to become contacts.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct ContactRequest {
    /// Display name of who asks.
    pub name: SealedName,
}

/// Answers a contact request.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct ContactAnswer {
    /// Yes or no.
    pub accepted: bool,
    /// Display name of who answers.
    pub name: SealedName,
}

impl Join {
    /// Presents the invite with these keys, on the link whose final handshake hash is `link`, as
    /// `joiner`.
    pub fn make(invite: &Identity, hint: [u8; 16], name: SealedName, link: &[u8; 32], joiner: &PeerId) -> Self {
        let proof = invite.sign(JOIN, &join_bytes(link, joiner));
        let pass = invite.sign(PASS, &pass_bytes(&hint, joiner));
        Self { key: *invite.peer().as_bytes(), hint, name, proof, pass }
    }

    /// Whether who presents this holds the invite's private key, and presents it on this link as
    /// this device.
    pub fn verify(&self, link: &[u8; 32], joiner: &PeerId) -> Result<(), BadSignature> {
        verify(&PeerId::from_bytes(self.key), JOIN, &join_bytes(link, joiner), &self.proof)?;
        verify_pass(&self.key, &self.hint, joiner, &self.pass)
    }
}

/// Whether somebody who holds the private key of an invite to the room with this hint let this
/// device have it.
pub fn verify_pass(key: &[u8; 32], hint: &[u8; 16], joiner: &PeerId, pass: &Signature) -> Result<(), BadSignature> {
    verify(&PeerId::from_bytes(*key), PASS, &pass_bytes(hint, joiner), pass)
}

fn pass_bytes(hint: &[u8; 16], joiner: &PeerId) -> Vec<u8> {
    [hint.as_slice(), joiner.as_bytes()].concat()
}

fn join_bytes(link: &[u8; 32], joiner: &PeerId) -> Vec<u8> {
    [link.as_slice(), joiner.as_bytes()].concat()
}

/// How the side with `role` names a room on the link whose final handshake hash is `link`, to
/// a peer that may not have it.
pub fn room_tag(room: &RoomId, link: &[u8; 32], role: Role) -> RoomTag {
    tag(room.as_bytes(), link, role)
}

/// The same by the tag key of an epoch of the room, which former members do not have.
pub fn epoch_tag(tag_key: &[u8; 32], link: &[u8; 32], role: Role) -> RoomTag {
    tag(tag_key, link, role)
}

fn tag(secret: &[u8; 32], link: &[u8; 32], role: Role) -> RoomTag {
    let key = derive("tag", secret);
    let mut hasher = blake3::Hasher::new_keyed(&key);
    hasher.update(link).update(&[role.byte()]);
    let mut tag = [0; 16];
    hasher.finalize_xof().fill(&mut tag);
    RoomTag(tag)
}
