//! Asking peers by UDP where they see this device, which shows them where that is as well.

#![cfg_attr(not(test), warn(clippy::indexing_slicing, clippy::arithmetic_side_effects))]

use identity::PeerId;

use super::effect::Effect;
use super::limits::ECHO_FRESH;
use super::links::Links;
use super::observed::Observed;

/// The UDP port, and what is seen of it.
#[derive(Debug, Default)]
pub(crate) struct Udp {
    pub(crate) open: bool,
    pub(crate) observed: Observed,
}

impl Udp {
    /// Asks this peer unless it answered a moment ago. Whether it is worth waiting for an answer.
    pub(crate) fn refresh(&mut self, peer: PeerId, links: &Links, now: u64, out: &mut Vec<Effect>) -> bool {
        let Some(view) = links.direct(peer).filter(|_| self.open) else { return false };
        let Some(ports) = view.echo else { return false };
        if view.echoed_at.is_some_and(|at| now.saturating_sub(at) < ECHO_FRESH) {
            return false;
        }
        self.observed.asked(peer);
        out.extend(ports.into_iter().map(|to| Effect::AskEcho { to, tag: view.own_tag }));
        true
    }
}
