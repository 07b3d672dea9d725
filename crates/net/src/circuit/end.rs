//! One end of a circuit: how much it may send, what it has received, whether it still stands. Pure.
//!
//! Invariant: what the other side may send, what waits to be read and what was read without being
//! credited make one window together (guarded by `nothing_is_lost_doubled_or_out_of_order`).

#![cfg_attr(not(test), warn(clippy::indexing_slicing, clippy::arithmetic_side_effects))]

use std::collections::VecDeque;
use std::fmt;
use std::io;

use super::limits::{RETURNED_AT, WINDOW};
use wire::reach::{CircuitEnd, HelpRefused};

/// Why a circuit does not stand, or no longer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Over {
    /// The carrier or the other end did not want it.
    Refused(HelpRefused),
    /// Nobody answered.
    Unanswered,
    /// It was closed by this end, the other one or the carrier.
    Closed(CircuitEnd),
    /// The link that it went over is down.
    LinkDown,
}

impl fmt::Display for Over {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Over::Refused(why) => write!(f, "the circuit was refused: {why:?}"),
            Over::Unanswered => f.write_str("nobody answered for the circuit"),
            Over::Closed(why) => write!(f, "the circuit was closed: {why:?}"),
            Over::LinkDown => f.write_str("the link to the carrier is down"),
        }
    }
}

impl std::error::Error for Over {}

impl From<Over> for io::Error {
    fn from(over: Over) -> Self {
        let kind = match over {
            Over::Refused(HelpRefused::NotLinked) => io::ErrorKind::HostUnreachable,
            Over::Refused(HelpRefused::NotAllowed | HelpRefused::Off) => io::ErrorKind::PermissionDenied,
            Over::Refused(HelpRefused::Busy) | Over::Closed(CircuitEnd::Cap) => io::ErrorKind::ResourceBusy,
            Over::Unanswered => io::ErrorKind::TimedOut,
            Over::Closed(CircuitEnd::Done | CircuitEnd::Fault | CircuitEnd::Gone) => io::ErrorKind::ConnectionReset,
            Over::LinkDown => io::ErrorKind::ConnectionAborted,
        };
        io::Error::new(kind, over)
    }
}

/// What came is against the rules or more than was allowed. The circuit is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Beyond;

/// What there is to read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Read {
    /// So many bytes were read.
    Bytes(usize),
    /// Nothing yet.
    Nothing,
    /// All was read, and no more comes.
    End,
    /// No more comes, and it was not to end here.
    Broken(Over),
}

/// See the module's header.
#[derive(Debug)]
pub(crate) struct End {
    phase: Phase,
    /// Bytes that this side may send.
    credit: usize,
    /// Bytes that the other side may send.
    window: usize,
    /// Bytes that were read and for which no credit was returned.
    unreturned: usize,
    /// Not read yet.
    received: VecDeque<u8>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    Calling,
    Open,
    Over(Over),
}

impl End {
    /// Of who asks for a circuit.
    pub(crate) fn calling() -> Self {
        Self { phase: Phase::Calling, credit: WINDOW, window: WINDOW, unreturned: 0, received: VecDeque::new() }
    }

    /// Of who has accepted one.
    pub(crate) fn accepted() -> Self {
        Self { phase: Phase::Open, ..Self::calling() }
    }

    pub(crate) fn over(&self) -> Option<Over> {
        match self.phase {
            Phase::Over(over) => Some(over),
            Phase::Calling | Phase::Open => None,
        }
    }

    pub(crate) fn is_calling(&self) -> bool {
        self.phase == Phase::Calling
    }

    /// The first end counts.
    pub(crate) fn end(&mut self, over: Over) {
        if self.over().is_none() {
            self.phase = Phase::Over(over);
        }
    }

    pub(crate) fn on_answer(&mut self, refused: Option<HelpRefused>) -> Result<(), Beyond> {
        match (self.phase, refused) {
            (Phase::Calling, None) => self.phase = Phase::Open,
            (Phase::Calling, Some(why)) => self.end(Over::Refused(why)),
            (Phase::Open, _) => return Err(self.fault()),
            (Phase::Over(_), _) => {}
        }
        Ok(())
    }

    pub(crate) fn on_data(&mut self, bytes: &[u8]) -> Result<(), Beyond> {
        match self.phase {
            Phase::Open if !bytes.is_empty() && bytes.len() <= self.window => {
                self.window = self.window.saturating_sub(bytes.len());
                self.received.extend(bytes);
                Ok(())
            }
            Phase::Open | Phase::Calling => Err(self.fault()),
            Phase::Over(_) => Ok(()),
        }
    }

    pub(crate) fn on_credit(&mut self, bytes: u32) -> Result<(), Beyond> {
        let credit = usize::try_from(bytes).unwrap_or(usize::MAX).saturating_add(self.credit);
        match self.phase {
            Phase::Open if bytes > 0 && credit <= WINDOW => {
                self.credit = credit;
                Ok(())
            }
            Phase::Open | Phase::Calling => Err(self.fault()),
            Phase::Over(_) => Ok(()),
        }
    }

    /// Reads what was received, also after the end.
    pub(crate) fn read(&mut self, input: &mut [u8]) -> Read {
        if self.received.is_empty() {
            return match self.phase {
                Phase::Calling | Phase::Open => Read::Nothing,
                Phase::Over(Over::Closed(CircuitEnd::Done)) => Read::End,
                Phase::Over(over) => Read::Broken(over),
            };
        }
        let read = io::Read::read(&mut self.received, input).unwrap_or(0);
        if self.received.is_empty() {
            // An idle circuit holds no buffer.
            self.received = VecDeque::new();
        }
        self.unreturned = self.unreturned.saturating_add(read);
        Read::Bytes(read)
    }

    /// Credit that is to be returned now, if any. Call [`End::returned`] when that was done.
    pub(crate) fn due(&self) -> Option<u32> {
        let due = self.phase == Phase::Open && self.unreturned >= RETURNED_AT;
        due.then(|| u32::try_from(self.unreturned).unwrap_or(u32::MAX))
    }

    pub(crate) fn returned(&mut self) {
        self.window = self.window.saturating_add(self.unreturned);
        self.unreturned = 0;
    }

    /// Bytes that may be sent now.
    pub(crate) fn may_send(&self) -> Result<usize, Over> {
        match self.phase {
            Phase::Calling => Ok(0),
            Phase::Open => Ok(self.credit),
            Phase::Over(over) => Err(over),
        }
    }

    pub(crate) fn sent(&mut self, bytes: usize) {
        debug_assert!(bytes <= self.credit);
        self.credit = self.credit.saturating_sub(bytes);
    }

    /// The other side broke the rules.
    pub(crate) fn fault(&mut self) -> Beyond {
        self.end(Over::Closed(CircuitEnd::Fault));
        Beyond
    }

    #[cfg(test)]
    pub(super) fn held(&self) -> usize {
        self.received.capacity()
    }
}
