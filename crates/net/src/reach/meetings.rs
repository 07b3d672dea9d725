//! Calling those whom the DHT told of: both sides fire with few hops until the other says that it
//! fires as well, so that no router is confused by what comes too early.

#![cfg_attr(not(test), warn(clippy::indexing_slicing, clippy::arithmetic_side_effects))]

use std::net::SocketAddr;

use identity::PeerId;
use wire::reach::NatClass;

use super::effect::{Effect, MeetOrder};
use super::limits::{FIRST_WAIT, LONGEST_WAIT, MAX_ANSWERED, MAX_MET};
use super::links::Links;
use crate::rendezvous::{Meeting, Seat, Side};

/// See the module's header.
#[derive(Debug, Default)]
pub(crate) struct Meetings {
    met: Vec<Partner>,
    next_key: u64,
}

/// What the other side says of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Met {
    pub(crate) meeting: Meeting,
    pub(crate) seat: Seat,
    pub(crate) udp: Option<SocketAddr>,
    pub(crate) tcp: Option<SocketAddr>,
    pub(crate) class: NatClass,
    /// It has begun to fire at this device.
    pub(crate) to_me: bool,
}

#[derive(Debug)]
struct Partner {
    key: u64,
    met: Met,
    /// Who it turned out to be.
    peer: Option<PeerId>,
    running: bool,
    tries: u32,
    due: Option<u64>,
}

impl Meetings {
    /// Those who are no longer awaited are forgotten.
    pub(crate) fn set(&mut self, meetings: &[Meeting]) {
        self.met.retain(|partner| meetings.contains(&partner.met.meeting));
    }

    /// The other side says something new.
    pub(crate) fn met(&mut self, met: Met, now: u64, out: &mut Vec<Effect>) {
        let same = |partner: &&mut Partner| partner.met.meeting == met.meeting && partner.met.seat == met.seat;
        if let Some(partner) = self.met.iter_mut().find(same) {
            if partner.running && met.to_me {
                out.push(Effect::Go(partner.key));
            }
            (partner.met, partner.tries, partner.due) = (met, 0, Some(now));
        } else if self.met.len() < MAX_MET {
            self.next_key = self.next_key.wrapping_add(1);
            let peer = met.meeting.peer;
            self.met.push(Partner { key: self.next_key, met, peer, running: false, tries: 0, due: Some(now) });
        }
    }

    /// Calling is over; `peer` if it led to a link.
    pub(crate) fn ended(&mut self, key: u64, peer: Option<PeerId>, now: u64) {
        let Some(partner) = self.met.iter_mut().find(|partner| partner.key == key) else { return };
        partner.running = false;
        partner.peer = partner.peer.or(peer);
        let wait = FIRST_WAIT.saturating_mul(1_u64 << partner.tries.min(16)).min(LONGEST_WAIT);
        partner.tries = partner.tries.saturating_add(1);
        partner.due = peer.is_none().then_some(now.saturating_add(wait));
    }

    /// Calls those who are due.
    pub(crate) fn tick(&mut self, links: &Links, mine: NatClass, now: u64, out: &mut Vec<Effect>) {
        for at in 0..self.met.len() {
            let running = self.met.iter().filter(|partner| partner.running).count();
            let Some(partner) = self.met.get_mut(at).filter(|partner| !partner.running) else { continue };
            if partner.due.is_none_or(|due| due > now) {
                continue;
            }
            if running >= MAX_ANSWERED {
                partner.due = Some(now.saturating_add(FIRST_WAIT));
                continue;
            }
            partner.due = None;
            let met = &partner.met;
            if partner.peer.is_some_and(|peer| links.rank(peer).is_some()) || (met.udp.is_none() && met.tcp.is_none()) {
                continue;
            }
            partner.running = true;
            let one_hard = (mine == NatClass::Hard) != (met.class == NatClass::Hard);
            let open = mine == NatClass::Open || met.class == NatClass::Open;
            let both_hard = mine == NatClass::Hard && met.class == NatClass::Hard;
            out.push(Effect::Meet(Box::new(MeetOrder {
                key: partner.key,
                meeting: met.meeting.clone(),
                tcp: met.tcp,
                udp: met.udp.filter(|_| !both_hard),
                mine,
                theirs: met.class,
                birthday: one_hard && !open,
                low_ttl: !met.to_me,
                first: matches!(met.meeting.side, Side::Inviter | Side::Smaller),
            })));
        }
    }

    /// When [`tick`](Self::tick) has something to do.
    pub(crate) fn next_due(&self) -> Option<u64> {
        self.met.iter().filter(|partner| !partner.running).filter_map(|partner| partner.due).min()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn met(to_me: bool, class: NatClass) -> Met {
        let meeting = Meeting { secret: [1; 32], side: Side::Inviter, peer: None };
        Met { meeting, seat: Seat::Joiner(0), udp: Some(SocketAddr::from(([203, 0, 113, 9], 1))), tcp: None, class, to_me }
    }

    fn orders(meetings: &mut Meetings, mine: NatClass, now: u64) -> Vec<MeetOrder> {
        let mut out = Vec::new();
        meetings.tick(&Links::default(), mine, now, &mut out);
        out.into_iter().map(|effect| if let Effect::Meet(order) = effect { *order } else { panic!("{effect:?}") }).collect()
    }

    #[test]
    fn few_hops_until_the_other_side_fires_too() {
        let (mut meetings, mut out) = (Meetings::default(), Vec::new());
        meetings.met(met(false, NatClass::Easy), 0, &mut out);
        let [order] = &orders(&mut meetings, NatClass::Easy, 0)[..] else { panic!("one is called") };
        assert!(order.low_ttl && order.first && !order.birthday);
        assert!(orders(&mut meetings, NatClass::Easy, 0).is_empty(), "once");
        meetings.met(met(true, NatClass::Easy), 500, &mut out);
        assert!(matches!(out[..], [Effect::Go(key)] if key == order.key));
        meetings.ended(order.key, None, 8_000);
        assert_eq!(meetings.next_due(), Some(8_000 + FIRST_WAIT));
        let [again] = &orders(&mut meetings, NatClass::Easy, 8_000 + FIRST_WAIT)[..] else { panic!("again") };
        assert!(!again.low_ttl, "it is known to fire");
        meetings.ended(again.key, Some(PeerId::from_bytes([5; 32])), 12_000);
        assert_eq!(meetings.next_due(), None);
    }

    #[test]
    fn two_hard_ones_send_no_datagram_and_one_of_them_is_looked_for_by_many() {
        let order = |mine, theirs| {
            let mut meetings = Meetings::default();
            meetings.met(met(false, theirs), 0, &mut Vec::new());
            let order = orders(&mut meetings, mine, 0).remove(0);
            (order.udp.is_some(), order.birthday)
        };
        assert_eq!(order(NatClass::Hard, NatClass::Hard), (false, false));
        assert_eq!(order(NatClass::Hard, NatClass::Easy), (true, true));
        assert_eq!(order(NatClass::Easy, NatClass::Hard), (true, true));
        assert_eq!(order(NatClass::Open, NatClass::Hard), (true, false));
    }

    #[test]
    fn who_is_no_longer_awaited_is_forgotten_and_a_crowd_is_bounded() {
        let (mut meetings, mut out) = (Meetings::default(), Vec::new());
        for n in 0..2_000_u32 {
            let mut one = met(false, NatClass::Easy);
            one.meeting.secret[..4].copy_from_slice(&n.to_be_bytes());
            meetings.met(one, 0, &mut out);
        }
        assert_eq!(meetings.met.len(), MAX_MET);
        assert_eq!(orders(&mut meetings, NatClass::Easy, 0).len(), MAX_ANSWERED);
        meetings.set(&[]);
        assert!(meetings.met.is_empty());
    }
}
