//! One look at all links: who is silent, who is stuck. Cheaper than a timer in each of them.
//!
//! Silence is counted on a clock that stands while this process gets no time itself: on a machine
//! with more to do than it can, a link whose answer lies unread in its socket is not dead.

use std::sync::Arc;
use std::time::Duration;

use identity::PeerId;

use crate::config::Times;
use crate::event::LinkId;
use crate::mailbox::End;
use crate::outbox::Shared;
use crate::pulse::{Beat, Pulse};
use crate::time::millis;

/// Looks are not closer together than this, milliseconds, so that many links share one. Silence and
/// both questions may each end this much late.
const PAUSE: u64 = 300;

/// One link under watch.
pub(crate) struct WatchedLink {
    pub(crate) peer: PeerId,
    pub(crate) shared: Arc<Shared>,
    pulse: Pulse,
    rtt: Option<Duration>,
    /// Of the last sign of life: when it came, and the same on the clock of silence.
    heard: (u64, u64),
}

impl WatchedLink {
    /// Begins with a Ping: it tells the round trip.
    pub(crate) fn new(peer: PeerId, shared: Arc<Shared>) -> Self {
        shared.mailbox.order_ping();
        Self { peer, shared, pulse: Pulse::default(), rtt: None, heard: (0, 0) }
    }

    /// Acts on what is overdue; when to look again.
    fn look(&mut self, now: u64, silence: &Silence, times: &Times) -> u64 {
        if self.shared.mailbox.stalled().is_some_and(|since| now >= since + millis(times.stall)) {
            self.shared.mailbox.order_end(End::Stalled);
            return u64::MAX;
        }
        let heard = self.heard(now, silence);
        match self.pulse.check(heard, silence.at(now), times) {
            Beat::Calm { until } => silence.until(until),
            Beat::Ping => {
                self.shared.mailbox.order_ping();
                now + millis(times.answer)
            }
            Beat::Dead => {
                self.shared.mailbox.order_end(End::Silent);
                u64::MAX
            }
        }
    }

    /// When the last sign of life came, on the clock of silence.
    fn heard(&mut self, now: u64, silence: &Silence) -> u64 {
        let at = self.shared.mailbox.heard();
        if self.shared.mailbox.is_deaf() {
            self.heard = (at, silence.at(now));
        } else if at != self.heard.0 {
            // Whether it came before or after this process last stood still is not known: to its
            // credit, after.
            self.heard = (at, silence.at(at).max(silence.looked));
        }
        self.heard.1
    }
}

/// The clock of silence: it stands while this process does.
#[derive(Debug, Default)]
struct Silence {
    /// Milliseconds that it is behind.
    stood: u64,
    /// The last look, on this clock.
    looked: u64,
}

impl Silence {
    fn at(&self, now: u64) -> u64 {
        now.saturating_sub(self.stood)
    }

    fn until(&self, at: u64) -> u64 {
        at.saturating_add(self.stood)
    }
}

/// When links were and will be looked at.
#[derive(Debug, Default)]
pub(crate) struct Liveness {
    next: u64,
    silence: Silence,
}

impl Liveness {
    pub(crate) fn next(&self) -> u64 {
        self.next
    }

    /// Look sooner: something changed.
    pub(crate) fn hurry(&mut self, now: u64) {
        self.next = self.next.min(now + PAUSE);
    }

    /// The driver was to wake this many milliseconds ago and got no time.
    pub(crate) fn stood_still(&mut self, late: u64) {
        self.silence.stood = self.silence.stood.saturating_add(late);
    }

    /// Asks all links for a sign of life, whatever was heard before.
    pub(crate) fn doubt<'a>(&mut self, links: impl Iterator<Item = &'a mut WatchedLink>, now: u64) {
        for link in links {
            link.pulse.ask(self.silence.at(now));
            link.shared.mailbox.order_ping();
        }
        self.hurry(now);
    }

    /// Looks at all links if it is time, and tells the round trips that changed.
    pub(crate) fn look<'a>(
        &mut self,
        links: impl Iterator<Item = (&'a LinkId, &'a mut WatchedLink)>,
        now: u64,
        times: &Times,
        mut on_rtt: impl FnMut(PeerId, LinkId, Duration),
    ) {
        if now < self.next {
            return;
        }
        let mut next = u64::MAX;
        for (id, link) in links {
            next = next.min(link.look(now, &self.silence, times));
            let rtt = link.shared.mailbox.rtt();
            if let Some(rtt) = rtt.filter(|_| link.rtt != rtt) {
                link.rtt = Some(rtt);
                on_rtt(link.peer, *id, rtt);
            }
        }
        // A stall shows only on a look, so there is one at least this often.
        let latest = now + millis(times.stall / 4);
        self.silence.looked = self.silence.at(now);
        self.next = next.min(latest).max(now + PAUSE);
    }
}

#[cfg(test)]
mod tests {
    use identity::Identity;

    use super::*;
    use crate::limits::Limits;

    struct Ben {
        links: [(LinkId, WatchedLink); 1],
        liveness: Liveness,
    }

    impl Ben {
        fn new() -> Self {
            let shared = Arc::new(Shared::new(Arc::new(Limits::default()), 1));
            Ben { links: [(LinkId(1), WatchedLink::new(Identity::from_seed(&[2; 32]).peer(), shared))], liveness: Liveness::default() }
        }

        fn shared(&self) -> &Shared {
            &self.links[0].1.shared
        }

        /// When his silence ends the link, if the driver is to wake when `next` says, but
        /// gets no time in `standing`.
        fn dies_at(&mut self, standing: std::ops::Range<u64>, until: u64) -> Option<u64> {
            let times = Times::default();
            let mut now = 1;
            while now < until {
                self.liveness.look(self.links.iter_mut().map(|(id, link)| (&*id, link)), now, &times, |_, _, _| {});
                if self.shared().mailbox.end().is_some() {
                    return Some(now);
                }
                // The driver wakes at least every two seconds.
                let due = self.liveness.next().min(now + 2_000);
                now = if standing.contains(&due) { standing.end } else { due };
                self.liveness.stood_still(now - due);
            }
            None
        }
    }

    #[test]
    fn a_frozen_neighbour_is_noticed_within_8_s() {
        let died = Ben::new().dies_at(0..0, 20_000).expect("he is silent");
        assert!((7_000..8_000).contains(&died), "{died}");
    }

    #[test]
    fn silence_is_not_counted_while_this_process_stands_still() {
        let died = Ben::new().dies_at(2_000..9_000, 30_000).expect("he is silent");
        assert!((13_000..15_500).contains(&died), "{died}");
        let mut ben = Ben::new();
        ben.shared().mailbox.set_heard(1_500);
        assert_eq!(ben.dies_at(2_000..9_000, 10_000), None);
    }

    #[test]
    fn whoever_waits_for_us_to_listen_is_not_silent() {
        let mut ben = Ben::new();
        ben.shared().mailbox.set_deaf(true);
        assert_eq!(ben.dies_at(0..0, 60_000), None);
    }
}
