//! One task per link, for both directions.
//!
//! It keeps no read buffer (a scratch per thread serves all links) and no write buffer unless the
//! socket is full, so that an idle link costs its keys and its sockets. It needs no timer: the
//! driver watches all links at once (`watch.rs`). Socket and cipher lie where others can write as
//! well (`line.rs`).

use std::cell::RefCell;
use std::collections::VecDeque;
use std::convert::Infallible;
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context as Waking, Poll};
use std::time::{Duration, Instant};

use identity::PeerId;
use tokio::io::ReadBuf;
use tokio::sync::mpsc::error::{SendError, TrySendError};
use tokio::sync::mpsc::{OwnedPermit, Sender};
use tokio::time::{Sleep, sleep};
use tracing::{debug, trace};
use wire::limits::{FRAME_HEADER, MAX_FRAME};
use wire::{Bye, Class, FrameReader, Message, Role};

use crate::allowance::Allowance;
use crate::context::Context;
use crate::event::{Event, LinkId, LinkUp};
use crate::farewell;
use crate::greeting::{Arrival, decode};
use crate::line::Line;
use crate::outbox::{CLASSES, End, NoLine, Orders, Outbox, Shared, Taken};
use crate::reason::Reason;
use crate::report::Report;

/// Rounds of reading and writing before other tasks of the thread get a turn.
const ROUNDS: usize = 16;
/// Messages told at once. One read may bring two thousand questions; between these parts the node
/// turns to others.
const MAX_TOLD: usize = 128;

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
    peer: PeerId,
    reader: FrameReader,
    /// Not told yet; nothing is read before.
    up: Option<Box<LinkUp>>,
    /// Received and not told yet; nothing more is read before, so that TCP slows the other side
    /// down.
    messages: VecDeque<Message>,
    /// Leave to tell them.
    taken: Option<Taken>,
    /// Read together with the greeting.
    rest: Vec<u8>,
    drained: bool,
    /// Waits for room in the node's queue.
    permit: Option<Permit>,
    allowance: Allowance,
    /// So many of the messages are paid for.
    paid: usize,
    /// Said too much: nothing is told, nor read, before.
    resting: Option<Pin<Box<Sleep>>>,
    ping: Option<(u64, Instant)>,
    _alive: Sender<Infallible>,
}

type Permit = Pin<Box<dyn Future<Output = Result<OwnedPermit<Event>, SendError<()>>> + Send>>;

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

impl From<NoLine> for Over {
    fn from(_: NoLine) -> Self {
        Self::silently(Reason::Lost)
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
    pub(crate) fn new(context: Arc<Context>, shared: Arc<Shared>, id: LinkId, arrival: Arrival, alive: Sender<Infallible>) -> Box<Self> {
        let Arrival { stream, remote, session, hello, reader, messages, rest } = arrival;
        let outbox = Outbox::new(shared.clone());
        let allowance = Allowance::new(&context.limits.talk, context.clock.tick());
        shared.connect(Line::new(stream, session.transport, context.clock));
        let up = LinkUp { peer: session.peer, link: id, role: session.role, remote, hash: session.hash, hello, outbox, asked: None };
        Box::new(Self {
            context,
            shared,
            id,
            peer: session.peer,
            reader,
            up: Some(Box::new(up)),
            messages: messages.into(),
            taken: None,
            rest,
            drained: false,
            permit: None,
            allowance,
            paid: 0,
            resting: None,
            ping: None,
            _alive: alive,
        })
    }

    pub(crate) fn peer(&self) -> PeerId {
        self.peer
    }

    pub(crate) fn shared(&self) -> &Arc<Shared> {
        &self.shared
    }

    /// Which side this is; known until the link is told.
    pub(crate) fn role(&self) -> Option<Role> {
        self.up.as_ref().map(|up| up.role)
    }

    /// Which dial this link answers.
    pub(crate) fn set_asked(&mut self, asked: Option<crate::DialId>) {
        if let Some(up) = &mut self.up {
            up.asked = asked;
        }
    }

    /// Ends a link that never ran.
    pub(crate) async fn turn_away(self: Box<Self>, bye: Bye) {
        let Some(line) = self.shared.close() else { return };
        let (stream, words) = line.part(bye);
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
        self.drained |= orders.drained;
        if orders.ping {
            self.send_ping();
        }
        let told = self.tell(waking)?;
        let read = self.read(waking)?;
        let written = self.write(waking)?;
        Ok(orders != Orders::default() || told || read || written)
    }

    /// Passes one event to the node, if one waits and there is room.
    fn tell(&mut self, waking: &mut Waking<'_>) -> Result<bool, Over> {
        if self.up.is_none() && self.messages.is_empty() && !self.drained {
            return Ok(false);
        }
        if self.up.is_none() && !self.messages.is_empty() && !self.pay(waking) {
            return Ok(false);
        }
        // Only reads are counted, and only one waits at a time.
        if self.taken.is_none() && self.up.is_none() && !self.messages.is_empty() {
            self.taken = self.shared.poll_untaken(waking);
            if self.taken.is_none() {
                return Ok(false);
            }
        }
        if let Some(permit) = &mut self.permit {
            let Poll::Ready(permit) = permit.as_mut().poll(waking) else { return Ok(false) };
            self.permit = None;
            self.shared.set_deaf(false);
            let permit = permit.map_err(|_| Over::saying(Bye::Shutdown))?;
            if let Some(event) = self.next_event() {
                permit.send(event);
            }
            return Ok(true);
        }
        let context = self.context.clone();
        match context.events.try_reserve() {
            Ok(permit) => {
                if let Some(event) = self.next_event()
                    && let Err(event) = self.prompt(event)
                {
                    permit.send(event);
                }
            }
            Err(TrySendError::Full(())) => {
                self.shared.set_deaf(true);
                self.permit = Some(Box::pin(context.events.clone().reserve_owned()));
            }
            Err(TrySendError::Closed(())) => return Err(Over::saying(Bye::Shutdown)),
        }
        Ok(true)
    }

    /// Offers what was read alone; nothing else of this link may be on its way to the node, else it
    /// would come before that.
    fn prompt(&self, event: Event) -> Result<(), Event> {
        match (&self.context.prompt, &event) {
            (Some(prompt), Event::Received { messages, .. })
                if messages.len() == 1 && self.messages.is_empty() && self.shared.is_welcome() && self.shared.untaken() == 1 =>
            {
                (prompt.0)(event)
            }
            _ => Err(event),
        }
    }

    fn next_event(&mut self) -> Option<Event> {
        let (peer, link) = (self.peer, self.id);
        if let Some(up) = self.up.take() {
            return Some(Event::LinkUp(up));
        }
        if !self.messages.is_empty() {
            // Of a link that is over the rest is told unpaid.
            let part = match std::mem::take(&mut self.paid) {
                0 => MAX_TOLD,
                paid => paid,
            };
            // The last part takes the room with it: an idle link keeps none.
            let rest = self.messages.split_off(self.messages.len().min(part));
            return Some(Event::Received {
                peer,
                link,
                messages: std::mem::replace(&mut self.messages, rest).into(),
                taken: self.taken.take().unwrap_or_default(),
            });
        }
        std::mem::take(&mut self.drained).then_some(Event::Drained { peer, link })
    }

    /// Whether the next messages are paid for. If not, time that passes wakes the task.
    fn pay(&mut self, waking: &mut Waking<'_>) -> bool {
        while self.paid == 0 {
            if let Some(resting) = &mut self.resting {
                if resting.as_mut().poll(waking).is_pending() {
                    return false;
                }
                self.resting = None;
            }
            let (talk, now) = (&self.context.limits.talk, self.context.clock.tick());
            self.paid = self.allowance.pay(talk, self.messages.iter().take(MAX_TOLD), now);
            if self.paid == 0 {
                let wait = self.allowance.wait(talk);
                debug!(wait, "too much talk");
                self.resting = Some(Box::pin(sleep(Duration::from_millis(wait))));
            }
        }
        true
    }

    /// Reads once, unless the node has not taken what was read before.
    fn read(&mut self, waking: &mut Waking<'_>) -> Result<bool, Over> {
        let read = self.read_messages(waking)?;
        if read
            && !self.messages.is_empty()
            && let Some(inspect) = &self.context.inspect
            && self.shared.is_welcome()
        {
            (inspect.0)(self.messages.make_contiguous());
        }
        Ok(read)
    }

    fn read_messages(&mut self, waking: &mut Waking<'_>) -> Result<bool, Over> {
        if self.up.is_some() || !self.messages.is_empty() {
            return Ok(false);
        }
        SCRATCH.with_borrow_mut(|scratch| {
            if !self.rest.is_empty() {
                let rest = std::mem::take(&mut self.rest);
                self.take(&rest, &mut scratch.plaintext)?;
                return Ok(true);
            }
            let mut input = ReadBuf::new(&mut scratch.input);
            match self.shared.with_line(|line| line.poll_read(waking, &mut input))? {
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
            self.shared.with_line(|line| line.open(body, plaintext))?.map_err(|fault| protocol(&fault))?;
            self.shared.set_heard(self.context.clock.tick());
            let messages = decode(plaintext).map_err(|fault| protocol(&fault))?;
            trace!(bytes = body.len(), messages = messages.len(), "frame in");
            for message in messages {
                match message {
                    Message::Ping(token) => self.send(&Message::Pong(token)),
                    Message::Pong(token) => self.on_pong(token),
                    Message::Bye(bye) => return Err(Over::silently(Reason::of_bye(bye))),
                    Message::Hello(_) => return Err(protocol(&"a second Hello")),
                    other => self.messages.push_back(other),
                }
            }
        }
        Ok(())
    }

    /// Writes once: what the socket did not take last time, or else what waits in the queues.
    fn write(&mut self, waking: &mut Waking<'_>) -> Result<bool, Over> {
        let written = self.shared.with_line(|line| {
            if line.is_free() {
                return line.write(&self.shared, &CLASSES);
            }
            match line.poll_write_rest(waking, &self.shared) {
                Poll::Ready(result) => result.map(|()| true),
                Poll::Pending => Ok(false),
            }
        });
        written?.map_err(Over::silently)
    }

    fn send_ping(&mut self) {
        let token = rand::random();
        self.ping = Some((token, Instant::now()));
        self.send(&Message::Ping(token));
    }

    fn on_pong(&mut self, token: u64) {
        if let Some((_, asked)) = self.ping.take_if(|(asked, _)| *asked == token) {
            self.shared.set_rtt(asked.elapsed());
        }
    }

    /// A full queue is noted there, and ends the link on the next turn.
    fn send(&self, message: &Message) {
        let _ = Outbox::new(self.shared.clone()).offer(Class::Control, message.encode());
    }

    async fn part(mut self: Box<Self>, over: Over) {
        let line = self.shared.close();
        let parting = over.bye.and_then(|bye| line.map(|line| line.part(bye)));
        // Said before the node hears of the end, if the socket takes it.
        let parting = parting.map(|(stream, mut words)| {
            let taken = stream.try_write(&words).unwrap_or(0);
            words.drain(..taken);
            (stream, words)
        });
        let down = Event::LinkDown { peer: self.peer, link: self.id, reason: over.reason };
        if over.bye == Some(Bye::Shutdown) {
            // Nobody may be listening any more.
            let _ = self.context.events.try_send(down);
        } else {
            self.drained = false;
            while let Some(event) = self.next_event() {
                let _ = self.context.events.send(event).await;
            }
            let _ = self.context.events.send(down).await;
            let _ = self.context.reports.send(Report::Ended(self.peer, self.id, over.reason)).await;
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
