//! How this device is connected with a person.

use net::Reason;

use super::clock::Time;

/// State of the connection with a person.
#[derive(Clone, Debug, PartialEq)]
pub enum LinkState {
    /// Oneself.
    Own,
    /// Up.
    Connected {
        /// The other end.
        address: String,
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
        reason: Reason,
    },
    /// No address is known.
    Unreachable {
        /// When a link was last up.
        last_seen: Option<Time>,
    },
}
