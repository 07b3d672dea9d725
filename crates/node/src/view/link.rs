//! How this device is connected with a person.

use identity::PeerId;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

use super::clock::Time;

/// State of the connection with a person.
#[derive(Clone, Debug, PartialEq)]
pub enum LinkState {
    /// Oneself.
    Own,
    /// Up.
    Connected {
        /// How it goes.
        path: LinkPath,
        /// The other end; none if others carry the link.
        address: Option<String>,
        /// Round trip, microseconds.
        latency_us: Option<u32>,
        /// Since when.
        since: Time,
    },
    /// Dialling.
    Connecting {
        /// Address being tried.
        address: String,
    },
    /// Failed; will be tried again.
    Waiting {
        /// Address tried last.
        address: String,
        /// When it is tried again.
        retry_at: Time,
        /// Why it failed.
        reason: LinkReason,
    },
    /// No address is known.
    Unreachable {
        /// When a link was last up.
        last_seen: Option<Time>,
    },
}

/// How a link goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LinkPath {
    /// From one computer to the other.
    Direct,
    /// The same, through a door that this device's router holds open.
    Door,
    /// A friend carries it.
    Through {
        /// Who.
        peer: PeerId,
        /// Their name.
        name: String,
    },
}

/// Why a link ended or an attempt failed.
// Words of the contract, in its order. `net::Reason` has an order of its own: which of several
// failures tells most.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum LinkReason {
    /// The other machine answered that nothing listens there.
    Refused,
    /// No answer in time.
    TimedOut,
    /// The network says there is no way there.
    NoRoute,
    /// The name could not be resolved.
    NameUnknown,
    /// Another peer answered at that address.
    WrongPeer,
    /// The other side speaks no version that we speak.
    Version,
    /// What arrived was not the protocol.
    Protocol,
    /// The other side does not know us.
    NotWelcome,
    /// The other side said goodbye.
    Goodbye,
    /// The connection broke.
    Lost,
    /// Liveness checks went unanswered.
    Silent,
    /// A better link with the same peer replaced this one.
    Replaced,
    /// The other side could not keep up.
    TooSlow,
    /// A limit of this device or of theirs was reached.
    Busy,
}

impl From<net::Reason> for LinkReason {
    fn from(reason: net::Reason) -> LinkReason {
        use net::Reason as R;
        match reason {
            R::Refused => LinkReason::Refused,
            R::TimedOut => LinkReason::TimedOut,
            R::NoRoute => LinkReason::NoRoute,
            R::NameUnknown => LinkReason::NameUnknown,
            R::WrongPeer => LinkReason::WrongPeer,
            R::Version => LinkReason::Version,
            R::Protocol => LinkReason::Protocol,
            R::NotWelcome => LinkReason::NotWelcome,
            R::Goodbye => LinkReason::Goodbye,
            R::Lost => LinkReason::Lost,
            R::Silent => LinkReason::Silent,
            R::Replaced => LinkReason::Replaced,
            R::TooSlow => LinkReason::TooSlow,
            R::Busy => LinkReason::Busy,
        }
    }
}
