//! What a device is told whose membership has ended, which is served nothing else: the event that
//! ended it, so that its user is told; or after leaving, that its Leave was heard.

use std::collections::BTreeMap;

use gossip::{Input, Origin, Verdict};
use identity::PeerId;
use rooms::{MembershipLine, Payload, Verified, What};
use store::Standing;
use wire::ids::{EpochId, EventId, LogKey, RoomId};
use wire::limits::MAX_RUN_BYTES;
use wire::message::{Class, Data, HeadOf, Heads, Message, RawEvent};

use super::Core;
use crate::parts::room::Room;

/// Events before one that is told that go with it: whoever was away for longer than these cannot
/// add it to what they have.
const BEFORE: [u32; 3] = [255, 31, 0];
/// Events that are told: the one that ended a membership, and those from which its author had the
/// right to do so. Each is a step further from the Create.
const MAX_TOLD: usize = 16;

impl Core {
    /// Tells somebody once on a link that they are in a room no more.
    pub(super) fn tell_end(&mut self, room: RoomId, peer: PeerId) {
        let Some(state) = self.rooms.get(&room).filter(|state| !state.is_quiet() && !state.members.is_member(&peer)) else { return };
        if !self.links.get_mut(&peer).is_some_and(|link| link.rooms.take_telling(&room)) {
            return;
        }
        let left = self.end_of(state, &peer).is_some_and(|line| line.what == What::Left);
        let messages: Vec<Message> = match left {
            true => vec![Message::Heads(Heads { room, heads: control_heads(state, &peer) })],
            false => self.events_of_end(state, &peer).iter().filter_map(|event| self.tail_up_to(event)).collect(),
        };
        let Some(link) = self.links.get(&peer) else { return };
        for message in messages {
            // On the next link there is another chance.
            let _not_repeated = link.outbox.offer(Class::Bulk, message.encode());
        }
    }

    fn end_of(&self, state: &Room, peer: &PeerId) -> Option<MembershipLine> {
        let ends = |line: &MembershipLine| match &line.what {
            What::Left => line.author == *peer,
            What::Removed { peer: gone } => gone == peer,
            What::Created { .. } | What::Added { .. } | What::Role { .. } | What::Set(_) => false,
        };
        state.members.lines().into_iter().rev().find(ends)
    }

    /// What ended a membership, after what gave its author the right to. Of somebody whose Add does
    /// not count it is what ended the membership of who added them.
    fn events_of_end(&self, state: &Room, peer: &PeerId) -> Vec<Verified> {
        let (store, room) = (self.disk.store(), state.id());
        let event_of = |line: MembershipLine| store.event(&room, &line.position);
        let end = if state.members.was_member(peer) {
            self.end_of(state, peer).and_then(event_of)
        } else {
            let adds = |event: &Verified| matches!(Payload::of(event), Ok(Payload::Add { device, .. }) if device == *peer);
            let add = store.control_events(&room).into_iter().rev().find(adds);
            add.and_then(|add| self.end_of(state, &add.header.device)).and_then(event_of)
        };
        let rest = |event: &Verified| store.event(&room, &store.find(&room, &by(event)?)?);
        let mut chain: Vec<Verified> = std::iter::successors(end, rest).take(MAX_TOLD).collect();
        chain.reverse();
        // The end of a log tells what comes before in it too.
        let ends: BTreeMap<LogKey, u32> = chain.iter().map(|event| (event.log_key(), event.header.seq)).collect();
        let is_told = |event: &Verified| ends.get(&event.log_key()).is_some_and(|last| event.header.seq >= *last);
        chain.retain(is_told);
        chain
    }

    /// The end of a log up to an event, as if it had been asked for.
    fn tail_up_to(&self, event: &Verified) -> Option<Message> {
        let (room, log, seq) = (event.header.room, event.log_key(), event.header.seq);
        let range = |before: &u32| self.disk.store().range(&room, log, seq.saturating_sub(*before).max(1), seq, MAX_RUN_BYTES);
        let last = |events: &Vec<RawEvent>| events.last().and_then(|raw| Some(rooms::Event::decode(raw.clone()).ok()?.header.seq));
        let (events, last) =
            BEFORE.iter().map(range).find_map(|events| last(&events).filter(|last| *last >= seq).map(|last| (events, last)))?;
        Some(Message::Data(Data { room, log, last, events }))
    }

    /// By which of these keys somebody reads how their membership ended. They were meant to have
    /// them while it stood.
    pub(super) fn keys_of_end(&self, room: RoomId, peer: &PeerId, asked: &[EpochId]) -> Vec<EpochId> {
        let Some(state) = self.rooms.get(&room).filter(|state| !state.members.is_member(peer)) else { return Vec::new() };
        let told = self.events_of_end(state, peer);
        asked.iter().filter(|epoch| told.iter().any(|event| event.header.epoch == epoch.0)).copied().collect()
    }

    /// What a member tells of a room that it does not show to have any more: that this device is in
    /// it no more. True if the message was that.
    pub(super) fn hear_of_end(&mut self, peer: PeerId, message: &Message) -> bool {
        let room = match message {
            Message::Data(data) if data.log.log.is_control() => data.room,
            Message::Heads(heads) => heads.room,
            _ => return false,
        };
        let is_common = self.links.get(&peer).is_none_or(|link| link.rooms.contains(&room));
        let Some(state) = self.rooms.get(&room).filter(|state| !is_common && state.other().is_none() && state.members.is_member(&peer))
        else {
            return false;
        };
        match message {
            Message::Data(data) => {
                let origin = Origin::Asked { log: data.log, last: data.last };
                match self.check(peer, room, origin, &data.events) {
                    verdict @ Verdict::Fresh { .. } => {
                        self.gossip(Input::Checked { peer, room, origin, events: data.events.clone(), verdict });
                    }
                    Verdict::Bad => self.on_fault(peer, "events"),
                    _ => {}
                }
            }
            Message::Heads(heads) if state.row.standing == Standing::Left => {
                let me = self.own.peer();
                let own = heads.heads.iter().filter(|head| head.log.device == me && head.log.log.is_control());
                own.map(|head| (head.log.log, head.seq))
                    .collect::<Vec<_>>()
                    .into_iter()
                    .for_each(|(log, seq)| self.on_acked(room, peer, log, seq));
            }
            _ => {}
        }
        true
    }
}

/// The right by which an event was done.
fn by(event: &Verified) -> Option<EventId> {
    match Payload::of(event).ok()? {
        Payload::Add { by, .. } | Payload::Remove { by, .. } | Payload::SetRole { by, .. } => Some(by),
        _ => None,
    }
}

fn control_heads(state: &Room, device: &PeerId) -> Vec<HeadOf> {
    let head = |(key, end): (&LogKey, &rooms::LogHead)| {
        let hash = *end.head.chain.0.first_chunk()?;
        Some(HeadOf { log: *key, seq: end.head.seq, hash })
    };
    let control = state.logs.of(device).filter(|(key, end)| key.log.is_control() && end.head.seq > 0);
    control.filter_map(head).take(wire::limits::MAX_HEADS).collect()
}
