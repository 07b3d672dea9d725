//! The network without sockets, clocks or tasks: the real table and the real queues. The
//! simulator holds them and plays the sockets.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::task::{Context, Waker};
use std::time::Duration;

use identity::PeerId;
use tokio::sync::mpsc;
use wire::{Address, Bye, Hello, Role};

use crate::command::{Command, orders};
use crate::config::Config;
use crate::event::{DialId, Event, LinkId};
use crate::handle::Net;
use crate::mailbox::End;
use crate::outbox::{CLASSES, Outbox, Shared};
use crate::path::{Path, Rank};
use crate::reach::ReachSettings;
use crate::reason::Reason;
use crate::rendezvous::Meeting;
use crate::table::{AttemptId, Candidate, Effect, Table};
use crate::time::Now;

/// One moment on two clocks, in milliseconds: monotonic and never 0, and since 1970.
#[derive(Clone, Copy, Debug)]
pub struct Moment {
    /// Monotonic.
    pub tick: u64,
    /// Since 1970.
    pub wall: u64,
}

/// What the sockets are to do, in this order.
#[derive(Debug)]
pub enum Act {
    /// Try these addresses. Ends in [`Manual::greeted`] or [`Manual::dial_failed`].
    Dial {
        /// Which attempt.
        attempt: u64,
        /// Who must answer.
        expect: Option<PeerId>,
        /// Best first.
        addresses: Vec<Address>,
    },
    /// Give an attempt up.
    Abort(u64),
    /// Let a greeted link run: its `LinkUp` is told now.
    Start(LinkId, Option<DialId>),
    /// End a link, started or not, and say why. [`Manual::ended`] follows if it was started.
    Close(LinkId, Bye),
    /// Tell the node.
    Tell(Event),
}

/// The driver's decisions; time is handed in.
pub struct Manual {
    table: Table,
    orders: mpsc::UnboundedReceiver<Command>,
    limits: Arc<crate::limits::Limits>,
    hello: Hello,
    next_link: u64,
    wishes: Wishes,
}

/// What a node has asked for that needs routers, other networks or a system: it is remembered, and
/// nothing comes of it here.
#[derive(Debug, Default)]
pub struct Wishes {
    /// Rooms in common, by numbers.
    pub common: BTreeMap<PeerId, Vec<u64>>,
    /// Whom to meet.
    pub meetings: Vec<Meeting>,
    /// What is turned on; none before it was said.
    pub reach: Option<ReachSettings>,
    /// How often the system was to be asked.
    pub looks: u32,
    /// How often everything was to be found out anew.
    pub tries: u32,
    /// How often another port was to be opened.
    pub other_ports: u32,
    /// Answers to [`Event::MayDialBack`].
    pub dial_backs: Vec<(u64, bool)>,
}

impl Manual {
    /// A network for one device, and the handle that its node gets. `addresses` are where it
    /// listens.
    pub fn new(me: PeerId, config: &Config, addresses: Vec<Address>, boot_nonce: u64, seed: u64) -> (Net, Manual) {
        let (commands, orders) = orders();
        let table = Table::new(me, config.limits.clone(), config.times.clone(), config.pace, seed);
        let hello = Hello { boot_nonce, addresses, agent: config.agent.clone() };
        let manual = Manual { table, orders, limits: Arc::new(config.limits.clone()), hello, next_link: 1, wishes: Wishes::default() };
        (Net::detached(commands, boot_nonce), manual)
    }

    /// How this device introduces itself.
    pub fn hello(&self) -> &Hello {
        &self.hello
    }

    /// Carries out what the node has asked for.
    pub fn take_orders(&mut self, now: Moment, out: &mut Vec<Act>) {
        let (now, mut effects) = (now.into(), Vec::new());
        while let Ok(order) = self.orders.try_recv() {
            match order {
                Command::Want(peer, addresses) => self.table.want(peer, addresses, now, &mut effects),
                Command::Unwant(peer) => self.table.unwant(peer, now, &mut effects),
                Command::DialNow(peer) => self.table.dial_now(peer, now, &mut effects),
                Command::DialAddress(dial, address) => self.table.dial_address(dial, address, now, &mut effects),
                Command::CancelDial(dial) => self.table.cancel_dial(dial, now, &mut effects),
                Command::Welcome(peer, link) => self.table.welcome(peer, link),
                Command::Close(peer, link, bye) => self.table.close(peer, link, bye, &mut effects),
                Command::SetAddresses(addresses) => self.hello.addresses = addresses,
                // Nothing is announced here, and nothing to be shut.
                Command::Announce(_) | Command::Shutdown(_) => {}
                Command::SetCommon(peer, rooms) => drop(self.wishes.common.insert(peer, rooms)),
                Command::SetReach(settings) => self.wishes.reach = Some(settings),
                Command::SetMeetings(meetings) => self.wishes.meetings = meetings,
                Command::TryReach => self.wishes.tries += 1,
                Command::LookAtSystem => self.wishes.looks += 1,
                Command::OtherPort => self.wishes.other_ports += 1,
                Command::DialBack(token, may) => self.wishes.dial_backs.push((token, may)),
            }
        }
        hand_out(effects, out);
    }

    /// What the node has asked for beside links.
    pub fn wishes(&self) -> &Wishes {
        &self.wishes
    }

    /// When [`Manual::tick`] has something to do.
    pub fn next_wake(&self) -> Option<u64> {
        self.table.next_wake()
    }

    /// Does what is due.
    pub fn tick(&mut self, now: Moment, out: &mut Vec<Act>) {
        self.with(now, out, |table, now, effects| table.tick(now, effects));
    }

    /// An attempt moved on to this address.
    pub fn trying(&mut self, attempt: u64, address: Address, now: Moment, out: &mut Vec<Act>) {
        self.with(now, out, |table, now, effects| table.trying(AttemptId(attempt), address, now, effects));
    }

    /// Whether an attempt whose other side turned out to be `peer` may go on.
    pub fn may_complete(&mut self, attempt: u64, peer: PeerId, now: Moment, out: &mut Vec<Act>) -> bool {
        self.with(now, out, |table, now, effects| table.may_complete(AttemptId(attempt), peer, Rank::Tcp, now, effects))
    }

    /// An attempt led nowhere.
    pub fn dial_failed(&mut self, attempt: u64, address: Address, reason: Reason, now: Moment, out: &mut Vec<Act>) {
        self.with(now, out, |table, now, effects| table.dial_failed(AttemptId(attempt), address, reason, now, effects));
    }

    /// The greetings are exchanged: a link that will be started, or closed. `attempt` if this side
    /// dialled.
    pub fn greeted(&mut self, peer: PeerId, path: Path, nonce: u64, attempt: Option<u64>, now: Moment, out: &mut Vec<Act>) -> LinkId {
        let link = LinkId(self.next_link);
        self.next_link += 1;
        let role = if attempt.is_some() { Role::Initiator } else { Role::Responder };
        let candidate = Candidate { link, peer, role, path, nonce, attempt: attempt.map(AttemptId) };
        self.with(now, out, |table, now, effects| table.greeted(candidate, now, effects));
        link
    }

    /// A link that had been started is over.
    pub fn ended(&mut self, peer: PeerId, link: LinkId, reason: Reason, now: Moment, out: &mut Vec<Act>) {
        self.with(now, out, |table, now, effects| table.ended(peer, link, reason, now, effects));
    }

    /// A round trip was measured.
    pub fn measured(&mut self, peer: PeerId, link: LinkId, rtt: Duration, now: Moment, out: &mut Vec<Act>) {
        self.with(now, out, |table, now, effects| table.measured(peer, link, rtt, now, effects));
    }

    /// The queues of a new link: the node's end, and the end that is drained.
    pub fn queues(&self, now: Moment) -> (Outbox, Feed) {
        let shared = Arc::new(Shared::new(self.limits.clone(), now.tick));
        (Outbox::new(shared.clone()), Feed(shared))
    }

    fn with<T>(&mut self, now: Moment, out: &mut Vec<Act>, f: impl FnOnce(&mut Table, Now, &mut Vec<Effect>) -> T) -> T {
        let mut effects = Vec::new();
        let result = f(&mut self.table, now.into(), &mut effects);
        hand_out(effects, out);
        result
    }
}

impl From<Moment> for Now {
    fn from(moment: Moment) -> Now {
        Now { tick: moment.tick, wall: moment.wall }
    }
}

fn hand_out(effects: Vec<Effect>, out: &mut Vec<Act>) {
    out.extend(effects.into_iter().map(|effect| match effect {
        Effect::Dial { attempt, expect, addresses } => Act::Dial { attempt: attempt.0, expect, addresses },
        Effect::Abort(attempt) => Act::Abort(attempt.0),
        Effect::Start { link, asked } => Act::Start(link, asked),
        Effect::Close { link, bye } => Act::Close(link, bye),
        Effect::Tell(event) => Act::Tell(event),
    }));
}

/// The end of a link's queues that a socket drains.
pub struct Feed(Arc<Shared>);

impl Feed {
    /// Moves what fits into one frame's plaintext, control before live before bulk. Whether the
    /// node is to be told that a queue has [drained](Event::Drained).
    pub fn fill(&self, plaintext: &mut Vec<u8>) -> bool {
        self.0.mailbox.drain(&CLASSES, plaintext)
    }

    /// Bytes that wait.
    pub fn waiting(&self) -> usize {
        Outbox::new(self.0.clone()).waiting()
    }

    /// A full control queue has ended the link.
    pub fn end(&self) -> Option<Bye> {
        match self.0.poll_orders(&mut Context::from_waker(Waker::noop())).end {
            Some(End::Say(bye)) => Some(bye),
            // Ordered for real links only.
            Some(End::Stalled | End::Silent | End::Broken(_)) | None => None,
        }
    }

    /// The link is over: nothing more is taken.
    pub fn close(&self) {
        // There is no stream: the caller plays the socket.
        let _none = self.0.close();
    }
}

/// What a Bye means, whichever side said it.
pub fn reason_of(bye: Bye) -> Reason {
    Reason::of_bye(bye)
}
