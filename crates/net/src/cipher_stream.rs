//! The socket of a link and the cipher on it. Whoever holds it may write: mostly the link's task,
//! now and then whoever says something.

use std::cell::RefCell;
use std::io;
use std::pin::Pin;
use std::task::{Context as Waking, Poll, ready};

use tokio::io::{AsyncRead, ReadBuf};
use tokio::net::TcpStream;
use tracing::trace;
use wire::frame::{pack_records, pad};
use wire::{Bye, Class, Message, OpenFault, Transport};

use crate::clock::Clock;
use crate::outbox::Shared;
use crate::reason::Reason;

thread_local! {
    static SCRATCH: RefCell<Scratch> = RefCell::default();
}

/// Room for one frame to write.
#[derive(Default)]
struct Scratch {
    plaintext: Vec<u8>,
    sealed: Vec<u8>,
}

/// It keeps no buffer unless the socket is full.
pub(crate) struct Line {
    stream: TcpStream,
    transport: Transport,
    clock: Clock,
    /// Sealed, and not taken by the socket yet.
    out: Vec<u8>,
    sent: usize,
}

impl Line {
    pub(crate) fn new(stream: TcpStream, transport: Transport, clock: Clock) -> Self {
        Self { stream, transport, clock, out: Vec::new(), sent: 0 }
    }

    /// The socket has taken everything that was sealed.
    pub(crate) fn is_free(&self) -> bool {
        self.out.is_empty()
    }

    /// Reads once into `input`.
    pub(crate) fn poll_read(&mut self, waking: &mut Waking<'_>, input: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        // Knows that the socket is empty after it gave less than there was room for, and does not
        // ask it again.
        Pin::new(&mut self.stream).poll_read(waking, input)
    }

    /// Opens the body of a frame.
    pub(crate) fn open(&mut self, body: &[u8], plaintext: &mut Vec<u8>) -> Result<(), OpenFault> {
        self.transport.open(body, plaintext)
    }

    /// Writes what waits in queues of these classes, at most one frame, if the socket has taken
    /// everything before; whether there was anything.
    pub(crate) fn write(&mut self, shared: &Shared, classes: &[Class]) -> Result<bool, Reason> {
        if !self.is_free() {
            return Ok(false);
        }
        SCRATCH.with_borrow_mut(|Scratch { plaintext, sealed }| {
            plaintext.clear();
            if shared.drain(classes, plaintext) {
                shared.set_drained();
            }
            if plaintext.is_empty() {
                return Ok(false);
            }
            pad(plaintext);
            sealed.clear();
            self.seal(plaintext, sealed)?;
            let taken = self.try_write(sealed)?;
            let rest = sealed.get(taken..).unwrap_or_default();
            trace!(bytes = sealed.len(), waiting = rest.len(), "frame out");
            if !rest.is_empty() {
                self.out = rest.to_vec();
                shared.set_stalled(self.clock.tick());
            }
            Ok(true)
        })
    }

    /// Goes on with what the socket did not take, as soon as it takes more.
    pub(crate) fn poll_write_rest(&mut self, waking: &mut Waking<'_>, shared: &Shared) -> Poll<Result<(), Reason>> {
        if let Err(error) = ready!(self.stream.poll_write_ready(waking)) {
            return Poll::Ready(Err(Reason::of_io(&error)));
        }
        let taken = match self.try_write(self.out.get(self.sent..).unwrap_or_default()) {
            Ok(taken) => taken,
            Err(reason) => return Poll::Ready(Err(reason)),
        };
        self.sent += taken;
        if taken > 0 {
            shared.set_moving();
        }
        if self.sent >= self.out.len() {
            self.out = Vec::new();
            self.sent = 0;
        } else {
            shared.set_stalled(self.clock.tick());
        }
        Poll::Ready(Ok(()))
    }

    /// The socket, and what is still to be written to it: a begun frame, and the reason for
    /// parting.
    pub(crate) fn part(mut self, bye: Bye) -> (TcpStream, Vec<u8>) {
        let mut words = self.out.split_off(self.sent.min(self.out.len()));
        let mut plaintext = Vec::new();
        pack_records([&*Message::Bye(bye).encode()], &mut plaintext);
        if self.seal(&plaintext, &mut words).is_err() {
            words.clear();
        }
        (self.stream, words)
    }

    /// Bytes that the socket took, 0 if it is full.
    fn try_write(&self, bytes: &[u8]) -> Result<usize, Reason> {
        match self.stream.try_write(bytes) {
            Ok(taken) => Ok(taken),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(0),
            Err(error) => Err(Reason::of_io(&error)),
        }
    }

    fn seal(&mut self, plaintext: &[u8], sealed: &mut Vec<u8>) -> Result<(), Reason> {
        self.transport.seal(plaintext, sealed).map_err(|fault| {
            tracing::error!(%fault, "a frame could not be sealed");
            Reason::Lost
        })
    }
}
