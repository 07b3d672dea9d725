//! What a node consists of, and its turns.

use std::sync::Arc;

use gossip::{Engine, Input, Millis};
use identity::Identity;
use net::Net;
use rand::RngExt;
use rand::rngs::StdRng;
use rooms::Signatures;
use store::{ContactInviteRow, Flusher, LastEnd, Opened, Outcome, OwnInviteRow, PeerRow, RequestRow, Setting};
use wire::{check_name, tidy_name};

use super::Options;
use crate::now::Now;
use crate::parts::attempts::Attempts;
use crate::parts::clocks::Clocks;
use crate::parts::common_rooms::CommonRooms;
use crate::parts::disk::Disk;
use crate::parts::invites::Invites;
use crate::parts::links::Links;
use crate::parts::nearby::Nearby;
use crate::parts::network_view::NetworkView;
use crate::parts::own::Own;
use crate::parts::pending_notices::PendingNotices;
use crate::parts::people::People;
use crate::parts::progress::Progress;
use crate::parts::reach::{Reach, kept_settings};
use crate::parts::rooms::{KnownMembers, Rooms};
use crate::parts::serving::Serving;
use crate::parts::spreading::Spreading;
use crate::view::{Alert, AlertKind};

/// Between two looks whether the disk has taken enough. Higher: it may have nothing to do
/// meanwhile.
const LOOK_AGAIN: Millis = 2;

/// The state of a running node. It changes in turns, mostly of the loop; others reach it through
/// [`crate::Node::with`].
pub struct Core {
    /// This device: key, name, addresses, how others reach it.
    pub(super) own: Own,
    /// The time of this turn, others' clocks, what is dated ahead.
    pub(super) clocks: Clocks,
    /// The store, and what of it is durable.
    pub(super) disk: Disk,
    /// All that is left to chance.
    pub(super) rng: StdRng,
    /// Rooms with their logs, members and counts.
    pub(super) rooms: Rooms,
    /// The network, links that are up, and whom links are wanted with.
    pub(super) links: Links,
    /// The gossip engine, and its inputs.
    pub(super) spreading: Spreading,
    /// Who is sent next what they asked for.
    pub(super) serving: Serving,
    /// The address book, and contact requests.
    pub(super) people: People,
    /// Who announces a name on the local network.
    pub(super) nearby: Nearby,
    /// Invites made here, and newcomers at the door.
    pub(super) invites: Invites,
    /// Attempts of this device to get in somewhere.
    pub(super) attempts: Attempts,
    /// Which rooms are looked at next for who has what.
    pub(super) progress: Progress,
    /// What those who look at the network were told.
    pub(super) network: NetworkView,
    /// What the window has not been told yet.
    pub(super) notices: PendingNotices,
}

impl Core {
    /// `rng` decides all that is left to chance; `known` are memberships that the store's events
    /// would give as well.
    #[expect(clippy::too_many_arguments, reason = "what acts is handed in, by the loop or by the simulator")]
    pub(crate) fn new(
        options: Options,
        identity: Arc<Identity>,
        flusher: Flusher,
        net: Net,
        signatures: Arc<Signatures>,
        now: Now,
        mut rng: StdRng,
        known: KnownMembers,
    ) -> Self {
        let Opened { store, end, outcome } = options.opened;
        let names = [options.name, store.setting(Setting::DisplayName), Some(options.fallback_name)];
        let name = names.into_iter().flatten().map(|name| tidy_name(&name)).find(|name| check_name(name).is_ok());
        let nearby_visible = store.setting(Setting::NearbyVisible).is_none_or(|v| v == "yes");
        let peer = identity.peer();
        let name = name.unwrap_or_else(|| peer.short());
        let engine = Engine::new(peer, gossip::Config::default(), rng.random());
        let reach = Reach::new(kept_settings(&store, options.mapping));
        let mut core = Core {
            own: Own::new(identity, name, nearby_visible, options.peer_exchange, reach),
            clocks: Clocks::new(now),
            people: People::restore(store.all::<PeerRow>(), store.all::<RequestRow>()),
            invites: Invites::restore(store.all::<ContactInviteRow>(), store.all::<OwnInviteRow>()),
            disk: Disk::new(store, flusher),
            rooms: Rooms::new(signatures, known, end == LastEnd::Orderly),
            links: Links::new(net, CommonRooms::new(rng.random())),
            spreading: Spreading::new(engine),
            rng,
            serving: Serving::default(),
            nearby: Nearby::default(),
            attempts: Attempts::default(),
            progress: Progress::default(),
            network: NetworkView::default(),
            notices: PendingNotices::new(options.sink),
        };
        core.tell_outcome(&outcome);
        core.begin();
        core
    }

    fn begin(&mut self) {
        let name = self.own.name().to_owned();
        let before = self.disk.store().setting(Setting::DisplayName);
        if self.disk.store().setting(Setting::Renamed).is_some() || before.is_some_and(|before| before != name) {
            self.note_renamed();
        }
        self.keep_setting(Setting::DisplayName, &name);
        self.load_rooms();
        self.resume_attempts();
        self.announce();
        self.forget_old_invites();
        self.refresh_wants();
    }

    /// When something is due next.
    pub(crate) fn next_wake(&self) -> Option<Millis> {
        let now = self.clocks.mono();
        let behind = self.is_behind().then(|| now.saturating_add(LOOK_AGAIN));
        let parts = [
            self.clocks.wake(),
            self.rooms.wake(now),
            self.links.wake(),
            self.spreading.wake(),
            self.serving.wake(),
            self.invites.wake(),
            self.attempts.wake(),
            self.progress.wake(),
            self.network.wake(),
            self.own.doctor.wake(),
            self.own.meetings.wake(),
            self.notices.wake(now),
        ];
        parts.into_iter().chain([behind]).flatten().min()
    }

    /// What was heard is more than can be told or stored at this pace: others are not heard for a
    /// moment, and TCP slows them.
    pub(crate) fn is_behind(&self) -> bool {
        self.notices.is_full() || self.disk.store().is_full()
    }

    /// Does what is due.
    pub(crate) fn tick(&mut self) {
        if self.spreading.take_due(self.clocks.mono()) {
            self.gossip(Input::Tick);
        }
        self.look_at_keys();
        self.look_at_prekeys();
        self.say_again();
        self.retry_attempts();
        self.tend_door();
        self.release_ahead();
        self.sweep_links();
        if self.links.are_wants_stale() {
            self.refresh_wants();
        }
        self.tell_meetings();
        self.look_at_progress();
        self.look_at_network();
        self.look_at_doctor();
        self.tell_common_rooms();
        self.look_at_waiting_joins();
        self.keep_due_acks();
        self.look_at_clocks();
        self.keep_late();
        self.disk.tick();
    }

    /// Everything is to be on disk; the loop ends after this.
    pub(crate) fn close(mut self) {
        self.keep_last_seen();
        self.keep_acks(usize::MAX);
        self.keep_late();
        if let Err(error) = self.disk.close() {
            tracing::error!(%error, "the store did not close in order");
        }
    }

    pub(crate) fn alert(&mut self, kind: AlertKind, detail: String) {
        self.notices.alerts.raise(Alert { kind, detail, clock: None, fork: None });
    }

    fn tell_outcome(&mut self, outcome: &Outcome) {
        match outcome {
            Outcome::Fresh | Outcome::Normal => {}
            Outcome::Repaired { lost } => self.alert(AlertKind::HistoryRepaired, lost.to_string()),
            Outcome::SetAside { path } => self.alert(AlertKind::HistorySetAside, path.display().to_string()),
        }
    }

    pub(super) fn random<const BYTES: usize>(&mut self) -> [u8; BYTES] {
        self.rng.random()
    }
}
