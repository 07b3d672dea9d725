//! Events of others, cheapest check first: form, room, log, author, signature. Then store, then
//! show.

use std::collections::BTreeSet;
use std::sync::Arc;

use gossip::{Origin, Verdict};
use identity::PeerId;
use rooms::authority::Setting;
use rooms::members::{Admission, Changed};
use rooms::{BadPayload, Fit, Fitting, Membership, Payload, Run, Verified, kind};
use store::Urgency;
use wire::ids::{LogKey, RoomId};
use wire::message::{Message, Need, RawEvent};

use super::Core;
use crate::parts::room::Room;
use crate::view::AlertKind;

/// Bytes of one side of a proof that an author wrote two histories: a run.
const MAX_PROOF_BYTES: usize = rooms::limits::MAX_RUN_BYTES;

impl Core {
    /// Checks events that a peer sent and stores them if they are good.
    pub(crate) fn check(&mut self, peer: PeerId, room: RoomId, origin: Origin, events: &[RawEvent]) -> Verdict {
        let mut verdict = self.judge(peer, room, origin, events);
        if let (Origin::Asked { log: asked, .. }, Verdict::Later { log }) = (origin, &mut verdict) {
            *log = asked;
        }
        verdict
    }

    fn judge(&mut self, peer: PeerId, room: RoomId, origin: Origin, events: &[RawEvent]) -> Verdict {
        let run = match rooms::run::decode(events, &room) {
            Ok(run) => run,
            Err(fault) => {
                tracing::debug!(peer = %peer.short(), %fault, "bad run");
                return Verdict::Bad;
            }
        };
        if matches!(origin, Origin::Live { .. }) && !run.is_complete() {
            return Verdict::Bad;
        }
        if let Err(fault) = run.check_sealed() {
            tracing::debug!(peer = %peer.short(), %fault, "bad run");
            return Verdict::Bad;
        }
        let log = run.key();
        if !log.log.is_control() {
            return self.judge_content(peer, room, origin, run);
        }
        let Some(state) = self.rooms.get(&room) else { return Verdict::Bad };
        if state.logs.accepts(&log).is_err() {
            return Verdict::Duplicate { log, seq: run.last_seq() };
        }
        match state.logs.fit(&run) {
            Fit::Next => self.take((peer, origin), room, run, &Fitting::at_end_of(log, 0)),
            Fit::Overlap { skip } => self.take((peer, origin), room, run, &Fitting::at_end_of(log, skip)),
            Fit::Duplicate => Verdict::Duplicate { log, seq: run.last_seq() },
            Fit::Gap { .. } => Verdict::Gap { log, seq: run.last_seq() },
            Fit::Past => self.check_past(peer, room, run),
            Fit::Fork => self.check_fork(peer, room, run),
            Fit::Backwards => Verdict::Bad,
        }
    }

    /// Takes a run that continues its log, or one for which a log is cut.
    pub(crate) fn take(&mut self, (peer, origin): (PeerId, Origin), room: RoomId, run: Run, fitting: &Fitting) -> Verdict {
        let (of, log) = (run.key(), fitting.log);
        let Some(state) = self.rooms.get(&room) else { return Verdict::Bad };
        let parts = fitting.branch.is_some() && state.logs.get(&log).is_none();
        let all = fitting.skip == 0 && run.events().len() <= fitting.room;
        let run = if all { Some(run) } else { run.skip(fitting.skip).and_then(|run| run.keep(fitting.room, self.rooms.signatures())) };
        let Some(run) = run.map(|run| run.opened(|event| self.disk.store().keyring().open(event))) else { return Verdict::Bad };
        let is_content = !of.log.is_control();
        // How much of content counts depends on the part that it goes into.
        let is_admitted = match is_content {
            true => state.members.was_member(&of.device),
            false => state.members.admits(&run) != Admission::Refused,
        };
        if !is_admitted {
            return Verdict::Later { log };
        }
        let run = if is_content { self.within_limit(room, run, log) } else { Some(run) };
        let Some(run) = run else { return Verdict::Beyond };
        let (head, hlc) = (run.head(), run.last_hlc());
        let events = match run.verify(self.rooms.signatures()) {
            Ok(events) => events,
            Err(fault) => {
                tracing::debug!(device = %log.device.short(), %fault, "bad signature");
                return Verdict::Bad;
            }
        };
        if is_content {
            self.learn_keys(room, &events);
        }
        let events = self.open_or_await(room, log, events, Some(peer));
        if let Err(error) = self.store_fitting(room, fitting, &events) {
            self.alert(AlertKind::DiskFailing, error.to_string());
            return Verdict::Later { log };
        }
        self.disk.sync_soon(Urgency::Received);
        // People who join one after the other are no talk: each of them has to be served the list
        // of members.
        if matches!(origin, Origin::Live { .. }) && events.iter().any(is_word) {
            self.serving.note_talk(self.clocks.mono());
        }
        if let Some(state) = self.rooms.get_mut(&room)
            && state.logs.get(&log).is_none_or(|end| end.head != head)
            && let Err(error) = state.logs.advance(log, head, hlc)
        {
            tracing::error!(%error, "a stored run does not fit its log");
        }
        let wall = self.clocks.wall();
        if let Some(state) = self.rooms.get_mut(&room) {
            events.iter().for_each(|event| state.clock.observe(event.header.hlc, wall));
        }
        if log.device == self.own.peer() {
            self.on_own_from_others(room, of.log, parts);
            self.keep_own_until_durable(room, log.log, head.seq);
        }
        self.applied(room, &events);
        let is_limited = |state: &Room| state.members.limit(&of.device, of.log, log.log).is_some();
        if is_content && self.rooms.get(&room).is_some_and(is_limited) {
            // With this it may have come to its end.
            self.limit_logs(room, &of.device);
        }
        Verdict::Fresh { log, head }
    }

    /// Nothing new, unless the event that is held with that number is another one.
    fn check_past(&mut self, peer: PeerId, room: RoomId, run: Run) -> Verdict {
        let (log, seq) = (run.key(), run.last_seq());
        match self.held(room, log, seq) {
            Some(event) if event.chain() != run.head().chain => self.prove_fork(peer, room, run),
            Some(_) | None => Verdict::Duplicate { log, seq },
        }
    }

    /// A run that contradicts the end of its log. If it only continues another history, the event
    /// where they part is asked for.
    fn check_fork(&mut self, peer: PeerId, room: RoomId, run: Run) -> Verdict {
        let log = run.key();
        let Some(held) = self.rooms.get(&room).and_then(|state| state.logs.get(&log)).copied() else { return Verdict::Bad };
        if run.first_seq() <= held.head.seq {
            return self.prove_fork(peer, room, run);
        }
        self.ask(peer, Need { room, log, from: held.head.seq, to: held.head.seq });
        Verdict::Duplicate { log, seq: held.head.seq }
    }

    /// Two signed histories with one number: the log ends where they part, and the person is
    /// flagged.
    fn prove_fork(&mut self, peer: PeerId, room: RoomId, run: Run) -> Verdict {
        let (log, first) = (run.key(), run.first_seq());
        let Some(before) = run.events().first().map(|event| event.header.prev) else { return Verdict::Bad };
        let theirs: Vec<RawEvent> = run.events().iter().map(|event| event.raw().clone()).collect();
        let Ok(events) = run.verify(self.rooms.signatures()) else { return Verdict::Bad };
        let parts = events.iter().position(|event| self.held(room, log, event.header.seq).is_none_or(|held| held.chain() != event.chain()));
        let Some(parts) = parts else { return Verdict::Duplicate { log, seq: first } };
        let common = match parts.checked_sub(1).and_then(|last| events.get(last)) {
            Some(last) => Some((last.head(), last.header.hlc)),
            None if first == 1 => None,
            None => match self.held(room, log, first - 1) {
                Some(held) if held.chain() == before => Some((held.head(), held.header.hlc)),
                Some(_) | None => {
                    self.ask(peer, Need { room, log, from: first - 1, to: first - 1 });
                    return Verdict::Duplicate { log, seq: first };
                }
            },
        };
        let parted = common.map_or(1, |(head, _)| head.seq + 1);
        let ours = self.disk.store().range(&room, log, parted, parted, MAX_PROOF_BYTES);
        let mut lost = self.disk.store().log_events(&room, &log, parted);
        lost.extend(events.into_iter().filter(|event| event.header.seq >= parted));
        if let Err(error) = self.disk.store().close_log(&room, &log, common) {
            self.alert(AlertKind::DiskFailing, error.to_string());
        }
        if let Some(state) = self.rooms.get_mut(&room) {
            state.logs.close(log, common);
        }
        if log.device != self.own.peer() {
            self.alert_fork(room, log.device);
        }
        self.on_control_fork(room, log, lost);
        Verdict::Fork { log, head: common.map(|(head, _)| head), proof: [ours, theirs] }
    }

    fn held(&self, room: RoomId, log: LogKey, seq: u32) -> Option<rooms::Event> {
        let raw = self.disk.store().range(&room, log, seq, seq, usize::MAX).into_iter().next()?;
        rooms::Event::decode(raw).ok()
    }

    pub(crate) fn ask(&mut self, peer: PeerId, need: Need) {
        let Some(link) = self.links.get(&peer) else { return };
        let message = Message::Need(need);
        // If it does not fit, the next comparison of logs finds the difference again.
        let _repaired_later = link.outbox.offer(message.class(), message.encode());
    }

    /// Stored events take effect: membership, relations, unread counts, what the window shows.
    pub(crate) fn applied(&mut self, room: RoomId, events: &[Verified]) {
        let Some(first) = events.first() else { return };
        if first.header.log.is_control() {
            self.apply_control(room, events);
        } else {
            let about = self.said_before(room, events);
            events.iter().for_each(|event| self.apply_content(room, event, &about));
            if let Some(state) = self.rooms.get_mut(&room).filter(|state| state.is_hidden(&first.header.device)) {
                state.hidden.insert(first.header.device);
            }
        }
        self.notices.room(room);
    }

    /// Words of people who are now known to have been members, or no longer, are told or taken
    /// back.
    pub(crate) fn show_or_hide(&mut self, room: RoomId, known: &BTreeSet<PeerId>) {
        let Some(state) = self.rooms.get_mut(&room) else { return };
        let mut turned = Vec::new();
        for device in known {
            let was_hidden = state.hidden.remove(device);
            let is_hidden = state.is_hidden(device);
            if is_hidden {
                state.hidden.insert(*device);
            }
            if was_hidden != is_hidden {
                turned.push(*device);
            }
        }
        turned.iter().for_each(|device| self.show_words_of(room, *device));
        if !turned.is_empty() {
            self.recount(room);
        }
    }

    /// What was said about these events may have come before them; about one's own, just written,
    /// it cannot.
    fn said_before(&self, room: RoomId, events: &[Verified]) -> Vec<Verified> {
        match events.first() {
            Some(first) if first.header.device != self.own.peer() && !first.header.log.is_control() => {
                let newest = self.rooms.get(&room).and_then(|state| state.newest_target);
                let reached = events.iter().map(|event| event.position()).filter(|place| newest >= Some(*place));
                self.disk.store().relations(&room, reached)
            }
            _ => Vec::new(),
        }
    }

    /// What follows from who is a member now is done once for all events that came together.
    fn apply_control(&mut self, room: RoomId, events: &[Verified]) {
        let Some(state) = self.rooms.get_mut(&room) else { return };
        let before = state.key_policy();
        let changed = take_in(Arc::make_mut(&mut state.members), events);
        let is_other_policy = state.key_policy() != before;
        for (position, line) in &changed.shown {
            if position.hlc.is_ahead(self.clocks.wall()) {
                self.note_ahead(room, *position, line.author == self.own.peer());
            }
        }
        for position in changed.shown.keys().chain(changed.hidden.iter()).copied() {
            self.notices.stale(room, position);
        }
        if !changed.members.is_empty() || is_other_policy {
            self.on_key_policy(room, before.1);
        }
        self.limit_logs_of(room, &changed.known);
        self.show_or_hide(room, &changed.known);
        if !changed.known.is_empty() || !changed.members.is_empty() || changed.name {
            self.tell_members(room, changed.members);
            self.on_members_changed(room);
        }
        if changed.invites {
            self.note_meetings_stale();
        }
    }

    fn apply_content(&mut self, room: RoomId, event: &Verified, about: &[Verified]) {
        match Payload::of(event) {
            Ok(Payload::Message { text, .. }) => {
                self.count_message(room, event, &text);
                self.show_event(room, event, about);
            }
            Ok(Payload::Delete { target }) => {
                self.erase_target(room, event, target);
                self.note_target(room, target);
            }
            Ok(Payload::Edit { target, .. } | Payload::Reaction { target, .. }) => self.note_target(room, target),
            Err(BadPayload::Sealed) => self.show_event(room, event, about),
            Ok(_) | Err(_) => {}
        }
    }

    fn note_target(&mut self, room: RoomId, target: rooms::Target) {
        self.notices.stale(room, target);
        if let Some(state) = self.rooms.get_mut(&room) {
            state.newest_target = state.newest_target.max(Some(target));
        }
    }

    /// The author of a message took it back: its content goes, its place in the chain stays.
    fn erase_target(&mut self, room: RoomId, event: &Verified, target: rooms::Target) {
        let Some(message) = self.disk.store().event(&room, &target) else { return };
        if message.header.device != event.header.device {
            return;
        }
        let edits = self.disk.store().relations_of(&room, &target).into_iter().filter(|about| about.header.kind == kind::EDIT);
        for gone in edits.chain([message]) {
            if let Err(error) = self.disk.store().erase(&gone) {
                self.alert(AlertKind::DiskFailing, error.to_string());
            }
        }
        self.clocks.ahead.forget(&target);
    }
}

/// Newcomers and invites are taken one by one, which costs little however many are in the room. All
/// else has the whole room looked at again, and so has a newcomer once it was set who adds people:
/// once for all that came together.
fn take_in(members: &mut Membership, events: &[Verified]) -> Changed {
    let only_adds = events.iter().all(|event| matches!(event.header.kind, kind::ADD | kind::INVITE));
    if !only_adds || members.settings().any(|setting| matches!(setting, Setting::AdminsAdd(_))) {
        return members.apply_all(events);
    }
    events.iter().fold(Changed::default(), |mut all, event| {
        let Changed { members, known, shown, hidden, name, invites } = members.apply(event);
        all.members.extend(members);
        all.known.extend(known);
        all.shown.extend(shown);
        all.hidden.extend(hidden);
        all.name |= name;
        all.invites |= invites;
        all
    })
}

/// Somebody said something.
fn is_word(event: &Verified) -> bool {
    !event.header.log.is_control() && !kind::is_clear(event.header.kind)
}
