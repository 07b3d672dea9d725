//! Bodies of the messages by which devices find a way to each other: where one is seen, dial-backs,
//! signals and circuits (`docs/PROTOCOL.md` §6). A version that does not know them skips them.

use bincode::{Decode, Encode};
use identity::PeerId;

use crate::address::Address;
use crate::codec::{self, CodecFault};
use crate::handshake::Role;
use crate::hash::derive;
use crate::record::PeerRecord;

/// Where the sender sees the receiver, and where it answers questions for that by UDP.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct Observed {
    /// The receiver's end of this link, as the sender sees it.
    pub address: Address,
    /// UDP port on which the sender answers echoes; 0 if on none.
    pub udp: u16,
    /// Another one: who sees the same address from both has an endpoint-independent mapping.
    pub udp_other: u16,
}

/// Asks for a dial by somebody with whom there is no link.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct CheckReach {
    /// Comes back with the outcome.
    pub token: u64,
    /// To be dialled at the IP address at which the receiver sees the sender.
    pub port: u16,
    /// The sender's own; it names that address.
    pub record: PeerRecord,
}

/// Passes that on to somebody who may have no link with the subject.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct DialBack {
    /// Of the one who asked.
    pub token: u64,
    /// Where the subject is to be dialled: seen by the sender, named by the record.
    pub address: Address,
    /// Who is to be dialled.
    pub record: PeerRecord,
}

/// What came of a dial-back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub struct ReachChecked {
    /// Of the one who asked.
    pub token: u64,
    /// How it ended.
    pub outcome: CheckOutcome,
}

/// How a dial-back ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub enum CheckOutcome {
    /// The subject answered, and proved to be the one who was meant.
    Answered,
    /// The system there, or a router, refused the connection.
    Refused,
    /// Nobody answered.
    TimedOut,
    /// Nobody could or would dial.
    NotDone,
}

/// Passed on between two who are not linked with each other, by a member who is linked with both.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct Signal {
    /// To whom it is to be passed on; in what was passed on, from whom it is.
    pub peer: PeerId,
    /// Chosen by the first of the two to speak.
    pub session: u64,
    /// Where the helper sees the sender's TCP connection. Added by the helper.
    pub tcp: Option<Address>,
    /// Where the helper saw the sender's UDP port of late. Added by the helper.
    pub udp: Option<Address>,
    /// A [`PunchOffer`]; the helper does not read it.
    pub body: Vec<u8>,
}

/// A Signal that is not passed on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub struct SignalRefused {
    /// To whom it would have gone.
    pub peer: PeerId,
    /// Of the Signal.
    pub session: u64,
    /// Why not.
    pub why: HelpRefused,
}

/// Why a member does not pass something on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub enum HelpRefused {
    /// No link with the other one, or only over a circuit.
    NotLinked,
    /// The two have no room in common with each other and the helper.
    NotAllowed,
    /// A limit was reached.
    Busy,
    /// The member does not carry messages for others.
    Off,
}

/// What the two say to each other before they punch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub struct PunchOffer {
    /// This answers an offer; both begin now.
    pub answer: bool,
    /// What the sender knows of its routers.
    pub nat: NatClass,
    /// The sender has a UDP port.
    pub udp: bool,
}

/// How a device's routers choose the address under which it is seen (RFC 4787 §4.1).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode)]
pub enum NatClass {
    /// Not enough was seen.
    #[default]
    Unknown,
    /// It is seen under its own address.
    Open,
    /// Endpoint-independent mapping: everybody sees the same address.
    Easy,
    /// Each peer sees another port.
    Hard,
    /// UDP does not come through.
    Blocked,
}

/// Asks a member to carry a link, and tells the other end who asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub struct CircuitOpen {
    /// Names the circuit on this link: even if the link's initiator chose it, odd otherwise.
    pub id: u32,
    /// Whether this asks, or brings what somebody asked for: the two look alike between members.
    pub way: CircuitWay,
    /// To whom; in what is brought, from whom.
    pub peer: PeerId,
}

/// Where a circuit leads that is opened on a link.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub enum CircuitWay {
    /// To the peer, by way of the receiver, who is to carry it.
    To,
    /// From the peer, to the receiver; the sender carries it.
    From,
}

/// Says whether a circuit stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub struct CircuitAnswer {
    /// Which.
    pub id: u32,
    /// Why it does not.
    pub refused: Option<HelpRefused>,
}

/// Bytes of a circuit, in order.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct CircuitData {
    /// Which.
    pub id: u32,
    /// At most [`MAX_CIRCUIT_DATA`](crate::limits::MAX_CIRCUIT_DATA).
    pub bytes: Vec<u8>,
}

/// The receiver may send so many bytes more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub struct CircuitCredit {
    /// Which.
    pub id: u32,
    /// Beyond what was allowed before.
    pub bytes: u32,
}

/// Ends a circuit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub struct CircuitClose {
    /// Which.
    pub id: u32,
    /// Why.
    pub why: CircuitEnd,
}

/// Why a circuit ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub enum CircuitEnd {
    /// One end has closed it.
    Done,
    /// One end broke the rules.
    Fault,
    /// The carrier has carried as much as it will.
    Cap,
    /// A link of the carrier is down, or it carries no longer.
    Gone,
}

impl PunchOffer {
    /// As the body of a Signal.
    pub fn encode(&self) -> Vec<u8> {
        codec::encode(self)
    }

    /// Reads the body of a Signal.
    pub fn decode(body: &[u8]) -> Result<Self, CodecFault> {
        codec::decode(body)
    }
}

/// What a side with `role` shows in echoes by UDP, so that the other end of the link whose final
/// handshake hash is `link` knows who asks.
pub fn echo_tag(link: &[u8; 32], role: Role) -> [u8; 16] {
    let mut input = link.to_vec();
    input.push(role.byte());
    derive("udp", &input).first_chunk().copied().unwrap_or_default()
}
