//! Every bound and every wait of a punch. Together they bound what one punch sends: ≤ 240 SYNs, ≤
//! 60 small datagrams, a dozen QUIC dials, and with a birthday ≤ 768 small datagrams more from the
//! side with the sockets, ≤ 1 024 from the other.

use std::time::Duration;

/// A punch takes no longer once both sides may send with full strength. 97 of 100 that succeed do
/// so in the first second or two; the rest is for lost packets and for the birthday method.
pub(super) const PUNCH: Duration = Duration::from_secs(10);
/// So long it waits for the other side to begin. Longer: it holds one of few places; shorter: a
/// slow DHT needs more punches.
pub(super) const LOW_WAIT: Duration = Duration::from_secs(10);
/// The two sides begin one signal's way apart, and a datagram that comes to some routers before
/// their own side's has gone out makes them take another port for it. So each side's first ones do
/// not get there. Longer: QUIC stands later; shorter: a slow helper spoils the punch.
pub(super) const LEAD: Duration = Duration::from_millis(300);
/// Hops that get past one's own routers (home, provider) and not to those of the other side.
pub(super) const LOW_TTL: u32 = 5;

/// A SYN that got lost is repeated by the system after one second: once in each window.
pub(super) const TCP_WINDOW: Duration = Duration::from_millis(1_500);
/// The two sides begin up to 1.2 s apart and still meet; more windows bring nothing more.
pub(super) const TCP_WINDOWS: u32 = 3;
/// After a refusal: the other side's SYN is not out yet.
pub(super) const TCP_AGAIN: Duration = Duration::from_millis(20);
/// After what will not pass so soon, such as no way there.
pub(super) const TCP_REST: Duration = Duration::from_millis(250);
/// With few hops a SYN opens a way in for the other side's and must be gone when that comes.
pub(super) const TCP_LOW_EVERY: Duration = Duration::from_millis(500);
/// How long it stays.
pub(super) const TCP_LOW_STAYS: Duration = Duration::from_millis(20);
/// TCP gets so long more when QUIC stands: a link over it costs a tenth of the memory.
pub(super) const TCP_GRACE: Duration = Duration::from_millis(300);

/// Raw datagrams open the mapping, and open it again where one got lost. At first so often.
pub(super) const PROBE_OFTEN: Duration = Duration::from_millis(50);
/// So many of these: one second.
pub(super) const PROBES_OFTEN: u32 = 20;
/// Later so often.
pub(super) const PROBE_SELDOM: Duration = Duration::from_millis(250);

/// One QUIC dial. Quinn repeats its first packet after 1 s and 3 s.
pub(super) const QUIC_DIAL: Duration = Duration::from_secs(3);
/// A first packet that comes before the other side's mapping is open is lost: so the first dials
/// follow each other faster than quinn would repeat it. With `QUIC_DIAL` at most six are under way;
/// the other side takes eight from one address.
pub(super) const QUIC_DIALS: [Duration; 4] =
    [Duration::ZERO, Duration::from_millis(250), Duration::from_millis(500), Duration::from_millis(1_000)];
/// Later so often.
pub(super) const QUIC_DIAL_EVERY: Duration = Duration::from_secs(1);

/// Sockets of the birthday method. After n probes one of them was hit with 1 − e^(−256·n/64 512):
/// one half after 175. More: cheap routers forget mappings; fewer: it takes too long.
pub(super) const SOCKETS: usize = 256;
/// So many if the first 256 were not hit by five seconds (one in six are not): with them 3 in 1 000
/// punches fail, without 20.
pub(super) const SOCKETS_MOST: usize = 512;
/// With fewer it is not worth the packets: one half after seven seconds.
pub(super) const SOCKETS_LEAST: usize = 64;
/// Where the system gives fewer, so many file handles are given back: links and the store need
/// some.
pub(super) const SOCKETS_SPARED: usize = 32;
/// They are opened so many at a time: a burst of 256 datagrams overruns cheap routers.
pub(super) const SOCKETS_AT_ONCE: usize = 16;
/// With so much between.
pub(super) const SOCKETS_EVERY: Duration = Duration::from_millis(10);
/// Their mappings are kept open: many routers forget one that nobody answered after 20 s.
pub(super) const SOCKETS_AGAIN: Duration = Duration::from_secs(5);
/// The other side opens its sockets first.
pub(super) const PORTS_START: Duration = Duration::from_millis(300);
/// One hundred datagrams of 17 bytes a second: a quarter of what a voice call sends.
pub(super) const PORTS_EVERY: Duration = Duration::from_millis(10);
/// Ports tried in one punch.
pub(super) const PORTS: usize = 1_024;
