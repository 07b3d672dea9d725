//! What a node may choose: where to listen, how much to hold, how long to wait.

use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use wire::Message;

use crate::backoff::Pace;
use crate::event::Event;

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
    /// How much is held at most.
    pub limits: Limits,
    /// How long is waited.
    pub times: Times,
    /// How fast failed dials are repeated.
    pub pace: Pace,
    /// Looks at what links bring before the node gets it; none looks at nothing.
    pub inspect: Option<Inspect>,
    /// Takes what need not be queued; none takes nothing.
    pub prompt: Option<Prompt>,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            listen: Vec::new(),
            agent: concat!("grapevine/", env!("CARGO_PKG_VERSION")).to_owned(),
            nearby: Some(NearbyConfig::default()),
            limits: Limits::default(),
            times: Times::default(),
            pace: Pace::default(),
            inspect: None,
            prompt: None,
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

/// Offered what one read yielded, if it is a single message and the node has dealt with all that
/// this link told before; by the task of the link, on whatever thread it runs. Whoever has no use
/// for it at the moment gives it back, and it is queued. Only for links that the node has made
/// [welcome](crate::Net::welcome). It must not wait.
#[derive(Clone)]
pub struct Prompt(pub Arc<Take>);

impl fmt::Debug for Prompt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Prompt")
    }
}

/// Finding people on the local network.
#[derive(Clone, Debug)]
pub struct NearbyConfig {
    /// DNS-SD service type. Anything but the default hides one from everybody else; tests use that.
    pub service: String,
    /// Display name to announce from the start; none listens only.
    pub name: Option<String>,
}

impl Default for NearbyConfig {
    fn default() -> Self {
        Self { service: "_grapevine._tcp.local.".to_owned(), name: None }
    }
}

/// Everything that strangers or peers could make grow.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Connections before their Hello. Higher: a flood costs more memory; lower: it more easily
    /// displaces an honest newcomer.
    pub half_open: usize,
    /// The same, from one address (loopback exempt). Higher: one machine may take more of the
    /// above; lower: people behind one NAT wait for each other.
    pub half_open_per_address: usize,
    /// Dials at once. Higher: bursts that upset cheap routers; lower: many unreachable peers delay
    /// a reachable one.
    pub dials: usize,
    /// Links. Higher: more memory (≈ 4 KiB each when idle) and file handles; lower: large rooms are
    /// refused with `Busy`.
    pub links: usize,
    /// Links of strangers in the lobby. Higher: strangers cost more; lower: the oldest of them is
    /// shown out sooner.
    pub lobby: usize,
    /// Answers, joins, digests: small, and must not be lost.
    pub control: QueueLimit,
    /// Fresh events. Higher: a slow peer holds more memory; lower: it is demoted to Heads at
    /// smaller bursts.
    pub live: QueueLimit,
    /// Catch-up. Higher: more memory per slow peer; lower: less in flight on long fat links.
    pub bulk: QueueLimit,
    /// Records that one link may bring, events not counted and long lists counted by their length.
    /// Higher: a hostile neighbour costs more time; lower: whoever has thousands of logs to ask for
    /// waits.
    pub talk: Rate,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            half_open: 64,
            half_open_per_address: 4,
            dials: 8,
            links: 4096,
            lobby: 64,
            control: QueueLimit { records: 512, bytes: 512 * 1024 },
            live: QueueLimit { records: 1024, bytes: 1024 * 1024 },
            bulk: QueueLimit { records: 64, bytes: 1024 * 1024 },
            talk: Rate { burst: 2_000, per_second: 500 },
        }
    }
}

/// So many at once, and so many in the long run.
#[derive(Clone, Copy, Debug)]
pub struct Rate {
    /// At once, after a rest.
    pub burst: u32,
    /// Each second.
    pub per_second: u32,
}

/// Bound of one queue of one link. Raising it lets a slow reader hold more memory; lowering it
/// refuses more of a burst.
#[derive(Clone, Copy, Debug)]
pub struct QueueLimit {
    /// Records that wait at most.
    pub records: usize,
    /// Bytes that wait at most. A record that alone is larger enters only an empty queue.
    pub bytes: usize,
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
