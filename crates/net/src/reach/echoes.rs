//! Asking peers by UDP where they see this device, which shows them where that is as well.

#![cfg_attr(not(test), warn(clippy::indexing_slicing, clippy::arithmetic_side_effects))]

use std::collections::BTreeMap;

use identity::PeerId;

use super::effect::Effect;
use super::limits::{ECHO_AGAIN, ECHO_FRESH, ECHO_REPEATS, MAX_SIGNAL_WAY};
use super::links::{Links, remember};
use super::observed::Observed;

/// The UDP port, and what is seen of it.
#[derive(Debug, Default)]
pub(crate) struct Udp {
    pub(crate) open: bool,
    pub(crate) observed: Observed,
    asked_at: BTreeMap<PeerId, u64>,
    /// Of the last answer.
    round_trips: BTreeMap<PeerId, u64>,
    repeats: BTreeMap<PeerId, Repeat>,
}

/// Questions that were not answered yet.
#[derive(Clone, Copy, Debug)]
struct Repeat {
    at: u64,
    left: u8,
}

impl Udp {
    /// Asks this peer unless it answered a moment ago. Whether it is worth waiting for an answer.
    pub(crate) fn refresh(&mut self, peer: PeerId, links: &Links, now: u64, out: &mut Vec<Effect>) -> bool {
        let Some(view) = links.direct(peer).filter(|_| self.open) else { return false };
        // It says where in a moment, and is asked then.
        let Some(ports) = view.echo else { return view.sees_me.is_none() };
        if view.echoed_at().is_some_and(|at| now.saturating_sub(at) < ECHO_FRESH) {
            return false;
        }
        self.observed.asked(peer);
        remember(&mut self.asked_at, peer, now);
        self.repeats.insert(peer, Repeat { at: now.saturating_add(ECHO_AGAIN), left: ECHO_REPEATS });
        out.extend(ports.into_iter().map(|to| Effect::AskEcho { to, tag: view.own_tag }));
        true
    }

    /// Asks again the ports that have not answered.
    pub(crate) fn tick(&mut self, links: &Links, now: u64, out: &mut Vec<Effect>) {
        self.repeats.retain(|peer, repeat| {
            let Some(view) = links.direct(*peer).filter(|view| repeat.left > 0 && !view.has_echoed(now)) else { return false };
            if repeat.at <= now {
                (repeat.at, repeat.left) = (now.saturating_add(ECHO_AGAIN), repeat.left.saturating_sub(1));
                out.extend(view.silent_ports(now).map(|to| Effect::AskEcho { to, tag: view.own_tag }));
            }
            true
        });
    }

    /// When [`tick`](Self::tick) has something to do.
    pub(crate) fn next_due(&self) -> Option<u64> {
        self.repeats.values().map(|repeat| repeat.at).min()
    }

    /// The first port of this peer answered.
    pub(crate) fn answered(&mut self, peer: PeerId, now: u64) {
        if let Some(at) = self.asked_at.remove(&peer) {
            remember(&mut self.round_trips, peer, now.saturating_sub(at));
        }
    }

    /// About how long a signal takes by this helper: half a round trip on either side of it.
    pub(crate) fn signal_way(&self, helper: PeerId) -> u64 {
        self.round_trips.get(&helper).copied().unwrap_or_default().min(MAX_SIGNAL_WAY)
    }
}
