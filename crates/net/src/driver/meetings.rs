//! Meeting people by the DHT: what it tells goes in, calls come out.

use std::net::{IpAddr, SocketAddr};

use identity::PeerId;
use tokio::sync::watch;
use wire::derive;
use wire::reach::NatClass;

use super::Driver;
use super::calls::call_by_punch;
use super::ways::Other;
use crate::path::Rank;
use crate::punch::{BirthdaySide, PunchPlan};
use crate::reach::{Effect, MeetOrder, Met};
use crate::rendezvous::{DhtState, Meeting, RendezvousEvent};
use crate::table::AttemptId;
use crate::time::Now;

impl Driver {
    pub(super) fn set_meetings(&mut self, meetings: Vec<Meeting>) {
        self.reacher.set_meetings(&meetings);
        self.ways.rendezvous.iter().for_each(|dht| dht.set(meetings.clone()));
    }

    pub(super) fn on_rendezvous(&mut self, event: RendezvousEvent, now: Now, out: &mut Vec<Effect>) {
        match event {
            RendezvousEvent::Met { meeting, seat, udp, tcp, addresses, class, to_me } => {
                // A door is better than a port that others saw.
                let tcp = addresses.first().copied().or(tcp);
                self.reacher.met(Met { meeting, seat, udp, tcp, class, to_me }, now, out);
            }
            RendezvousEvent::State(state) => {
                self.reacher.dht_is(state);
                if state == DhtState::Off {
                    self.reacher.dht_sees(None);
                }
            }
            RendezvousEvent::Seen { addr, class } => self.reacher.dht_sees(Some((addr, class))),
        }
    }

    pub(super) fn begin_meeting(&mut self, order: MeetOrder) {
        let peer = order.meeting.peer;
        let best = if order.tcp.is_some() { Rank::Tcp } else { Rank::Quic };
        let attempt = match peer {
            Some(peer) => self.table.begin_other(peer, best),
            None => Some(self.table.begin_unnamed(best)),
        };
        let Some(attempt) = attempt else { return self.meeting_over(order.key, peer) };
        if let (Some(dht), Some(udp)) = (&self.ways.rendezvous, order.udp) {
            dht.fired(order.meeting.clone(), udp);
        }
        let session = derive("punch", &order.meeting.secret).first_chunk().copied().map_or(0, u64::from_be_bytes);
        let side = if order.mine == NatClass::Hard { BirthdaySide::Sockets } else { BirthdaySide::Ports };
        let plan = PunchPlan {
            session,
            tcp: order.tcp,
            udp: order.udp,
            mine: order.mine,
            theirs: order.theirs,
            low_ttl: order.low_ttl,
            birthday: order.birthday.then_some(side),
            first: order.first,
        };
        let (go, gone) = watch::channel(!order.low_ttl);
        let task = call_by_punch(self.context.clone(), attempt, peer, plan, self.listening_port(), self.ways.udp.clone(), gone);
        self.attempts.insert(attempt, tokio::spawn(Box::pin(task)).abort_handle());
        let at = order.tcp.iter().chain(&order.udp).map(SocketAddr::ip).collect();
        self.ways.others.insert(attempt, Other::Meeting { key: order.key, at, expect: peer, go });
    }

    /// The partner has begun as well.
    pub(super) fn go_on_meeting(&self, wanted: u64) {
        for other in self.ways.others.values() {
            if let Other::Meeting { key, go, .. } = other
                && *key == wanted
            {
                go.send_replace(true);
            }
        }
    }

    /// Somebody came in from where a partner is called: it has come, and is called no more.
    pub(super) fn partner_came(&mut self, from: IpAddr, peer: PeerId, out: &mut Vec<crate::table::Effect>) {
        let called = self.ways.others.iter().filter_map(|(attempt, other)| match other {
            Other::Meeting { key, at, expect, .. } if at.contains(&from) && expect.is_none_or(|expect| expect == peer) => {
                Some((*attempt, *key))
            }
            Other::Meeting { .. } | Other::Punch(_) | Other::Circuit(_) => None,
        });
        for (attempt, key) in called.collect::<Vec<(AttemptId, u64)>>() {
            // Unless the other side counts on it already.
            if self.table.abandon(attempt, out) {
                self.ways.others.remove(&attempt);
                self.meeting_over(key, Some(peer));
            }
        }
    }

    /// Tells others where this device is, if that changed.
    pub(super) fn say_where(&mut self) {
        let own = self.reacher.own();
        if own != self.ways.said {
            self.ways.rendezvous.iter().for_each(|dht| dht.say(own.clone()));
            self.ways.said = own;
        }
    }

    pub(super) fn meeting_over(&mut self, key: u64, peer: Option<PeerId>) {
        self.reacher.meeting_ended(key, peer, self.context.time.now());
    }
}
