//! A door that is open.

use std::net::SocketAddr;

use super::limits::{MAX_LEASE, MIN_LEASE, RENEW};
use super::mappings::Door;
use super::opening::{Grant, Slot, Token, Way};
use crate::time::Now;

/// A door, and when something is to be done about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Hold {
    pub(super) way: Way,
    pub(super) slot: Slot,
    pub(super) external: SocketAddr,
    pub(super) token: Token,
    /// Seconds it is asked for; 0: for ever.
    pub(super) lease: u32,
    /// When it closes by itself, on both clocks.
    lapses_at: u64,
    lapses_at_wall: u64,
    pub(super) renew_at: u64,
    /// Its renewal failed: it may be gone, and any way may open it anew.
    pub(super) shaky: bool,
}

impl Hold {
    /// None if the grant is too short to live with.
    pub(super) fn new(way: Way, slot: Slot, grant: Grant, asked: u32, now: Now) -> Option<Self> {
        if (1..MIN_LEASE).contains(&grant.lease) {
            return None;
        }
        let seconds = if grant.lease == 0 { MAX_LEASE } else { grant.lease.min(MAX_LEASE) };
        let lasts = u64::from(seconds).saturating_mul(1000);
        Some(Self {
            way,
            slot,
            external: grant.external,
            token: grant.token,
            lease: asked,
            lapses_at: now.tick.saturating_add(lasts),
            lapses_at_wall: now.wall.saturating_add(lasts),
            renew_at: now.tick.saturating_add(RENEW.min(lasts / 2)),
            shaky: false,
        })
    }

    pub(super) fn lapsed(&self, tick: u64) -> bool {
        self.lapses_at <= tick
    }

    pub(super) fn lapses_at(&self) -> u64 {
        self.lapses_at
    }

    pub(super) fn door(&self) -> Door {
        Door {
            transport: self.slot.transport,
            by: self.way.protocol(),
            internal: self.slot.internal,
            external: self.external,
            until: self.lapses_at_wall,
        }
    }
}
