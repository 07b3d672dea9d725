//! What travels between nodes: sending, arriving, and the ends of connections.

use node::manual::net::{Act, Event, LinkId, Reason, reason_of};
use rand::RngExt;
use wire::frame::{pad, push_record, records};
use wire::message::Message;
use wire::{Bye, Class};

use crate::clock::Time;
use crate::happening::Happening;
use crate::links::{Parcel, Side, Stage, WINDOW_BYTES, Wire, WireId};
use crate::weather::LATE;
use crate::world::World;

impl World {
    pub(crate) fn wire(&self, wire: WireId) -> Option<&Wire> {
        self.wires.get(wire.0)?.as_deref()
    }

    pub(crate) fn wire_mut(&mut self, wire: WireId) -> Option<&mut Wire> {
        self.wires.get_mut(wire.0)?.as_deref_mut()
    }

    /// Sends what waits in an end's queues, as far as the window takes it.
    pub(crate) fn pump(&mut self, id: WireId, side: Side) {
        let mut drained = false;
        loop {
            let now = self.now;
            let Some(end) = self.wire_mut(id).map(|wire| wire.end_mut(side)).filter(|end| end.stage == Stage::Running) else { return };
            let Some(feed) = &end.feed else { return };
            if let Some(bye) = feed.end() {
                return self.end_by_itself(id, side, reason_of(bye), Some(bye));
            }
            if feed.waiting() == 0 {
                end.stalled = None;
                break;
            }
            if end.under_way >= WINDOW_BYTES {
                if end.stalled.is_none() {
                    end.stalled = Some(now);
                    let stall = self.config.times.stall;
                    self.agenda.put(now.after(stall), Happening::Stalled(id, side, now));
                }
                break;
            }
            end.stalled = None;
            let mut plaintext = Vec::new();
            drained |= feed.fill(&mut plaintext);
            let number = end.node;
            self.twist(number, &mut plaintext);
            if !plaintext.is_empty() {
                pad(&mut plaintext);
                self.send(id, side, Parcel::Frame(plaintext.into()));
            }
        }
        if drained {
            self.tell_drained(id, side);
        }
    }

    fn tell_drained(&mut self, id: WireId, side: Side) {
        let Some(wire) = self.wire(id) else { return };
        let (end, other) = (wire.end(side), wire.end(side.other()).node);
        let (number, Some(link), Some(peer)) = (end.node, end.link, self.peers.get(other as usize).copied()) else { return };
        self.carry_out(number, vec![Act::Tell(Event::Drained { peer, link })]);
    }

    /// A hostile node sends something else than its engine queued.
    fn twist(&mut self, number: u32, plaintext: &mut Vec<u8>) {
        let Some(hostile) = self.hosts.get_mut(number as usize).and_then(|host| host.hostile.as_mut()) else { return };
        let mut twisted = Vec::new();
        for record in records(plaintext).flatten() {
            let said = match Message::decode(record) {
                Ok(Some(message)) => hostile.twist(message).map(|message| message.encode()),
                Ok(None) | Err(_) => Some(record.into()),
            };
            if let Some(said) = said {
                // No message grows by this, so all of them still fit.
                let _fits = push_record(&mut twisted, &said);
            }
        }
        *plaintext = twisted;
    }

    /// Puts a parcel on its way, after all that was sent before.
    pub(crate) fn send(&mut self, id: WireId, side: Side, parcel: Parcel) {
        let now = self.now;
        let Some(distance) = self.wire(id).map(|wire| wire.distance) else { return };
        let bytes = parcel.len();
        let mut travel = self.weather.travel(distance, bytes, &mut self.rng);
        if let Parcel::Frame(plaintext) = &parcel
            && is_gossip(plaintext)
        {
            let weather = self.weather;
            if weather.reset > 0.0 && self.rng.random_bool(weather.reset) {
                return self.break_wire(id);
            }
            if weather.drop > 0.0 && self.rng.random_bool(weather.drop) {
                return;
            }
            if weather.duplicate > 0.0 && self.rng.random_bool(weather.duplicate) {
                let late = travel + LATE.mul_f64(self.rng.random());
                self.put_under_way(id, side, bytes);
                self.agenda.put(now.after(late), Happening::Arrive(id, side.other(), parcel.clone()));
            }
            if weather.reorder > 0.0 && self.rng.random_bool(weather.reorder) {
                travel += LATE.mul_f64(self.rng.random());
                self.put_under_way(id, side, bytes);
                self.agenda.put(now.after(travel), Happening::Arrive(id, side.other(), parcel));
                return;
            }
        }
        self.put_under_way(id, side, bytes);
        let Some(end) = self.wire_mut(id).map(|wire| wire.end_mut(side)) else { return };
        let due = now.after(travel).max(end.not_before);
        end.not_before = due;
        self.agenda.put(due, Happening::Arrive(id, side.other(), parcel));
    }

    fn put_under_way(&mut self, id: WireId, side: Side, bytes: usize) {
        let Some(end) = self.wire_mut(id).map(|wire| wire.end_mut(side)) else { return };
        end.under_way += bytes;
        let number = end.node;
        if let Some(host) = self.hosts.get_mut(number as usize) {
            host.bytes_sent += bytes as u64;
        }
    }

    pub(crate) fn on_arrival(&mut self, id: WireId, side: Side, parcel: Parcel) {
        let cut = self.is_cut(id);
        let Some(wire) = self.wire(id) else { return };
        let end = wire.end(side);
        let deaf = self.hosts.get(end.node as usize).is_some_and(|host| host.deaf);
        match end.stage {
            Stage::Over => {}
            Stage::Running if !cut && !deaf && end.inbox.is_empty() => self.take(id, side, parcel),
            Stage::Running | Stage::Waiting => {
                if let Some(end) = self.wire_mut(id).map(|wire| wire.end_mut(side)) {
                    end.inbox.push_back(parcel);
                }
            }
        }
    }

    /// Takes what had to wait when it arrived.
    pub(crate) fn drain_inbox(&mut self, id: WireId, side: Side) {
        loop {
            let cut = self.is_cut(id);
            let Some(wire) = self.wire(id) else { return };
            let deaf = self.hosts.get(wire.end(side).node as usize).is_some_and(|host| host.deaf);
            if cut || deaf || wire.end(side).stage != Stage::Running {
                return;
            }
            let Some(parcel) = self.wire_mut(id).and_then(|wire| wire.end_mut(side).inbox.pop_front()) else { return };
            self.take(id, side, parcel);
        }
    }

    fn take(&mut self, id: WireId, side: Side, parcel: Parcel) {
        let bytes = parcel.len();
        if let Some(wire) = self.wire_mut(id) {
            let sender = wire.end_mut(side.other());
            sender.under_way = sender.under_way.saturating_sub(bytes);
        }
        match parcel {
            Parcel::Frame(plaintext) => self.read(id, side, &plaintext),
            Parcel::Bye(bye) => self.end_by_itself(id, side, reason_of(bye), None),
            Parcel::Lost => self.end_by_itself(id, side, Reason::Lost, None),
        }
        self.pump(id, side.other());
    }

    fn read(&mut self, id: WireId, side: Side, plaintext: &[u8]) {
        let Some(wire) = self.wire(id) else { return };
        let (number, other, link) = (wire.end(side).node, wire.end(side.other()).node, wire.end(side).link);
        let (Some(link), Some(peer)) = (link, self.peers.get(other as usize).copied()) else { return };
        let mut messages = Vec::new();
        for record in records(plaintext) {
            match record.map(Message::decode) {
                Ok(Ok(message)) => messages.extend(message),
                Ok(Err(_)) | Err(_) => return self.end_by_itself(id, side, Reason::Protocol, Some(Bye::Protocol)),
            }
        }
        for message in &messages {
            match message {
                Message::Run(run) => self.books.came(number, other, &run.events),
                Message::Data(data) => self.books.came(number, other, &data.events),
                _ => {}
            }
        }
        if !messages.is_empty() {
            self.carry_out(number, vec![Act::Tell(Event::Received { peer, link, messages, taken: Default::default() })]);
        }
    }

    /// A link ends without its node having asked for it.
    pub(crate) fn end_by_itself(&mut self, id: WireId, side: Side, reason: Reason, say: Option<Bye>) {
        let Some(number) = self.wire(id).map(|wire| wire.end(side).node) else { return };
        let mut acts = Vec::new();
        self.end(id, side, reason, say, &mut acts);
        self.carry_out(number, acts);
    }

    /// The table of a node ends a link.
    pub(crate) fn close_link(&mut self, number: u32, link: LinkId, bye: Bye, acts: &mut Vec<Act>) {
        let held = self.hosts.get(number as usize).and_then(|host| host.links.get(&link)).copied();
        if let Some((id, side)) = held {
            self.end(id, side, reason_of(bye), Some(bye), acts);
        }
    }

    fn end(&mut self, id: WireId, side: Side, reason: Reason, say: Option<Bye>, acts: &mut Vec<Act>) {
        let now = self.now;
        let Some(wire) = self.wire_mut(id) else { return };
        let other = wire.end(side.other()).node;
        let end = wire.end_mut(side);
        let was = std::mem::replace(&mut end.stage, Stage::Over);
        end.inbox.clear();
        let (number, link) = (end.node, end.link);
        if let Some(feed) = end.feed.take() {
            feed.close();
        }
        if was == Stage::Over {
            return;
        }
        if wire.end(side.other()).stage != Stage::Over {
            self.send(id, side, say.map_or(Parcel::Lost, Parcel::Bye));
        }
        let (Some(link), Some(peer)) = (link, self.peers.get(other as usize).copied()) else { return };
        let Some(host) = self.hosts.get_mut(number as usize) else { return };
        host.links.remove(&link);
        let at = host.moment(now);
        if was == Stage::Running
            && let Some(body) = &mut host.body
        {
            acts.push(Act::Tell(Event::LinkDown { peer, link, reason }));
            body.net.ended(peer, link, reason, at, acts);
        }
        self.bury(id);
    }

    /// Forgets a connection of which nothing is left.
    pub(crate) fn bury(&mut self, id: WireId) {
        if self.wire(id).is_some_and(Wire::is_over)
            && let Some(slot) = self.wires.get_mut(id.0)
        {
            *slot = None;
        }
    }

    /// The connection breaks: both sides notice at once.
    pub(crate) fn break_wire(&mut self, id: WireId) {
        for side in Side::BOTH {
            self.agenda.put(self.now, Happening::Arrive(id, side, Parcel::Lost));
        }
    }

    /// The two ends cannot reach each other at the moment.
    pub(crate) fn is_cut(&self, id: WireId) -> bool {
        self.wire(id).is_some_and(|wire| self.is_parted(wire.end(Side::Dialler).node, wire.end(Side::Listener).node))
    }

    /// Two nodes cannot reach each other: a part of the network is cut off, or one stands still.
    pub(crate) fn is_parted(&self, one: u32, other: u32) -> bool {
        match (self.hosts.get(one as usize), self.hosts.get(other as usize)) {
            (Some(one), Some(other)) => one.frozen || other.frozen || one.part != other.part,
            (_, _) => true,
        }
    }

    /// Looks at all connections after nodes were frozen, thawed, parted or joined again.
    pub(crate) fn recheck_wires(&mut self) {
        // Silence, and two pings that are not answered.
        let silence = self.config.times.silence + 2 * self.config.times.answer;
        for id in (0..self.wires.len()).map(WireId) {
            let (now, cut) = (self.now, self.is_cut(id));
            let Some(wire) = self.wire_mut(id) else { continue };
            match (wire.cut, cut) {
                (None, true) => {
                    wire.cut = Some(now);
                    self.agenda.put(now.after(silence), Happening::Silent(id, now));
                }
                (Some(_), false) => {
                    wire.cut = None;
                    Side::BOTH.into_iter().for_each(|side| self.agenda.put(now, Happening::Drain(id, side)));
                }
                (None, false) | (Some(_), true) => {}
            }
        }
    }

    pub(crate) fn on_silent(&mut self, id: WireId, since: Time) {
        if self.wire(id).is_none_or(|wire| wire.cut != Some(since)) {
            return;
        }
        for side in Side::BOTH {
            let Some(end) = self.wire(id).map(|wire| wire.end(side)) else { return };
            let notices = self.hosts.get(end.node as usize).is_some_and(|host| !host.frozen);
            if notices && end.stage == Stage::Running {
                self.end_by_itself(id, side, Reason::Silent, None);
            }
        }
    }

    pub(crate) fn on_stalled(&mut self, id: WireId, side: Side, since: Time) {
        let Some(end) = self.wire(id).map(|wire| wire.end(side)) else { return };
        let notices = self.hosts.get(end.node as usize).is_some_and(|host| !host.frozen);
        if notices && end.stage == Stage::Running && end.stalled == Some(since) {
            self.end_by_itself(id, side, Reason::TooSlow, None);
        }
    }

    /// The first ping of a link is answered: its round trip is known.
    pub(crate) fn on_measured(&mut self, id: WireId) {
        for side in Side::BOTH {
            let Some(wire) = self.wire(id).filter(|wire| wire.cut.is_none() && wire.end(side).stage == Stage::Running) else { continue };
            let (number, other, link) = (wire.end(side).node, wire.end(side.other()).node, wire.end(side).link);
            let (rtt, Some(link), Some(peer)) = (wire.distance * 2, link, self.peers.get(other as usize).copied()) else { continue };
            let mut acts = Vec::new();
            let Some(at) = self.hosts.get(number as usize).map(|host| host.moment(self.now)) else { continue };
            self.with_body(number, |body| body.net.measured(peer, link, rtt, at, &mut acts));
            self.carry_out(number, acts);
        }
    }
}

/// Holds no control message, which a real connection could lose only by ending.
fn is_gossip(plaintext: &[u8]) -> bool {
    records(plaintext).flatten().all(|record| match Message::decode(record) {
        Ok(Some(message)) => message.class() != Class::Control,
        Ok(None) | Err(_) => false,
    })
}
