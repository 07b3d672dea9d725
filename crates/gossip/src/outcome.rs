//! What becomes of the logs of a room: events that were checked, own ones that were stored, forks.

use identity::PeerId;
use wire::ids::{Head, LogKey};
use wire::message::{Message, RawEvent};

use crate::around::Around;
use crate::room::Room;
use crate::{Effect, Ending, Millis, Origin, Verdict};

/// So few events that were asked for are passed on like live ones: they were missed on the way, and
/// the devices behind this one miss them too.
const FEW: usize = 8;

impl Room {
    /// The outcome of a check of these events, named `run`.
    pub(crate) fn on_checked<R: rand::Rng>(
        &mut self,
        around: &mut Around<'_, R>,
        peer: PeerId,
        origin: Origin,
        events: Vec<RawEvent>,
        run: u128,
        verdict: Verdict,
    ) {
        match verdict {
            Verdict::Fresh { log, head } => {
                self.knows(&peer, log, head.seq);
                let reached = self.wants.target(&log).is_none_or(|target| target <= head.seq);
                self.advance(around, log, head);
                match origin {
                    Origin::Live { ttl, .. } => {
                        self.follow(around.now, run, log.device);
                        self.on_first(around, peer);
                        self.push(around, Some(peer), ttl.saturating_sub(1), log, head.seq, events);
                    }
                    Origin::Asked { log: asked, last } => {
                        if head.seq >= last {
                            self.answered(around.now, &asked);
                            self.unask_elsewhere(around.now, &asked, &log);
                        }
                        if reached && events.len() <= FEW {
                            self.on_fetched(peer, run);
                            self.push(around, Some(peer), around.config.ttl / 2, log, head.seq, events);
                        }
                    }
                }
            }
            Verdict::Duplicate { log, seq } => {
                self.knows(&peer, log, seq);
                match origin {
                    Origin::Live { .. } => self.on_duplicate(around, peer, run),
                    Origin::Asked { log: asked, last } if seq >= last => {
                        self.answered_in_vain(around.now, &asked);
                        self.unask_elsewhere(around.now, &asked, &log);
                    }
                    Origin::Asked { .. } => {}
                }
            }
            Verdict::Gap { log, seq } => {
                self.knows(&peer, log, seq);
                self.want(around.now, &peer, log, seq, around.now);
                if matches!(origin, Origin::Asked { .. }) {
                    self.answered(around.now, &log);
                }
            }
            Verdict::Fork { log, head, proof } => self.on_fork(around, log, head, proof),
            Verdict::Later { log } => self.on_stranger(around.now, &log),
            Verdict::Beyond => {
                if let Origin::Asked { log, .. } = origin {
                    self.unwant(around.now, &log);
                    self.neighbours.values_mut().for_each(|neighbour| neighbour.forget(&log));
                }
            }
            Verdict::Bad => {
                around.out.push(Effect::Fault { peer, what: "events" });
                self.forget_asks(around.now, &peer);
                if let Some(neighbour) = self.neighbours.get_mut(&peer) {
                    neighbour.forget_all();
                }
            }
        }
        self.pursue(around);
    }

    /// Own events were stored.
    pub(crate) fn publish<R: rand::Rng>(&mut self, around: &mut Around<'_, R>, log: LogKey, head: Head, events: Vec<RawEvent>) {
        self.advance(around, log, head);
        self.push(around, None, around.config.ttl, log, head.seq, events);
        if self.eagers() == 0 {
            self.heads_now(around.now);
        }
    }

    fn advance<R: rand::Rng>(&mut self, around: &mut Around<'_, R>, log: LogKey, head: Head) {
        self.own.set(log, head);
        self.news.add(log);
        self.heads_soon(around);
        self.changed_at = around.now;
        self.rest_at.get_or_insert(around.after(around.config.rest_after));
        if self.neighbours.contains_key(&log.device) {
            self.acks.insert(log);
            self.acks_at.get_or_insert(around.config.tell_at(around.after(around.config.acks_after)));
        }
        if self.wants.target(&log).is_some_and(|target| target <= head.seq) {
            self.unwant(around.now, &log);
        }
    }

    /// What was asked for as a branch belongs to a log that has not forked here so far. Once it has
    /// forked, the branch is wanted again.
    fn unask_elsewhere(&mut self, now: Millis, asked: &LogKey, log: &LogKey) {
        if asked != log {
            self.unwant(now, asked);
        }
    }

    /// A log forked. Neighbours, which may not know of it, are told of the branches; they are not
    /// told that a log is shorter.
    pub(crate) fn recut<R: rand::Rng>(&mut self, around: &mut Around<'_, R>, ends: &[(LogKey, Ending)]) {
        for (log, ending) in ends {
            let (head, closed) = match ending {
                Ending::Closed(head) => (*head, true),
                Ending::Open(head) => (Some(*head), false),
                Ending::Gone => (None, false),
            };
            self.own.end(*log, head);
            self.unwant(around.now, log);
            if closed {
                self.stopped.insert(*log);
            } else {
                self.stopped.remove(log);
            }
            let Some(head) = head else { continue };
            self.news.add(*log);
            if self.neighbours.contains_key(&log.device) {
                self.acks.insert(*log);
                self.acks_at.get_or_insert(around.config.tell_at(around.after(around.config.acks_after)));
            }
            let more = self.neighbours.iter().map(|(peer, n)| (n.has_said(log), *peer)).max().filter(|(seq, _)| *seq > head.seq);
            if let Some((seq, peer)) = more {
                self.want(around.now, &peer, *log, seq, around.now);
            }
        }
        self.heads_soon(around);
        self.changed_at = around.now;
        self.rest_at.get_or_insert(around.after(around.config.rest_after));
        self.pursue(around);
    }

    /// The log ends here; the neighbours get both histories, so that it ends there too.
    fn on_fork<R>(&mut self, around: &mut Around<'_, R>, log: LogKey, head: Option<Head>, proof: [Vec<RawEvent>; 2]) {
        self.stopped.insert(log);
        self.unwant(around.now, &log);
        self.own.end(log, head);
        let peers: Vec<PeerId> = self.neighbours.iter().filter(|(_, n)| n.is_member()).map(|(peer, _)| *peer).collect();
        for events in proof.into_iter().filter(|events| !events.is_empty() && !peers.is_empty()) {
            let run = wire::message::Run { ttl: around.config.ttl, room: self.id, events };
            around.out.push(Effect::Spread { peers: peers.clone(), message: Message::Run(run) });
        }
    }

    pub(crate) fn knows(&mut self, peer: &PeerId, log: LogKey, seq: u32) {
        if let Some(neighbour) = self.neighbours.get_mut(peer) {
            neighbour.note(log, seq);
        }
    }
}
