//! What is between two people: dials, and connections that carry the frames of real links without
//! the encryption around them. Each way takes ten milliseconds.

use identity::PeerId;
use node::manual::net::{Act, DialId, Event, LinkId, LinkUp, Path, Reason, reason_of};
use wire::frame::records;
use wire::message::Message;
use wire::{Address, Bye, Hello, Role};

use crate::pair::Pair;
use crate::wires::{Parcel, Side, Stage, Travelling, Who, Wire, WireId};

/// From one end of a wire to the other.
const WAY_MS: u64 = 10;

impl Pair {
    /// Something that was under way is there.
    pub(crate) fn arrive(&mut self, what: Travelling) {
        match what {
            Travelling::Dial { from, life, attempt, expect, addresses } => {
                let person = self.person(from);
                if person.running.is_some() && person.life == life && person.dials.contains(&attempt) {
                    self.dial(from, attempt, expect, &addresses);
                }
            }
            Travelling::Parcel(wire, side, parcel) => match self.wire(wire).end(side).stage {
                Stage::Waiting => self.wire(wire).end(side).inbox.push_back(parcel),
                Stage::Running => self.take(wire, side, parcel),
                Stage::Over => {}
            },
        }
    }

    fn dial(&mut self, from: Who, attempt: u64, expect: Option<PeerId>, addresses: &[Address]) {
        self.person(from).dials.remove(&attempt);
        let at = self.moment_of(from);
        let mut acts = Vec::new();
        let online = !self.person(from).unplugged;
        let there = self.listener_at(from, addresses).filter(|_| online);
        let peers = there.map(|there| (self.person(there).peer(), self.person(from).peer()));
        let wrong = peers.is_some_and(|(found, own)| found == own || expect.is_some_and(|expect| expect != found));
        let last = addresses.last().cloned().expect("a dial has an address");
        let net = &mut self.running(from).net;
        match (there, peers) {
            (Some(there), Some((found, _))) if !wrong => {
                if net.may_complete(attempt, found, at, &mut acts) {
                    self.connect(from, attempt, there);
                }
            }
            (Some(_), _) => net.dial_failed(attempt, last, Reason::WrongPeer, at, &mut acts),
            (None, _) => net.dial_failed(attempt, last, Reason::TimedOut, at, &mut acts),
        }
        self.carry_out(from, acts);
    }

    fn listener_at(&mut self, from: Who, addresses: &[Address]) -> Option<Who> {
        let people = self.people();
        let at = |address: &Address| people.iter().copied().find(|who| Address::from(self.address_of(*who)) == *address);
        let found: Vec<Who> = addresses.iter().filter_map(at).collect();
        found.into_iter().find(|who| self.person(*who).is_there() && self.between.is_open(from, *who))
    }

    /// Both ends have greeted each other.
    fn connect(&mut self, from: Who, attempt: u64, to: Who) {
        let wire = self.add_wire(Wire::new(from, to));
        for (side, who, other, attempt) in [(Side::Listener, to, from, None), (Side::Dialler, from, to, Some(attempt))] {
            let (peer, path, at) = (self.person(other).peer(), Path::Tcp(self.address_of(other)), self.moment_of(who));
            let nonce = self.running(other).net.hello().boot_nonce;
            let mut acts = Vec::new();
            let link = self.running(who).net.greeted(peer, path, nonce, attempt, at, &mut acts);
            self.person(who).links.insert(link, (wire, side));
            self.wire(wire).end(side).link = Some(link);
            self.carry_out(who, acts);
        }
    }

    /// The table lets a link run.
    fn run_link(&mut self, who: Who, link: LinkId, asked: Option<DialId>) {
        let Some((wire, side)) = self.person(who).links.get(&link).copied() else { return };
        let (other, at) = (self.wire(wire).end(side.other()).who, self.moment_of(who));
        let (peer, path) = (self.person(other).peer(), Path::Tcp(self.address_of(other)));
        let role = if side == Side::Dialler { Role::Initiator } else { Role::Responder };
        let hello: Hello = self.running(other).net.hello().clone();
        let (outbox, feed) = self.running(who).net.queues(at);
        let end = self.wire(wire).end(side);
        (end.stage, end.feed) = (Stage::Running, Some(feed));
        let inbox = std::mem::take(&mut end.inbox);
        // Any hash will do that both ends of this wire have.
        let hash = [u8::try_from(wire.0).expect("a few wires"); 32];
        let up = LinkUp { peer, link, role, path, came_in: role == Role::Responder, hash, hello, outbox, asked };
        self.running(who).hand.on_net(Event::LinkUp(Box::new(up)));
        inbox.into_iter().for_each(|parcel| self.put(0, Travelling::Parcel(wire, side, parcel)));
    }

    /// Carries out what a node's network decided, and what the node makes of it.
    pub(crate) fn carry_out(&mut self, who: Who, mut acts: Vec<Act>) {
        let at = self.moment_of(who);
        self.running(who).hand.set_now(at);
        loop {
            while !acts.is_empty() {
                for act in std::mem::take(&mut acts) {
                    self.act(who, act, &mut acts);
                }
                self.running(who).net.take_orders(at, &mut acts);
            }
            let running = self.running(who);
            running.hand.end_turn(node::manual::Show::All);
            running.net.take_orders(at, &mut acts);
            if acts.is_empty() {
                break;
            }
        }
        self.note_flush(who);
        self.send_what_waits(who);
    }

    fn act(&mut self, who: Who, act: Act, acts: &mut Vec<Act>) {
        match act {
            Act::Dial { attempt, expect, addresses } => {
                let person = self.person(who);
                person.dials.insert(attempt);
                let dial = Travelling::Dial { from: who, life: person.life, attempt, expect, addresses };
                self.put(WAY_MS, dial);
            }
            Act::Abort(attempt) => drop(self.person(who).dials.remove(&attempt)),
            Act::Start(link, asked) => self.run_link(who, link, asked),
            Act::Close(link, bye) => {
                if let Some((wire, side)) = self.person(who).links.get(&link).copied() {
                    self.end(wire, side, reason_of(bye), Some(bye), acts);
                }
            }
            Act::Tell(event) => self.running(who).hand.on_net(event),
        }
    }

    /// Sends what a node has queued for its links.
    fn send_what_waits(&mut self, who: Who) {
        let links: Vec<(WireId, Side)> = self.person(who).links.values().copied().collect();
        for (wire, side) in links {
            let mut has_drained = false;
            while let Some(feed) = self.wire(wire).end(side).feed.as_ref().filter(|feed| feed.waiting() > 0) {
                let mut plaintext = Vec::new();
                has_drained |= feed.fill(&mut plaintext);
                self.put(WAY_MS, Travelling::Parcel(wire, side.other(), Parcel::Frame(plaintext)));
            }
            let other = self.wire(wire).end(side.other()).who;
            let (peer, link) = (self.person(other).peer(), self.wire(wire).end(side).link);
            if let (true, Some(link)) = (has_drained, link) {
                self.carry_out(who, vec![Act::Tell(Event::Drained { peer, link })]);
            }
        }
    }

    /// A person's network tells something.
    pub(crate) fn hears(&mut self, who: Who, event: Event) {
        self.carry_out(who, vec![Act::Tell(event)]);
    }

    fn take(&mut self, wire: WireId, side: Side, parcel: Parcel) {
        match parcel {
            Parcel::Frame(plaintext) => self.read(wire, side, &plaintext),
            Parcel::Bye(bye) => self.end_by_itself(wire, side, reason_of(bye)),
            Parcel::Lost => self.end_by_itself(wire, side, Reason::Lost),
        }
    }

    fn read(&mut self, wire: WireId, side: Side, plaintext: &[u8]) {
        let other = self.wire(wire).end(side.other()).who;
        let peer = self.person(other).peer();
        let end = self.wire(wire).end(side);
        let (who, Some(link)) = (end.who, end.link) else { return };
        if let Some(tap) = &mut self.between.tap {
            tap.extend(records(plaintext).map(|record| (who, record.expect("a whole record").to_vec())));
        }
        let read = |record: &[u8]| Message::decode(record).expect("nodes speak the protocol");
        let messages: Vec<Message> = records(plaintext).filter_map(|record| read(record.expect("a whole record"))).collect();
        let messages = self.between.let_through(who, messages);
        let received = Event::Received { peer, link, messages, taken: Default::default() };
        self.carry_out(who, vec![Act::Tell(received)]);
    }

    fn end_by_itself(&mut self, wire: WireId, side: Side, reason: Reason) {
        let who = self.wire(wire).end(side).who;
        let mut acts = Vec::new();
        self.end(wire, side, reason, None, &mut acts);
        self.carry_out(who, acts);
    }

    fn end(&mut self, wire: WireId, side: Side, reason: Reason, say: Option<Bye>, acts: &mut Vec<Act>) {
        let other = self.wire(wire).end(side.other()).who;
        let peer = self.person(other).peer();
        let end = self.wire(wire).end(side);
        let was = std::mem::replace(&mut end.stage, Stage::Over);
        let (who, Some(link)) = (end.who, end.link) else { return };
        if let Some(feed) = end.feed.take() {
            feed.close();
        }
        if was == Stage::Over {
            return;
        }
        self.put(WAY_MS, Travelling::Parcel(wire, side.other(), say.map_or(Parcel::Lost, Parcel::Bye)));
        let at = self.moment_of(who);
        let person = self.person(who);
        person.links.remove(&link);
        if was == Stage::Running && person.running.is_some() {
            acts.push(Act::Tell(Event::LinkDown { peer, link, reason }));
            self.running(who).net.ended(peer, link, reason, at, acts);
        }
    }

    /// All connections of a person break, and both ends notice at once. If the program has ended,
    /// the others do.
    pub(crate) fn break_wires(&mut self, who: Who) {
        let links: Vec<(WireId, Side)> = std::mem::take(&mut self.person(who).links).into_values().collect();
        for (wire, side) in links {
            for side in [side, side.other()] {
                let who = self.wire(wire).end(side).who;
                if self.person(who).running.is_some() {
                    self.end_by_itself(wire, side, Reason::Lost);
                } else {
                    self.wire(wire).end(side).stage = Stage::Over;
                }
            }
        }
    }
}
