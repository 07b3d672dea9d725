//! Dial-backs for others: as the one in the middle, who passes the request on, and as the one who
//! dials.
//!
//! Invariant: nobody is dialled who has not signed that address, or whom the node does not know as
//! a member, or with whom there was a link within ten minutes (guarded by
//! `only_a_member_at_an_address_that_it_signed_is_dialled`).

#![cfg_attr(not(test), warn(clippy::indexing_slicing, clippy::arithmetic_side_effects))]

use std::collections::BTreeMap;
use std::net::SocketAddr;

use identity::PeerId;
use wire::reach::{CheckOutcome, CheckReach, DialBack, ReachChecked};
use wire::{Address, Message, PeerRecord};

use super::bucket::{Bucket, Rate};
use super::effect::Effect;
use super::limits::{DIAL_BACK_REST, DIAL_BACK_WAIT, DIAL_BACKS, MAX_HELPERS, MAX_PASSED_ON};
use super::links::Links;
use super::network::{Horizon, Network};
use crate::event::Event;

/// Requests of one peer that are passed on: one for each IP version.
const PASSED_ON: Rate = Rate { burst: 2, every: DIAL_BACK_REST };
/// Dial-backs done for one peer.
const DONE: Rate = Rate { burst: 1, every: DIAL_BACK_REST };

/// See the module's header.
#[derive(Debug, Default)]
pub(crate) struct DialBacks {
    askers: BTreeMap<PeerId, Asker>,
    passed_on: BTreeMap<u64, PassedOn>,
    doing: BTreeMap<u64, Doing>,
    in_all: Bucket,
    next_token: u64,
}

#[derive(Debug, Default)]
struct Asker {
    passed_on: Bucket,
    done: Bucket,
}

#[derive(Debug)]
struct PassedOn {
    asker: PeerId,
    token: u64,
    address: SocketAddr,
    record: PeerRecord,
    tried: Vec<PeerId>,
    until: u64,
}

#[derive(Debug)]
struct Doing {
    asker: PeerId,
    token: u64,
    subject: PeerId,
    address: SocketAddr,
    /// The node allowed it.
    dialling: bool,
    until: u64,
}

/// What is known when somebody asks.
#[derive(Clone, Copy)]
pub(crate) struct Around<'a> {
    pub(crate) links: &'a Links,
    pub(crate) horizon: Horizon,
    pub(crate) now: u64,
}

impl DialBacks {
    /// A peer asks that somebody else dial it.
    pub(crate) fn asked(&mut self, from: PeerId, check: CheckReach, around: Around<'_>, out: &mut Vec<Effect>) {
        let Around { links, horizon, now } = around;
        let Some(view) = links.get(from) else { return };
        let address = view.ip().map(|ip| SocketAddr::new(ip.to_canonical(), check.port));
        let fits = |address: &SocketAddr| {
            let asker = self.askers.entry(from).or_default();
            links.is_member(from)
                && horizon.is_far(address.ip())
                && check.record.device == from
                && self.passed_on.len() < MAX_PASSED_ON
                && asker.passed_on.take(&PASSED_ON, now)
                && names(&check.record, *address)
        };
        let Some(address) = address.filter(fits) else {
            return answer(from, check.token, CheckOutcome::NotDone, links, out);
        };
        self.next_token = self.next_token.wrapping_add(1);
        let own = self.next_token;
        let until = now.saturating_add(DIAL_BACK_WAIT);
        let request = PassedOn { asker: from, token: check.token, address, record: check.record, tried: Vec::new(), until };
        self.passed_on.insert(own, request);
        self.pass_on(own, links, out);
    }

    /// Asks the next who may do it: those of other networks than the subject's first, since nearby
    /// ones prove little.
    fn pass_on(&mut self, own: u64, links: &Links, out: &mut Vec<Effect>) {
        let Some(request) = self.passed_on.get_mut(&own) else { return };
        let subject = request.asker;
        let fits = |peer: &PeerId| *peer != subject && links.share_room(*peer, subject) && !request.tried.contains(peer);
        let near = |ip| Network::of(ip) == Network::of(request.address.ip());
        let mut others: Vec<_> = links.all().filter(|(peer, _)| fits(peer)).collect();
        others.sort_by_key(|(_, view)| view.ip().is_none_or(near));
        let Some((next, view)) = others.first().filter(|_| request.tried.len() < MAX_HELPERS) else {
            let (asker, token) = (request.asker, request.token);
            self.passed_on.remove(&own);
            return answer(asker, token, CheckOutcome::NotDone, links, out);
        };
        request.tried.push(*next);
        let message = DialBack { token: own, address: request.address.into(), record: request.record.clone() };
        out.push(Effect::Send { peer: *next, link: view.link, message: Message::DialBack(message) });
    }

    /// The one who was asked to dial says what came of it. Whether it was.
    pub(crate) fn on_outcome(&mut self, from: PeerId, checked: ReachChecked, links: &Links, out: &mut Vec<Effect>) -> bool {
        let Some(request) = self.passed_on.get(&checked.token).filter(|request| request.tried.last() == Some(&from)) else {
            return false;
        };
        if checked.outcome == CheckOutcome::NotDone {
            self.pass_on(checked.token, links, out);
        } else {
            let (asker, token) = (request.asker, request.token);
            self.passed_on.remove(&checked.token);
            answer(asker, token, checked.outcome, links, out);
        }
        true
    }

    /// A peer asks that this device dial somebody. `strange`: nothing between the two lets in what
    /// comes from this device and from nobody else.
    pub(crate) fn requested(&mut self, from: PeerId, request: DialBack, strange: bool, around: Around<'_>, out: &mut Vec<Effect>) {
        let Around { links, horizon, now } = around;
        let subject = request.record.device;
        let address = match request.address.dialable() {
            Ok(Address::Ip(address)) => Some(address),
            _ => None,
        };
        let fits = |address: &SocketAddr| {
            let asker = self.askers.entry(from).or_default();
            links.is_member(from)
                && subject != from
                && strange
                && !links.linked_lately(subject, now)
                && horizon.is_far(address.ip())
                && asker.done.has(&DONE, now)
                && self.in_all.take(&DIAL_BACKS, now)
                && asker.done.take(&DONE, now)
                && names(&request.record, *address)
        };
        let Some(address) = address.filter(fits) else {
            return answer(from, request.token, CheckOutcome::NotDone, links, out);
        };
        self.next_token = self.next_token.wrapping_add(1);
        let until = now.saturating_add(DIAL_BACK_WAIT);
        self.doing.insert(self.next_token, Doing { asker: from, token: request.token, subject, address, dialling: false, until });
        out.push(Effect::Tell(Event::MayDialBack { token: self.next_token, subject }));
    }

    /// The node says whether it may be done.
    pub(crate) fn allowed(&mut self, token: u64, may: bool, links: &Links, now: u64, out: &mut Vec<Effect>) {
        let Some(doing) = self.doing.get_mut(&token).filter(|doing| !doing.dialling) else { return };
        if may && !links.linked_lately(doing.subject, now) {
            doing.dialling = true;
            out.push(Effect::DialBack { token, peer: doing.subject, address: doing.address });
        } else {
            self.done(token, CheckOutcome::NotDone, links, out);
        }
    }

    /// It is done.
    pub(crate) fn done(&mut self, token: u64, outcome: CheckOutcome, links: &Links, out: &mut Vec<Effect>) {
        if let Some(doing) = self.doing.remove(&token) {
            answer(doing.asker, doing.token, outcome, links, out);
        }
    }

    /// Gives up what takes too long, and forgets who has rested.
    pub(crate) fn tick(&mut self, links: &Links, now: u64, out: &mut Vec<Effect>) {
        let late: Vec<u64> = self.passed_on.iter().filter(|(_, request)| request.until <= now).map(|(own, _)| *own).collect();
        for own in late {
            if let Some(request) = self.passed_on.remove(&own) {
                answer(request.asker, request.token, CheckOutcome::NotDone, links, out);
            }
        }
        let late: Vec<u64> = self.doing.iter().filter(|(_, doing)| doing.until <= now).map(|(token, _)| *token).collect();
        for token in late {
            self.done(token, CheckOutcome::NotDone, links, out);
        }
        self.askers.retain(|_, asker| !asker.passed_on.is_full(now) || !asker.done.is_full(now));
    }

    /// When [`tick`](Self::tick) has something to give up.
    pub(crate) fn next_due(&self) -> Option<u64> {
        let passed_on = self.passed_on.values().map(|request| request.until);
        passed_on.chain(self.doing.values().map(|doing| doing.until)).min()
    }
}

/// Whether the subject itself says that it listens there.
fn names(record: &PeerRecord, address: SocketAddr) -> bool {
    let says = |named: &Address| matches!(named.dialable(), Ok(Address::Ip(named)) if named == address);
    record.addresses.iter().any(says) && record.verify().is_ok()
}

fn answer(to: PeerId, token: u64, outcome: CheckOutcome, links: &Links, out: &mut Vec<Effect>) {
    if let Some(view) = links.get(to) {
        out.push(Effect::Send { peer: to, link: view.link, message: Message::ReachChecked(ReachChecked { token, outcome }) });
    }
}

#[cfg(test)]
mod tests {
    use identity::Identity;
    use wire::Role;

    use super::super::links::LinkView;
    use super::*;
    use crate::event::LinkId;
    use crate::path::Path;

    const HORIZON: Horizon = Horizon { loopback_is_far: false };

    fn who(n: u8) -> Identity {
        Identity::from_seed(&[n; 32])
    }

    fn links(who_is: &[u8]) -> Links {
        let mut links = Links::default();
        for n in who_is {
            let path = Path::Tcp(SocketAddr::from(([198, 51 + n, 100, *n], 4747)));
            links.insert(who(*n).peer(), LinkView::new(LinkId((*n).into()), path, Role::Responder, &[*n; 32]));
            links.set_common(who(*n).peer(), &[7]);
        }
        links
    }

    fn home(n: u8) -> SocketAddr {
        SocketAddr::from(([198, 51 + n, 100, n], 4747))
    }

    fn record(n: u8, address: SocketAddr) -> PeerRecord {
        PeerRecord::make(&who(n), 1, vec![address.into()])
    }

    fn said(out: &mut Vec<Effect>) -> Vec<(PeerId, Message)> {
        let said = out.drain(..).filter_map(|effect| match effect {
            Effect::Send { peer, message, .. } => Some((peer, message)),
            _ => None,
        });
        said.collect()
    }

    fn not_done(to: u8, token: u64) -> (PeerId, Message) {
        (who(to).peer(), Message::ReachChecked(ReachChecked { token, outcome: CheckOutcome::NotDone }))
    }

    #[test]
    fn a_request_goes_to_others_until_one_does_it() {
        let (mut backs, links, mut out) = (DialBacks::default(), links(&[1, 2, 3]), Vec::new());
        let check = CheckReach { token: 42, port: 4747, record: record(1, home(1)) };
        backs.asked(who(1).peer(), check, Around { links: &links, horizon: HORIZON, now: 0 }, &mut out);
        let [(first, Message::DialBack(request))] = &said(&mut out)[..] else { panic!("nobody was asked") };
        assert_eq!(request.address, Address::from(home(1)));
        let (token, first) = (request.token, *first);
        let not_done = ReachChecked { token, outcome: CheckOutcome::NotDone };
        assert!(!backs.on_outcome(who(1).peer(), not_done, &links, &mut out), "not the one who was asked");
        assert!(backs.on_outcome(first, not_done, &links, &mut out));
        let [(second, Message::DialBack(_))] = &said(&mut out)[..] else { panic!("nobody else was asked") };
        assert_ne!(*second, first);
        assert!(backs.on_outcome(*second, ReachChecked { token, outcome: CheckOutcome::Answered }, &links, &mut out));
        let answered = ReachChecked { token: 42, outcome: CheckOutcome::Answered };
        assert_eq!(said(&mut out), [(who(1).peer(), Message::ReachChecked(answered))]);
        assert!(backs.passed_on.is_empty());
    }

    #[test]
    fn what_the_subject_did_not_sign_or_is_not_seen_at_is_not_passed_on() {
        let links = links(&[1, 2]);
        let elsewhere = SocketAddr::from(([203, 0, 113, 9], 4747));
        let forged = PeerRecord { addresses: vec![home(1).into()], ..record(1, elsewhere) };
        for record in [record(1, elsewhere), record(2, home(1)), forged] {
            let (mut backs, mut out) = (DialBacks::default(), Vec::new());
            backs.asked(
                who(1).peer(),
                CheckReach { token: 42, port: 4747, record },
                Around { links: &links, horizon: HORIZON, now: 0 },
                &mut out,
            );
            assert_eq!(said(&mut out), [not_done(1, 42)]);
        }
    }

    /// What this device does when 2 asks that 1 be dialled: whether the node is asked.
    fn is_asked(backs: &mut DialBacks, links: &Links, record: PeerRecord, address: SocketAddr, strange: bool, now: u64) -> Option<u64> {
        let mut out = Vec::new();
        let request = DialBack { token: 9, address: address.into(), record };
        backs.requested(who(2).peer(), request, strange, Around { links, horizon: HORIZON, now }, &mut out);
        match out.pop() {
            Some(Effect::Tell(Event::MayDialBack { token, .. })) => Some(token),
            Some(Effect::Send { .. }) => None,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn only_a_member_at_an_address_that_it_signed_is_dialled() {
        let alone = links(&[2]);
        let check = |links: &Links, record: PeerRecord, address, strange, expected: bool| {
            assert_eq!(is_asked(&mut DialBacks::default(), links, record, address, strange, 1_000_000).is_some(), expected);
        };
        check(&alone, record(1, home(1)), home(1), true, true);
        check(&alone, record(1, home(1)), home(1), false, false);
        check(&alone, record(1, home(1)), home(3), true, false);
        let forged = PeerRecord { addresses: vec![home(3).into()], ..record(1, home(1)) };
        check(&alone, forged, home(3), true, false);
        let private = SocketAddr::from(([192, 168, 1, 1], 80));
        check(&alone, record(1, private), private, true, false);
        check(&links(&[1, 2]), record(1, home(1)), home(1), true, false);
        let mut lately = links(&[1, 2]);
        lately.remove(who(1).peer(), LinkId(1), 900_000);
        check(&lately, record(1, home(1)), home(1), true, false);
        let mut backs = DialBacks::default();
        let token = is_asked(&mut backs, &alone, record(1, home(1)), home(1), true, 0).expect("the node is asked");
        let mut out = Vec::new();
        backs.allowed(token, false, &alone, 0, &mut out);
        assert_eq!(said(&mut out), [not_done(2, 9)]);
        let token = is_asked(&mut backs, &alone, record(1, home(1)), home(1), true, 60_000).expect("the node is asked");
        backs.allowed(token, true, &alone, 60_000, &mut out);
        assert!(matches!(&out[..], [Effect::DialBack { peer, address, .. }] if *peer == who(1).peer() && *address == home(1)), "{out:?}");
        backs.allowed(token, true, &alone, 60_000, &mut out);
        assert_eq!(out.len(), 1, "once");
    }

    #[test]
    fn a_hostile_asker_has_one_dial_back_in_thirty_seconds_and_all_have_six_a_minute() {
        let all: Vec<u8> = (2..60).collect();
        let (links, mut backs) = (links(&all), DialBacks::default());
        let one = (0..600).filter(|n| is_asked(&mut backs, &links, record(1, home(1)), home(1), true, n * 100).is_some()).count();
        println!("dial-backs for one asker, ten a second for a minute: {one}");
        assert_eq!(one, 2);
        let mut backs = DialBacks::default();
        let mut out = Vec::new();
        for second in 0..60_u64 {
            for n in &all {
                let request = DialBack { token: 9, address: home(1).into(), record: record(1, home(1)) };
                backs.requested(who(*n).peer(), request, true, Around { links: &links, horizon: HORIZON, now: second * 1_000 }, &mut out);
            }
            backs.tick(&links, second * 1_000, &mut out);
        }
        let done = out.iter().filter(|effect| matches!(effect, Effect::Tell(_))).count();
        println!("dial-backs for 58 askers, one a second each for a minute: {done}");
        assert_eq!(done, 6);
        backs.tick(&links, 10_000_000, &mut out);
        assert!(backs.doing.is_empty() && backs.askers.is_empty());
    }
}
