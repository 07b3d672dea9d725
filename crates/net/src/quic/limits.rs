//! Every bound and every wait of the UDP port.

use std::time::Duration;

/// Echo answers to one address in one second. A link asks a few times in a minute; people behind
/// one router share an address.
pub(super) const ECHOES_PER_ADDRESS: u32 = 20;
/// Echo answers in one second in all: 5 400 bytes.
pub(super) const ECHOES: u32 = 200;
/// Tags that are answered at once: two for each of the 4 096 links that there may be.
pub(super) const TAGS: usize = 8_192;
/// Own questions that wait for an answer. The one that waits longest makes room.
pub(super) const QUESTIONS: usize = 256;
/// An answer that comes later than this many milliseconds is for nobody: an echo, or a DHT node's.
pub(super) const ANSWER_WAIT: u64 = 5_000;
/// DHT nodes from which an answer is wanted: several lookups at once. The one that was asked first
/// makes room.
pub(super) const ASKED_NODES: usize = 256;
/// A longer answer of a DHT node is none, bytes: a value has at most 1 000. With `EVENTS`, 512 KiB
/// that such nodes can make wait here.
pub(super) const DHT_ANSWER: usize = 2_048;
/// Addresses to which datagrams go out with few hops: the punches that may run at once, and more.
pub(super) const LOW_TTLS: usize = 64;

/// Connections in handshake at once, each ≈ 40 KiB. Beyond it newcomers are not heard; they ask
/// again by themselves.
pub(super) const HANDSHAKES: usize = 64;
/// The same, from one address (loopback exempt): one machine must not keep all others out.
pub(super) const HANDSHAKES_PER_ADDRESS: usize = 8;
/// With more handshakes than this an address must prove that it is not made up (Retry), which
/// costs it a round trip and this device nothing. Below, a made-up address gets at most three times
/// the bytes that were sent in its name (RFC 9000 §8.1), and the datagram that was begun.
pub(super) const HANDSHAKES_UNPROVEN: usize = 16;
/// From the first packet to the first bytes of the stream. As long as a punch.
pub(super) const HANDSHAKE: Duration = Duration::from_secs(10);
/// Packets that quinn keeps for a newcomer until it is let in, bytes: for one, and for all.
pub(super) const EARLY_BYTES: u64 = 8 * 1024;
pub(super) const ALL_EARLY_BYTES: u64 = 256 * 1024;

/// What a peer may send before it is read, bytes; also what is kept here until it is acknowledged.
/// More: a slow reader costs more; less: far peers are slower (256 KiB at 100 ms: 2.5 MB/s).
pub(super) const WINDOW: u32 = 256 * 1024;
/// Silence that ends a connection. A link's own liveness is stricter.
pub(super) const IDLE: Duration = Duration::from_secs(30);
/// Routers forget a silent UDP mapping after 30 s or more (RFC 4787 asks for 2 min).
pub(super) const KEEP_ALIVE: Duration = Duration::from_secs(15);
/// A dropped stream stays this long for what the other side has not acknowledged.
pub(super) const FAREWELL: Duration = Duration::from_secs(2);

/// Events that wait for the driver. Of datagrams those that find no room are lost, as datagrams
/// are; newcomers wait, and count as handshakes.
pub(super) const EVENTS: usize = 256;
/// Failures in a row after which reading lets other tasks have a turn. Some systems report for each
/// datagram sent that it did not arrive.
pub(super) const READ_FAULTS: usize = 64;
