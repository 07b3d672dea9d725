//! All times and bounds of this folder.

use std::time::Duration;

/// Seconds a door is asked for. Longer: after a crash it stays open longer; shorter: a router that
/// is away for a while costs the door. PCP servers raise less than 120 s to that.
pub(super) const LEASE: u32 = 120;
/// Milliseconds between renewals. Also how long a router that forgot its rules is without ours, so
/// it must leave room for tries within 90 s; and twice within a lease.
pub(super) const RENEW: u64 = 50_000;
/// A router that grants less, in seconds, would be asked all the time.
pub(super) const MIN_LEASE: u32 = 20;
/// Seconds for which a grant is believed at most, whatever the router says.
pub(super) const MAX_LEASE: u32 = 24 * 3600;
/// Milliseconds before the first new try. It doubles.
pub(super) const FIRST_REST: u64 = 2000;
/// Milliseconds between tries where a door was open within the last [`REMEMBER`]: the router is
/// starting again.
pub(super) const REST_KNOWN: u64 = 20_000;
/// Milliseconds between tries where there never was one.
pub(super) const REST_UNKNOWN: u64 = 300_000;
/// Milliseconds of rest at least after a clear no. It is worth another try: PCP refuses for as long
/// as a door of an earlier run is open, and a router's owner may change the settings.
pub(super) const REST_AFTER_NO: u64 = 60_000;
/// Milliseconds for which a protocol that opened a door counts as one that can.
pub(super) const REMEMBER: u64 = 3_600_000;
/// Milliseconds that PCP has before the others may open a door too. They often share one table,
/// where a rule made anew under another name can no longer be removed by the first
/// (miniupnpd compares the nonce); asking for the router's address needs no such wait.
pub(super) const HEAD_START: u64 = 300;
/// Other ports tried by UPnP when one is taken by another device.
pub(super) const PORT_TRIES: u32 = 5;
/// Global IPv6 addresses that get pinholes; there are as many more as a hostile router announces
/// prefixes.
pub(super) const MAX_IPV6: usize = 4;
/// Milliseconds between looks at gateway and own addresses.
pub(super) const LOOK_EVERY: u64 = 30_000;

/// For SSDP with all that follows until the router's services are known.
pub(super) const SEARCH: Duration = Duration::from_secs(3);
/// After another device on the network answered the search, so long is waited for the gateway.
pub(super) const GATEWAY_FIRST: Duration = Duration::from_millis(1000);
/// For one order to a UPnP router; some take seconds.
pub(super) const SOAP: Duration = Duration::from_secs(5);
/// NAT-PMP and PCP: first wait for an answer, doubled by each of the repeats: 2.8 s in all.
pub(super) const FIRST_WAIT: Duration = Duration::from_millis(400);
/// See [`FIRST_WAIT`].
pub(super) const REPEATS: usize = 2;
/// For taking the doors back at the end, all together.
pub(super) const CLOSING: Duration = Duration::from_millis(900);
