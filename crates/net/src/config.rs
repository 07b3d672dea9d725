//! What a node may choose: where to listen, how much to hold, how long to wait.

use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use wire::Message;

use crate::backoff::Pace;
use crate::event::Event;
use crate::limits::Limits;
use crate::reach::ReachSettings;

/// Port that is tried first when no address is given.
pub const DEFAULT_PORT: u16 = wire::USUAL_PORT;

/// All settings of the network side.
#[derive(Clone, Debug)]
pub struct Config {
    /// Where to listen. Empty: `[::]:4747` for both IP versions, another free port if that one is
    /// taken, and `0.0.0.0` where IPv6 is off. Addresses that are given are taken as they are,
    /// without falling back.
    pub listen: Vec<SocketAddr>,
    /// Software and version told to peers, ≤ 64 bytes (a longer one is cut).
    pub agent: String,
    /// Finding people on the local network; none switches it off.
    pub nearby: Option<NearbyConfig>,
    /// Which ways to others are tried.
    pub reach: ReachSettings,
    /// Nodes by which the DHT is entered, `host:port`; empty for the public ones.
    pub dht_bootstrap: Vec<String>,
    /// Whether to open a UDP port: without it there is neither QUIC nor meeting by the DHT.
    pub udp: bool,
    /// Has each /16 of loopback count as a network of its own, so that tests have several on one
    /// machine. No program turns it on.
    pub loopback_is_far: bool,
    /// How much is held at most.
    pub limits: Limits,
    /// How long is waited.
    pub times: Times,
    /// How fast failed dials are repeated.
    pub pace: Pace,
    /// Looks at what links bring before the node gets it; none looks at nothing.
    pub inspect: Option<Inspect>,
    /// Takes what need not be queued; none takes nothing.
    pub fast_receive: Option<FastReceive>,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            listen: Vec::new(),
            agent: concat!("grapevine/", env!("CARGO_PKG_VERSION")).to_owned(),
            nearby: Some(NearbyConfig::default()),
            reach: ReachSettings::default(),
            dht_bootstrap: Vec::new(),
            udp: true,
            loopback_is_far: false,
            limits: Limits::default(),
            times: Times::default(),
            pace: Pace::default(),
            inspect: None,
            fast_receive: None,
        }
    }
}

type Look = dyn Fn(&[Message]) + Send + Sync;

/// Called by the task of a link with what one read yielded, on whatever thread it runs: work that
/// can be done ahead of the node, and beside it. Only for links that the node has made
/// [welcome](crate::Net::welcome): strangers cost no more than reading what they say. It must not
/// wait.
#[derive(Clone)]
pub struct Inspect(pub Arc<Look>);

impl fmt::Debug for Inspect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Inspect")
    }
}

type Take = dyn Fn(Event) -> Result<(), Event> + Send + Sync;

/// Takes what one read yielded, without the queue, if it is a single message and the node has dealt
/// with all that this link told before. Called by the task of the link, on any thread; it must not
/// wait. An event that it gives back is queued. Only for links that the node has made
/// [welcome](crate::Net::welcome).
#[derive(Clone)]
pub struct FastReceive(pub Arc<Take>);

impl fmt::Debug for FastReceive {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("FastReceive")
    }
}

/// Finding people on the local network.
#[derive(Clone, Debug)]
pub struct NearbyConfig {
    /// DNS-SD service type. Any other than the default hides this device; tests use that.
    pub service: String,
    /// Display name to announce from the start; none listens only.
    pub name: Option<String>,
}

impl Default for NearbyConfig {
    fn default() -> Self {
        Self { service: "_grapevine._tcp.local.".to_owned(), name: None }
    }
}

/// Every wait. None of them can be set by a peer.
#[derive(Clone, Debug)]
pub struct Times {
    /// From connecting to the first complete frame. Longer: silent sockets sit longer; shorter:
    /// slow networks fail.
    pub first_frame: Duration,
    /// From connecting to the peer's Hello. Same trade.
    pub handshake: Duration,
    /// For one address to accept a connection. Longer: dead addresses hold a dial slot longer;
    /// shorter: distant ones fail.
    pub connect: Duration,
    /// For a host name to resolve. Same trade.
    pub resolve: Duration,
    /// Head start of an address before the next one is tried too. Longer: a dead first address
    /// delays more; shorter: more useless connections.
    pub stagger: Duration,
    /// Silence before a Ping. Longer: dead peers are noticed later; shorter: more traffic on idle
    /// links.
    pub silence: Duration,
    /// For the answer to each of two Pings. Same trade.
    pub answer: Duration,
    /// Without any progress in writing. Longer: a frozen reader holds its queues longer; shorter: a
    /// stuttering network loses links.
    pub stall: Duration,
    /// In the lobby without being made welcome. Longer: strangers stay longer; shorter: a slow join
    /// fails.
    pub lobby: Duration,
    /// Age at which a link is renewed. Longer: keys serve longer; shorter: more handshakes.
    pub renew: Duration,
    /// Up this long, a link clears its peer's back-off. Longer: a flapping peer is dialled less;
    /// shorter: it is dialled more.
    pub health: Duration,
    /// For parting words to be taken on closing. Longer: shutdown waits longer; shorter: peers miss
    /// the reason.
    pub farewell: Duration,
}

impl Default for Times {
    fn default() -> Self {
        Self {
            first_frame: Duration::from_secs(2),
            handshake: Duration::from_secs(5),
            connect: Duration::from_secs(5),
            resolve: Duration::from_secs(4),
            stagger: Duration::from_millis(250),
            silence: Duration::from_secs(4),
            answer: Duration::from_millis(1_500),
            stall: Duration::from_secs(20),
            lobby: Duration::from_secs(5),
            renew: Duration::from_secs(24 * 60 * 60),
            health: Duration::from_secs(60),
            farewell: Duration::from_secs(1),
        }
    }
}
