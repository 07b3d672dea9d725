//! One circuit as its carrier keeps it: what each side may send, what of it has gone on.
//!
//! Invariant: what a side may send, what it sent and nobody has read, and the credit for it that is
//! held back make one window together. So a circuit never has more than two windows with its
//! carrier.

#![cfg_attr(not(test), warn(clippy::indexing_slicing, clippy::arithmetic_side_effects))]

use std::collections::VecDeque;

use identity::PeerId;
use wire::limits::MAX_CIRCUIT_DATA;

use super::bucket::Bucket;
use super::end::Beyond;
use super::limits::{CREDIT_STEP, Caps, SMALLEST, WINDOW};
use super::line::Leg;
use wire::reach::CircuitEnd;

/// A circuit, or one that is asked for.
#[derive(Debug)]
pub(crate) struct Circuit {
    pub(crate) state: State,
    /// When it came into this state, or a byte went over it; milliseconds.
    pub(crate) since: u64,
    pub(crate) caller: Side,
    pub(crate) callee: Side,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum State {
    /// Waits for leave.
    Asked,
    /// Waits for the callee.
    Offered,
    Open,
    /// One side has left. What it sent goes on to the other, and then this.
    Closing(CircuitEnd),
}

/// One of the two ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Whose {
    Caller,
    Callee,
}

impl Whose {
    pub(crate) fn other(self) -> Self {
        match self {
            Whose::Caller => Whose::Callee,
            Whose::Callee => Whose::Caller,
        }
    }
}

impl Circuit {
    pub(crate) fn side(&self, whose: Whose) -> &Side {
        match whose {
            Whose::Caller => &self.caller,
            Whose::Callee => &self.callee,
        }
    }

    pub(crate) fn side_mut(&mut self, whose: Whose) -> &mut Side {
        match whose {
            Whose::Caller => &mut self.caller,
            Whose::Callee => &mut self.callee,
        }
    }
}

/// An end, and what it sends.
#[derive(Debug)]
pub(crate) struct Side {
    /// None before it was called and after it has left.
    pub(crate) leg: Option<Leg>,
    pub(crate) peer: PeerId,
    /// Bytes that it may send.
    credit: usize,
    /// Bytes that it sent and the other side has not returned credit for.
    unread: usize,
    /// Bytes of credit that the other side returned and that are held back.
    held: usize,
    pace: Bucket,
    /// Sent by this side, and not yet taken by the other one's link.
    waiting: VecDeque<u8>,
}

impl Side {
    pub(crate) fn new(leg: Option<Leg>, peer: PeerId, caps: &Caps, now: u64) -> Self {
        let pace = Bucket::new(&caps.pace, now);
        Self { leg, peer, credit: WINDOW, unread: 0, held: 0, pace, waiting: VecDeque::new() }
    }

    /// Takes what it sent.
    pub(crate) fn take(&mut self, bytes: &[u8], caps: &Caps) -> Result<(), Beyond> {
        if bytes.is_empty() || bytes.len() > self.credit.min(MAX_CIRCUIT_DATA) {
            return Err(Beyond);
        }
        self.credit = self.credit.saturating_sub(bytes.len());
        self.unread = self.unread.saturating_add(bytes.len());
        self.pace.charge(&caps.pace, SMALLEST.saturating_sub(bytes.len()));
        self.waiting.extend(bytes);
        Ok(())
    }

    /// The other side has read so much of it.
    pub(crate) fn was_read(&mut self, bytes: u32) -> Result<(), Beyond> {
        let bytes = usize::try_from(bytes).unwrap_or(usize::MAX);
        let delivered = self.unread.saturating_sub(self.waiting.len());
        if bytes == 0 || bytes > delivered {
            return Err(Beyond);
        }
        self.unread = self.unread.saturating_sub(bytes);
        self.held = self.held.saturating_add(bytes);
        Ok(())
    }

    /// Credit to be passed on now: what is held back, as far as this circuit's pace and that of all
    /// allow it.
    pub(crate) fn grant(&mut self, caps: &Caps, total: &mut Bucket, now: u64) -> Option<u32> {
        if self.held < CREDIT_STEP {
            return None;
        }
        let granted = self.held.min(self.pace.left(&caps.pace, now)).min(total.left(&caps.total, now));
        if granted < CREDIT_STEP {
            return None;
        }
        self.pace.charge(&caps.pace, granted);
        total.charge(&caps.total, granted);
        self.held = self.held.saturating_sub(granted);
        self.credit = self.credit.saturating_add(granted);
        u32::try_from(granted).ok()
    }

    /// When [`Side::grant`] is worth another call.
    pub(crate) fn due(&self, caps: &Caps, total: &Bucket) -> Option<u64> {
        (self.held >= CREDIT_STEP).then(|| self.pace.due(&caps.pace, CREDIT_STEP).max(total.due(&caps.total, CREDIT_STEP)))
    }

    /// What goes on next.
    pub(crate) fn next_piece(&self) -> &[u8] {
        let (first, _) = self.waiting.as_slices();
        first.get(..first.len().min(MAX_CIRCUIT_DATA)).unwrap_or_default()
    }

    /// So many bytes of that went on.
    pub(crate) fn went(&mut self, bytes: usize) {
        self.waiting.drain(..bytes.min(self.waiting.len()));
        if self.waiting.is_empty() {
            self.waiting = VecDeque::new();
        }
    }

    #[cfg(test)]
    pub(super) fn check(&self) {
        assert_eq!(self.credit + self.unread + self.held, WINDOW);
        assert!(self.waiting.len() <= self.unread);
        assert!(self.waiting.capacity() <= 2 * WINDOW);
    }
}
