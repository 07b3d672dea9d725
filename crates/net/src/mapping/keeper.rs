//! The pure core: what to ask which way, when, and what the answers mean.
//!
//! A door has one holder, the way that opened it first; the other ways then only say that they are
//! there. When a renewal fails, the door is *shaky*: it is still told to others, since it may well
//! stand, while all ways may open it anew.

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};

use rand::Rng;

use super::ask::{Answer, Ask};
use super::hold::Hold;
use super::limits::HEAD_START;
use super::mappings::{MappingAnswer, MappingState, Mappings, Ports, Router, Transport};
use super::opening::{Grant, Opening, Slot, Way, Why};
use super::place::Place;
use super::public::is_public;
use super::track::{Busy, Track};
use crate::time::Now;

/// Something to be asked. `turn` names it in the answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Errand {
    pub(super) way: Way,
    pub(super) turn: u64,
    pub(super) ask: Ask,
}

/// All doors of this device.
#[derive(Debug)]
pub(super) struct Keeper {
    ports: Ports,
    on: bool,
    /// None: not looked yet.
    place: Option<Place>,
    tracks: Vec<Track>,
    holds: BTreeMap<Slot, Hold>,
    closing: Vec<Hold>,
    settled: bool,
    turns: u64,
}

impl Keeper {
    pub(super) fn new(ports: Ports, on: bool) -> Self {
        let tracks = Way::ALL.into_iter().map(Track::new).collect();
        Self { ports, on, place: None, tracks, holds: BTreeMap::new(), closing: Vec::new(), settled: false, turns: 0 }
    }

    /// Off: all doors are taken back.
    pub(super) fn set_on(&mut self, on: bool) {
        if self.on == on {
            return;
        }
        self.on = on;
        self.settled = false;
        self.closing.extend(std::mem::take(&mut self.holds).into_values());
        self.tracks.iter_mut().for_each(Track::reset);
    }

    /// Other ports: doors to the old ones are taken back.
    pub(super) fn set_ports(&mut self, ports: Ports) {
        if std::mem::replace(&mut self.ports, ports) == ports {
            return;
        }
        self.settled = false;
        let slots = self.slots();
        self.closing.extend(self.holds.extract_if(.., |slot, _| !slots.contains(slot)).map(|(_, hold)| hold));
        self.tracks.iter_mut().for_each(Track::afresh);
    }

    /// What the system says about the network. Doors of another network are forgotten: their router
    /// is out of reach, and they close by themselves.
    pub(super) fn set_place(&mut self, place: Place) {
        let Some(old) = self.place.replace(place.clone()) else { return };
        if old.v4 != place.v4 {
            self.leave(|slot| slot.internal.is_ipv4());
            self.tracks.iter_mut().filter(|track| !track.way.is_v6()).for_each(Track::reset);
        }
        if old.v6 == place.v6 {
            return;
        }
        let same = old.v6.as_ref().zip(place.v6.as_ref()).filter(|(old, new)| (old.gateway, old.interface) == (new.gateway, new.interface));
        let kept: Vec<IpAddr> = same.iter().flat_map(|(_, new)| new.own.iter().map(|net| IpAddr::V6(net.addr()))).collect();
        self.leave(|slot| slot.internal.is_ipv6() && !kept.contains(&slot.internal.ip()));
        let renew = if kept.is_empty() { Track::reset } else { Track::afresh };
        self.tracks.iter_mut().filter(|track| track.way.is_v6()).for_each(renew);
    }

    /// Everything at once again: the user asked, or the machine slept. Doors are renewed.
    pub(super) fn try_now(&mut self, now: Now) {
        self.settled = false;
        self.tracks.iter_mut().for_each(Track::afresh);
        self.holds.values_mut().for_each(|hold| hold.renew_at = now.tick);
    }

    /// What is to be asked now.
    pub(super) fn next(&mut self, now: Now, rng: &mut impl Rng, out: &mut Vec<Errand>) {
        self.holds.retain(|_, hold| !hold.lapsed(now.tick));
        let slots = self.slots();
        for at in 0..self.tracks.len() {
            if let Some((way, ask)) = self.next_of(at, &slots, now, rng) {
                self.turns = self.turns.wrapping_add(1);
                if let Some(track) = self.tracks.get_mut(at) {
                    track.busy = Some(Busy { turn: self.turns, ask: ask.clone(), since: now.tick });
                }
                out.push(Errand { way, turn: self.turns, ask });
            }
        }
        self.settled |= self.place.is_some() && !self.is_searching(&slots, now);
    }

    /// What became of an errand. Answers to errands that were given up are ignored.
    pub(super) fn answered(&mut self, way: Way, turn: u64, answer: Answer, now: Now) {
        let Some(track) = self.tracks.iter_mut().find(|track| track.way == way) else { return };
        let Some(busy) = track.busy.take_if(|busy| busy.turn == turn) else { return };
        match (busy.ask, answer) {
            (Ask::Find, Answer::Found(wan)) => {
                track.wan = wan;
                if way.is_v6() || wan.is_some_and(is_public) {
                    track.found = true;
                    track.curious = false;
                    track.answer = MappingAnswer::Found;
                } else {
                    track.failed(&Why::NoPublicAddress, now.tick);
                }
            }
            (Ask::Find, Answer::Not(why)) => track.failed(&why, now.tick),
            (Ask::Open(opening), Answer::Opened(grant)) => self.opened(way, opening, grant, now),
            (Ask::Open(opening), Answer::Not(why)) => self.not_opened(way, opening, &why, now),
            (Ask::Close(_), _) => {}
            (ask, answer) => debug_assert!(false, "{answer:?} does not answer {ask:?}"),
        }
    }

    /// Whether an errand is still wanted.
    pub(super) fn wants(&self, way: Way, turn: u64) -> bool {
        self.tracks.iter().any(|track| track.way == way && track.busy.as_ref().is_some_and(|busy| busy.turn == turn))
    }

    /// Turned off, and all doors taken back.
    pub(super) fn is_closed(&self) -> bool {
        !self.on && self.closing.is_empty() && self.tracks.iter().all(|track| track.busy.is_none())
    }

    /// When [`next`](Self::next) may have something to do, if no answer comes before.
    pub(super) fn wake(&self, now: Now) -> Option<u64> {
        let holds = self.holds.values().flat_map(|hold| [hold.renew_at, hold.lapses_at()]);
        let rests = self.tracks.iter().map(|track| track.rest_until);
        let starts = self.tracks.iter().filter_map(|track| track.busy.as_ref()).map(|busy| busy.since.saturating_add(HEAD_START));
        holds.chain(rests).chain(starts).filter(|at| *at > now.tick).min()
    }

    /// As told to others.
    pub(super) fn mappings(&self) -> Mappings {
        let state = match (self.on, self.settled) {
            (false, _) => MappingState::Off,
            (true, false) => MappingState::Searching,
            (true, true) => MappingState::Settled,
        };
        let answer = |way| self.answer(way);
        let (one, other) = (answer(Way::PinholePcp), answer(Way::PinholeUpnp));
        let router = Router {
            gateway: self.place.as_ref().and_then(|place| place.gateway),
            wan: self.tracks.iter().filter(|track| !track.way.is_v6()).find_map(|track| track.wan),
            upnp: answer(Way::Upnp),
            nat_pmp: answer(Way::NatPmp),
            pcp: answer(Way::Pcp),
            pinhole: if rank(&one) >= rank(&other) { one } else { other },
        };
        Mappings { state, doors: self.holds.values().map(Hold::door).collect(), router }
    }

    fn answer(&self, way: Way) -> MappingAnswer {
        if self.holds.values().any(|hold| hold.way == way && !hold.shaky) {
            return MappingAnswer::Granted;
        }
        self.tracks.iter().find(|track| track.way == way).map(|track| track.answer.clone()).unwrap_or_default()
    }

    /// The doors that are wanted here.
    fn slots(&self) -> Vec<Slot> {
        let Some(place) = self.place.as_ref().filter(|_| self.on) else { return Vec::new() };
        let v4 = place.v4.iter().map(|v4| IpAddr::V4(v4.own.addr()));
        let v6 = place.v6.iter().flat_map(|v6| v6.own.iter().map(|net| IpAddr::V6(net.addr())));
        let ports = [(Transport::Tcp, self.ports.tcp), (Transport::Udp, self.ports.udp)];
        let ports = ports.into_iter().filter_map(|(transport, port)| Some((transport, port.filter(|port| *port > 0)?)));
        let addresses: Vec<IpAddr> = v4.chain(v6).collect();
        ports
            .flat_map(|(transport, port)| addresses.iter().map(move |ip| Slot { transport, internal: SocketAddr::new(*ip, port) }))
            .collect()
    }

    fn next_of(&mut self, at: usize, slots: &[Slot], now: Now, rng: &mut impl Rng) -> Option<(Way, Ask)> {
        let elder_at_work = self.elder_at_work(at, now);
        let track = self.tracks.get_mut(at).filter(|track| track.busy.is_none())?;
        let way = track.way;
        let closing: Vec<Hold> = self.closing.extract_if(.., |hold| hold.way == way).collect();
        if !closing.is_empty() {
            return Some((way, Ask::Close(closing)));
        }
        let first = slots.iter().find(|slot| slot.internal.is_ipv6() == way.is_v6())?;
        if let Some(due) = self.holds.values().find(|hold| hold.way == way && !hold.shaky && hold.renew_at <= now.tick) {
            let opening = Opening { slot: due.slot, port: due.external.port(), lease: due.lease, token: due.token };
            return Some((way, Ask::Open(opening)));
        }
        if track.rest_until > now.tick {
            return None;
        }
        let open = slots.iter().find(|slot| is_open(&self.holds, slot, way) && !track.tried.contains(slot));
        if way.must_find() && !track.found {
            return (open.is_some() || track.curious).then_some((way, Ask::Find));
        }
        let slot = *open.or(track.curious.then_some(first))?;
        if elder_at_work {
            return None;
        }
        let port = sibling_port(&self.holds, slot, way).unwrap_or(slot.internal.port());
        Some((way, Ask::Open(track.opening(slot, port, rng))))
    }

    fn elder_at_work(&self, at: usize, now: Now) -> bool {
        let elders = self.tracks.get(at).map(|track| track.way.elders()).unwrap_or_default();
        let busy = self.tracks.iter().filter(|track| elders.contains(&track.way)).filter_map(|track| track.busy.as_ref());
        busy.into_iter().any(|busy| now.tick < busy.since.saturating_add(HEAD_START))
    }

    fn opened(&mut self, way: Way, opening: Opening, grant: Grant, now: Now) {
        let wanted = self.slots().contains(&opening.slot);
        let Some(track) = self.tracks.iter_mut().find(|track| track.way == way) else { return };
        let slot = opening.slot;
        if !way.is_v6() {
            track.wan = Some(grant.external.ip());
        }
        let hold = Hold::new(way, slot, grant, opening.lease, now);
        if grant.external.port() == 0 || !is_public(grant.external.ip()) {
            self.closing.extend(hold);
            return self.not_opened(way, opening, &Why::NoPublicAddress, now);
        }
        let Some(hold) = hold else {
            return self.not_opened(way, opening, &Why::Other("its doors close too soon".to_owned()), now);
        };
        track.granted(now.tick);
        if grant.epoch.is_some_and(|told| track.epoch.jumped(told, now.tick)) {
            // The router forgot everything. This door stands again; the others are due.
            self.holds.values_mut().filter(|hold| hold.slot != slot).for_each(|hold| hold.renew_at = now.tick);
        }
        if !wanted {
            return self.closing.push(hold);
        }
        if self.holds.get(&slot).is_some_and(|held| held.way != way && !held.shaky) {
            // Two were equally fast, or this was to see whether it can. The door lapses by itself,
            // unless it was made for ever.
            self.closing.extend(Some(hold).filter(|hold| hold.lease == 0));
            return;
        }
        self.holds.insert(slot, hold);
    }

    fn not_opened(&mut self, way: Way, opening: Opening, why: &Why, now: Now) {
        let slot = opening.slot;
        let held = self.holds.get_mut(&slot).filter(|held| held.way == way);
        if let Some(held) = held.filter(|held| !held.shaky) {
            held.shaky = true;
            for track in self.tracks.iter_mut().filter(|track| track.way.is_v6() == way.is_v6()) {
                if track.way == way { track.lost(slot, why, now.tick) } else { track.wake(slot, now.tick) }
            }
            return;
        }
        let Some(track) = self.tracks.iter_mut().find(|track| track.way == way) else { return };
        if track.another_try(why) {
            return;
        }
        if *why != Why::Silent {
            // It was renewed in vain, and a new one is refused as well: it is gone.
            self.holds.retain(|_, held| held.slot != slot || held.way != way);
        }
        track.refused(slot, why);
        let whole = matches!(why, Why::Silent | Why::NoPublicAddress);
        let tried = track.tried.clone();
        let more = self.slots().into_iter().any(|slot| is_open(&self.holds, &slot, way) && !tried.contains(&slot));
        if let Some(track) = self.tracks.iter_mut().find(|track| track.way == way && (whole || !more)) {
            track.failed(why, now.tick);
        }
    }

    fn leave(&mut self, gone: impl Fn(&Slot) -> bool) {
        self.settled = false;
        self.holds.retain(|slot, _| !gone(slot));
        self.closing.retain(|hold| !gone(&hold.slot));
    }

    /// Whether an answer is outstanding that could still open a door.
    fn is_searching(&self, slots: &[Slot], now: Now) -> bool {
        self.tracks.iter().any(|track| {
            let mut own = slots.iter().filter(|slot| slot.internal.is_ipv6() == track.way.is_v6());
            let could = |slot: &Slot| is_open(&self.holds, slot, track.way) && (track.busy.is_some() || track.rest_until <= now.tick);
            own.any(|slot| track.curious || could(slot))
        })
    }
}

/// Whether a way may open this door: it is for its family, and nobody holds it.
fn is_open(holds: &BTreeMap<Slot, Hold>, slot: &Slot, way: Way) -> bool {
    slot.internal.is_ipv6() == way.is_v6() && holds.get(slot).is_none_or(|held| held.shaky)
}

/// TCP and UDP get one outer port where that can be.
fn sibling_port(holds: &BTreeMap<Slot, Hold>, slot: Slot, way: Way) -> Option<u16> {
    let sibling = holds.values().find(|held| held.way == way && held.slot.internal == slot.internal)?;
    Some(sibling.external.port())
}

/// Which of two answers says more.
fn rank(answer: &MappingAnswer) -> u8 {
    match answer {
        MappingAnswer::Granted => 6,
        MappingAnswer::Found => 5,
        MappingAnswer::NoPublicAddress => 4,
        MappingAnswer::Refused => 3,
        MappingAnswer::Failed(_) => 2,
        MappingAnswer::Silent => 1,
        MappingAnswer::NotAsked => 0,
    }
}
