//! Dial-backs that this device asks for: of a peer, to have somebody else dial it.

#![cfg_attr(not(test), warn(clippy::indexing_slicing, clippy::arithmetic_side_effects))]

use std::net::SocketAddr;

use identity::{Identity, PeerId};
use wire::reach::{CheckOutcome, CheckReach, ReachChecked};
use wire::{Address, Message, PeerRecord};

use super::effect::Effect;
use super::facts::Checked;
use super::limits::{CHECK_REST, DIAL_BACK_WAIT, MAX_HELPERS};
use super::links::Links;
use crate::time::Now;

/// Higher than no record that a device makes of itself: whoever keeps this one takes the next.
const RECORD_SEQ: u64 = 1;

/// By IPv4 and by IPv6.
#[derive(Debug, Default)]
pub(crate) struct Checks {
    v4: Check,
    v6: Check,
}

#[derive(Debug, Default)]
struct Check {
    /// Where this device should be dialled.
    wanted: Option<SocketAddr>,
    asking: Option<Asking>,
    /// Those who could not.
    asked: Vec<PeerId>,
    /// Nothing more is asked before a new link, or another address.
    settled: bool,
    rest_until: u64,
    last: Option<Checked>,
    closed: Option<SocketAddr>,
}

#[derive(Debug)]
struct Asking {
    token: u64,
    helper: PeerId,
    until: u64,
}

impl Checks {
    /// Where this device should be dialled; an address that is new is checked.
    pub(crate) fn want(&mut self, wanted: [Option<SocketAddr>; 2]) {
        for (check, wanted) in self.both().into_iter().zip(wanted) {
            if check.wanted != wanted {
                *check = Check { wanted, ..Check::default() };
            }
        }
    }

    /// Checks anew.
    pub(crate) fn again(&mut self) {
        for check in self.both() {
            (check.settled, check.rest_until) = (false, 0);
            check.asked.clear();
        }
    }

    /// Somebody who may help is there.
    pub(crate) fn helper_came(&mut self) {
        for check in self.both() {
            // What has failed for want of helpers only.
            check.settled &= check.last.is_some_and(|last| last.outcome != CheckOutcome::NotDone);
        }
    }

    /// The last outcomes, by IPv4 and by IPv6.
    pub(crate) fn last(&self) -> [Option<Checked>; 2] {
        [self.v4.last, self.v6.last]
    }

    /// Where nobody came through.
    pub(crate) fn closed(&self) -> Vec<SocketAddr> {
        self.v4.closed.into_iter().chain(self.v6.closed).collect()
    }

    /// Asks the next helper, if one is to be asked. `token`: chance.
    pub(crate) fn tick(&mut self, me: &Identity, links: &Links, mut token: impl FnMut() -> u64, now: Now, out: &mut Vec<Effect>) {
        for check in self.both() {
            if check.asking.take_if(|asking| asking.until <= now.tick).is_some() {
                check.failed(now);
            }
            let Some(wanted) = check.wanted.filter(|_| check.asking.is_none() && !check.settled && check.rest_until <= now.tick) else {
                continue;
            };
            let sees_it = |seen: SocketAddr| seen.ip().to_canonical() == wanted.ip();
            let fits = |peer: &PeerId| links.is_member(*peer) && !check.asked.contains(peer);
            let mut helpers = links.all().filter(|(peer, view)| view.is_direct() && view.sees_me.is_some_and(sees_it) && fits(peer));
            let Some((helper, view)) = helpers.next() else { continue };
            let asking = Asking { token: token(), helper, until: now.tick.saturating_add(DIAL_BACK_WAIT) };
            let record = PeerRecord::make(me, RECORD_SEQ, vec![Address::from(wanted)]);
            let question = CheckReach { token: asking.token, port: wanted.port(), record };
            out.push(Effect::Send { peer: helper, link: view.link, message: Message::CheckReach(question) });
            check.asked.push(helper);
            check.asking = Some(asking);
        }
    }

    /// A helper says what came of it. Whether that is news.
    pub(crate) fn on_answer(&mut self, from: PeerId, answer: ReachChecked, now: Now) -> bool {
        for check in self.both() {
            let right = |asking: &mut Asking| asking.helper == from && asking.token == answer.token;
            if check.asking.take_if(right).is_none() {
                continue;
            }
            match answer.outcome {
                CheckOutcome::NotDone => check.failed(now),
                outcome => {
                    check.closed = check.wanted.filter(|_| outcome != CheckOutcome::Answered);
                    check.settle(outcome, now);
                }
            }
            return true;
        }
        false
    }

    /// When [`tick`](Self::tick) has something to do.
    pub(crate) fn next_due(&self, now: u64) -> Option<u64> {
        let due = |check: &Check| match &check.asking {
            Some(asking) => Some(asking.until),
            None => (check.wanted.is_some() && !check.settled && check.rest_until > now).then_some(check.rest_until),
        };
        due(&self.v4).into_iter().chain(due(&self.v6)).min()
    }

    fn both(&mut self) -> [&mut Check; 2] {
        [&mut self.v4, &mut self.v6]
    }
}

impl Check {
    /// The helper that was asked could not have it done.
    fn failed(&mut self, now: Now) {
        if self.asked.len() >= MAX_HELPERS {
            self.settle(CheckOutcome::NotDone, now);
        } else {
            // Who has just been asked by others has reasons; all of this is in no hurry.
            self.last.get_or_insert(Checked { outcome: CheckOutcome::NotDone, at: now.wall });
        }
    }

    fn settle(&mut self, outcome: CheckOutcome, now: Now) {
        self.settled = true;
        self.asked.clear();
        self.rest_until = now.tick.saturating_add(CHECK_REST);
        self.last = Some(Checked { outcome, at: now.wall });
    }
}

#[cfg(test)]
mod tests {
    use wire::Role;

    use super::super::links::LinkView;
    use super::*;
    use crate::event::LinkId;
    use crate::path::Path;

    fn at(text: &str) -> SocketAddr {
        text.parse().expect("an address")
    }

    fn peer(n: u8) -> PeerId {
        PeerId::from_bytes([n; 32])
    }

    fn links(count: u8) -> Links {
        let mut links = Links::default();
        for n in 1..=count {
            let path = Path::Tcp(SocketAddr::from(([198, 51, 100, n], 4747)));
            let mut view = LinkView::new(LinkId(n.into()), path, Role::Initiator, &[n; 32]);
            view.sees_me = Some(at("203.0.113.9:61000"));
            links.insert(peer(n), view);
            links.set_common(peer(n), &[7]);
        }
        links
    }

    /// Whom the checks ask at this moment.
    fn asks(checks: &mut Checks, links: &Links, tick: u64) -> Option<(PeerId, u64)> {
        let mut out = Vec::new();
        checks.tick(&Identity::from_seed(&[9; 32]), links, || 42, Now { tick, wall: tick }, &mut out);
        match out.pop() {
            Some(Effect::Send { peer, message: Message::CheckReach(question), .. }) => {
                assert_eq!(question.port, 4747);
                assert_eq!(question.record.addresses, [Address::from(at("203.0.113.9:4747"))]);
                question.record.verify().expect("signed");
                Some((peer, question.token))
            }
            None => None,
            other => panic!("{other:?}"),
        }
    }

    fn answer(checks: &mut Checks, from: u8, outcome: CheckOutcome, tick: u64) -> bool {
        checks.on_answer(peer(from), ReachChecked { token: 42, outcome }, Now { tick, wall: tick })
    }

    const WANTED: [Option<SocketAddr>; 2] =
        [Some(SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::new(203, 0, 113, 9)), 4747)), None];

    #[test]
    fn a_new_public_address_is_checked_once() {
        let (mut checks, links) = (Checks::default(), links(1));
        assert_eq!(asks(&mut checks, &links, 1), None);
        checks.want(WANTED);
        assert_eq!(asks(&mut checks, &links, 1), Some((peer(1), 42)));
        assert_eq!(asks(&mut checks, &links, 1), None, "one at a time");
        assert!(!answer(&mut checks, 2, CheckOutcome::Answered, 5), "nobody else was asked");
        assert!(answer(&mut checks, 1, CheckOutcome::TimedOut, 5));
        assert_eq!(checks.last(), [Some(Checked { outcome: CheckOutcome::TimedOut, at: 5 }), None]);
        assert_eq!(checks.closed(), [at("203.0.113.9:4747")]);
        checks.want(WANTED);
        checks.helper_came();
        assert_eq!(asks(&mut checks, &links, 1_000_000), None, "it is known");
        checks.again();
        assert!(asks(&mut checks, &links, 1_000_000).is_some());
        assert!(answer(&mut checks, 1, CheckOutcome::Answered, 1_000_005));
        assert_eq!(checks.closed(), []);
    }

    #[test]
    fn three_are_asked_and_then_none_until_another_comes() {
        let (mut checks, links) = (Checks::default(), links(5));
        checks.want(WANTED);
        for n in 1..=3 {
            assert_eq!(asks(&mut checks, &links, u64::from(n)), Some((peer(n), 42)));
            answer(&mut checks, n, CheckOutcome::NotDone, u64::from(n));
        }
        assert_eq!(checks.last()[0].map(|last| last.outcome), Some(CheckOutcome::NotDone));
        assert_eq!(asks(&mut checks, &links, 1_000_000), None);
        checks.helper_came();
        assert_eq!(asks(&mut checks, &links, 30_000), None, "not more often than once a minute");
        assert!(asks(&mut checks, &links, 1_000_000).is_some());
    }

    #[test]
    fn who_does_not_answer_is_followed_by_the_next() {
        let (mut checks, links) = (Checks::default(), links(2));
        checks.want(WANTED);
        assert_eq!(asks(&mut checks, &links, 1), Some((peer(1), 42)));
        assert_eq!(checks.next_due(1), Some(1 + DIAL_BACK_WAIT));
        assert_eq!(asks(&mut checks, &links, 1 + DIAL_BACK_WAIT), Some((peer(2), 42)));
    }

    #[test]
    fn only_members_who_see_that_address_are_asked() {
        let mut links = links(3);
        links.set_common(peer(1), &[]);
        links.get_mut(peer(2)).expect("linked").sees_me = Some(at("192.168.1.5:4747"));
        let mut checks = Checks::default();
        checks.want(WANTED);
        assert_eq!(asks(&mut checks, &links, 1), Some((peer(3), 42)));
    }
}
