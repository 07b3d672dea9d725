//! Who is linked, who is being dialled, who waits: the decisions, without sockets, clocks or tasks.
//!
//! Time is handed in as [`Now`], chance as a seed; what should happen comes out as [`Effect`]s.
//! `dialing.rs` holds attempts and their slots, `linking.rs` decides between two links with one
//! peer.

mod dialing;
mod linking;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, VecDeque};
use std::net::IpAddr;
use std::time::Duration;

use identity::PeerId;
use rand::SeedableRng;
use rand::rngs::StdRng;
use wire::{Address, Bye, Role};

use crate::backoff::{Backoff, Distance, Pace};
use crate::config::Times;
use crate::event::{DialId, Event, LinkId, PeerState};
use crate::limits::Limits;
use crate::path::{Path, Rank};
use crate::reason::Reason;
use crate::time::Now;

/// One round of dialling, over all addresses of one target.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct AttemptId(pub(crate) u64);

/// What should happen now, in this order.
#[derive(Debug)]
pub(crate) enum Effect {
    /// Begin an attempt.
    Dial { attempt: AttemptId, expect: Option<PeerId>, addresses: Vec<Address> },
    /// Give an attempt up without another word.
    Abort(AttemptId),
    /// Let a link that was handed in run.
    Start { link: LinkId, asked: Option<DialId> },
    /// End a link, running or not.
    Close { link: LinkId, bye: Bye },
    /// Tell the node.
    Tell(Event),
}

/// A connection whose other side proved itself and said Hello.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Candidate {
    pub(crate) link: LinkId,
    pub(crate) peer: PeerId,
    pub(crate) role: Role,
    pub(crate) path: Path,
    pub(crate) nonce: u64,
    pub(crate) attempt: Option<AttemptId>,
}

/// Two processes with one identity take turns: the one that is linked stays at least so long.
const TWIN_STAYS: u64 = 60_000;
/// Boot nonces of one peer that are remembered as replaced. More would be more processes than take
/// turns here.
const MAX_OUSTED: usize = 8;

/// All peers that matter, and all attempts to reach some.
pub(crate) struct Table {
    me: PeerId,
    limits: Limits,
    times: Times,
    pace: Pace,
    rng: StdRng,
    peers: BTreeMap<PeerId, Peer>,
    attempts: BTreeMap<AttemptId, Attempt>,
    asked: VecDeque<(DialId, Address)>,
    next_attempt: u64,
}

#[derive(Default)]
struct Peer {
    wanted: bool,
    addresses: Vec<Address>,
    due: u64,
    backoff: Backoff,
    /// Dials its addresses.
    attempt: Option<AttemptId>,
    link: Option<Box<Held>>,
    /// Starts when the link that it replaces has ended.
    heir: Option<Box<Held>>,
    failed: Option<(Address, Reason)>,
    told: Option<PeerState>,
    /// Boot nonces whose links were replaced by those of another process, the latest last.
    ousted: VecDeque<u64>,
    /// The peer says that the only link was replaced, and this process did not do it. When it will
    /// be certain that another process did.
    doubted: Option<u64>,
}

struct Held {
    candidate: Candidate,
    since: Now,
    welcome: bool,
    closing: bool,
    asked: Option<DialId>,
    rtt: Option<(Duration, u64)>,
}

struct Attempt {
    /// The wanted peer that it is for.
    target: Option<PeerId>,
    /// Dials of the node that it answers.
    dials: Vec<DialId>,
    /// The peer that it is about to reveal itself to, and over what path; from then on it cannot
    /// be taken back.
    sworn: Option<(PeerId, Rank)>,
    way: Way,
}

/// What an attempt tries.
#[derive(Clone, Debug)]
enum Way {
    /// Addresses, of which this is the current one.
    Dial(Address),
    /// Another way than dialling, which can lead to a path of this rank at best.
    Other(Rank),
}

impl Way {
    fn best(&self) -> Rank {
        match self {
            Way::Dial(_) => Rank::Tcp,
            Way::Other(rank) => *rank,
        }
    }
}

impl Table {
    pub(crate) fn new(me: PeerId, limits: Limits, times: Times, pace: Pace, seed: u64) -> Self {
        Self {
            me,
            limits,
            times,
            pace,
            rng: StdRng::seed_from_u64(seed),
            peers: BTreeMap::new(),
            attempts: BTreeMap::new(),
            asked: VecDeque::new(),
            next_attempt: 0,
        }
    }

    /// Keep a link to this peer. An address that is new is tried soon, whatever happened with the
    /// old ones.
    pub(crate) fn want(&mut self, peer: PeerId, addresses: Vec<Address>, now: Now, out: &mut Vec<Effect>) {
        if peer == self.me {
            return;
        }
        let soon = now.tick + crate::time::millis(self.pace.base);
        let entry = self.peers.entry(peer).or_default();
        if !entry.wanted {
            entry.wanted = true;
            entry.due = now.tick;
        } else if addresses.iter().any(|address| !entry.addresses.contains(address)) {
            entry.due = entry.due.min(soon);
        }
        entry.addresses = addresses;
        for held in entry.link.iter_mut().chain(&mut entry.heir) {
            held.welcome = true;
        }
        self.pump(now, out);
        self.tell(peer, now, out);
    }

    /// Stop caring about this peer. A link that is up stays.
    pub(crate) fn unwant(&mut self, peer: PeerId, now: Now, out: &mut Vec<Effect>) {
        let Some(entry) = self.peers.get_mut(&peer) else { return };
        entry.wanted = false;
        entry.addresses = Vec::new();
        if let Some(attempt) = entry.attempt {
            self.give_up(attempt, out);
        }
        self.pump(now, out);
        self.tell(peer, now, out);
    }

    /// A person wants this peer now, or the network changed: forget past failures.
    pub(crate) fn dial_now(&mut self, peer: PeerId, now: Now, out: &mut Vec<Effect>) {
        if let Some(entry) = self.peers.get_mut(&peer) {
            entry.backoff.reset();
            entry.due = now.tick;
        }
        self.pump(now, out);
        self.tell(peer, now, out);
    }

    /// Each peer that is wanted and away is worth a new try.
    pub(crate) fn dial_all(&mut self, now: Now, out: &mut Vec<Effect>) {
        for entry in self.peers.values_mut().filter(|entry| entry.rank() < Some(Rank::Tcp)) {
            entry.backoff.reset();
            entry.due = now.tick;
        }
        self.pump(now, out);
    }

    /// The node lets this peer stay.
    pub(crate) fn welcome(&mut self, peer: PeerId, link: LinkId) {
        if let Some(held) = self.held(peer, link) {
            held.welcome = true;
        }
    }

    /// The node ends a link.
    pub(crate) fn close(&mut self, peer: PeerId, link: LinkId, bye: Bye, out: &mut Vec<Effect>) {
        if let Some(held) = self.held(peer, link)
            && !held.closing
        {
            held.closing = true;
            out.push(Effect::Close { link, bye });
        }
    }

    /// A round trip was measured. Told when it differs by a quarter and the last telling is 5 s
    /// old.
    pub(crate) fn measured(&mut self, peer: PeerId, link: LinkId, rtt: Duration, now: Now, out: &mut Vec<Effect>) {
        const PAUSE: u64 = 5_000;
        let Some(held) = self.held(peer, link) else { return };
        let news = match held.rtt {
            None => true,
            Some((old, at)) => now.tick >= at + PAUSE && old.abs_diff(rtt) > old / 4,
        };
        if news {
            held.rtt = Some((rtt, now.tick));
            self.tell(peer, now, out);
        }
    }

    /// Does what is due.
    pub(crate) fn tick(&mut self, now: Now, out: &mut Vec<Effect>) {
        let times = &self.times;
        for held in self.peers.values_mut().filter_map(|entry| entry.link.as_mut()).filter(|held| !held.closing) {
            if let Some((_, bye)) = held.expiry(times).filter(|(at, _)| *at <= now.tick) {
                held.closing = true;
                out.push(Effect::Close { link: held.candidate.link, bye });
            }
        }
        self.tell_twins(now, out);
        self.pump(now, out);
    }

    /// When the next [`tick`](Self::tick) has something to do.
    pub(crate) fn next_wake(&self) -> Option<u64> {
        let links = self.peers.values().filter_map(|entry| entry.link.as_ref()).filter(|held| !held.closing);
        let expiry = links.filter_map(|held| held.expiry(&self.times)).map(|(at, _)| at).min();
        let dial = if self.has_slot() { self.peers.values().filter_map(Peer::dial_due).min() } else { None };
        let doubts = self.peers.values().filter_map(|entry| entry.doubted).min();
        expiry.into_iter().chain(dial).chain(doubts).min()
    }

    fn held(&mut self, peer: PeerId, link: LinkId) -> Option<&mut Held> {
        let entry = self.peers.get_mut(&peer)?;
        entry.link.iter_mut().chain(&mut entry.heir).find(|held| held.candidate.link == link).map(|held| &mut **held)
    }

    /// Tells the node how it stands with a peer if that changed, and forgets peers that no longer
    /// matter.
    fn tell(&mut self, peer: PeerId, now: Now, out: &mut Vec<Effect>) {
        let Some(entry) = self.peers.get_mut(&peer) else { return };
        let state = match (&entry.link, entry.attempt.and_then(|id| self.attempts.get(&id)).map(|attempt| &attempt.way)) {
            (Some(held), _) => {
                PeerState::Connected { path: held.candidate.path, since: held.since.wall, rtt: held.rtt.map(|(rtt, _)| rtt) }
            }
            (None, Some(Way::Dial(address))) => PeerState::Connecting { address: address.clone() },
            (None, Some(Way::Other(_)) | None) => entry.resting_state(now),
        };
        let gone = !entry.wanted && entry.link.is_none() && entry.heir.is_none();
        if entry.told.as_ref() != Some(&state) {
            entry.told = Some(state.clone());
            out.push(Effect::Tell(Event::PeerChanged { peer, state }));
        }
        if gone {
            self.peers.remove(&peer);
        }
    }
}

impl Peer {
    /// When it may be dialled, if it is to be dialled at all.
    fn dial_due(&self) -> Option<u64> {
        // Who is linked by a circuit or by QUIC is dialled on: TCP replaces both.
        let lacks = self.rank() < Some(Rank::Tcp);
        let away = self.wanted && !self.addresses.is_empty() && lacks && self.attempt.is_none();
        away.then_some(self.due)
    }

    /// The rank of the best link there is, or will be in a moment.
    fn rank(&self) -> Option<Rank> {
        self.link.iter().chain(&self.heir).map(|held| held.candidate.path.rank()).max()
    }

    fn resting_state(&self, now: Now) -> PeerState {
        let reason = self.failed.as_ref().map(|(_, reason)| *reason);
        match (&self.failed, self.addresses.first()) {
            (_, None) => PeerState::Idle { reason },
            _ if !self.wanted => PeerState::Idle { reason },
            (None, Some(first)) => PeerState::Connecting { address: first.clone() },
            (Some((failed, reason)), Some(first)) => {
                let retry_at = now.wall.saturating_add(self.due.saturating_sub(now.tick));
                // The far end of a link that they dialled is no address of theirs.
                let address = if self.addresses.contains(failed) { failed } else { first };
                PeerState::Waiting { address: address.clone(), retry_at, reason: *reason }
            }
        }
    }

    fn distance(&self) -> Distance {
        if self.addresses.iter().any(is_near) { Distance::Near } else { Distance::Far }
    }
}

impl Held {
    /// When and how it ends by itself. The dialler renews first, so that a link is not renewed from
    /// both sides at once.
    fn expiry(&self, times: &Times) -> Option<(u64, Bye)> {
        const RESPONDER_GRACE: u64 = 10 * 60 * 1000;
        let millis = crate::time::millis;
        let renew = match self.candidate.role {
            Role::Initiator => millis(times.renew),
            Role::Responder => millis(times.renew) + RESPONDER_GRACE,
        };
        match self.welcome {
            true => Some((self.since.tick + renew, Bye::Renew)),
            false => Some((self.since.tick + millis(times.lobby), Bye::NotWelcome)),
        }
    }
}

/// Private, link-local or loopback: dialling it costs nothing.
fn is_near(address: &Address) -> bool {
    match address {
        Address::Ip(socket) => match socket.ip() {
            IpAddr::V4(v4) => v4.is_private() || v4.is_loopback() || v4.is_link_local(),
            IpAddr::V6(v6) => v6.is_loopback() || v6.is_unique_local() || v6.is_unicast_link_local(),
        },
        Address::Zoned(_) => true,
        Address::Host(host) => host.name() == "localhost" || host.name().ends_with(".local"),
        Address::Verbatim(_) => address.dialable().is_ok_and(|address| is_near(&address)),
    }
}
