//! One node: the engine, its network, its disk, and what the world knows of it.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};

use identity::PeerId;
use node::manual::Hand;
use node::manual::net::{LinkId, Manual, Moment};
use node::manual::store::Medium;
use node::view::{Body as Content, Notice};
use wire::Address;
use wire::ids::{EventId, LogId};

use crate::clock::Time;
use crate::hostile::Hostile;
use crate::links::{Side, WireId};
use crate::template::EPOCH_MS;

/// A member's machine.
pub(crate) struct Host {
    pub(crate) peer: PeerId,
    /// None while it is dead.
    pub(crate) body: Option<Body>,
    /// Counts starts.
    pub(crate) life: u32,
    /// Stands still with its connections open.
    pub(crate) frozen: bool,
    /// Reads nothing from its connections.
    pub(crate) deaf: bool,
    /// Part of the network that it can reach.
    pub(crate) part: u8,
    pub(crate) skew_ms: i64,
    pub(crate) medium: Medium,
    pub(crate) hostile: Option<Hostile>,
    pub(crate) wake_at: Option<Time>,
    pub(crate) flush_at: Option<Time>,
    pub(crate) links: BTreeMap<LinkId, (WireId, Side)>,
    pub(crate) attempts: BTreeSet<u64>,
    told: Told,
    pub(crate) bytes_sent: u64,
}

/// What lives until the next crash.
pub(crate) struct Body {
    pub(crate) hand: Hand,
    pub(crate) net: Manual,
}

/// A message that a node showed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Shown {
    pub(crate) id: EventId,
    pub(crate) author: PeerId,
    pub(crate) log: LogId,
    pub(crate) seq: u32,
}

/// What a node did with a message.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Seen {
    Shown(Shown),
    /// It has its place, and waits for a key.
    Waits(Shown),
    /// It is shown no more.
    Gone(EventId),
}

/// What was told and not looked at yet.
#[derive(Clone, Default)]
pub(crate) struct Told(Arc<Mutex<Vec<Seen>>>);

impl Told {
    pub(crate) fn take(&self) -> Vec<Seen> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    pub(crate) fn sink(&self) -> node::Sink {
        let told = self.clone();
        let mut count = 0;
        Box::new(move |notices| {
            count += notices.len() as u64;
            for notice in notices {
                let mut told = told.0.lock().unwrap_or_else(PoisonError::into_inner);
                match notice {
                    Notice::Messages(_, messages) => {
                        told.extend(messages.iter().filter_map(|m| {
                            let shown = Shown { id: m.id, author: m.author, log: m.log, seq: m.seq };
                            match m.body {
                                Content::Text { .. } => Some(Seen::Shown(shown)),
                                Content::Waiting { .. } => Some(Seen::Waits(shown)),
                                _ => None,
                            }
                        }));
                    }
                    Notice::MessagesGone(_, ids) => told.extend(ids.into_iter().map(Seen::Gone)),
                    _ => {}
                }
            }
            count
        })
    }
}

impl Host {
    pub(crate) fn new(peer: PeerId, medium: Medium, skew_ms: i64, hostile: Option<Hostile>) -> Host {
        Host {
            peer,
            body: None,
            life: 0,
            frozen: false,
            deaf: false,
            part: 0,
            skew_ms,
            medium,
            hostile,
            wake_at: None,
            flush_at: None,
            links: BTreeMap::new(),
            attempts: BTreeSet::new(),
            told: Told::default(),
            bytes_sent: 0,
        }
    }

    pub(crate) fn told(&self) -> &Told {
        &self.told
    }

    /// Runs, reads, and is not hostile.
    pub(crate) fn is_correct(&self) -> bool {
        self.body.is_some() && self.hostile.is_none() && !self.frozen && !self.deaf
    }

    pub(crate) fn moment(&self, now: Time) -> Moment {
        let ms = now.0 / 1000;
        Moment { tick: 1 + ms, wall: (EPOCH_MS + ms).saturating_add_signed(self.skew_ms) }
    }
}

/// When the monotonic clock of each node shows this tick.
pub(crate) fn time_of(tick: u64) -> Time {
    Time(tick.saturating_sub(1).saturating_mul(1000))
}

/// Where the member with this number listens. Public, so that the longest waits apply.
pub(crate) fn address(number: u32) -> SocketAddr {
    let [_, a, b, c] = number.to_be_bytes();
    SocketAddr::from((Ipv4Addr::new(100 + a / 4, a, b, c), 4747))
}

/// Whose address this is.
pub(crate) fn number_of(address: &Address) -> Option<u32> {
    match address {
        Address::Ip(SocketAddr::V4(v4)) => {
            let [_, a, b, c] = v4.ip().octets();
            Some(u32::from_be_bytes([0, a, b, c]))
        }
        Address::Ip(SocketAddr::V6(_)) | Address::Zoned(_) | Address::Host(_) | Address::Verbatim(_) => None,
    }
}
