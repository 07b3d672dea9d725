//! Own events: signed, stored, spread, shown — in that order.

use gossip::Input;
use rooms::{Draft, Payload, Proof, Target, Verified};
use wire::ids::{EpochId, EventId, RoomId};
use wire::message::RawEvent;

use super::Core;
use crate::parts::durability::OwnHead;
use crate::say::Say;
use crate::view::{AlertKind, Refused, Said};

impl Core {
    /// Whether what is said now had better be gathered with what follows.
    pub(crate) fn has_just_spoken(&self) -> bool {
        self.own.has_just_spoken(self.clocks.mono())
    }

    /// Several messages in their order; those of one room that follow each other share a signature.
    pub(crate) fn say_all(&mut self, says: Vec<Say>) {
        if !says.is_empty() {
            self.own.note_spoken(self.clocks.mono());
        }
        let mut rest = says.into_iter().peekable();
        while let Some(first) = rest.next() {
            let room = first.room;
            let mut batch = vec![first];
            while let Some(next) = rest.next_if(|next| next.room == room) {
                batch.push(next);
            }
            self.say_batch(room, batch);
        }
    }

    fn say_batch(&mut self, room: RoomId, says: Vec<Say>) {
        let (mut payloads, mut waiting) = (Vec::with_capacity(says.len()), Vec::with_capacity(says.len()));
        for say in says {
            match self.payload_of(room, say.text, say.reply_to) {
                Ok(payload) => {
                    payloads.push(payload);
                    waiting.push(say.done);
                }
                Err(refused) => {
                    let _asker_gone = say.done.send(Err(refused));
                }
            }
        }
        if payloads.is_empty() {
            return;
        }
        match self.write(room, payloads) {
            Ok(events) => {
                for (done, event) in waiting.into_iter().zip(&events) {
                    let _asker_gone = done.send(Ok(Said::of(event)));
                }
            }
            Err(refused) => {
                for done in waiting {
                    let _asker_gone = done.send(Err(refused));
                }
            }
        }
    }

    fn payload_of(&self, room: RoomId, text: String, reply_to: Option<EventId>) -> Result<Payload, Refused> {
        let reply = reply_to.map(|id| self.target(room, id)).transpose()?;
        Ok(Payload::Message { text, reply })
    }

    fn target(&self, room: RoomId, id: EventId) -> Result<Target, Refused> {
        self.disk.store().find(&room, &id).ok_or(Refused::UnknownMessage)
    }

    pub(crate) fn own_target(&self, room: RoomId, id: EventId) -> Result<Target, Refused> {
        let target = self.target(room, id)?;
        let event = self.disk.store().event(&room, &target).ok_or(Refused::UnknownMessage)?;
        if event.header.device == self.own.peer() { Ok(target) } else { Err(Refused::NotAuthor) }
    }

    /// Replaces the text of an own message.
    pub fn edit(&mut self, room: RoomId, message: EventId, text: String) -> Result<(), Refused> {
        let target = self.own_target(room, message)?;
        self.write(room, vec![Payload::Edit { target, text }]).map(drop)
    }

    /// Takes an own message back.
    pub fn delete(&mut self, room: RoomId, message: EventId) -> Result<(), Refused> {
        let target = self.own_target(room, message)?;
        self.write(room, vec![Payload::Delete { target }]).map(drop)
    }

    /// Puts an emoji under a message, or takes it back.
    pub fn react(&mut self, room: RoomId, message: EventId, emoji: String, on: bool) -> Result<(), Refused> {
        let target = self.target(room, message)?;
        self.write(room, vec![Payload::Reaction { target, emoji, on }]).map(drop)
    }

    /// Signs, stores, spreads and shows own events, sealed. All are control or all are content.
    /// Nothing has happened on error, but that the key for them may be there already.
    pub(crate) fn write(&mut self, room: RoomId, payloads: Vec<Payload>) -> Result<Vec<Verified>, Refused> {
        let state = self.rooms.get(&room).ok_or(Refused::UnknownRoom)?;
        if !state.may_write() {
            return Err(Refused::NotMember);
        }
        payloads.iter().try_for_each(|payload| payload.check().map_err(|_| Refused::Limit))?;
        let (mut first, epoch) = self.ready_to_write(room)?;
        let is_control = payloads.first().is_some_and(|p| rooms::kind::is_control(p.kind()));
        if is_control && !first.is_empty() {
            self.append(room, &first, None)?;
            first.clear();
        }
        let removes = payloads.iter().any(|payload| matches!(payload, Payload::Remove { .. }));
        // A key and what is said under it arrive together.
        let before = first.len();
        first.extend(payloads);
        let mut events = self.append(room, &first, Some(epoch))?;
        if removes {
            self.renew_epoch(room)?;
        }
        Ok(events.split_off(before.min(events.len())))
    }

    /// The same of what is ready; without an epoch in the clear, which others take of what has no
    /// words only.
    pub(crate) fn append(&mut self, room: RoomId, payloads: &[Payload], epoch: Option<EpochId>) -> Result<Vec<Verified>, Refused> {
        let state = self.rooms.get_mut(&room).ok_or(Refused::UnknownRoom)?;
        let ctl = state.logs.control_digest();
        let control = payloads.first().is_some_and(|p| rooms::kind::is_control(p.kind()));
        // Others would not store it.
        if control && payloads.len() > state.control_left(&self.own.peer(), payloads) {
            return Err(Refused::Limit);
        }
        let sealing = epoch.map(|epoch| self.disk.store().keyring().sealing(&room, &epoch).ok_or(Refused::UnknownRoom)).transpose()?;
        self.keep_time(room, control, payloads);
        let mut drafts = Vec::with_capacity(payloads.len());
        for payload in payloads {
            let random = self.random();
            drafts.push(Draft::new(payload, self.clocks.wall(), &random).map_err(|_| Refused::Limit)?);
        }
        let mut author = self.author(room, control).ok_or(Refused::UnknownRoom)?;
        let state = self.rooms.get_mut(&room).ok_or(Refused::UnknownRoom)?;
        let written = author.append(self.own.identity(), &drafts, &mut state.clock, self.clocks.wall(), ctl, sealing.as_ref());
        let Ok(events) = written else {
            // A full log; the next attempt begins another.
            return Err(Refused::Limit);
        };
        if !control && epoch.is_some() {
            self.serving.note_talk(self.clocks.mono());
        }
        self.learn_keys(room, &events);
        if let Err(error) = self.disk.store().append(&events) {
            // These numbers are signed: nothing more is written to this log, so that no number is
            // ever signed twice.
            self.alert(AlertKind::DiskFailing, error.to_string());
            return Err(Refused::Disk);
        }
        if let Some(epoch) = epoch {
            self.note_written(room, epoch, events.len());
        }
        self.put_back(room, author);
        self.publish(room, &events);
        if let Some(last) = events.last() {
            self.disk.await_own(room, OwnHead { log: last.header.log, seq: last.header.seq });
        }
        self.applied(room, &events);
        Ok(events)
    }

    /// Hands each run to gossip.
    fn publish(&mut self, room: RoomId, events: &[Verified]) {
        for run in events.split_inclusive(|event| event.proof() == Proof::Own) {
            let Some(last) = run.last() else { continue };
            let (log, head, hlc) = Self::head_of(last);
            if let Some(state) = self.rooms.get_mut(&room)
                && let Err(error) = state.logs.advance(log, head, hlc)
            {
                tracing::error!(%error, "an own run does not fit its log");
            }
            let events: Vec<RawEvent> = run.iter().map(|event| event.raw().clone()).collect();
            self.gossip(Input::Published { room, log, head, events });
        }
    }
}
