//! The node's handle on the network.

use std::io;
use std::sync::Arc;

use identity::{Identity, PeerId};
use tokio::sync::{mpsc, oneshot};
use wire::{Address, Bye, StaticKey};

use crate::command::{Command, orders};
use crate::config::Config;
use crate::context::Context;
use crate::driver::Driver;
use crate::event::{DialId, Event, LinkId};
use crate::reach::ReachSettings;
use crate::rendezvous::Meeting;
use crate::report::Report;

/// Reports that wait for the driver; the tasks that make them wait beyond it.
const REPORTS: usize = 256;

/// A running network. Clones are the same one; when the last is dropped, it shuts down.
///
/// No method waits. What comes of them is told by [`Event`]s.
#[derive(Clone, Debug)]
pub struct Net {
    commands: mpsc::UnboundedSender<Command>,
    boot_nonce: u64,
}

impl Net {
    /// Opens the ports and starts the tasks.
    ///
    /// A port that cannot be opened is no error but is told by [`Event::Listening`]: dialling works
    /// all the same. Fails only if no key could be made or no task be started; nothing runs then.
    pub async fn start(config: Config, identity: Arc<Identity>, events: mpsc::Sender<Event>) -> io::Result<Self> {
        let key = StaticKey::generate().map_err(io::Error::other)?;
        let (report_tx, reports) = mpsc::channel::<Report>(REPORTS);
        let (commands, orders) = orders();
        let context = Arc::new(Context::new(identity, key, &config, events, report_tx));
        let boot_nonce = context.boot_nonce;
        tokio::spawn(Box::pin(Driver::new(config, context, orders, reports).run()));
        Ok(Self { commands, boot_nonce })
    }

    /// A handle whose orders the simulator carries out.
    #[cfg(feature = "manual")]
    pub(crate) fn detached(commands: mpsc::UnboundedSender<Command>, boot_nonce: u64) -> Self {
        Self { commands, boot_nonce }
    }

    /// Keeps a link to this peer: dials it whenever there is none. Replaces the addresses given
    /// before, best first. Such a peer is never in the lobby.
    pub fn want(&self, peer: PeerId, addresses: Vec<Address>) {
        self.order(Command::Want(peer, addresses));
    }

    /// Stops dialling this peer. A link that is up stays.
    pub fn unwant(&self, peer: PeerId) {
        self.order(Command::Unwant(peer));
    }

    /// Dials a wanted peer now, forgetting past failures.
    pub fn dial_now(&self, peer: PeerId) {
        self.order(Command::DialNow(peer));
    }

    /// Dials an address once; any peer may answer. Ends in one [`Event::DialEnded`], unless it is
    /// cancelled.
    pub fn dial_address(&self, dial: DialId, address: Address) {
        self.order(Command::DialAddress(dial, address));
    }

    /// Gives a dial up. A link that it has led to stays.
    pub fn cancel_dial(&self, dial: DialId) {
        self.order(Command::CancelDial(dial));
    }

    /// Lets a stranger stay who came to this device; without it the link ends after
    /// [`Times::lobby`](crate::config::Times::lobby).
    pub fn welcome(&self, peer: PeerId, link: LinkId) {
        self.order(Command::Welcome(peer, link));
    }

    /// Ends a link and tells the peer why. Its `LinkDown` follows.
    pub fn close(&self, peer: PeerId, link: LinkId, bye: Bye) {
        self.order(Command::Close(peer, link, bye));
    }

    /// Shows this name to people on the local network, or nothing.
    pub fn announce(&self, name: Option<String>) {
        self.order(Command::Announce(name));
    }

    /// Tells peers these addresses in front of those that this machine has by itself: mapped ports,
    /// host names.
    pub fn set_addresses(&self, addresses: Vec<Address>) {
        self.order(Command::SetAddresses(addresses));
    }

    /// Tells which rooms this device has in common with a peer, each by a number that means
    /// nothing elsewhere: in place of those told before. Only who has a room in common with both
    /// helps two peers to each other.
    pub fn set_common(&self, peer: PeerId, rooms: Vec<u64>) {
        self.order(Command::SetCommon(peer, rooms));
    }

    /// Turns ways to others on and off.
    pub fn set_reach(&self, settings: ReachSettings) {
        self.order(Command::SetReach(settings));
    }

    /// Whom to meet by the DHT, while that is turned on: in place of those told before.
    pub fn set_meetings(&self, meetings: Vec<Meeting>) {
        self.order(Command::SetMeetings(meetings));
    }

    /// Asks the system what it knows of its network. Ends in one [`Event::System`].
    pub fn look_at_system(&self) {
        self.order(Command::LookAtSystem);
    }

    /// Listens on free ports instead of those that could not be had, or that were.
    pub fn other_port(&self) {
        self.order(Command::OtherPort);
    }

    /// Finds out anew how others reach this device.
    pub fn try_reach(&self) {
        self.order(Command::TryReach);
    }

    /// Answers [`Event::MayDialBack`]: whether this person is known as a member of a common room.
    pub fn dial_back(&self, token: u64, may: bool) {
        self.order(Command::DialBack(token, may));
    }

    /// Random per process: what `Hello` says.
    pub fn boot_nonce(&self) -> u64 {
        self.boot_nonce
    }

    /// Says goodbye to all peers and closes everything. Takes at most about a second; a peer that
    /// has not listened by then learns it from the closed connection.
    pub async fn shutdown(&self) {
        let (done, finished) = oneshot::channel();
        self.order(Command::Shutdown(done));
        let _ = finished.await;
    }

    /// After shutdown there is no receiver, and nothing is left to do.
    fn order(&self, command: Command) {
        let _ = self.commands.send(command);
    }
}
