//! Whose clock is off, and what is written after one's own was put right.

use identity::PeerId;
use rooms::{Hlc, Payload};
use store::Anchor;
use wire::ids::RoomId;
use wire::message::{Message, Time};

use super::Core;
use crate::now::Now;
use crate::parts::clocks::{Jump, Off};
use crate::view::{Alert, AlertKind, ClockOff, Whose};

impl Core {
    /// Notes the time. If the computer's clock was set meanwhile, what depended on it is drawn
    /// anew.
    pub(crate) fn set_now(&mut self, now: Now) {
        if let Some(jump) = self.clocks.set_now(now) {
            self.on_clock_set(jump);
        }
    }

    fn on_clock_set(&mut self, jump: Jump) {
        tracing::info!(?jump, "the clock was set, or the machine slept");
        // Set forward, what waited for its time comes by itself.
        if jump == Jump::Back {
            for room in self.rooms.keys().copied().collect::<Vec<_>>() {
                self.put_clock_right(room);
                let own = self.find_ahead(room);
                own.into_iter().for_each(|place| self.notices.stale(room, place));
                self.count_unread(room);
                self.find_last(room);
                self.notices.room(room);
            }
        }
        self.links.peers().iter().for_each(|peer| self.tell_time(peer, true));
    }

    /// Prepares the clock of a room for writing: what is written must stand after all that its
    /// author was shown. If the room's clock is ahead, because the computer's was, it is put right,
    /// and an own log that reaches into the future is given up.
    pub(crate) fn keep_time(&mut self, room: RoomId, control: bool, payloads: &[Payload]) {
        let wall = self.clocks.wall();
        let Some(state) = self.rooms.get(&room) else { return };
        let author = if control { &state.control } else { &state.content };
        let log_is_ahead = author.as_ref().is_some_and(|author| author.last_hlc().is_ahead(wall));
        if state.clock.is_ahead(wall) {
            self.put_clock_right(room);
        }
        if log_is_ahead {
            tracing::warn!(%room, "an own log is ahead of the clock; a new one begins");
            self.leave_log(room, control);
        }
        for payload in payloads {
            let Some((target, kind)) = payload.follows() else { continue };
            let said = kind.and_then(|kind| self.own_last_on(room, &target, kind));
            let Some(state) = self.rooms.get_mut(&room) else { return };
            state.clock.observe(target.hlc, wall);
            // Of what is said about a message the last word counts, at once and whatever its date:
            // it must come after one's own last one.
            said.into_iter().for_each(|said| state.clock.follow(said));
        }
    }

    fn own_last_on(&self, room: RoomId, target: &rooms::Target, kind: u8) -> Option<Hlc> {
        let own = self
            .disk
            .store()
            .relations_of(&room, target)
            .into_iter()
            .filter(|said| said.header.device == self.own.peer() && said.header.kind == kind);
        own.map(|said| said.header.hlc).max()
    }

    /// The clock of a room follows what is shown there now.
    fn put_clock_right(&mut self, room: RoomId) {
        let newest = self.disk.store().page(&room, Anchor::Latest, 1, self.latest_shown()).entries;
        let Some(state) = self.rooms.get_mut(&room) else { return };
        let heads = state.logs.iter().map(|(_, log)| log.hlc);
        state.clock.put_right(self.clocks.wall(), heads.chain(newest.iter().map(|event| event.header.hlc)));
    }

    /// Says what this device's clock shows.
    pub(crate) fn tell_time(&mut self, peer: &PeerId, ask: bool) {
        self.links.tell(peer, &Message::Time(Time { now_ms: self.clocks.wall(), ask }));
    }

    /// A peer says what its clock shows. Only those who are welcome are listened to, and all that
    /// it can lead to is an alert.
    pub(crate) fn on_time_told(&mut self, peer: PeerId, time: Time) {
        if self.links.get(&peer).is_none_or(|link| !link.welcome) {
            return;
        }
        if time.ask {
            self.tell_time(&peer, false);
        }
        let alerted = self.notices.alerts.has(AlertKind::ClockOff);
        self.clocks.note_told(peer, time.now_ms, |known| self.links.get(known).is_some(), alerted);
    }

    /// Judges the clocks, if there is news of one. Alerts come and go with their reasons.
    pub(crate) fn look_at_clocks(&mut self) {
        if !self.clocks.take_due() {
            return;
        }
        let verdicts = self.clocks.judge(|peer| self.people.is_contact(peer) || self.rooms.is_co_member(peer));
        let found = verdicts.into_iter().map(|verdict| self.clock_alert(verdict)).collect();
        self.notices.alerts.replace(AlertKind::ClockOff, found);
    }

    fn clock_alert(&self, (whose, ms): (Off, i64)) -> Alert {
        let named = |peer| (peer, self.name_of(&peer));
        let (whose, detail) = match whose {
            Off::Own => (Whose::Own, String::new()),
            Off::Theirs(peer) => (Whose::Theirs(named(peer)), peer.to_string()),
            Off::Unclear(peer) => (Whose::Unclear(named(peer)), peer.to_string()),
        };
        let minutes = u32::try_from(ms.unsigned_abs().saturating_add(30_000) / 60_000).unwrap_or(u32::MAX);
        Alert { kind: AlertKind::ClockOff, detail, clock: Some(ClockOff { whose, fast: ms > 0, minutes }), fork: None }
    }
}
