//! From a link to the node: that it came up, what was read, that a queue drained. One event at a
//! time, when the node has room for it and the talk is paid for.

#![cfg_attr(not(test), warn(clippy::indexing_slicing, clippy::arithmetic_side_effects))]

use std::collections::VecDeque;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context as Waking, Poll};
use std::time::Duration;

use identity::PeerId;
use tokio::sync::mpsc::OwnedPermit;
use tokio::sync::mpsc::error::{SendError, TrySendError};
use tokio::time::{Sleep, sleep};
use tracing::debug;
use wire::{Message, Role};

use crate::allowance::Allowance;
use crate::context::Context;
use crate::event::{DialId, Event, LinkId, LinkUp};
use crate::outbox::{Shared, Taken};
use crate::reason::Reason;

/// Messages told at once. One read may bring two thousand questions; between these parts the node
/// turns to others.
const MAX_TOLD: usize = 128;

/// What a link has not told its node yet.
pub(crate) struct Delivery {
    peer: PeerId,
    link: LinkId,
    /// Not told yet; nothing is read before.
    up: Option<Box<LinkUp>>,
    /// Received and not told yet; nothing more is read before, so that TCP slows the other side
    /// down.
    messages: VecDeque<Message>,
    /// Leave to tell them.
    taken: Option<Taken>,
    drained: bool,
    /// Waits for room in the node's queue.
    permit: Option<Permit>,
    allowance: Allowance,
    /// So many of the messages are paid for.
    paid: usize,
    /// Said too much: nothing is told, nor read, before.
    resting: Option<Pin<Box<Sleep>>>,
}

type Permit = Pin<Box<dyn Future<Output = Result<OwnedPermit<Event>, SendError<()>>> + Send>>;

/// The node takes no more events.
pub(crate) struct NodeGone;

impl Delivery {
    /// Begins with a link that came up, and what was read together with the greeting.
    pub(crate) fn new(up: LinkUp, messages: Vec<Message>, allowance: Allowance) -> Self {
        Self {
            peer: up.peer,
            link: up.link,
            up: Some(Box::new(up)),
            messages: messages.into(),
            taken: None,
            drained: false,
            permit: None,
            allowance,
            paid: 0,
            resting: None,
        }
    }

    pub(crate) fn peer(&self) -> PeerId {
        self.peer
    }

    /// Which side this is; known until the link is told.
    pub(crate) fn role(&self) -> Option<Role> {
        self.up.as_ref().map(|up| up.role)
    }

    /// What there is to tell of a link that came up, until it is told.
    pub(crate) fn up(&self) -> Option<&LinkUp> {
        self.up.as_deref()
    }

    /// Which dial this link answers.
    pub(crate) fn set_asked(&mut self, asked: Option<DialId>) {
        if let Some(up) = &mut self.up {
            up.asked = asked;
        }
    }

    /// A queue has room again.
    pub(crate) fn set_drained(&mut self) {
        self.drained = true;
    }

    /// Takes a message that was read.
    pub(crate) fn push(&mut self, message: Message) {
        self.messages.push_back(message);
    }

    /// Whether the node has been told of everything that was read.
    pub(crate) fn is_done(&self) -> bool {
        self.up.is_none() && self.messages.is_empty()
    }

    /// What was read and is not told yet.
    pub(crate) fn messages(&mut self) -> &[Message] {
        self.messages.make_contiguous()
    }

    /// Passes one event to the node, if one waits and there is room; whether there was anything to
    /// do. If not, the task is woken when there is.
    pub(crate) fn tell(&mut self, context: &Context, shared: &Arc<Shared>, waking: &mut Waking<'_>) -> Result<bool, NodeGone> {
        let only_messages = self.up.is_none() && !self.messages.is_empty();
        if self.is_done() && !self.drained {
            return Ok(false);
        }
        if only_messages && !self.pay(context, waking) {
            return Ok(false);
        }
        // Only reads are counted, and only one waits at a time.
        if only_messages && self.taken.is_none() {
            self.taken = shared.poll_untaken(waking);
            if self.taken.is_none() {
                return Ok(false);
            }
        }
        if let Some(permit) = &mut self.permit {
            let Poll::Ready(permit) = permit.as_mut().poll(waking) else { return Ok(false) };
            self.permit = None;
            shared.mailbox.set_deaf(false);
            let permit = permit.map_err(|_| NodeGone)?;
            if let Some(event) = self.next_event() {
                permit.send(event);
            }
            return Ok(true);
        }
        match context.events.try_reserve() {
            Ok(permit) => {
                if let Some(event) = self.next_event()
                    && let Err(event) = self.offer(event, context, shared)
                {
                    permit.send(event);
                }
            }
            Err(TrySendError::Full(())) => {
                shared.mailbox.set_deaf(true);
                self.permit = Some(Box::pin(context.events.clone().reserve_owned()));
            }
            Err(TrySendError::Closed(())) => return Err(NodeGone),
        }
        Ok(true)
    }

    /// Tells all that is left, and then that the link is over. What waits in queues no longer
    /// matters.
    pub(crate) async fn tell_rest(&mut self, context: &Context, reason: Reason) {
        self.drained = false;
        while let Some(event) = self.next_event() {
            let _ = context.events.send(event).await;
        }
        let _ = context.events.send(self.down(reason)).await;
    }

    /// That the link is over.
    pub(crate) fn down(&self, reason: Reason) -> Event {
        Event::LinkDown { peer: self.peer, link: self.link, reason }
    }

    /// Offers what was read alone; nothing else of this link may be on its way to the node, else it
    /// would come before that.
    fn offer(&self, event: Event, context: &Context, shared: &Shared) -> Result<(), Event> {
        match (&context.fast_receive, &event) {
            (Some(fast_receive), Event::Received { messages, .. })
                if messages.len() == 1 && self.messages.is_empty() && shared.mailbox.is_welcome() && shared.mailbox.untaken() == 1 =>
            {
                (fast_receive.0)(event)
            }
            _ => Err(event),
        }
    }

    fn next_event(&mut self) -> Option<Event> {
        let (peer, link) = (self.peer, self.link);
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
    fn pay(&mut self, context: &Context, waking: &mut Waking<'_>) -> bool {
        while self.paid == 0 {
            if let Some(resting) = &mut self.resting {
                if resting.as_mut().poll(waking).is_pending() {
                    return false;
                }
                self.resting = None;
            }
            let (talk, now) = (&context.limits.talk, context.time.tick());
            self.paid = self.allowance.pay(talk, self.messages.iter().take(MAX_TOLD), now);
            if self.paid == 0 {
                let wait = self.allowance.wait(talk);
                debug!(wait, "too much talk");
                self.resting = Some(Box::pin(sleep(Duration::from_millis(wait))));
            }
        }
        true
    }
}
