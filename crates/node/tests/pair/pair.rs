//! The story: time, and the verbs of those who are in it.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use identity::PeerId;
use node::manual::net::Moment;
use node::manual::store::Medium;
use node::view::{Alert, AlertKind, Anchor, Body, JoinState, Joining, Message, Notice, Refused, Request, RoomRow, Said};
use node::{Core, EventId, RoomId};

use crate::apart::Between;
use crate::person::{ANA, BEN, Person, Running};
use crate::wires::{Travelling, Who, Wire, WireId};

/// What has not happened after so long does not happen.
const LIMIT_MS: u64 = 10 * 60 * 1000;

/// Ana, Ben, and sometimes others.
pub(crate) struct Pair {
    /// Milliseconds since the story began.
    now: u64,
    /// By when it comes, and in the order in which it was sent.
    under_way: BTreeMap<(u64, u64), Travelling>,
    sent: u64,
    people: Vec<Person>,
    wires: Vec<Wire>,
    pub(crate) between: Between,
}

// Time.
impl Pair {
    /// Ana and Ben have started and do not know each other.
    pub(crate) fn new() -> Pair {
        Pair::of(2)
    }

    /// So many people.
    pub(crate) fn of(count: usize) -> Pair {
        let people = (0..count).map(|nth| Person::new(Who(nth), Who(nth), Medium::default())).collect();
        let mut pair = Pair { now: 0, under_way: BTreeMap::new(), sent: 0, people, wires: Vec::new(), between: Between::default() };
        (0..count).for_each(|nth| pair.starts(Who(nth)));
        pair
    }

    /// Ana has let all others into a room, and Ben has a link with her.
    pub(crate) fn in_a_room(count: usize) -> (Pair, RoomId) {
        let mut pair = Pair::of(count);
        let room = pair.makes_a_room(ANA, "Kitchen");
        for nth in 1..count {
            let invite = pair.invites(ANA, room, 1);
            pair.joins(Who(nth), &invite);
        }
        pair.run_for(1_000);
        (pair, room)
    }

    /// Lets time pass.
    pub(crate) fn run_for(&mut self, ms: u64) {
        let until = self.now + ms;
        while self.step(until) {}
        self.now = until;
    }

    /// Lets time pass until something holds, looked at whenever something has happened.
    pub(crate) fn run_until(&mut self, what: &str, mut holds: impl FnMut(&mut Pair) -> bool) {
        let until = self.now + LIMIT_MS;
        while !holds(self) {
            assert!(self.step(until), "it never came to pass that {what}");
        }
    }

    /// Lets time pass, in which something must not hold, not even for a moment.
    pub(crate) fn run_without(&mut self, what: &str, ms: u64, mut holds: impl FnMut(&mut Pair) -> bool) {
        let until = self.now + ms;
        while self.step(until) {
            assert!(!holds(self), "it came to pass that {what}");
        }
        self.now = until;
    }

    /// Does what comes next, if something comes by then.
    fn step(&mut self, until: u64) -> bool {
        let soonest = |(nth, person): (usize, &Person)| Some((person.next_wake()?.max(self.now + 1), Who(nth)));
        let wake = self.people.iter().enumerate().filter_map(soonest).min();
        let comes = self.under_way.first_key_value().map(|(key, _)| key.0);
        match (comes, wake) {
            (Some(at), wake) if at <= until && wake.is_none_or(|(wake, _)| at <= wake) => {
                self.now = at;
                if let Some((_, what)) = self.under_way.pop_first() {
                    self.arrive(what);
                }
            }
            (_, Some((at, who))) if at <= until => {
                self.now = at;
                self.wake(who);
            }
            _ => return false,
        }
        true
    }

    fn wake(&mut self, who: Who) {
        let (now, at, mut acts) = (self.now, self.moment_of(who), Vec::new());
        let net = &mut self.running(who).net;
        if net.next_wake().is_some_and(|due| due <= at.tick) {
            net.tick(at, &mut acts);
        }
        if self.person(who).flush_at.take_if(|due| *due <= now).is_some() {
            self.running(who).hand.flush();
        }
        self.carry_out(who, acts);
    }

    fn settle(&mut self, who: Who) {
        self.carry_out(who, Vec::new());
    }

    /// The disk syncs when the node has asked for it.
    pub(crate) fn note_flush(&mut self, who: Who) {
        let now = self.now;
        if let Some(delay) = self.running(who).hand.flush_due() {
            let due = now + u64::try_from(delay.as_millis()).unwrap_or(u64::MAX);
            let flush_at = &mut self.person(who).flush_at;
            *flush_at = Some(flush_at.map_or(due, |at| at.min(due)));
        }
    }

    /// Puts something on its way.
    pub(crate) fn put(&mut self, after_ms: u64, what: Travelling) {
        self.sent += 1;
        self.under_way.insert((self.now + after_ms, self.sent), what);
    }
}

// Who and what there is.
impl Pair {
    pub(crate) fn people(&self) -> Vec<Who> {
        (0..self.people.len()).map(Who).collect()
    }

    pub(crate) fn person(&mut self, who: Who) -> &mut Person {
        &mut self.people[who.0]
    }

    pub(crate) fn running(&mut self, who: Who) -> &mut Running {
        self.people[who.0].running.as_mut().expect("the program runs")
    }

    pub(crate) fn moment_of(&self, who: Who) -> Moment {
        self.people[who.0].moment(self.now)
    }

    pub(crate) fn address_of(&self, who: Who) -> SocketAddr {
        self.people[who.0].address()
    }

    pub(crate) fn id_of(&self, who: Who) -> PeerId {
        self.people[who.0].peer()
    }

    pub(crate) fn add_wire(&mut self, wire: Wire) -> WireId {
        self.wires.push(wire);
        WireId(self.wires.len() - 1)
    }

    pub(crate) fn wire(&mut self, wire: WireId) -> &mut Wire {
        &mut self.wires[wire.0]
    }
}

// What happens to them.
impl Pair {
    pub(crate) fn starts(&mut self, who: Who) {
        let now = self.now;
        self.person(who).start(now);
        self.settle(who);
    }

    /// Ends the program in order.
    pub(crate) fn stops(&mut self, who: Who) {
        if let Some(running) = self.person(who).running.take() {
            running.hand.close();
        }
        self.person(who).flush_at = None;
        self.break_wires(who);
    }

    /// Loses the network.
    pub(crate) fn unplugs(&mut self, who: Who) {
        self.person(who).unplugged = true;
        self.break_wires(who);
    }

    pub(crate) fn plugs_in(&mut self, who: Who) {
        self.person(who).unplugged = false;
    }

    /// Copies a profile, as it is on disk, to a computer of its own; it is not started.
    pub(crate) fn copies_profile(&mut self, who: Who) -> Who {
        let copy = Who(self.people.len());
        let medium = Medium::over(self.person(who).medium.to_base());
        self.people.push(Person::new(who, copy, medium));
        copy
    }

    pub(crate) fn sets_clock(&mut self, who: Who, ahead_ms: i64) {
        self.person(who).clock_ahead = ahead_ms;
        self.settle(who);
    }
}

// What they do.
impl Pair {
    /// Asks a node, as its window does.
    pub(crate) fn ask<T>(&mut self, who: Who, question: impl FnOnce(&mut Core) -> T) -> T {
        let at = self.moment_of(who);
        let hand = &mut self.running(who).hand;
        hand.set_now(at);
        let answer = question(hand.core());
        self.settle(who);
        answer
    }

    pub(crate) fn makes_a_room(&mut self, who: Who, name: &str) -> RoomId {
        self.ask(who, |core| core.create_room(name)).expect("a room").id
    }

    /// The text of an invite to a room, for so many.
    pub(crate) fn invites(&mut self, who: Who, room: RoomId, uses: u32) -> String {
        self.ask(who, |core| core.create_invite(Some(room), uses)).expect("an invite").text
    }

    /// The text of an invite to become contacts, for so many.
    pub(crate) fn invites_to_contact(&mut self, who: Who, uses: u32) -> String {
        self.ask(who, |core| core.create_invite(None, uses)).expect("an invite").text
    }

    /// Pastes an invite or an address; the attempt.
    pub(crate) fn accepts(&mut self, who: Who, text: &str) -> u64 {
        self.ask(who, |core| core.accept_invite(text)).expect("an invite or an address").id
    }

    /// Accepts an invite, and waits until it has led into its room.
    pub(crate) fn joins(&mut self, who: Who, invite: &str) -> RoomId {
        let attempt = self.accepts(who, invite);
        let mut led_to = None;
        self.run_until("an invite leads into its room", |pair| {
            led_to = pair.state(who, attempt).and_then(|state| if let JoinState::Joined { room } = state { Some(room) } else { None });
            led_to.is_some()
        });
        led_to.expect("just seen")
    }

    pub(crate) fn says(&mut self, who: Who, room: RoomId, text: &str) -> Said {
        self.tries_to_say(who, room, text).expect("it is said")
    }

    pub(crate) fn tries_to_say(&mut self, who: Who, room: RoomId, text: &str) -> Result<Said, Refused> {
        self.says_about(who, room, text, None)
    }

    /// Answers the last line.
    pub(crate) fn answers(&mut self, who: Who, room: RoomId, text: &str) -> Said {
        let last = self.lines(who, room).last().expect("there is something to answer").id;
        self.says_about(who, room, text, Some(last)).expect("it is said")
    }

    pub(crate) fn says_about(&mut self, who: Who, room: RoomId, text: &str, reply_to: Option<EventId>) -> Result<Said, Refused> {
        let at = self.moment_of(who);
        let hand = &mut self.running(who).hand;
        hand.set_now(at);
        let said = hand.say(room, text.to_owned(), reply_to);
        self.settle(who);
        said
    }

    /// Reads all that there is.
    pub(crate) fn reads_all(&mut self, who: Who, room: RoomId) {
        let last = self.lines(who, room).last().expect("there is something to read").position;
        self.ask(who, |core| core.mark_read(room, last, None)).expect("a room");
    }
}

// What they see.
impl Pair {
    /// The entries of a room, oldest first.
    pub(crate) fn lines(&mut self, who: Who, room: RoomId) -> Vec<Message> {
        self.ask(who, |core| core.timeline(room, Anchor::Latest, 10_000)).map(|page| page.messages).unwrap_or_default()
    }

    /// The texts of a room, oldest first.
    pub(crate) fn texts(&mut self, who: Who, room: RoomId) -> Vec<String> {
        let text = |line: Message| if let Body::Text { text, .. } = line.body { Some(text) } else { None };
        self.lines(who, room).into_iter().filter_map(text).collect()
    }

    /// Waits until a person sees these texts, and no others.
    pub(crate) fn until_reads(&mut self, who: Who, room: RoomId, texts: &[&str]) {
        self.run_until(&format!("{who:?} reads {texts:?}"), |pair| pair.texts(who, room) == texts);
    }

    pub(crate) fn row(&mut self, who: Who, room: RoomId) -> RoomRow {
        self.ask(who, |core| core.room_details(room)).expect("a room").0
    }

    pub(crate) fn rooms(&mut self, who: Who) -> Vec<RoomRow> {
        self.ask(who, |core| core.snapshot().rooms)
    }

    pub(crate) fn requests(&mut self, who: Who) -> Vec<Request> {
        self.ask(who, |core| core.snapshot().requests)
    }

    pub(crate) fn is_contact(&mut self, who: Who, other: Who) -> bool {
        let other = self.id_of(other);
        self.ask(who, |core| core.person_details(other)).is_ok_and(|details| details.person.contact)
    }

    pub(crate) fn attempts(&mut self, who: Who) -> Vec<Joining> {
        self.ask(who, |core| core.snapshot().joining)
    }

    /// How an attempt stands, while it is listed.
    pub(crate) fn state(&mut self, who: Who, attempt: u64) -> Option<JoinState> {
        self.attempts(who).into_iter().find(|listed| listed.id == attempt).map(|listed| listed.state)
    }

    pub(crate) fn until_state(&mut self, who: Who, attempt: u64, state: &JoinState) {
        self.run_until(&format!("the attempt is {state:?}"), |pair| pair.state(who, attempt).as_ref() == Some(state));
    }

    /// All that an attempt went through, as the window was told.
    pub(crate) fn states_so_far(&mut self, who: Who, attempt: u64) -> Vec<JoinState> {
        let of_it = |notice| if let Notice::Join(Joining { id, state, .. }) = notice { (id == attempt).then_some(state) } else { None };
        self.person(who).told().into_iter().filter_map(of_it).collect()
    }

    pub(crate) fn is_alerted(&mut self, who: Who, kind: AlertKind) -> bool {
        let alerts: Vec<Alert> = self.ask(who, |core| core.snapshot().alerts);
        alerts.iter().any(|alert| alert.kind == kind)
    }

    /// Whether both have a link with each other.
    pub(crate) fn are_linked(&mut self) -> bool {
        let (ana, ben) = (self.id_of(ANA), self.id_of(BEN));
        self.running(ANA).hand.linked().contains(&ben) && self.running(BEN).hand.linked().contains(&ana)
    }
}
