//! Who may connect: bounds on connections that have not introduced themselves yet.

use std::collections::{BTreeMap, HashMap};
use std::net::IpAddr;

/// Connections that one address may open in a burst: more than a household restarting at once
/// needs.
const BUCKET_SIZE: u64 = 32;
/// Connections a second that one address may open in the long run.
const BUCKET_REFILL: u64 = 8;
/// Addresses remembered at once, 40 bytes each. Beyond it the memory starts afresh: the bound on
/// half-open connections still holds.
const MAX_BUCKETS: usize = 4096;
/// Buckets count thousandths, so that refilling by the millisecond is exact.
const ONE: u64 = 1000;

/// A connection that has been accepted and has not introduced itself. Grows with time: the smallest
/// is the oldest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct HalfOpen(u64);

/// What to do with a new connection.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// Let it in; the other one, which has been silent longest, makes room.
    Enter { new: HalfOpen, instead_of: Option<HalfOpen> },
    /// Close it.
    Refuse,
}

/// Counts what comes in.
pub(crate) struct Gate {
    most: usize,
    most_per_address: usize,
    next: u64,
    inside: BTreeMap<HalfOpen, Visitor>,
    buckets: HashMap<Source, Bucket>,
}

struct Visitor {
    source: Option<Source>,
    spoke: bool,
}

struct Bucket {
    thousandths: u64,
    at: u64,
}

/// An IPv4 address, or the 64 bits of an IPv6 address that one subscriber usually has to himself.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Source {
    V4([u8; 4]),
    V6([u8; 8]),
}

impl Source {
    /// Loopback has none: it is exempt from the bounds per address.
    fn of(ip: IpAddr) -> Option<Self> {
        match ip.to_canonical() {
            ip if ip.is_loopback() => None,
            IpAddr::V4(v4) => Some(Self::V4(v4.octets())),
            IpAddr::V6(v6) => v6.octets().first_chunk().copied().map(Self::V6),
        }
    }
}

impl Gate {
    pub(crate) fn new(most: usize, most_per_address: usize) -> Self {
        Self { most, most_per_address, next: 0, inside: BTreeMap::new(), buckets: HashMap::new() }
    }

    /// Decides about a connection from `ip` at `now` (milliseconds, monotonic).
    ///
    /// A full house does not refuse: the connection that has been silent longest leaves. An honest
    /// dialler speaks at once, so a flood of silent sockets displaces itself and not the dialler.
    pub(crate) fn knock(&mut self, ip: IpAddr, now: u64) -> Verdict {
        let source = Source::of(ip);
        if let Some(source) = source
            && (self.count(source) >= self.most_per_address || !self.take(source, now))
        {
            return Verdict::Refuse;
        }
        let mut instead_of = None;
        if self.inside.len() >= self.most {
            match self.inside.iter().find(|(_, visitor)| !visitor.spoke) {
                Some((oldest, _)) => instead_of = Some(*oldest),
                None => return Verdict::Refuse,
            }
        }
        if let Some(evicted) = instead_of {
            self.inside.remove(&evicted);
        }
        let new = HalfOpen(self.next);
        self.next += 1;
        self.inside.insert(new, Visitor { source, spoke: false });
        Verdict::Enter { new, instead_of }
    }

    /// It sent a whole first frame, and is no longer displaced.
    pub(crate) fn spoke(&mut self, id: HalfOpen) {
        if let Some(visitor) = self.inside.get_mut(&id) {
            visitor.spoke = true;
        }
    }

    /// It became a link, or went away. Whether it had still been inside.
    pub(crate) fn left(&mut self, id: HalfOpen) -> bool {
        self.inside.remove(&id).is_some()
    }

    fn count(&self, source: Source) -> usize {
        self.inside.values().filter(|visitor| visitor.source == Some(source)).count()
    }

    fn take(&mut self, source: Source, now: u64) -> bool {
        if self.buckets.len() >= MAX_BUCKETS && !self.buckets.contains_key(&source) {
            self.buckets.retain(|_, bucket| bucket.level(now) < BUCKET_SIZE * ONE);
            if self.buckets.len() >= MAX_BUCKETS {
                self.buckets.clear();
            }
        }
        let bucket = self.buckets.entry(source).or_insert(Bucket { thousandths: BUCKET_SIZE * ONE, at: now });
        bucket.thousandths = bucket.level(now);
        bucket.at = now;
        let enough = bucket.thousandths >= ONE;
        if enough {
            bucket.thousandths -= ONE;
        }
        enough
    }
}

impl Bucket {
    fn level(&self, now: u64) -> u64 {
        let gained = now.saturating_sub(self.at).saturating_mul(BUCKET_REFILL);
        self.thousandths.saturating_add(gained).min(BUCKET_SIZE * ONE)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOOPBACK: [u8; 4] = [127, 0, 0, 1];

    fn enter(gate: &mut Gate, ip: impl Into<IpAddr>, now: u64) -> (HalfOpen, Option<HalfOpen>) {
        match gate.knock(ip.into(), now) {
            Verdict::Enter { new, instead_of } => (new, instead_of),
            Verdict::Refuse => panic!("refused"),
        }
    }

    #[test]
    fn one_address_has_four_places() {
        let mut gate = Gate::new(64, 4);
        let first = enter(&mut gate, [10, 0, 0, 1], 0).0;
        for _ in 1..4 {
            enter(&mut gate, [10, 0, 0, 1], 0);
        }
        assert_eq!(gate.knock([10, 0, 0, 1].into(), 0), Verdict::Refuse);
        enter(&mut gate, [10, 0, 0, 2], 0);
        assert!(gate.left(first));
        enter(&mut gate, [10, 0, 0, 1], 0);
    }

    #[test]
    fn a_mapped_address_and_a_whole_subnet_count_as_one() {
        let mut gate = Gate::new(64, 1);
        enter(&mut gate, [10, 0, 0, 1], 0);
        let mapped: IpAddr = "::ffff:10.0.0.1".parse().expect("an address");
        assert_eq!(gate.knock(mapped, 0), Verdict::Refuse);
        let [one, other]: [IpAddr; 2] = ["2001:db8::1".parse().expect("an address"), "2001:db8::2".parse().expect("an address")];
        enter(&mut gate, one, 0);
        assert_eq!(gate.knock(other, 0), Verdict::Refuse);
    }

    #[test]
    fn the_bucket_allows_a_burst_and_then_eight_a_second() {
        let mut gate = Gate::new(64, 4);
        let mut entered = |now| match gate.knock([10, 0, 0, 1].into(), now) {
            Verdict::Enter { new, .. } => gate.left(new),
            Verdict::Refuse => false,
        };
        assert_eq!((0..100).filter(|_| entered(0)).count(), 32);
        assert_eq!((0..100).filter(|_| entered(1000)).count(), 8);
        assert_eq!((0..100).filter(|_| entered(100_000)).count(), 32);
    }

    #[test]
    fn a_flood_of_silent_sockets_displaces_itself() {
        let mut gate = Gate::new(64, 4);
        let ana = enter(&mut gate, LOOPBACK, 0).0;
        gate.spoke(ana);
        for n in 0..1000 {
            let (_, evicted) = enter(&mut gate, LOOPBACK, 0);
            assert_eq!(evicted.is_some(), n >= 63);
            assert_ne!(evicted, Some(ana));
        }
        assert!(gate.left(ana));
        assert_eq!(gate.inside.len(), 63);
    }

    #[test]
    fn a_house_full_of_speakers_refuses() {
        let mut gate = Gate::new(2, 4);
        for _ in 0..2 {
            let id = enter(&mut gate, LOOPBACK, 0).0;
            gate.spoke(id);
        }
        assert_eq!(gate.knock(LOOPBACK.into(), 0), Verdict::Refuse);
    }

    #[test]
    fn remembered_addresses_are_bounded() {
        let mut gate = Gate::new(64, 4);
        for n in 0..20_000_u32 {
            if let Verdict::Enter { new, .. } = gate.knock(IpAddr::from((0x0a00_0000 + n).to_be_bytes()), 0) {
                gate.left(new);
            }
            assert!(gate.buckets.len() <= MAX_BUCKETS);
        }
    }
}
