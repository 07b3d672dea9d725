//! Whom this device is linked with, and who has a room in common with whom.

#![cfg_attr(not(test), warn(clippy::indexing_slicing, clippy::arithmetic_side_effects))]

use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, SocketAddr};

use identity::PeerId;
use wire::Role;
use wire::reach::echo_tag;

use super::limits::{ECHO_FRESH, MAX_REMEMBERED, STRANGE_AFTER, UDP_SEEN_FRESH};
use crate::event::LinkId;
use crate::path::{Path, Rank};

/// A link that is up.
#[derive(Clone, Copy, Debug)]
pub(crate) struct LinkView {
    pub(crate) link: LinkId,
    pub(crate) path: Path,
    /// Which side this device is.
    pub(crate) role: Role,
    /// By which this device shows by UDP who asks, and by which the peer does.
    pub(crate) own_tag: [u8; 16],
    pub(crate) peer_tag: [u8; 16],
    /// Where the peer says that it sees this end.
    pub(crate) sees_me: Option<SocketAddr>,
    /// Where the peer answers echoes: two ports.
    pub(crate) echo: Option<[SocketAddr; 2]>,
    /// When each of them last did.
    pub(crate) echoed_at: [Option<u64>; 2],
    /// Where the peer's UDP port was seen, and when.
    pub(crate) udp_seen: Option<(SocketAddr, u64)>,
}

impl LinkView {
    /// `hash`: of the handshake.
    pub(crate) fn new(link: LinkId, path: Path, role: Role, hash: &[u8; 32]) -> Self {
        let (own_tag, peer_tag) = (echo_tag(hash, role), echo_tag(hash, role.other()));
        Self { link, path, role, own_tag, peer_tag, sees_me: None, echo: None, echoed_at: [None; 2], udp_seen: None }
    }

    /// When the first port answered: it is the one that shows the peer where this device is.
    pub(crate) fn echoed_at(&self) -> Option<u64> {
        self.echoed_at.first().copied().flatten()
    }

    /// Whether all ports that there are have answered of late.
    pub(crate) fn has_echoed(&self, now: u64) -> bool {
        self.echo.is_some() && self.silent_ports(now).next().is_none()
    }

    /// Ports that have not answered of late.
    pub(crate) fn silent_ports(&self, now: u64) -> impl Iterator<Item = SocketAddr> {
        let fresh = move |at: Option<u64>| at.is_some_and(|at| now.saturating_sub(at) < ECHO_FRESH);
        self.echo.into_iter().flatten().zip(self.echoed_at).filter(move |(_, at)| !fresh(*at)).map(|(port, _)| port)
    }

    pub(crate) fn is_direct(&self) -> bool {
        self.path.rank() > Rank::Circuit
    }

    /// The peer's end.
    pub(crate) fn ip(&self) -> Option<IpAddr> {
        self.path.remote().map(|remote| remote.ip())
    }

    /// Where the peer's TCP port is seen.
    pub(crate) fn tcp_seen(&self) -> Option<SocketAddr> {
        match self.path {
            Path::Tcp(remote) => Some(remote),
            Path::Quic(_) | Path::Circuit { .. } => None,
        }
    }

    /// Where the peer's UDP port is seen.
    pub(crate) fn udp_seen(&self, now: u64) -> Option<SocketAddr> {
        match self.path {
            Path::Quic(remote) => Some(remote),
            Path::Tcp(_) => self.udp_seen.filter(|(_, at)| now.saturating_sub(*at) <= UDP_SEEN_FRESH).map(|(seen, _)| seen),
            Path::Circuit { .. } => None,
        }
    }
}

/// See the module's header.
#[derive(Debug, Default)]
pub(crate) struct Links {
    up: BTreeMap<PeerId, LinkView>,
    common: BTreeMap<PeerId, BTreeSet<u64>>,
    ended: BTreeMap<PeerId, u64>,
}

impl Links {
    pub(crate) fn insert(&mut self, peer: PeerId, view: LinkView) {
        self.up.insert(peer, view);
    }

    /// Whether it was the link with this peer.
    pub(crate) fn remove(&mut self, peer: PeerId, link: LinkId, now: u64) -> Option<LinkView> {
        if self.up.get(&peer).is_none_or(|view| view.link != link) {
            return None;
        }
        remember(&mut self.ended, peer, now);
        self.up.remove(&peer)
    }

    pub(crate) fn set_common(&mut self, peer: PeerId, rooms: &[u64]) {
        if rooms.is_empty() {
            self.common.remove(&peer);
        } else {
            self.common.insert(peer, rooms.iter().copied().collect());
        }
    }

    pub(crate) fn get(&self, peer: PeerId) -> Option<&LinkView> {
        self.up.get(&peer)
    }

    pub(crate) fn get_mut(&mut self, peer: PeerId) -> Option<&mut LinkView> {
        self.up.get_mut(&peer)
    }

    pub(crate) fn all(&self) -> impl Iterator<Item = (PeerId, &LinkView)> {
        self.up.iter().map(|(peer, view)| (*peer, view))
    }

    pub(crate) fn rank(&self, peer: PeerId) -> Option<Rank> {
        self.up.get(&peer).map(|view| view.path.rank())
    }

    /// The link with this peer, if no other member carries it.
    pub(crate) fn direct(&self, peer: PeerId) -> Option<&LinkView> {
        self.up.get(&peer).filter(|view| view.is_direct())
    }

    /// Whether this peer is a member of a room of this device.
    pub(crate) fn is_member(&self, peer: PeerId) -> bool {
        self.common.contains_key(&peer)
    }

    /// Whether there is a room that both are members of, and this device.
    pub(crate) fn share_room(&self, one: PeerId, other: PeerId) -> bool {
        match (self.common.get(&one), self.common.get(&other)) {
            (Some(one), Some(other)) => !one.is_disjoint(other),
            _ => false,
        }
    }

    /// Who may help to reach this peer: TCP links first, they cost the helper less.
    pub(crate) fn helpers(&self, target: PeerId) -> Vec<PeerId> {
        let fit = self.all().filter(|(peer, view)| *peer != target && view.is_direct() && self.share_room(*peer, target));
        let mut fit: Vec<(PeerId, Rank)> = fit.map(|(peer, view)| (peer, view.path.rank())).collect();
        fit.sort_by_key(|(_, rank)| std::cmp::Reverse(*rank));
        fit.into_iter().map(|(peer, _)| peer).collect()
    }

    /// Whether there is a link with this peer, or was one a short while ago.
    pub(crate) fn linked_lately(&self, peer: PeerId, now: u64) -> bool {
        self.up.contains_key(&peer) || self.ended.get(&peer).is_some_and(|at| now.saturating_sub(*at) < STRANGE_AFTER)
    }

    /// The peer that shows itself by this tag.
    pub(crate) fn by_peer_tag(&self, tag: &[u8; 16]) -> Option<PeerId> {
        self.all().find(|(_, view)| view.peer_tag == *tag).map(|(peer, _)| peer)
    }

    /// The peer to which this device shows itself by this tag.
    pub(crate) fn by_own_tag(&self, tag: &[u8; 16]) -> Option<PeerId> {
        self.all().find(|(_, view)| view.own_tag == *tag).map(|(peer, _)| peer)
    }
}

/// Remembers when; if there are too many, the oldest is forgotten.
pub(crate) fn remember<K: Ord + Copy>(memory: &mut BTreeMap<K, u64>, key: K, now: u64) {
    memory.insert(key, now);
    if memory.len() > MAX_REMEMBERED
        && let Some(oldest) = memory.iter().min_by_key(|(_, at)| **at).map(|(key, _)| *key)
    {
        memory.remove(&oldest);
    }
}
