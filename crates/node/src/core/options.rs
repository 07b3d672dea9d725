//! What a node is started with.

use std::net::SocketAddr;

use identity::Identity;
use store::Opened;

use crate::sink::Sink;

/// What a node is started with.
pub struct Options {
    /// The device's key.
    pub identity: Identity,
    /// The opened store.
    pub opened: Opened,
    /// A new display name; none keeps the stored one.
    pub name: Option<String>,
    /// Display name if none was ever chosen; if it is none either, a part of the key stands in.
    pub fallback_name: String,
    /// Addresses to listen on; empty for the defaults.
    pub listen: Vec<SocketAddr>,
    /// Look for people on the local network.
    pub nearby: bool,
    /// Pass on and use addresses of co-members.
    pub peer_exchange: bool,
    /// Ask the router for doors, if its user has not turned that off.
    pub mapping: bool,
    /// Nodes by which the DHT is entered, `host:port`; empty for the public ones.
    pub dht: Vec<String>,
    /// Software and version, told to peers.
    pub agent: String,
    /// Takes the notices.
    pub sink: Sink,
}
