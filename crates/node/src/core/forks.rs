//! Logs that their author wrote on in more than one way: a profile that was copied, or restored
//! from an old copy, or worse.
//!
//! Content logs are cut into branches, all of which count; control logs end at the fork. What this
//! device wrote itself and no log holds any more is said again, and its user is told.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use gossip::{Ending, Input, Origin, Verdict};
use identity::PeerId;
use rooms::branches::Cut;
use rooms::limits::MAX_RUN_EVENTS;
use rooms::{Fitting, Held, Hlc, LogHead, Payload, Place, Position, Recut, Run, ShownPass, Signatures, Verified, kind};
use store::{Store, StoreError};
use wire::ids::{EventId, Head, LogId, LogKey, RoomId};
use wire::message::Need;

use super::Core;
use crate::parts::durability::OwnHead;
use crate::view::{Alert, AlertKind, Forked};

/// Own messages that are told anew because their numbers belong to a branch now; older ones are
/// told when their page is read.
const MAX_RETOLD: usize = 1_024;

/// Finds events of a room in the store.
pub(crate) struct Stored<'a> {
    pub(crate) store: &'a Store,
    pub(crate) signatures: &'a Signatures,
    pub(crate) room: RoomId,
}

impl Held for Stored<'_> {
    fn at(&self, log: &LogKey, seq: u32) -> Option<(Head, Hlc)> {
        self.store.event_in(&self.room, log, seq).map(|event| (event.head(), event.header.hlc))
    }

    fn signed_from(&self, log: &LogKey, seq: u32) -> Option<(Head, Hlc)> {
        let events = (seq..).take(MAX_RUN_EVENTS).map_while(|seq| self.store.event_in(&self.room, log, seq));
        events.into_iter().find(|event| self.signatures.is_signed(event)).map(|event| (event.head(), event.header.hlc))
    }
}

impl Core {
    pub(crate) fn stored(&self, room: RoomId) -> Stored<'_> {
        Stored { store: self.disk.store(), signatures: self.rooms.signatures(), room }
    }

    /// Content goes where its parent is.
    pub(crate) fn judge_content(&mut self, peer: PeerId, room: RoomId, origin: Origin, run: Run) -> Verdict {
        let (log, seq) = (run.key(), run.last_seq());
        let Some(state) = self.rooms.get(&room) else { return Verdict::Bad };
        let as_branch = matches!(origin, Origin::Asked { log: asked, .. } if asked != log);
        match state.logs.place(&run, &self.stored(room)) {
            Place::Fits(fitting) => self.take((peer, origin), room, run, &fitting),
            Place::Duplicate { log } => Verdict::Duplicate { log, seq },
            // What a branch follows on comes in answer to other Needs.
            Place::Gap if as_branch => Verdict::Later { log },
            Place::Gap => Verdict::Gap { log, seq },
            Place::Apart { from } => {
                if !as_branch {
                    self.ask(peer, Need { room, log, from, to: seq });
                }
                Verdict::Later { log }
            }
            Place::Backwards => Verdict::Bad,
            Place::Beyond => {
                self.keep_own_beyond(room, run);
                Verdict::Beyond
            }
        }
    }

    /// Own words that are in none of the branches that count: others are about to drop them.
    fn keep_own_beyond(&mut self, room: RoomId, run: Run) {
        if run.device() != self.own.peer() {
            return;
        }
        let of = run.key().log;
        let Ok(events) = run.verify(self.rooms.signatures()) else { return };
        self.on_own_from_others(room, of, true);
        let fresh = events.into_iter().filter(|event| self.disk.store().event(&room, &event.position()).is_none());
        let fresh: Vec<Verified> = fresh.collect();
        self.say_later(room, fresh);
    }

    /// Once for each event, however many peers bring it.
    fn say_later(&mut self, room: RoomId, events: Vec<Verified>) {
        for event in events.into_iter().filter(|event| event.header.device == self.own.peer()) {
            self.rooms.lost_words.note(room, self.disk.store().keyring().open_verified(event));
        }
    }

    /// Makes the changes to logs that a run needs, and stores it.
    pub(crate) fn store_fitting(&mut self, room: RoomId, fitting: &Fitting, events: &[Verified]) -> Result<(), StoreError> {
        if fitting.branch.is_none() && fitting.recut == Recut::default() {
            return self.disk.store().append(events);
        }
        let lost = self.lost_by(room, &fitting.recut);
        self.disk.store().append_fitting(&room, fitting, events)?;
        let state = self.rooms.get_mut(&room);
        if let (Some(state), Some(last)) = (state, events.last()) {
            state.logs.recut(&fitting.recut);
            if state.logs.get(&fitting.log).is_none() {
                let end = LogHead { head: last.head(), hlc: last.header.hlc, forked: false, branch: fitting.branch };
                state.logs.put(fitting.log, end);
            }
        }
        if fitting.recut != Recut::default() {
            self.on_recut(room, &fitting.recut, lost);
        }
        Ok(())
    }

    /// What a cut takes away.
    fn lost_by(&self, room: RoomId, recut: &Recut) -> Vec<Verified> {
        let gone = recut.gone.iter().map(|log| (*log, 1));
        let beyond = recut.cut.iter().map(|cut| (cut.log, cut.rest_end.head.seq.saturating_add(1)));
        gone.chain(beyond).flat_map(|(log, from)| self.disk.store().log_events(&room, &log, from)).collect()
    }

    fn on_recut(&mut self, room: RoomId, recut: &Recut, lost: Vec<Verified>) {
        let mut ends: Vec<(LogKey, Ending)> = recut.gone.iter().map(|log| (*log, Ending::Gone)).collect();
        if let Some(Cut { log, end, rest, rest_end }) = &recut.cut {
            tracing::info!(device = %log.device.short(), log = %log.log, seq = end.head.seq, "a log forked");
            ends.push((*log, Ending::Closed((!end.is_empty()).then_some(end.head))));
            let rest_ending = if rest_end.forked { Ending::Closed(Some(rest_end.head)) } else { Ending::Open(rest_end.head) };
            ends.push((*rest, rest_ending));
            if log.device == self.own.peer() {
                self.keep_own_until_durable(room, rest.log, rest_end.head.seq);
                self.retell(room, rest, MAX_RETOLD);
            }
        }
        self.on_logs_cut(room);
        self.gossip(Input::Recut { room, ends });
        self.forget_lost(room, lost);
    }

    /// Own events that came from a peer, or that a cut moved to another log: they are saved once
    /// that is durable.
    pub(crate) fn keep_own_until_durable(&mut self, room: RoomId, log: LogId, seq: u32) {
        self.disk.await_own(room, OwnHead { log, seq });
    }

    /// The newest messages of a log are to be read and told again.
    fn retell(&mut self, room: RoomId, log: &LogKey, most: usize) {
        let events = self.disk.store().log_events(&room, log, 1);
        let messages = events.iter().rev().filter(|event| event.header.kind == kind::MESSAGE).take(most);
        let places: Vec<Position> = messages.map(|event| event.position()).collect();
        places.into_iter().for_each(|place| self.notices.stale(room, place));
    }

    /// Events that no longer count were removed: what they did is undone in the window, and own
    /// words are said again.
    fn forget_lost(&mut self, room: RoomId, lost: Vec<Verified>) {
        if lost.is_empty() {
            return;
        }
        self.undo_lost(room, &lost);
        self.say_later(room, lost);
    }

    pub(crate) fn recount(&mut self, room: RoomId) {
        self.forget_late(room);
        self.count_unread(room);
        self.find_last(room);
        self.notices.room(room);
    }

    /// A peer brings what was signed with this device's key and is not known here: another copy of
    /// the profile runs, or ran, somewhere. Nothing more is written to that log. `forked`: the two
    /// copies contradict each other.
    pub(crate) fn on_own_from_others(&mut self, room: RoomId, log: LogId, forked: bool) {
        let Some(state) = self.rooms.get(&room) else { return };
        let writing = [&state.content, &state.control].into_iter().flatten().any(|author| author.log() == log);
        if writing {
            tracing::warn!(%log, "own log found ahead at a peer; a new one begins");
            self.leave_log(room, log.is_control());
        }
        // After an unclean end no log is continued, and what was lost comes back from peers: that
        // is no sign of a copy.
        if writing || forked {
            self.alert(AlertKind::ProfileCopied, String::new());
        }
    }

    /// The user is told whose device did it, and in which room.
    pub(crate) fn alert_fork(&mut self, room: RoomId, peer: PeerId) {
        let room_name = self.rooms.get(&room).map(|state| state.row.name.clone()).unwrap_or_default();
        let fork = Forked { peer, name: self.name_of(&peer), room, room_name };
        let detail = format!("{peer} in {room}");
        self.notices.alerts.raise(Alert { kind: AlertKind::Fork, detail, clock: None, fork: Some(fork) });
    }

    /// A control log ended earlier than was thought: membership is made anew from what is left.
    pub(crate) fn on_control_fork(&mut self, room: RoomId, log: LogKey, lost: Vec<Verified>) {
        self.remake_members(room);
        if log.device == self.own.peer() {
            self.on_own_from_others(room, log.log, true);
        }
        self.say_later(room, lost);
    }

    fn remake_members(&mut self, room: RoomId) {
        let Some(state) = self.rooms.get(&room) else { return };
        let (before, after) = (state.members.clone(), Arc::new(self.read_members(&state.row)));
        let devices: BTreeSet<PeerId> = state.logs.iter().map(|(log, _)| log.device).collect();
        if let Some(state) = self.rooms.get_mut(&room) {
            state.members = after.clone();
        }
        let lines = |members: &rooms::Membership| members.lines().into_iter().map(|line| (line.position, line)).collect::<BTreeMap<_, _>>();
        let (old, new) = (lines(&before), lines(&after));
        old.keys().filter(|place| !new.contains_key(place)).for_each(|place| self.notices.gone(room, place.id));
        new.iter().filter(|(place, line)| old.get(place) != Some(line)).for_each(|(place, _)| self.notices.stale(room, *place));
        self.on_epochs_changed(room);
        self.limit_logs_of(room, &devices);
        self.show_or_hide(room, &devices);
        let people: BTreeSet<PeerId> = before.members().chain(after.members()).map(|member| member.peer).collect();
        self.tell_members(room, people);
        self.on_members_changed(room);
        self.recount(room);
    }

    /// All that a person said is to be shown, or not any more: whether they are known to have been
    /// a member has changed since it was stored.
    pub(crate) fn show_words_of(&mut self, room: RoomId, device: PeerId) {
        let Some(state) = self.rooms.get(&room) else { return };
        let logs: Vec<LogKey> = state.logs.of(&device).map(|(log, _)| *log).filter(|log| !log.log.is_control()).collect();
        logs.iter().for_each(|log| self.retell(room, log, usize::MAX));
    }

    /// Own words that no log holds any more are said again, in a log that others take.
    pub(crate) fn say_again(&mut self) {
        for (room, mut events) in self.rooms.lost_words.take_due() {
            events.sort_by_key(|event| (!event.header.log.is_control(), event.header.kind != kind::MESSAGE, event.position()));
            let mut moved: BTreeMap<Position, Position> = BTreeMap::new();
            for event in events {
                let Some(payload) = Payload::of(&event).ok().and_then(|payload| self.still_meant(room, payload, &moved)) else { continue };
                match self.write(room, vec![payload]) {
                    Ok(again) => moved.extend(again.first().map(|again| (event.position(), again.position()))),
                    Err(refused) => tracing::warn!(?refused, "own words of a lost branch could not be said again"),
                }
            }
            self.settle_standing(room);
        }
    }

    /// What a lost event said, as far as it still makes sense. `moved`: where the messages are now
    /// that it may be about.
    fn still_meant(&self, room: RoomId, payload: Payload, moved: &BTreeMap<Position, Position>) -> Option<Payload> {
        let now_at = |target: Position| moved.get(&target).copied().unwrap_or(target);
        Some(match payload {
            Payload::Message { text, reply } => Payload::Message { text, reply: reply.map(now_at) },
            Payload::Edit { target, text } => Payload::Edit { target: now_at(target), text },
            Payload::Delete { target } => Payload::Delete { target: now_at(target) },
            Payload::Reaction { target, emoji, on } => Payload::Reaction { target: now_at(target), emoji, on },
            control => {
                let now_is = |id| moved.iter().find(|(was, _)| was.id == id).map_or(id, |(_, now)| now.id);
                return self.control_still_meant(room, control, now_is);
            }
        })
    }

    /// The same of a control event: by the right that this device has now, about invites as they
    /// are announced now.
    fn control_still_meant(&self, room: RoomId, payload: Payload, now_is: impl Fn(EventId) -> EventId) -> Option<Payload> {
        let (state, by) = (self.rooms.get(&room)?, self.own_right(room).ok()?);
        let (members, me) = (&state.members, self.own.peer());
        let again = match payload {
            Payload::Add { device, name, pass, .. } if !members.is_member(&device) => Payload::Add {
                by,
                device,
                name,
                round: members.next_round(&device)?,
                pass: pass.map(|pass| ShownPass { invite: now_is(pass.invite), ..pass }),
            },
            Payload::Leave { .. } => Payload::Leave { by, round: members.round(&me)?, cut: state.cut_of(&me) },
            Payload::Invite { key, uses, expires, .. } if members.invites_with(&key).all(|(_, invite)| invite.author != me) => {
                Payload::Invite { by, key, uses, expires }
            }
            Payload::Revoke { invite, .. } => {
                let invite = now_is(invite);
                members.invite(&invite).filter(|invite| !invite.revoked)?;
                Payload::Revoke { by, invite, used: members.used(&invite) }
            }
            Payload::Remove { device, round, .. } if members.round(&device) == Some(round) => {
                Payload::Remove { by, device, round, cut: state.cut_of(&device) }
            }
            Payload::SetRole { device, round, role, .. } if members.round(&device) == Some(round) => {
                let (turn, cut) = (members.next_turn(&device, round), state.cut_of(&device));
                Payload::SetRole { by, device, round, turn, role, cut }
            }
            Payload::Set { setting, .. } if !state.is_set(&setting) => {
                let known = state.known_for(&setting);
                Payload::Set { by, version: members.next_version(&setting), setting, known }
            }
            _ => return None,
        };
        // With an invite it may count although this device may add nobody.
        let invited = matches!(&again, Payload::Add { pass: Some(_), .. });
        (invited || self.check_allowed(room, &again).is_ok()).then_some(again)
    }
}
