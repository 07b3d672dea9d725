//! Logs of those who left or were removed: what they wrote counts up to where the membership was
//! cut, and not beyond.

use std::collections::BTreeSet;

use gossip::{Ending, Input};
use identity::PeerId;
use rooms::limits::MAX_RUN_EVENTS;
use rooms::{Fitting, LogHead, Proof, Recut, Run, Verified};
use store::StoreError;
use wire::ids::{ChainHash, Head, LogId, LogKey, RoomId};
use wire::message::RawEvent;

use super::Core;
use crate::parts::room::Room;
use crate::view::AlertKind;

/// How a log has to change.
struct Change {
    log: LogKey,
    was: LogHead,
    /// None: nothing of it counts, and it is a branch.
    limit: Option<u32>,
}

impl Core {
    /// As much of a run as counts; none if nothing does. `part` is the log or branch that it goes
    /// into. What ends it must carry a good signature, so that others can be served what is kept.
    pub(crate) fn within_limit(&self, room: RoomId, run: Run, part: LogKey) -> Option<Run> {
        let limit = self.rooms.get(&room).and_then(|state| state.members.limit(&run.device(), run.key().log, part.log));
        let Some(limit) = limit.filter(|limit| *limit < run.last_seq()) else { return Some(run) };
        let signatures = self.rooms.signatures();
        let last = run.events().iter().rposition(|event| event.header.seq <= limit && signatures.is_signed(event));
        last.and_then(|last| run.keep(last.saturating_add(1), signatures))
    }

    /// What these people wrote counts up to another place than before: logs are shortened, closed,
    /// or opened again.
    pub(crate) fn limit_logs_of(&mut self, room: RoomId, devices: &BTreeSet<PeerId>) {
        for device in devices {
            self.limit_logs(room, device);
        }
    }

    /// The same of everybody in a room, as when it is read from the disk.
    pub(crate) fn limit_all_logs(&mut self, room: RoomId) {
        let Some(state) = self.rooms.get(&room) else { return };
        let authors: BTreeSet<PeerId> = state.logs.iter().filter(|(key, _)| !key.log.is_control()).map(|(key, _)| key.device).collect();
        self.limit_logs_of(room, &authors);
    }

    pub(crate) fn limit_logs(&mut self, room: RoomId, device: &PeerId) {
        let Some(state) = self.rooms.get(&room) else { return };
        let changes = state.limit_changes(device);
        if changes.is_empty() {
            return;
        }
        let (mut ends, mut lost) = (Vec::new(), Vec::new());
        for change in changes {
            match self.limit_log(room, &change, &mut lost) {
                Ok(ending) => ends.push((change.log, ending)),
                Err(error) => self.alert(AlertKind::DiskFailing, error.to_string()),
            }
        }
        if *device == self.own.peer() {
            // What was written there may be with others, and these numbers are used.
            self.leave_log(room, false);
        }
        self.on_logs_cut(room);
        self.gossip(Input::Recut { room, ends });
        self.undo_lost(room, &lost);
    }

    /// Makes a log end where it has to, and gives how it stands.
    fn limit_log(&mut self, room: RoomId, change: &Change, lost: &mut Vec<Verified>) -> Result<Ending, StoreError> {
        let Change { log, was, limit } = *change;
        let Some(limit) = limit else { return self.drop_log(room, log, lost) };
        let mut end = was;
        if was.head.seq > limit {
            let kept = self.signed_end(room, &log, was.before(), limit);
            let after = was.branch.map(|branch| branch.after);
            end.head = kept.as_ref().map(|event| event.head()).or(after).unwrap_or(Head { seq: 0, chain: ChainHash([0; 32]) });
            end.hlc = kept.as_ref().map_or(rooms::Hlc::default(), |event| event.header.hlc);
            lost.extend(self.disk.store().log_events(&room, &log, end.head.seq.saturating_add(1)));
            if let Some(kept) = kept.filter(|event| event.proof() != Proof::Own) {
                self.sign_anew(room, &log, end, &kept)?;
            }
        }
        end.forked = end.head.seq >= limit;
        if end.head.seq == 0 && !end.forked {
            // It begins anew.
            return self.drop_log(room, log, lost);
        }
        self.disk.store().end_log(&room, &log, end)?;
        if let Some(state) = self.rooms.get_mut(&room) {
            state.logs.put(log, end);
        }
        Ok(if end.forked { Ending::Closed((end.head.seq > 0).then_some(end.head)) } else { Ending::Open(end.head) })
    }

    fn drop_log(&mut self, room: RoomId, log: LogKey, lost: &mut Vec<Verified>) -> Result<Ending, StoreError> {
        lost.extend(self.disk.store().log_events(&room, &log, 1));
        let gone = Recut { cut: None, gone: vec![log] };
        self.disk.store().append_fitting(&room, &Fitting { recut: gone.clone(), ..Fitting::at_end_of(log, 0) }, &[])?;
        if let Some(state) = self.rooms.get_mut(&room) {
            state.logs.recut(&gone);
        }
        Ok(Ending::Gone)
    }

    /// The last event up to a number that carries a good signature of its own.
    fn signed_end(&self, room: RoomId, log: &LogKey, before: u32, limit: u32) -> Option<Verified> {
        let down = (before.saturating_add(1)..=limit).rev().take(MAX_RUN_EVENTS);
        let mut held = down.map_while(|seq| self.disk.store().event_in(&room, log, seq));
        held.find(|event| self.rooms.signatures().is_signed(event))
    }

    /// An event came in the middle of a run and is the last of its log now: the events since the
    /// end of the run before are stored again as one that ends with it.
    fn sign_anew(&mut self, room: RoomId, log: &LogKey, end: LogHead, last: &Verified) -> Result<(), StoreError> {
        let store = self.disk.store();
        let held = |seq: u32| store.event_in(&room, log, seq);
        let first = (end.before().saturating_add(1)..last.header.seq).rev().find(|seq| held(*seq).is_none_or(|e| e.proof() == Proof::Own));
        let before = first.and_then(held);
        let from = before.as_ref().map_or(end.before().saturating_add(1), |event| event.header.seq.saturating_add(1));
        let raw: Vec<RawEvent> = (from..=last.header.seq).map_while(held).map(|event| event.raw().clone()).collect();
        let run = rooms::run::decode(&raw, &room).ok().and_then(|run| run.verify(self.rooms.signatures()).ok());
        let Some(events) = run else { return Ok(()) };
        let head = before.as_ref().map(|event| event.head()).or(end.branch.map(|branch| branch.after));
        let shorter = LogHead {
            head: head.unwrap_or(Head { seq: 0, chain: ChainHash([0; 32]) }),
            hlc: before.map_or(rooms::Hlc::default(), |event| event.header.hlc),
            forked: false,
            branch: end.branch,
        };
        store.end_log(&room, log, shorter)?;
        store.append_fitting(&room, &Fitting { branch: end.branch, ..Fitting::at_end_of(*log, 0) }, &events)
    }

    /// Events that no longer count were taken out: what they did is undone in the window.
    pub(crate) fn undo_lost(&mut self, room: RoomId, lost: &[Verified]) {
        if lost.is_empty() {
            return;
        }
        for event in lost {
            self.clocks.ahead.forget(&event.position());
            match rooms::Payload::of(event).ok().and_then(|payload| payload.target()) {
                Some(target) if event.header.kind != rooms::kind::MESSAGE => self.notices.stale(room, target),
                Some(_) | None => self.notices.gone(room, event.position().id),
            }
        }
        self.recount(room);
    }
}

impl Room {
    /// Which content logs of a device do not end where they have to. Those of somebody who is not
    /// known to have been a member are only not shown: that may be for want of events.
    fn limit_changes(&self, device: &PeerId) -> Vec<Change> {
        if !self.members.was_member(device) {
            return Vec::new();
        }
        let content = || self.logs.of(device).filter(|(key, _)| !key.log.is_control());
        let named = |key: &LogKey, end: &LogHead| end.branch.map_or(key.log, |branch| branch.of);
        let limit = |key: &LogKey, end: &LogHead| self.members.limit(device, named(key, end), key.log);
        // A branch whose beginning does not count goes with it.
        let short: Vec<(LogId, u32)> =
            content().filter(|(_, end)| end.branch.is_none()).filter_map(|(key, end)| Some((key.log, limit(key, end)?))).collect();
        let is_short = |of: LogId, seq: u32| short.iter().any(|(log, limit)| *log == of && *limit < seq);
        let goes = |end: &LogHead| end.branch.is_some_and(|branch| is_short(branch.of, branch.after.seq));
        content()
            .filter_map(|(key, end)| {
                let change = |limit| Some(Change { log: *key, was: *end, limit });
                let is_limit_end = end.forked && !self.has_branch_at(key, end);
                match limit(key, end) {
                    Some(last) if end.branch.is_some() && (last <= end.before() || goes(end)) => change(None),
                    Some(last) if end.head.seq > last || (end.head.seq == last && !end.forked) => change(Some(last)),
                    Some(last) if end.head.seq < last && is_limit_end => change(Some(last)),
                    None if is_limit_end => change(Some(u32::MAX)),
                    Some(_) | None => None,
                }
            })
            .collect()
    }

    /// A branch follows on its last event: it ended there because it forked.
    fn has_branch_at(&self, key: &LogKey, end: &LogHead) -> bool {
        let of = end.branch.map_or(key.log, |branch| branch.of);
        self.logs.of(&key.device).any(|(_, other)| other.branch.is_some_and(|branch| branch.of == of && branch.after == end.head))
    }
}
