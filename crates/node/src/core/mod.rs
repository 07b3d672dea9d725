//! Everything that this device knows and decides, without waiting for anything.
//!
//! Each file holds one concern of [`Core`]: `room` one room's state, `say` own events, `check`
//! others' events, `forks` logs that part, `acks` what others have of own logs, `late` what came
//! late, `ahead` what is dated ahead, `clocks` whose clock is off, `links` who is linked and
//! welcome, `people` the address book, `likeness` whose names look alike, `nearby` who of it is
//! near, `joins` invites and attempts, `door` newcomers, `spread` what gossip wants done, `level`
//! who has what, `network` how people are reached, `kept` what must be on disk first, `show` what
//! the window is told.

mod acks;
mod ahead;
mod changed;
mod check;
mod clocks;
mod door;
mod forks;
mod joins;
mod kept;
mod late;
mod level;
mod likeness;
mod links;
mod nearby;
mod network;
mod people;
mod room;
mod rooms_here;
mod say;
pub(crate) mod serve;
mod show;
mod spread;
mod timeline;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::net::SocketAddr;
use std::sync::Arc;

use gossip::Millis;
use identity::{Identity, PeerId};
use net::{NearbyPeer, Net};
use rand::RngExt;
use rand::rngs::StdRng;
use rooms::{Membership, Signatures};
use store::{ContactInviteRow, Flusher, LastEnd, Mark, Opened, Outcome, RequestRow, Setting, Store, Urgency};
use wire::ids::{LogKey, RoomId};
use wire::message::PeerRecord;
use wire::{check_name, tidy_name};

use crate::handle::Sink;
use crate::view::{Alert, AlertKind, Nearby, Time};

use ahead::Ahead;
use changed::Changed;
use clocks::Clocks;
use door::Door;
use joins::Attempt;
use level::Levels;
use links::Links;
use network::Watch;
use people::Someone;
use room::Room;

/// Signature keys kept unpacked, and signatures known to be good between the link that brought them
/// and the loop (two generations each).
const VERIFYING_KEYS: usize = 1_024;
const GOOD_SIGNATURES: usize = 1_024;
/// Between two looks whether the disk has taken enough. Higher: it may have nothing to do
/// meanwhile.
const LOOK_AGAIN: Millis = 2;
/// Alerts kept for the window; more would not be read.
const MAX_ALERTS: usize = 16;

/// What a node is started with.
pub struct Options {
    /// The device's key.
    pub identity: Identity,
    /// The opened store.
    pub opened: Opened,
    /// A new display name; none keeps the stored one.
    pub name: Option<String>,
    /// Display name if none was ever chosen; if it is none either, a part of the key stands in.
    pub fallback_name: String,
    /// Addresses to listen on; empty for the defaults.
    pub listen: Vec<SocketAddr>,
    /// Look for people on the local network.
    pub nearby: bool,
    /// Pass on and use addresses of co-members.
    pub peer_exchange: bool,
    /// Software and version, told to peers.
    pub agent: String,
    /// Takes the notices.
    pub sink: Sink,
}

/// A memory of signatures of the size that suits a node.
pub(crate) fn signatures() -> Arc<Signatures> {
    Arc::new(Signatures::new(VERIFYING_KEYS, GOOD_SIGNATURES))
}

/// Who is in rooms, shared by whoever starts many nodes of the same ones.
pub(crate) type KnownMembers = BTreeMap<RoomId, Arc<Membership>>;

/// A moment: on the clock that never goes back, and on the wall.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Now {
    pub(crate) mono: Millis,
    pub(crate) wall: Time,
}

/// The state of a running node. It changes in turns, mostly of the loop; others reach it through
/// [`crate::Node::with`].
pub struct Core {
    me: Arc<Identity>,
    peer: PeerId,
    name: String,
    now: Now,
    clean_start: bool,
    peer_exchange: bool,
    nearby_visible: bool,
    store: Store,
    flusher: Flusher,
    /// How soon what this turn wrote must be durable.
    to_sync: Option<Urgency>,
    net: Net,
    gossip: gossip::Engine,
    rng: StdRng,
    /// Memberships that need not be read from the store at the start.
    known_members: KnownMembers,
    clocks: Clocks,
    signatures: Arc<Signatures>,
    rooms: BTreeMap<RoomId, Room>,
    people: BTreeMap<PeerId, Someone>,
    links: Links,
    /// To whom links are kept, with the addresses that the network was given.
    wanted: BTreeMap<PeerId, Vec<wire::Address>>,
    /// Gossip wants others than before.
    wants_stale: bool,
    /// When links are looked through for those that nobody needs.
    sweep_at: Millis,
    own_record: Option<PeerRecord>,
    requests: BTreeMap<PeerId, RequestRow>,
    contact_invites: BTreeMap<[u8; 32], ContactInviteRow>,
    attempts: BTreeMap<u64, Attempt>,
    next_attempt: u64,
    door: Door,
    nearby: Vec<NearbyPeer>,
    /// As the window was told of them.
    told_nearby: Vec<Nearby>,
    addresses: Vec<SocketAddr>,
    not_listening: Option<String>,
    alerts: Vec<Alert>,
    /// Own events that are stored but not yet known to be on disk.
    unsaved: VecDeque<(Mark, RoomId, rooms_here::OwnHead)>,
    /// Own words that were in a log which no longer counts.
    unsaid: BTreeMap<RoomId, Vec<rooms::Verified>>,
    said_again: BTreeSet<wire::ids::EventId>,
    ahead: Ahead,
    /// To whom there is something to serve.
    serving: BTreeSet<PeerId>,
    served_last: Option<PeerId>,
    /// No part is served before.
    serve_at: Millis,
    /// Nobody has talked for a while then.
    quiet_at: Millis,
    /// When this device said something last.
    spoke_at: Option<Millis>,
    gossip_wake: Option<Millis>,
    /// When acknowledgements are written down.
    keep_acks_at: Option<Millis>,
    effects: Vec<gossip::Effect>,
    /// What gossip spreads now are own words, which go to the sockets at once; those of others go
    /// while this device's own window is told of them.
    publishing: bool,
    changed: Changed,
    levels: Levels,
    network: Watch,
    waiting: kept::Waiting,
    likenesses: likeness::Likenesses,
    sink: Sink,
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
        let mut core = Core {
            gossip: gossip::Engine::new(peer, gossip::Config::default(), rng.random()),
            me: identity,
            peer,
            name,
            now,
            clean_start: end == LastEnd::Orderly,
            peer_exchange: options.peer_exchange,
            nearby_visible,
            store,
            flusher,
            to_sync: None,
            net,
            rng,
            known_members: known,
            clocks: Clocks::default(),
            signatures,
            rooms: BTreeMap::new(),
            people: BTreeMap::new(),
            links: Links::default(),
            wanted: BTreeMap::new(),
            wants_stale: false,
            sweep_at: Millis::MAX,
            own_record: None,
            requests: BTreeMap::new(),
            contact_invites: BTreeMap::new(),
            attempts: BTreeMap::new(),
            next_attempt: 1,
            door: Door::default(),
            nearby: Vec::new(),
            told_nearby: Vec::new(),
            addresses: Vec::new(),
            not_listening: None,
            alerts: Vec::new(),
            unsaved: VecDeque::new(),
            unsaid: BTreeMap::new(),
            said_again: BTreeSet::new(),
            ahead: Ahead::default(),
            serving: BTreeSet::new(),
            served_last: None,
            serve_at: 0,
            quiet_at: 0,
            spoke_at: None,
            gossip_wake: None,
            keep_acks_at: None,
            effects: Vec::new(),
            publishing: false,
            changed: Changed::default(),
            levels: Levels::default(),
            network: Watch::default(),
            waiting: kept::Waiting::default(),
            likenesses: likeness::Likenesses::default(),
            sink: options.sink,
        };
        core.tell_outcome(&outcome);
        core.load();
        core
    }

    fn load(&mut self) {
        let name = self.name.clone();
        self.keep_setting(Setting::DisplayName, &name);
        self.load_people();
        self.load_rooms();
        self.requests = self.store.all::<RequestRow>().into_iter().map(|row| (row.peer, row)).collect();
        self.contact_invites = self.store.all::<ContactInviteRow>().into_iter().map(|row| (row.key, row)).collect();
        self.resume_attempts();
        self.announce();
        self.refresh_wants();
    }

    /// When something is due next.
    pub(crate) fn next_wake(&self) -> Option<Millis> {
        let ahead = self.ahead.next().map(|hlc| {
            let wait = hlc.ms().saturating_sub(rooms::limits::MAX_AHEAD_MS).saturating_sub(self.now.wall);
            self.now.mono.saturating_add(wait).saturating_add(1)
        });
        let behind = self.is_behind().then(|| self.now.mono.saturating_add(LOOK_AGAIN));
        let at_once = (!self.changed.stale.is_empty() || !self.unsaid.is_empty()).then_some(self.now.mono);
        let looks = [self.levels.wake(), self.network.wake(), self.serve_wake(), self.clocks.wake(), behind, at_once];
        let rest = [self.gossip_wake, self.attempts_wake(), self.changed.wake(), ahead, Some(self.sweep_at), self.keep_acks_at];
        rest.into_iter().chain(looks).flatten().min()
    }

    /// What was heard is more than can be told or stored at this pace: others are not heard for a
    /// moment, and TCP slows them.
    pub(crate) fn is_behind(&self) -> bool {
        self.changed.is_full() || self.store.is_full()
    }

    /// Does what is due.
    pub(crate) fn tick(&mut self) {
        if self.gossip_wake.is_some_and(|at| at <= self.now.mono) {
            self.gossip_wake = None;
            self.gossip(gossip::Input::Tick);
        }
        self.say_again();
        self.retry_attempts();
        self.tend_door();
        self.release_ahead();
        self.sweep_links();
        if self.wants_stale {
            self.refresh_wants();
        }
        self.look_at_levels();
        self.look_at_network();
        self.keep_due_acks();
        self.look_at_clocks();
        self.keep_late();
        self.order_sync();
    }

    /// Own events up to this mark are on disk.
    pub(crate) fn on_durable(&mut self, mark: Mark) {
        self.tell_kept(mark);
        while self.unsaved.front().is_some_and(|(at, _, _)| *at <= mark) {
            let Some((_, room, head)) = self.unsaved.pop_front() else { break };
            let key = LogKey { device: self.peer, log: head.log };
            let Some(state) = self.rooms.get_mut(&room) else { continue };
            // A fork that was found meanwhile may have cut it.
            if let Some(end) = state.logs.get(&key) {
                let saved = state.saved.entry(head.log).or_insert(0);
                *saved = head.seq.min(end.head.seq).max(*saved);
                self.changed.saved(room, head.log);
            }
        }
    }

    /// The disk failed to take what was stored.
    pub(crate) fn on_disk_failure(&mut self, detail: String) {
        self.tell_not_kept();
        self.alert(AlertKind::DiskFailing, detail);
    }

    /// Everything is to be on disk; the loop ends after this.
    pub(crate) fn close(mut self) {
        self.keep_last_seen();
        self.keep_acks(usize::MAX);
        self.keep_late();
        self.order_sync();
        // Its last flush must come before the store says that it ended in order.
        drop(self.flusher);
        if let Err(error) = self.store.close() {
            tracing::error!(%error, "the store did not close in order");
        }
    }

    pub(crate) fn alert(&mut self, kind: AlertKind, detail: String) {
        self.raise(Alert { kind, detail, clock: None });
    }

    fn raise(&mut self, alert: Alert) {
        if self.alerts.contains(&alert) {
            return;
        }
        tracing::warn!(kind = ?alert.kind, "alert");
        if self.alerts.len() >= MAX_ALERTS {
            self.alerts.remove(0);
        }
        self.alerts.push(alert.clone());
        self.changed.alerts.push(alert);
    }

    fn tell_outcome(&mut self, outcome: &Outcome) {
        match outcome {
            Outcome::Fresh | Outcome::Normal => {}
            Outcome::Repaired { lost, .. } => self.alert(AlertKind::HistoryRepaired, lost.to_string()),
            Outcome::SetAside { path } => self.alert(AlertKind::HistorySetAside, path.display().to_string()),
        }
    }

    /// Settings and rows are conveniences: a failure to keep one is told, and does not stop
    /// anything.
    fn keep_setting(&mut self, setting: Setting, value: &str) {
        if let Err(error) = self.store.put_setting(setting, value) {
            self.alert(AlertKind::DiskFailing, error.to_string());
        }
        self.sync_soon(Urgency::Row);
    }

    /// What is written now must be durable soon. The flusher is told at the end of the turn: waking
    /// its thread takes as long as storing an event.
    pub(crate) fn sync_soon(&mut self, urgency: Urgency) {
        self.to_sync = Some(self.to_sync.map_or(urgency, |other| other.min(urgency)));
    }

    fn order_sync(&mut self) {
        if let Some(urgency) = self.to_sync.take() {
            self.flusher.soon(urgency);
        }
    }

    fn keep<R: store::Row>(&mut self, row: &R) {
        if let Err(error) = self.store.put(row) {
            self.alert(AlertKind::DiskFailing, error.to_string());
        }
        self.sync_soon(Urgency::Row);
    }

    fn forget<R: store::Row>(&mut self, id: &R::Id) {
        if let Err(error) = self.store.remove::<R>(id) {
            self.alert(AlertKind::DiskFailing, error.to_string());
        }
        self.sync_soon(Urgency::Row);
    }

    #[cfg(feature = "manual")]
    pub(crate) fn store(&self) -> &Store {
        &self.store
    }

    #[cfg(feature = "manual")]
    pub(crate) fn engine(&self) -> &gossip::Engine {
        &self.gossip
    }

    #[cfg(feature = "manual")]
    pub(crate) fn room_logs(&mut self, room: &RoomId) -> Option<&mut rooms::Logs> {
        self.rooms.get_mut(room).map(|state| &mut state.logs)
    }

    #[cfg(feature = "manual")]
    pub(crate) fn has_member(&self, room: &RoomId, peer: &PeerId) -> bool {
        self.rooms.get(room).is_some_and(|state| state.members.is_member(peer))
    }

    #[cfg(feature = "manual")]
    pub(crate) fn linked(&self) -> Vec<PeerId> {
        self.links.peers()
    }

    fn random10(&mut self) -> [u8; 10] {
        self.rng.random()
    }
}
