//! An end of a circuit as a byte stream. It keeps nothing that is to be sent: what the carrier's
//! link has no room for stays with the writer, who is woken when it has.
//!
//! It knows no outbox but a function that offers to one, since what an outbox leads to is a byte
//! stream again.

#![cfg_attr(not(test), warn(clippy::indexing_slicing, clippy::arithmetic_side_effects))]

use std::fmt;
use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use wire::Class;
use wire::limits::MAX_CIRCUIT_DATA;

use super::end::{Beyond, End, Over, Read};
use crate::queues::Full;
use wire::reach::CircuitEnd;
use wire::{CircuitClose, CircuitCredit, CircuitData, Message};

type Offer = dyn Fn(Class, Message) -> Result<(), Full> + Send + Sync;

/// What the stream shares with the switchboard.
pub(crate) struct Pipe {
    id: u32,
    offer: Box<Offer>,
    state: Mutex<State>,
}

struct State {
    end: End,
    reader: Option<Waker>,
    writer: Option<Waker>,
}

impl Pipe {
    pub(crate) fn new(id: u32, end: End, offer: impl Fn(Class, Message) -> Result<(), Full> + Send + Sync + 'static) -> Arc<Self> {
        Arc::new(Self { id, offer: Box::new(offer), state: Mutex::new(State { end, reader: None, writer: None }) })
    }

    /// Takes a record of this circuit; why the circuit is over, if this ended it. Who broke the
    /// rules is told.
    pub(crate) fn on_message(&self, message: Message) -> Option<Over> {
        let mut state = self.state();
        if state.end.over().is_some() {
            return None;
        }
        let heard = match message {
            Message::CircuitAnswer(answer) => state.end.on_answer(answer.refused),
            Message::CircuitData(data) => state.end.on_data(&data.bytes),
            Message::CircuitCredit(credit) => state.end.on_credit(credit.bytes),
            Message::CircuitClose(close) => {
                state.end.end(Over::Closed(close.why));
                Ok(())
            }
            // Opened twice, or no record of circuits at all.
            _ => Err(state.end.fault()),
        };
        state.wake();
        if let Err(Beyond) = heard {
            let _ = (self.offer)(Class::Control, self.close(CircuitEnd::Fault));
        }
        state.end.over()
    }

    /// Ends the circuit from this side of the carrier; whether it was not over yet.
    pub(crate) fn end(&self, over: Over) -> bool {
        let mut state = self.state();
        let first = state.end.over().is_none();
        state.end.end(over);
        state.wake();
        first
    }

    /// Ends a circuit that nobody has answered for; whether it was one.
    pub(crate) fn give_up(&self) -> bool {
        if !self.state().end.is_calling() || !self.end(Over::Unanswered) {
            return false;
        }
        let _ = (self.offer)(Class::Control, self.close(CircuitEnd::Done));
        true
    }

    /// The carrier's link has room again.
    pub(crate) fn on_drained(&self) {
        if let Some(writer) = self.state().writer.take() {
            writer.wake();
        }
    }

    fn poll_read(&self, waking: &Context<'_>, input: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let mut state = self.state();
        match state.end.read(input.initialize_unfilled()) {
            Read::Bytes(read) => {
                input.advance(read);
                let credit = state.end.due().map(|bytes| Message::CircuitCredit(CircuitCredit { id: self.id, bytes }));
                // A link that takes no more control is about to end.
                if let Some(credit) = credit
                    && (self.offer)(Class::Control, credit).is_ok()
                {
                    state.end.returned();
                }
                Poll::Ready(Ok(()))
            }
            Read::Nothing => {
                state.reader = Some(waking.waker().clone());
                Poll::Pending
            }
            Read::End => Poll::Ready(Ok(())),
            Read::Broken(over) => Poll::Ready(Err(over.into())),
        }
    }

    /// Sends what credit and the carrier's link have room for.
    fn poll_write(&self, waking: &Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let mut state = self.state();
        let mut written: usize = 0;
        loop {
            let credit = match state.end.may_send() {
                Ok(credit) => credit,
                Err(over) => return Poll::Ready(Err(io::Error::new(io::ErrorKind::BrokenPipe, over))),
            };
            let rest = bytes.get(written..).unwrap_or_default();
            let piece = rest.get(..rest.len().min(credit).min(MAX_CIRCUIT_DATA)).unwrap_or_default();
            let refused = piece.is_empty()
                || (self.offer)(Class::Bulk, Message::CircuitData(CircuitData { id: self.id, bytes: piece.to_vec() })).is_err();
            if refused {
                break;
            }
            state.end.sent(piece.len());
            written = written.saturating_add(piece.len());
        }
        if written == 0 && !bytes.is_empty() {
            state.writer = Some(waking.waker().clone());
            return Poll::Pending;
        }
        Poll::Ready(Ok(written))
    }

    /// Closes after all that was written. Nothing can be written then, nor does anything come.
    fn poll_shutdown(&self, waking: &Context<'_>) -> Poll<io::Result<()>> {
        let mut state = self.state();
        // In the queue of what was written, else it would overtake that.
        if state.end.over().is_none() && (self.offer)(Class::Bulk, self.close(CircuitEnd::Done)).is_err() {
            state.writer = Some(waking.waker().clone());
            return Poll::Pending;
        }
        state.end.end(Over::Closed(CircuitEnd::Done));
        Poll::Ready(Ok(()))
    }

    fn leave(&self) {
        let mut state = self.state();
        if state.end.over().is_some() {
            return;
        }
        state.end.end(Over::Closed(CircuitEnd::Done));
        // Without room behind what was written, what is on its way is not waited for.
        if (self.offer)(Class::Bulk, self.close(CircuitEnd::Done)).is_err() {
            let _ = (self.offer)(Class::Control, self.close(CircuitEnd::Gone));
        }
    }

    fn close(&self, why: CircuitEnd) -> Message {
        Message::CircuitClose(CircuitClose { id: self.id, why })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn wake(&mut self) {
        self.reader.take().into_iter().chain(self.writer.take()).for_each(Waker::wake);
    }
}

/// See the module's header. Dropping it closes the circuit.
pub(crate) struct CircuitStream {
    pipe: Arc<Pipe>,
}

impl CircuitStream {
    pub(crate) fn new(pipe: Arc<Pipe>) -> Self {
        Self { pipe }
    }
}

impl fmt::Debug for CircuitStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CircuitStream({})", self.pipe.id)
    }
}

impl Drop for CircuitStream {
    fn drop(&mut self) {
        self.pipe.leave();
    }
}

impl AsyncRead for CircuitStream {
    fn poll_read(self: Pin<&mut Self>, waking: &mut Context<'_>, input: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        self.pipe.poll_read(waking, input)
    }
}

impl AsyncWrite for CircuitStream {
    fn poll_write(self: Pin<&mut Self>, waking: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.pipe.poll_write(waking, bytes)
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, waking: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.pipe.poll_shutdown(waking)
    }
}
