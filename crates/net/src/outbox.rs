//! The way to one peer: records go into the mailbox of its link, or straight to the socket.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Context;

use wire::{Class, Record};

use crate::cipher_stream::CipherStream;
use crate::limits::Limits;
use crate::mailbox::{End, Mailbox, Orders};
use crate::queues::Full;

/// Drained in this order.
pub(crate) const CLASSES: [Class; 3] = [Class::Control, Class::Live, Class::Bulk];
/// What a sender writes itself. A frame full of bulk would take longer than the sender has.
const WRITTEN_AT_ONCE: [Class; 2] = [Class::Control, Class::Live];

/// Hands encoded messages to one link, without ever waiting.
#[derive(Clone)]
pub struct Outbox {
    shared: Arc<Shared>,
}

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
        self.shared.mailbox.push(class, record)?;
        self.shared.mailbox.wake();
        Ok(())
    }

    /// As [`Outbox::offer`], and the caller writes it to the socket, if that has room and no other
    /// task is writing: it is on its way before this returns, and no other task has to wake first.
    /// Costs the caller a system call; for what a person waits for.
    pub fn send_now(&self, class: Class, record: Record) -> Result<(), Full> {
        self.shared.mailbox.push(class, record)?;
        if !self.shared.write_now() {
            self.shared.mailbox.wake();
        }
        Ok(())
    }

    /// Whether a record of so many bytes would be taken. If not, an
    /// [`Event::Drained`](crate::Event::Drained) tells when half of that queue is free again.
    pub fn has_room(&self, class: Class, bytes: usize) -> bool {
        self.shared.mailbox.has_room(class, bytes)
    }

    /// Bytes that wait in all three queues.
    pub fn waiting(&self) -> usize {
        self.shared.mailbox.waiting()
    }
}

impl fmt::Debug for Outbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Outbox({} B)", self.waiting())
    }
}

/// The link is over.
pub(crate) struct LinkOver;

/// What a link's task shares with those who send and those who watch.
pub(crate) struct Shared {
    pub(crate) mailbox: Mailbox,
    /// There while the link runs; locked before the mailbox. None in the hands of the simulator.
    stream: Mutex<Option<CipherStream>>,
}

impl Shared {
    pub(crate) fn new(limits: Arc<Limits>, now: u64) -> Self {
        Self { mailbox: Mailbox::new(limits, now), stream: Mutex::default() }
    }

    /// From now on a sender may write here.
    pub(crate) fn connect(&self, stream: CipherStream) {
        *self.stream() = Some(stream);
    }

    /// For the link's task: there is a stream until the link is over.
    pub(crate) fn with_stream<T>(&self, f: impl FnOnce(&mut CipherStream) -> T) -> Result<T, LinkOver> {
        self.stream().as_mut().map(f).ok_or(LinkOver)
    }

    /// See [`Mailbox::poll_orders`].
    pub(crate) fn poll_orders(&self, cx: &mut Context<'_>) -> Orders {
        let can_send = self.stream().as_ref().is_none_or(CipherStream::is_free);
        self.mailbox.poll_orders(can_send, cx)
    }

    /// Leave to tell the node of another read; if there is none, `cx` is woken when there is.
    pub(crate) fn poll_untaken(self: &Arc<Self>, cx: &mut Context<'_>) -> Option<Taken> {
        self.mailbox.poll_untaken(cx).then(|| Taken(Some(self.clone())))
    }

    /// Refuses everything from now on, and drops what waits. What is left is the stream.
    pub(crate) fn close(&self) -> Option<CipherStream> {
        self.mailbox.close();
        self.stream().take()
    }

    fn stream(&self) -> MutexGuard<'_, Option<CipherStream>> {
        self.stream.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Writes what waits, unless another task is at it. Whether nothing is left for the link's
    /// task.
    fn write_now(&self) -> bool {
        let Ok(mut stream) = self.stream.try_lock() else { return false };
        let Some(stream) = stream.as_mut() else { return false };
        match stream.write(&self.mailbox, &WRITTEN_AT_ONCE) {
            Ok(_) => stream.is_free() && self.mailbox.is_empty(),
            Err(reason) => {
                self.mailbox.order_end(End::Broken(reason));
                true
            }
        }
    }
}

/// Held by what a link has told of one read, until the node has dealt with it. A link passes on
/// only few reads at a time, so that one that brings much does not stand before the others.
/// [`Default`] belongs to no link.
#[derive(Default)]
pub struct Taken(Option<Arc<Shared>>);

impl Drop for Taken {
    fn drop(&mut self) {
        if let Some(shared) = &self.0 {
            shared.mailbox.set_taken();
        }
    }
}

impl fmt::Debug for Taken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Taken")
    }
}

#[cfg(test)]
mod tests;
