//! The way to one peer: three bounded queues, and orders for the task that drains them.

use std::collections::VecDeque;
use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Waker};
use std::time::Duration;

use wire::frame::push_record;
use wire::{Bye, Class, Record};

use crate::config::{Limits, QueueLimit};
use crate::line::Line;
use crate::reason::Reason;

/// Drained in this order.
pub(crate) const CLASSES: [Class; 3] = [Class::Control, Class::Live, Class::Bulk];
/// What goes with words that somebody writes themselves. A frame full of bulk would take longer
/// than they do.
const PROMPT: [Class; 2] = [Class::Control, Class::Live];

/// What one link has read and the node has not dealt with yet, in reads of at most one frame each.
/// Higher: a link that brings much delays the others for longer. Lower: the node waits for the
/// link's thread.
const MAX_UNTAKEN: u32 = 8;

/// Hands encoded messages to one link, without ever waiting.
#[derive(Clone)]
pub struct Outbox {
    shared: Arc<Shared>,
}

/// The queue has no room, or the link is over. Nothing was queued.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the queue has no room")]
pub struct Full;

impl Outbox {
    pub(crate) fn new(shared: Arc<Shared>) -> Self {
        Self { shared }
    }

    /// Queues a message as [`Message::encode`](wire::Message::encode) made it; it is on its way at
    /// once.
    ///
    /// A refusal in [`Class::Control`] ends the link with `TooSlow`, since what is lost there is
    /// not repaired. After a refusal in another class an [`Event::Drained`](crate::Event::Drained)
    /// tells when half of that queue is free again.
    pub fn offer(&self, class: Class, record: Record) -> Result<(), Full> {
        self.queue(class, record)?;
        self.shared.wake();
        Ok(())
    }

    /// As [`Outbox::offer`], and the caller writes it to the socket, if that has room and nobody
    /// else is writing: it is on its way before this returns, without another task being woken
    /// first. Costs the caller a system call; for what a person waits for.
    pub fn send_now(&self, class: Class, record: Record) -> Result<(), Full> {
        self.queue(class, record)?;
        if !self.shared.write_now() {
            self.shared.wake();
        }
        Ok(())
    }

    fn queue(&self, class: Class, record: Record) -> Result<(), Full> {
        let limit = self.shared.limit(class);
        let mut state = self.shared.state();
        if state.over {
            return Err(Full);
        }
        let queue = state.queue(class);
        if !queue.fits(record.len(), limit) {
            queue.refused = true;
            if class == Class::Control {
                state.order_end(End::Say(Bye::TooSlow));
            }
            return Err(Full);
        }
        queue.bytes += record.len();
        queue.records.push_back(record);
        Ok(())
    }

    /// Whether a record of so many bytes would be taken. If not, an
    /// [`Event::Drained`](crate::Event::Drained) tells when half of that queue is free again.
    pub fn has_room(&self, class: Class, bytes: usize) -> bool {
        let limit = self.shared.limit(class);
        let mut state = self.shared.state();
        let over = state.over;
        let queue = state.queue(class);
        let fits = queue.fits(bytes, limit);
        queue.refused |= !fits;
        fits && !over
    }

    /// Bytes that wait in all three queues.
    pub fn waiting(&self) -> usize {
        self.shared.state().queues.iter().map(|queue| queue.bytes).sum()
    }
}

impl fmt::Debug for Outbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Outbox({} B)", self.waiting())
    }
}

/// The link is over.
pub(crate) struct NoLine;

/// How a link is to end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// Tell the other side why.
    Say(Bye),
    /// The other side takes nothing more.
    Stalled,
    /// The other side gives no sign of life.
    Silent,
    /// Writing failed.
    Broken(Reason),
}

/// What a link's task shares with those who send and those who watch.
pub(crate) struct Shared {
    limits: Arc<Limits>,
    heard: AtomicU64,
    deaf: AtomicBool,
    stalled: AtomicU64,
    rtt: AtomicU32,
    welcome: AtomicBool,
    state: Mutex<State>,
    /// There while the link runs; taken before `state`. None in the hands of the simulator.
    line: Mutex<Option<Line>>,
}

#[derive(Default)]
struct State {
    queues: [Queue; 3],
    waker: Option<Waker>,
    end: Option<End>,
    ping: bool,
    drained: bool,
    over: bool,
    untaken: u32,
    /// The socket takes nothing at the moment: more records are no reason to wake.
    blocked: bool,
}

#[derive(Default)]
struct Queue {
    records: VecDeque<Record>,
    bytes: usize,
    refused: bool,
}

/// What the link's task is to do besides sending.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Orders {
    pub(crate) end: Option<End>,
    pub(crate) ping: bool,
    /// The node is to be told that a queue has room again.
    pub(crate) drained: bool,
}

impl Shared {
    pub(crate) fn new(limits: Arc<Limits>, now: u64) -> Self {
        Self {
            limits,
            heard: AtomicU64::new(now),
            deaf: AtomicBool::new(false),
            stalled: AtomicU64::new(0),
            rtt: AtomicU32::new(0),
            welcome: AtomicBool::new(false),
            state: Mutex::default(),
            line: Mutex::default(),
        }
    }

    /// An authenticated frame arrived.
    pub(crate) fn set_heard(&self, now: u64) {
        self.heard.store(now, Ordering::Relaxed);
    }

    /// When the last authenticated frame arrived, milliseconds.
    pub(crate) fn heard(&self) -> u64 {
        self.heard.load(Ordering::Relaxed)
    }

    /// What was received waits for this device's own node, and nothing more is read meanwhile.
    pub(crate) fn set_deaf(&self, deaf: bool) {
        self.deaf.store(deaf, Ordering::Relaxed);
    }

    /// Whether the other side cannot be heard for a reason on this side.
    pub(crate) fn is_deaf(&self) -> bool {
        self.deaf.load(Ordering::Relaxed)
    }

    /// Output waits and the socket takes none of it, since `now`.
    pub(crate) fn set_stalled(&self, now: u64) {
        let _ = self.stalled.compare_exchange(0, now.max(1), Ordering::Relaxed, Ordering::Relaxed);
    }

    /// The socket took something.
    pub(crate) fn set_moving(&self) {
        self.stalled.store(0, Ordering::Relaxed);
    }

    /// Since when output has been stuck.
    pub(crate) fn stalled(&self) -> Option<u64> {
        Some(self.stalled.load(Ordering::Relaxed)).filter(|since| *since > 0)
    }

    /// A Ping was answered after this long.
    pub(crate) fn set_rtt(&self, rtt: Duration) {
        self.rtt.store(u32::try_from(rtt.as_micros()).unwrap_or(u32::MAX).max(1), Ordering::Relaxed);
    }

    /// The last round trip.
    pub(crate) fn rtt(&self) -> Option<Duration> {
        Some(self.rtt.load(Ordering::Relaxed)).filter(|micros| *micros > 0).map(|micros| Duration::from_micros(micros.into()))
    }

    /// The node lets this peer stay.
    pub(crate) fn set_welcome(&self) {
        self.welcome.store(true, Ordering::Relaxed);
    }

    pub(crate) fn is_welcome(&self) -> bool {
        self.welcome.load(Ordering::Relaxed)
    }

    /// Orders a Ping.
    pub(crate) fn order_ping(&self) {
        let mut state = self.state();
        state.ping = true;
        state.wake();
    }

    /// Orders the link to end. The first order counts.
    pub(crate) fn order_end(&self, end: End) {
        self.state().order_end(end);
    }

    #[cfg(test)]
    pub(crate) fn is_ending(&self) -> bool {
        self.state().end.is_some()
    }

    /// A queue that had refused something has room again.
    pub(crate) fn set_drained(&self) {
        let mut state = self.state();
        state.drained = true;
        state.wake();
    }

    /// Takes the orders; if there are none and nothing can be sent, `cx` is woken by the next order
    /// or record.
    pub(crate) fn poll_orders(&self, cx: &mut Context<'_>) -> Orders {
        let can_send = self.line().as_ref().is_none_or(Line::is_free);
        let mut state = self.state();
        state.blocked = !can_send;
        let orders = Orders { end: state.end, ping: std::mem::take(&mut state.ping), drained: std::mem::take(&mut state.drained) };
        let idle = orders == Orders::default() && !(can_send && state.waits());
        if idle && !state.waker.as_ref().is_some_and(|waker| waker.will_wake(cx.waker())) {
            state.waker = Some(cx.waker().clone());
        }
        orders
    }

    /// Moves records of these classes, in this order, into `plaintext` (not padded yet), as many as
    /// fit. Whether a queue that had refused something is at most half full again.
    pub(crate) fn drain(&self, classes: &[Class], plaintext: &mut Vec<u8>) -> bool {
        let mut state = self.state();
        let mut drained = false;
        for class in classes.iter().copied() {
            let limit = self.limit(class);
            let queue = state.queue(class);
            let emptied = queue.drain(plaintext);
            let roomy = queue.records.len() <= limit.records / 2 && queue.bytes <= limit.bytes / 2;
            if queue.refused && roomy {
                queue.refused = false;
                drained = true;
            }
            if !emptied {
                break;
            }
        }
        drained
    }

    /// Leave to tell the node of another read; if there is none, `cx` is woken when there is.
    pub(crate) fn poll_untaken(self: &Arc<Self>, cx: &mut Context<'_>) -> Option<Taken> {
        let mut state = self.state();
        if state.untaken < MAX_UNTAKEN {
            state.untaken += 1;
            return Some(Taken(Some(self.clone())));
        }
        if !state.waker.as_ref().is_some_and(|waker| waker.will_wake(cx.waker())) {
            state.waker = Some(cx.waker().clone());
        }
        None
    }

    /// Reads that the node has been told of, or is about to be, and has not dealt with.
    pub(crate) fn untaken(&self) -> u32 {
        self.state().untaken
    }

    /// From now on whoever sends may write here.
    pub(crate) fn connect(&self, line: Line) {
        *self.line() = Some(line);
    }

    /// For the link's task: there is a line until it is over.
    pub(crate) fn with_line<T>(&self, f: impl FnOnce(&mut Line) -> T) -> Result<T, NoLine> {
        self.line().as_mut().map(f).ok_or(NoLine)
    }

    fn line(&self) -> MutexGuard<'_, Option<Line>> {
        self.line.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Writes what waits, unless somebody else is at it. Whether nothing is left for the link's
    /// task.
    fn write_now(&self) -> bool {
        let Ok(mut line) = self.line.try_lock() else { return false };
        let Some(line) = line.as_mut() else { return false };
        match line.write(self, &PROMPT) {
            Ok(_) => line.is_free() && !self.state().waits(),
            Err(reason) => {
                self.order_end(End::Broken(reason));
                true
            }
        }
    }

    /// Has the link's task write, unless it waits for the socket and will anyway.
    fn wake(&self) {
        let mut state = self.state();
        if !state.blocked {
            state.wake();
        }
    }

    /// Refuses everything from now on, and drops what waits. What is left is the line.
    pub(crate) fn close(&self) -> Option<Line> {
        let mut state = self.state();
        state.over = true;
        state.queues = Default::default();
        state.waker = None;
        drop(state);
        self.line().take()
    }

    fn limit(&self, class: Class) -> QueueLimit {
        match class {
            Class::Control => self.limits.control,
            Class::Live => self.limits.live,
            Class::Bulk => self.limits.bulk,
        }
    }

    /// No code between lock and unlock can panic half-way through a change, so a poisoned state is
    /// whole.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Held by what a link has told of one read, until the node has dealt with it. A link passes on
/// only few reads at a time, so that one that brings much does not stand before the others.
/// [`Default`] belongs to no link.
#[derive(Default)]
pub struct Taken(Option<Arc<Shared>>);

impl Drop for Taken {
    fn drop(&mut self) {
        let Some(shared) = &self.0 else { return };
        let mut state = shared.state();
        state.untaken = state.untaken.saturating_sub(1);
        if state.untaken + 1 == MAX_UNTAKEN {
            state.wake();
        }
    }
}

impl fmt::Debug for Taken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Taken")
    }
}

impl State {
    fn queue(&mut self, class: Class) -> &mut Queue {
        let [control, live, bulk] = &mut self.queues;
        match class {
            Class::Control => control,
            Class::Live => live,
            Class::Bulk => bulk,
        }
    }

    fn waits(&self) -> bool {
        self.queues.iter().any(|queue| !queue.records.is_empty())
    }

    fn order_end(&mut self, end: End) {
        if self.end.is_none() {
            self.end = Some(end);
            self.wake();
        }
    }

    fn wake(&mut self) {
        if let Some(waker) = self.waker.take() {
            waker.wake();
        }
    }
}

impl Queue {
    fn fits(&self, bytes: usize, limit: QueueLimit) -> bool {
        self.records.is_empty() || (self.records.len() < limit.records && self.bytes + bytes <= limit.bytes)
    }

    /// Whether all of it went.
    fn drain(&mut self, plaintext: &mut Vec<u8>) -> bool {
        while let Some(record) = self.records.front() {
            let fits = push_record(plaintext, record).is_ok();
            // A record that does not even fit into an empty frame is our bug; it must not block the
            // queue for ever.
            if !fits && !plaintext.is_empty() {
                return false;
            }
            debug_assert!(fits, "a record of {} bytes fits into no frame", record.len());
            self.bytes -= record.len();
            self.records.pop_front();
        }
        // An idle link holds no room for records; making it again costs little next to a write.
        self.records = VecDeque::new();
        true
    }
}

#[cfg(test)]
mod tests;
