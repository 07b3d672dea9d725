//! One look at all links: who is silent, who is stuck. Cheaper than a timer in each of them.

use std::sync::Arc;
use std::time::Duration;

use identity::PeerId;

use crate::config::Times;
use crate::event::LinkId;
use crate::outbox::{End, Shared};
use crate::pulse::{Beat, Pulse, millis};

/// Looks are not closer together than this, milliseconds, so that many links share one.
const PAUSE: u64 = 500;

/// One link under watch.
pub(crate) struct Watched {
    pub(crate) peer: PeerId,
    pub(crate) shared: Arc<Shared>,
    pulse: Pulse,
    rtt: Option<Duration>,
}

impl Watched {
    /// Begins with a Ping: it tells the round trip.
    pub(crate) fn new(peer: PeerId, shared: Arc<Shared>) -> Self {
        shared.order_ping();
        Self { peer, shared, pulse: Pulse::default(), rtt: None }
    }

    /// Acts on what is overdue; when to look again.
    fn look(&mut self, now: u64, times: &Times) -> u64 {
        if self.shared.stalled().is_some_and(|since| now >= since + millis(times.stall)) {
            self.shared.order_end(End::Stalled);
            return u64::MAX;
        }
        match self.pulse.check(self.shared.heard(), now, times) {
            Beat::Calm { until } => until,
            Beat::Ping => {
                self.shared.order_ping();
                now + millis(times.answer)
            }
            Beat::Dead => {
                self.shared.order_end(End::Silent);
                u64::MAX
            }
        }
    }

    /// Asks for a sign of life whatever was heard before.
    pub(crate) fn doubt(&mut self, now: u64) {
        self.pulse.ask(now);
        self.shared.order_ping();
    }
}

/// When links were and will be looked at.
#[derive(Debug, Default)]
pub(crate) struct Watch {
    next: u64,
}

impl Watch {
    pub(crate) fn next(&self) -> u64 {
        self.next
    }

    /// Look sooner: something changed.
    pub(crate) fn hurry(&mut self, now: u64) {
        self.next = self.next.min(now + PAUSE);
    }

    /// Looks at all links if it is time, and tells the round trips that changed.
    pub(crate) fn look<'a>(
        &mut self,
        links: impl Iterator<Item = (&'a LinkId, &'a mut Watched)>,
        now: u64,
        times: &Times,
        mut on_rtt: impl FnMut(PeerId, LinkId, Duration),
    ) {
        if now < self.next {
            return;
        }
        let mut next = u64::MAX;
        for (id, link) in links {
            next = next.min(link.look(now, times));
            let rtt = link.shared.rtt();
            if let Some(rtt) = rtt.filter(|_| link.rtt != rtt) {
                link.rtt = Some(rtt);
                on_rtt(link.peer, *id, rtt);
            }
        }
        // A stall shows only on a look, so there is one at least this often.
        let latest = now + millis(times.answer.min(times.stall / 4));
        self.next = next.min(latest).max(now + PAUSE);
    }
}
