//! This device's own ends of circuits, and those that carriers offer it.

#![cfg_attr(not(test), warn(clippy::indexing_slicing, clippy::arithmetic_side_effects))]

use std::collections::BTreeMap;
use std::sync::{Arc, Weak};

use identity::PeerId;

use super::event::CircuitEvent;
use super::limits::{Caps, MAX_ENDS, MAX_ENDS_PER_LINK, MAX_OFFERS, OFFERS, UNANSWERED};
use super::line::{Leg, Near};
use super::parties::Parties;
use super::stream::Pipe;
use crate::event::LinkId;
use wire::reach::HelpRefused;

/// See the module's header.
pub(crate) struct Ends {
    own: BTreeMap<Leg, Own>,
    offers: BTreeMap<Leg, Offer>,
    parties: Parties,
    caps: Caps,
}

/// Who is at the other end, and who carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Ways {
    pub(crate) carrier: PeerId,
    pub(crate) peer: PeerId,
}

/// An own end that is no longer in the books.
pub(crate) type Struck = (Leg, Ways, Arc<Pipe>);

struct Own {
    /// Gone when its stream was dropped.
    pipe: Weak<Pipe>,
    ways: Ways,
    /// Until when an answer is waited for.
    until: Option<u64>,
}

struct Offer {
    ways: Ways,
    until: u64,
}

impl Ends {
    pub(crate) fn new(caps: &Caps) -> Self {
        let caps = Caps { opens: OFFERS, ..*caps };
        Self { own: BTreeMap::new(), offers: BTreeMap::new(), parties: Parties::default(), caps }
    }

    /// Whether there may be another one over this link.
    pub(crate) fn has_room(&mut self, link: LinkId) -> bool {
        self.own.retain(|_, own| own.pipe.strong_count() > 0);
        self.own.len() < MAX_ENDS && self.own.range(of_link(link)).count() < MAX_ENDS_PER_LINK
    }

    pub(crate) fn insert(&mut self, leg: Leg, pipe: &Arc<Pipe>, ways: Ways, until: Option<u64>) {
        self.own.insert(leg, Own { pipe: Arc::downgrade(pipe), ways, until });
    }

    /// The own end that this names.
    pub(crate) fn get(&mut self, leg: Leg) -> Option<Arc<Pipe>> {
        let pipe = self.own.get(&leg)?.pipe.upgrade();
        if pipe.is_none() {
            self.own.remove(&leg);
        }
        pipe
    }

    /// It was answered.
    pub(crate) fn answered(&mut self, leg: Leg) {
        if let Some(own) = self.own.get_mut(&leg) {
            own.until = None;
        }
    }

    pub(crate) fn remove(&mut self, leg: Leg) -> Option<Ways> {
        self.own.remove(&leg).map(|own| own.ways)
    }

    /// Takes an offer; what the driver is to be asked, or why not.
    pub(crate) fn offer(&mut self, near: &Near, id: u32, from: PeerId, now: u64) -> Result<CircuitEvent, HelpRefused> {
        let open = self.parties.may_open(near.peer, &self.caps, now);
        if !open || self.offers.len() >= MAX_OFFERS || !self.has_room(near.link) {
            return Err(HelpRefused::Busy);
        }
        // Circuits do not go over circuits, and who carries is no end.
        if !near.direct || from == near.peer {
            return Err(HelpRefused::NotAllowed);
        }
        let leg = near.leg(id);
        self.offers.insert(leg, Offer { ways: Ways { carrier: near.peer, peer: from }, until: now.saturating_add(UNANSWERED) });
        Ok(CircuitEvent::Offered { leg, carrier: near.peer, from })
    }

    /// Ends an offer: it was answered, taken back or spoilt.
    pub(crate) fn take_offer(&mut self, leg: Leg) -> Option<Ways> {
        self.offers.remove(&leg).map(|offer| offer.ways)
    }

    pub(crate) fn is_used(&self, leg: Leg) -> bool {
        self.own.contains_key(&leg) || self.offers.contains_key(&leg)
    }

    /// All own ends over this link.
    pub(crate) fn over(&self, link: LinkId) -> Vec<Arc<Pipe>> {
        self.own.range(of_link(link)).filter_map(|(_, own)| own.pipe.upgrade()).collect()
    }

    /// A link is down: its own ends, to be ended.
    pub(crate) fn link_down(&mut self, link: LinkId) -> Vec<Struck> {
        self.offers.retain(|leg, _| leg.link != link);
        let legs: Vec<Leg> = self.own.range(of_link(link)).map(|(leg, _)| *leg).collect();
        let ends = legs.into_iter().filter_map(|leg| self.own.remove(&leg).map(|own| (leg, own)));
        ends.filter_map(|(leg, own)| Some((leg, own.ways, own.pipe.upgrade()?))).collect()
    }

    /// What waited for too long: own ends, to be given up, and offers, to be refused.
    pub(crate) fn late(&mut self, now: u64) -> (Vec<Struck>, Vec<Leg>) {
        self.parties.tidy(&self.caps, now);
        let late = |until: u64| until <= now;
        let own: Vec<Leg> = self.own.iter().filter(|(_, own)| own.until.is_some_and(late)).map(|(leg, _)| *leg).collect();
        let own = own.into_iter().filter_map(|leg| self.own.remove(&leg).map(|own| (leg, own)));
        let own = own.filter_map(|(leg, own)| Some((leg, own.ways, own.pipe.upgrade()?))).collect();
        let offers: Vec<Leg> = self.offers.iter().filter(|(_, offer)| late(offer.until)).map(|(leg, _)| *leg).collect();
        self.offers.retain(|_, offer| !late(offer.until));
        (own, offers)
    }

    /// When [`Ends::late`] has something to do.
    pub(crate) fn next_due(&self) -> Option<u64> {
        let own = self.own.values().filter(|own| own.pipe.strong_count() > 0).filter_map(|own| own.until);
        own.chain(self.offers.values().map(|offer| offer.until)).min()
    }
}

fn of_link(link: LinkId) -> std::ops::RangeInclusive<Leg> {
    Leg { link, id: 0 }..=Leg { link, id: u32::MAX }
}
