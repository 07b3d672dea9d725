//! One task per link, for both directions.
//!
//! It keeps no read buffer (a scratch per thread serves all links) and no write buffer unless the
//! socket is full, so that an idle link costs its keys and its sockets. It needs no timer: the
//! driver watches all links at once (`liveness.rs`). Stream and cipher lie where senders can write
//! too (`cipher_stream.rs`). What was read goes to the node by way of `delivery.rs`.

#![cfg_attr(not(test), warn(clippy::indexing_slicing, clippy::arithmetic_side_effects))]

use std::cell::RefCell;
use std::convert::Infallible;
use std::future::poll_fn;
use std::sync::Arc;
use std::task::{Context as Waking, Poll};
use std::time::Instant;

use identity::PeerId;
use tokio::io::ReadBuf;
use tokio::sync::mpsc::Sender;
use tracing::{debug, trace};
use wire::limits::{FRAME_HEADER, MAX_FRAME};
use wire::{Bye, Class, FrameReader, Message, Role};

use crate::allowance::Allowance;
use crate::arrival::Arrival;
use crate::cipher_stream::CipherStream;
use crate::circuit::{Line, circuit_of};
use crate::context::Context;
use crate::delivery::{Delivery, NodeGone};
use crate::event::{DialId, LinkId, LinkUp};
use crate::farewell;
use crate::greeting::decode;
use crate::mailbox::{End, Orders};
use crate::outbox::{CLASSES, LinkOver, Outbox, Shared};
use crate::path::Rank;
use crate::reach::{Bucket, LinkView, TALK, is_about_reach};
use crate::reason::Reason;
use crate::report::Report;

/// Rounds of reading and writing before other tasks of the thread get a turn.
const ROUNDS: usize = 16;

thread_local! {
    static SCRATCH: RefCell<Scratch> = RefCell::new(Scratch::new());
}

/// Room for one read and one plaintext.
struct Scratch {
    input: Vec<u8>,
    plaintext: Vec<u8>,
}

impl Scratch {
    fn new() -> Self {
        Self { input: vec![0; FRAME_HEADER + MAX_FRAME], plaintext: Vec::new() }
    }
}

/// A link that runs, or is about to.
pub(crate) struct Link {
    context: Arc<Context>,
    shared: Arc<Shared>,
    id: LinkId,
    role: Role,
    /// No circuit, so that it can carry some.
    direct: bool,
    /// What it may still say about reaching each other; more is not heard.
    reach_talk: Bucket,
    reader: FrameReader,
    delivery: Delivery,
    /// Read together with the greeting.
    rest: Vec<u8>,
    ping: Option<(u64, Instant)>,
    _alive: Sender<Infallible>,
}

/// How a link ended.
#[derive(Clone, Copy, Debug)]
struct Over {
    reason: Reason,
    /// To be said to the other side.
    bye: Option<Bye>,
}

impl Over {
    fn silently(reason: Reason) -> Self {
        Self { reason, bye: None }
    }

    fn saying(bye: Bye) -> Self {
        Self { reason: Reason::of_bye(bye), bye: Some(bye) }
    }
}

impl From<LinkOver> for Over {
    fn from(_: LinkOver) -> Self {
        Self::silently(Reason::Lost)
    }
}

impl From<NodeGone> for Over {
    fn from(_: NodeGone) -> Self {
        Self::saying(Bye::Shutdown)
    }
}

impl From<End> for Over {
    fn from(end: End) -> Self {
        match end {
            End::Say(bye) => Self::saying(bye),
            End::Stalled => Self::silently(Reason::TooSlow),
            End::Silent => Self::silently(Reason::Silent),
            End::Broken(reason) => Self::silently(reason),
        }
    }
}

impl Link {
    /// Takes a peer that may stay. `alive` is held until the last byte is gone.
    pub(crate) fn new(
        context: Arc<Context>,
        shared: Arc<Shared>,
        id: LinkId,
        arrival: Arrival,
        came_in: bool,
        alive: Sender<Infallible>,
    ) -> Box<Self> {
        let Arrival { stream, path, session, hello, reader, mut messages, rest } = arrival;
        // Of circuits and ways nothing can have been said to whom was not yet greeted.
        messages.retain(|message| circuit_of(message).is_none() && !is_about_reach(message));
        let (role, direct) = (session.role, path.rank() != Rank::Circuit);
        let outbox = Outbox::new(shared.clone());
        let allowance = Allowance::new(&context.limits.talk, context.time.tick());
        shared.connect(CipherStream::new(stream, session.cipher, context.time));
        let up = LinkUp { peer: session.peer, link: id, role: session.role, path, came_in, hash: session.hash, hello, outbox, asked: None };
        let delivery = Delivery::new(up, messages, allowance);
        Box::new(Self {
            context,
            shared,
            id,
            role,
            direct,
            reach_talk: Bucket::default(),
            reader,
            delivery,
            rest,
            ping: None,
            _alive: alive,
        })
    }

    pub(crate) fn peer(&self) -> PeerId {
        self.delivery.peer()
    }

    pub(crate) fn shared(&self) -> &Arc<Shared> {
        &self.shared
    }

    /// Which side this is; known until the link is told.
    pub(crate) fn role(&self) -> Option<Role> {
        self.delivery.role()
    }

    /// The link as those see it who look for ways; known until the link is told.
    pub(crate) fn view(&self) -> Option<LinkView> {
        self.delivery.up().map(|up| LinkView::new(self.id, up.path, up.role, &up.hash))
    }

    /// Which dial this link answers.
    pub(crate) fn set_asked(&mut self, asked: Option<DialId>) {
        self.delivery.set_asked(asked);
    }

    /// Ends a link that never ran.
    pub(crate) async fn turn_away(self: Box<Self>, bye: Bye) {
        let Some(stream) = self.shared.close() else { return };
        let (stream, words) = stream.part(bye);
        farewell::linger(stream, &words, &self.context.times).await;
    }

    /// Runs until the link is over, and tells so.
    pub(crate) async fn run(mut self: Box<Self>) {
        let over = poll_fn(|waking| self.poll(waking)).await;
        debug!(reason = ?over.reason, bye = ?over.bye, "link over");
        // Apart, so that an idle link does not pay for the room that parting takes.
        Box::pin(self.part(over)).await;
    }

    fn poll(&mut self, waking: &mut Waking<'_>) -> Poll<Over> {
        for _ in 0..ROUNDS {
            match self.turn(waking) {
                Err(over) => return Poll::Ready(over),
                Ok(false) => return Poll::Pending,
                Ok(true) => {}
            }
        }
        waking.waker().wake_by_ref();
        Poll::Pending
    }

    /// Does a bit of everything that can be done; whether there was anything. If not, whatever
    /// changes that wakes the task.
    fn turn(&mut self, waking: &mut Waking<'_>) -> Result<bool, Over> {
        let orders = self.shared.poll_orders(waking);
        if let Some(end) = orders.end {
            return Err(end.into());
        }
        if orders.drained {
            self.delivery.set_drained();
            self.context.switchboard.on_drained(self.id);
        }
        if orders.ping {
            self.send_ping();
        }
        let told = self.delivery.tell(&self.context, &self.shared, waking)?;
        let read = self.read(waking)?;
        let written = self.write(waking)?;
        Ok(orders != Orders::default() || told || read || written)
    }

    /// Reads once, unless the node has not taken what was read before.
    fn read(&mut self, waking: &mut Waking<'_>) -> Result<bool, Over> {
        let read = self.read_messages(waking)?;
        if read
            && !self.delivery.is_done()
            && let Some(inspect) = &self.context.inspect
            && self.shared.mailbox.is_welcome()
        {
            (inspect.0)(self.delivery.messages());
        }
        Ok(read)
    }

    fn read_messages(&mut self, waking: &mut Waking<'_>) -> Result<bool, Over> {
        if !self.delivery.is_done() {
            return Ok(false);
        }
        SCRATCH.with_borrow_mut(|scratch| {
            if !self.rest.is_empty() {
                let rest = std::mem::take(&mut self.rest);
                self.take(&rest, &mut scratch.plaintext)?;
                return Ok(true);
            }
            let mut input = ReadBuf::new(&mut scratch.input);
            match self.shared.with_stream(|stream| stream.poll_read(waking, &mut input))? {
                Poll::Pending => Ok(false),
                Poll::Ready(Err(error)) => Err(Over::silently(Reason::of_io(&error))),
                Poll::Ready(Ok(())) if input.filled().is_empty() => Err(Over::silently(Reason::Lost)),
                Poll::Ready(Ok(())) => {
                    self.take(input.filled(), &mut scratch.plaintext)?;
                    Ok(true)
                }
            }
        })
    }

    /// Opens the frames that `input` completes and acts on what is in them.
    fn take(&mut self, mut input: &[u8], plaintext: &mut Vec<u8>) -> Result<(), Over> {
        let protocol = |fault: &dyn std::fmt::Display| {
            debug!(%fault, "broke the protocol");
            Over::saying(Bye::Protocol)
        };
        while let Some(body) = self.reader.next(&mut input).map_err(|fault| protocol(&fault))? {
            self.shared.with_stream(|stream| stream.open(body, plaintext))?.map_err(|fault| protocol(&fault))?;
            self.shared.mailbox.set_heard(self.context.time.tick());
            let messages = decode(plaintext).map_err(|fault| protocol(&fault))?;
            trace!(bytes = body.len(), messages = messages.len(), "frame in");
            for message in messages {
                match message {
                    Message::Ping(token) => self.send(&Message::Pong(token)),
                    Message::Pong(token) => self.on_pong(token),
                    Message::Bye(bye) => return Err(Over::silently(Reason::of_bye(bye))),
                    Message::Hello(_) => return Err(protocol(&"a second Hello")),
                    other if circuit_of(&other).is_some() => self.context.switchboard.on_message(&self.line(), other),
                    other if is_about_reach(&other) => self.report(other),
                    other => self.delivery.push(other),
                }
            }
        }
        Ok(())
    }

    /// Writes once: what the socket did not take last time, or else what waits in the queues.
    fn write(&mut self, waking: &mut Waking<'_>) -> Result<bool, Over> {
        let written = self.shared.with_stream(|stream| {
            if stream.is_free() {
                return stream.write(&self.shared.mailbox, &CLASSES);
            }
            match stream.poll_write_rest(waking, &self.shared.mailbox) {
                Poll::Ready(result) => result.map(|()| true),
                Poll::Pending => Ok(false),
            }
        });
        written?.map_err(Over::silently)
    }

    /// Passes on to the driver what is about reaching each other. The driver has more to do than to
    /// hear it: what finds no room is lost, and whoever waits for an answer asks another.
    fn report(&mut self, message: Message) {
        if self.reach_talk.take(&TALK, self.context.time.tick()) {
            let _ = self.context.reports.try_send(Report::Reach(self.peer(), self.id, message));
        }
    }

    fn line(&self) -> Line {
        Line::new(self.id, self.peer(), self.role, self.direct, &self.shared)
    }

    fn send_ping(&mut self) {
        let token = rand::random();
        self.ping = Some((token, Instant::now()));
        self.send(&Message::Ping(token));
    }

    fn on_pong(&mut self, token: u64) {
        if let Some((_, asked)) = self.ping.take_if(|(asked, _)| *asked == token) {
            self.shared.mailbox.set_rtt(asked.elapsed());
        }
    }

    /// A full queue is noted there, and ends the link on the next turn.
    fn send(&self, message: &Message) {
        let _ = Outbox::new(self.shared.clone()).offer(Class::Control, message.encode());
    }

    async fn part(mut self: Box<Self>, over: Over) {
        let stream = self.shared.close();
        self.context.switchboard.link_down(self.id);
        let parting = over.bye.and_then(|bye| stream.map(|stream| stream.part(bye)));
        // Said before the node hears of the end, if the socket takes it.
        let parting = parting.map(|(mut stream, mut words)| {
            let taken = stream.try_write(&words).unwrap_or(0);
            words.drain(..taken);
            (stream, words)
        });
        if over.bye == Some(Bye::Shutdown) {
            // The node may be gone.
            let _ = self.context.events.try_send(self.delivery.down(over.reason));
        } else {
            self.delivery.tell_rest(&self.context, over.reason).await;
            let _ = self.context.reports.send(Report::Ended(self.peer(), self.id, over.reason)).await;
        }
        if let Some((stream, words)) = parting {
            farewell::linger(stream, &words, &self.context.times).await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// With `Shared`, most of what this crate adds to socket and keys; `tests/idle.rs` measures the
    /// whole.
    #[test]
    fn an_idle_links_task_is_small() {
        fn size_of_future<F: Future>(_: fn(Box<Link>) -> F) -> usize {
            size_of::<F>()
        }
        assert!(size_of_future(Link::run) <= 64, "{} bytes", size_of_future(Link::run));
        assert!(size_of::<Link>() <= 384, "{} bytes", size_of::<Link>());
    }
}
