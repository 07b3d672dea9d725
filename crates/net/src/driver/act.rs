//! Carrying out what the table decided, and telling the node in order.

use tokio::sync::{mpsc, oneshot};
use tokio::time::timeout;
use tracing::{Instrument, debug_span};
use wire::{Bye, Role};

use super::{Driver, Outgoing};
use crate::dial::dial;
use crate::event::{DialId, Event, LinkId};
use crate::liveness::WatchedLink;
use crate::mailbox::End;
use crate::reach::Outcome;
use crate::table::Effect;

impl Driver {
    pub(super) fn act(&mut self, effects: Vec<Effect>) {
        for effect in effects {
            match effect {
                Effect::Dial { attempt, expect, addresses } => {
                    let task = tokio::spawn(Box::pin(dial(self.context.clone(), attempt, expect, addresses)));
                    self.attempts.insert(attempt, task.abort_handle());
                }
                Effect::Abort(attempt) => {
                    if let Some(task) = self.attempts.remove(&attempt) {
                        task.abort();
                    }
                    // Another way was faster.
                    self.attempt_over(attempt, Outcome::Silent);
                }
                Effect::Start { link, asked } => self.prepare(link, asked),
                Effect::Close { link, bye } => self.close(link, bye),
                Effect::Tell(event) => self.outgoing.push_back(Outgoing::Event(event)),
            }
        }
    }

    fn prepare(&mut self, link: LinkId, asked: Option<DialId>) {
        if let Some(task) = self.ready.get_mut(&link) {
            task.set_asked(asked);
        }
        self.outgoing.push_back(Outgoing::Start(link));
    }

    fn close(&mut self, link: LinkId, bye: Bye) {
        if let Some(watched) = self.running.get(&link) {
            watched.shared.mailbox.order_end(End::Say(bye));
        } else if let Some(task) = self.ready.get(&link).filter(|_| self.is_starting(link)) {
            // It tells that it came up, and then that it ended.
            task.shared().mailbox.order_end(End::Say(bye));
        } else if let Some(task) = self.ready.remove(&link) {
            tokio::spawn(task.turn_away(bye));
        }
    }

    fn is_starting(&self, link: LinkId) -> bool {
        self.outgoing.iter().any(|waiting| matches!(waiting, Outgoing::Start(id) if *id == link))
    }

    fn start(&mut self, link: LinkId) {
        let Some(task) = self.ready.remove(&link) else { return };
        let (peer, role) = (task.peer(), task.role());
        self.running.insert(link, WatchedLink::new(peer, task.shared().clone()));
        if let Some(view) = task.view() {
            let mut effects = Vec::new();
            self.reacher.link_up(peer, view, self.context.time.now(), &mut effects);
            self.act_on_reach(effects);
        }
        self.liveness.hurry(self.context.time.tick());
        let dir = if role == Some(Role::Initiator) { "out" } else { "in" };
        let span = debug_span!("link", peer = %peer.short(), dir);
        tokio::spawn(task.run().instrument(span));
    }

    /// Passes on what the node has room for. What is left waits for [`Wakeup::Room`], in line with
    /// the links.
    pub(super) fn flush(&mut self) {
        let context = self.context.clone();
        loop {
            self.start_first();
            if self.outgoing.is_empty() {
                return;
            }
            let Ok(permit) = context.events.try_reserve() else { return };
            if let Some(Outgoing::Event(event)) = self.outgoing.pop_front() {
                permit.send(event);
            }
        }
    }

    pub(super) fn pass_on(&mut self, permit: mpsc::OwnedPermit<Event>) {
        self.start_first();
        if let Some(Outgoing::Event(event)) = self.outgoing.pop_front() {
            permit.send(event);
        }
    }

    /// Starts the links in front of the first event that waits.
    fn start_first(&mut self) {
        while let Some(Outgoing::Start(link)) = self.outgoing.front() {
            let link = *link;
            self.outgoing.pop_front();
            self.start(link);
        }
    }

    pub(super) async fn shut_down(self, done: Option<oneshot::Sender<()>>) {
        let Self { running, ready, attempts, visitors, listeners, mut nearby, alive, mut all_gone, config, ways, .. } = self;
        drop(listeners);
        attempts.into_values().chain(visitors.into_values()).for_each(|task| task.abort());
        for link in running.into_values() {
            link.shared.mailbox.order_end(End::Say(Bye::Shutdown));
        }
        for task in ready.into_values() {
            tokio::spawn(task.turn_away(Bye::Shutdown));
        }
        if let Some(nearby) = &mut nearby {
            nearby.stop();
        }
        drop(alive);
        let doors_closed = async {
            if let Some(mapper) = ways.mapper {
                mapper.stop().await;
            }
        };
        let _ = tokio::join!(timeout(config.times.farewell, all_gone.recv()), doors_closed);
        if let Some(done) = done {
            let _ = done.send(());
        }
    }
}
