//! Answering offers that members pass on: an echo to the helper, the answer, the punch.

#![cfg_attr(not(test), warn(clippy::indexing_slicing, clippy::arithmetic_side_effects))]

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};

use identity::PeerId;
use wire::reach::{NatClass, PunchOffer, Signal};
use wire::{Address, Message};

use super::echoes::Udp;
use super::effect::{Effect, PunchOrder};
use super::limits::{ANSWER_REST, ECHO_WAIT, MAX_ANSWERED, MAX_PUNCHES, PUNCH_WAIT};
use super::links::{Links, remember};
use super::network::Horizon;
use crate::path::Rank;

/// Punches under way, and offers that are about to become some.
#[derive(Debug, Default)]
pub(crate) struct Punches {
    waiting: BTreeMap<PeerId, Offer>,
    /// Answered; the answer is on its way.
    starting: BTreeMap<PeerId, Offer>,
    running: BTreeMap<PeerId, Running>,
    answered: BTreeMap<PeerId, u64>,
}

#[derive(Debug)]
struct Offer {
    helper: PeerId,
    signal: Signal,
    theirs: PunchOffer,
    until: u64,
}

#[derive(Debug)]
struct Running {
    answered: bool,
    birthday: bool,
    until: u64,
}

/// What is known when a punch begins.
pub(crate) struct Ground<'a> {
    pub(crate) links: &'a Links,
    pub(crate) horizon: Horizon,
    pub(crate) nat: NatClass,
    pub(crate) udp: &'a Udp,
}

impl Punches {
    /// Whether an offer of this peer may be answered now; it counts as answered then.
    pub(crate) fn admit(&mut self, peer: PeerId, now: u64) -> bool {
        let rests = self.answered.get(&peer).is_some_and(|at| now.saturating_sub(*at) < ANSWER_REST);
        let answered = self.running.values().filter(|running| running.answered).count();
        let answered = answered.saturating_add(self.waiting.len()).saturating_add(self.starting.len());
        let busy = self.waiting.contains_key(&peer) || self.starting.contains_key(&peer) || self.running.contains_key(&peer);
        let admitted = !rests && !busy && answered < MAX_ANSWERED;
        if admitted {
            remember(&mut self.answered, peer, now);
        }
        admitted
    }

    /// An offer waits for the helper's echo.
    pub(crate) fn wait(&mut self, helper: PeerId, signal: Signal, theirs: PunchOffer, now: u64) {
        self.waiting.insert(signal.peer, Offer { helper, signal, theirs, until: now.saturating_add(ECHO_WAIT) });
    }

    /// A helper's echo came: its offers are answered.
    pub(crate) fn echoed(&mut self, helper: PeerId, ground: &Ground<'_>, now: u64, out: &mut Vec<Effect>) {
        let ready = self.waiting.iter().filter(|(_, offer)| offer.helper == helper).map(|(peer, _)| *peer).collect::<Vec<_>>();
        ready.into_iter().for_each(|peer| self.answer(peer, ground, now, out));
    }

    fn answer(&mut self, peer: PeerId, ground: &Ground<'_>, now: u64, out: &mut Vec<Effect>) {
        let Some(mut offer) = self.waiting.remove(&peer) else { return };
        let Some(view) = ground.links.direct(offer.helper) else { return };
        let mine = PunchOffer { answer: true, nat: ground.nat, udp: ground.udp.open && view.echoed_at().is_some() };
        let answer = Signal { peer, session: offer.signal.session, tcp: None, udp: None, body: mine.encode() };
        out.push(Effect::Send { peer: offer.helper, link: view.link, message: Message::Signal(answer) });
        offer.until = now.saturating_add(ground.udp.signal_way(offer.helper));
        self.starting.insert(peer, offer);
        self.start(ground, now, out);
    }

    /// Begins what was answered and whose answer has arrived by now.
    fn start(&mut self, ground: &Ground<'_>, now: u64, out: &mut Vec<Effect>) {
        let due: Vec<PeerId> = self.starting.iter().filter(|(_, offer)| offer.until <= now).map(|(peer, _)| *peer).collect();
        for offer in due.into_iter().filter_map(|peer| self.starting.remove(&peer)).collect::<Vec<_>>() {
            self.begin(offer.helper, &offer.signal, offer.theirs, true, ground, now, out);
        }
    }

    /// Both sides know of each other: it begins. Whether it does.
    #[expect(clippy::too_many_arguments, reason = "each is another thing; both callers have them at hand")]
    pub(crate) fn begin(
        &mut self,
        helper: PeerId,
        signal: &Signal,
        theirs: PunchOffer,
        answered: bool,
        ground: &Ground<'_>,
        now: u64,
        out: &mut Vec<Effect>,
    ) -> bool {
        let peer = signal.peer;
        let Some(helper_ip) = ground.links.direct(helper).and_then(|view| view.ip()) else { return false };
        let rank = ground.links.rank(peer);
        if rank == Some(Rank::Tcp) || self.running.len() >= MAX_PUNCHES || self.running.contains_key(&peer) {
            return false;
        }
        let (mine, theirs) = (ground.nat, theirs.nat);
        let usable = |address: &Option<Address>| usable(address.as_ref(), helper_ip, ground.horizon);
        let both_hard = mine == NatClass::Hard && theirs == NatClass::Hard;
        // A link over QUIC can only be bettered by TCP.
        let udp = usable(&signal.udp).filter(|_| ground.udp.open && !both_hard && rank < Some(Rank::Quic));
        let one_hard = (mine == NatClass::Hard) != (theirs == NatClass::Hard);
        let open = mine == NatClass::Open || theirs == NatClass::Open;
        let birthday = udp.is_some() && one_hard && !open && !self.running.values().any(|running| running.birthday);
        let tcp = usable(&signal.tcp);
        if tcp.is_none() && udp.is_none() {
            return false;
        }
        self.running.insert(peer, Running { answered, birthday, until: now.saturating_add(PUNCH_WAIT) });
        let order = PunchOrder { peer, session: signal.session, tcp, udp, mine, theirs, birthday };
        out.push(Effect::Punch(order));
        true
    }

    /// It is over. Whether there was one.
    pub(crate) fn ended(&mut self, peer: PeerId) -> bool {
        self.running.remove(&peer).is_some()
    }

    /// Answers what has waited long enough.
    pub(crate) fn tick(&mut self, ground: &Ground<'_>, now: u64, out: &mut Vec<Effect>) {
        let ready = self.waiting.iter().filter(|(_, offer)| offer.until <= now).map(|(peer, _)| *peer).collect::<Vec<_>>();
        ready.into_iter().for_each(|peer| self.answer(peer, ground, now, out));
        self.start(ground, now, out);
        // The driver tells of each end; what it did not tell must not hold a place for ever.
        self.running.retain(|_, running| running.until > now);
    }

    /// When [`tick`](Self::tick) has something to do.
    pub(crate) fn next_due(&self) -> Option<u64> {
        let waiting = self.waiting.values().chain(self.starting.values()).map(|offer| offer.until);
        waiting.chain(self.running.values().map(|running| running.until)).min()
    }
}

/// An address that a helper saw, if it can mean something here.
fn usable(address: Option<&Address>, helper: IpAddr, horizon: Horizon) -> Option<SocketAddr> {
    match address?.dialable() {
        Ok(Address::Ip(address)) if horizon.means_something(address.ip(), helper) => Some(address),
        _ => None,
    }
}
