//! What waits for the task of a link: records to send, orders, and what those who watch want to
//! know of it.

use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Waker};
use std::time::Duration;

use wire::{Bye, Class, Record};

use crate::limits::Limits;
use crate::queues::{Full, Queues};
use crate::reason::Reason;

/// What one link has read and the node has not dealt with yet, in reads of at most one frame each.
/// Higher: a link that brings much delays the others for longer. Lower: the node waits for the
/// link's thread.
const MAX_UNTAKEN: u32 = 8;

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

/// What the link's task is to do besides sending.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Orders {
    pub(crate) end: Option<End>,
    pub(crate) ping: bool,
    /// The node is to be told that a queue has room again.
    pub(crate) drained: bool,
}

/// Shared by the link's task, its senders and the driver.
pub(crate) struct Mailbox {
    limits: Arc<Limits>,
    heard: AtomicU64,
    deaf: AtomicBool,
    stalled: AtomicU64,
    rtt: AtomicU32,
    welcome: AtomicBool,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    queues: Queues,
    waker: Option<Waker>,
    end: Option<End>,
    ping: bool,
    drained: bool,
    over: bool,
    untaken: u32,
    /// The socket takes nothing at the moment: more records are no reason to wake.
    blocked: bool,
}

impl Mailbox {
    pub(crate) fn new(limits: Arc<Limits>, now: u64) -> Self {
        Self {
            limits,
            heard: AtomicU64::new(now),
            deaf: AtomicBool::new(false),
            stalled: AtomicU64::new(0),
            rtt: AtomicU32::new(0),
            welcome: AtomicBool::new(false),
            state: Mutex::default(),
        }
    }

    /// Queues a record. A full control queue ends the link.
    pub(crate) fn push(&self, class: Class, record: Record) -> Result<(), Full> {
        let mut state = self.state();
        if state.over {
            return Err(Full);
        }
        let pushed = state.queues.push(class, record, &self.limits);
        if pushed.is_err() && class == Class::Control {
            state.order_end(End::Say(Bye::TooSlow));
        }
        pushed
    }

    /// Whether a record of so many bytes would be taken. If not, that counts as a refusal.
    pub(crate) fn has_room(&self, class: Class, bytes: usize) -> bool {
        let mut state = self.state();
        state.queues.has_room(class, bytes, &self.limits) && !state.over
    }

    /// Bytes that wait in all queues.
    pub(crate) fn waiting(&self) -> usize {
        self.state().queues.bytes()
    }

    /// Whether nothing waits to be sent.
    pub(crate) fn is_empty(&self) -> bool {
        self.state().queues.is_empty()
    }

    /// Moves records of these classes, in this order, into `plaintext` (not padded yet), as many as
    /// fit. Whether a queue that had refused something is at most half full again.
    pub(crate) fn drain(&self, classes: &[Class], plaintext: &mut Vec<u8>) -> bool {
        self.state().queues.drain(classes, plaintext, &self.limits)
    }

    /// Has the link's task write, unless it waits for the socket and will anyway.
    pub(crate) fn wake(&self) {
        let mut state = self.state();
        if !state.blocked {
            state.wake();
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

    /// A queue that had refused something has room again.
    pub(crate) fn set_drained(&self) {
        let mut state = self.state();
        state.drained = true;
        state.wake();
    }

    /// Takes the orders; if there are none and nothing can be sent, `cx` is woken by the next order
    /// or record.
    pub(crate) fn poll_orders(&self, can_send: bool, cx: &mut Context<'_>) -> Orders {
        let mut state = self.state();
        state.blocked = !can_send;
        let orders = Orders { end: state.end, ping: std::mem::take(&mut state.ping), drained: std::mem::take(&mut state.drained) };
        let idle = orders == Orders::default() && (!can_send || state.queues.is_empty());
        if idle {
            state.wake_later(cx);
        }
        orders
    }

    /// Counts another read that the node is about to be told of; if there are too many, `cx` is
    /// woken when there are not.
    pub(crate) fn poll_untaken(&self, cx: &mut Context<'_>) -> bool {
        let mut state = self.state();
        let leave = state.untaken < MAX_UNTAKEN;
        if leave {
            state.untaken += 1;
        } else {
            state.wake_later(cx);
        }
        leave
    }

    /// The node has dealt with a read.
    pub(crate) fn set_taken(&self) {
        let mut state = self.state();
        state.untaken = state.untaken.saturating_sub(1);
        if state.untaken + 1 == MAX_UNTAKEN {
            state.wake();
        }
    }

    /// Reads that the node has been told of, or is about to be, and has not dealt with.
    pub(crate) fn untaken(&self) -> u32 {
        self.state().untaken
    }

    /// Refuses everything from now on, and drops what waits.
    pub(crate) fn close(&self) {
        let mut state = self.state();
        state.over = true;
        state.queues = Queues::default();
        state.waker = None;
    }

    #[cfg(test)]
    pub(crate) fn capacity(&self) -> usize {
        self.state().queues.capacity()
    }

    #[cfg(test)]
    pub(crate) fn end(&self) -> Option<End> {
        self.state().end
    }

    /// No code between lock and unlock can panic half-way through a change, so a poisoned state is
    /// whole.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
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

    fn wake_later(&mut self, cx: &mut Context<'_>) {
        if !self.waker.as_ref().is_some_and(|waker| waker.will_wake(cx.waker())) {
            self.waker = Some(cx.waker().clone());
        }
    }
}
