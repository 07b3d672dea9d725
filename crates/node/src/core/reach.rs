//! How others reach this device: what is turned on, and what was found out.

use std::net::SocketAddr;

use identity::PeerId;
use net::doctor::SystemFacts;
use net::{Path, ReachFacts, ReachSettings};
use store::Setting;

use super::Core;
use crate::parts::doctor::Cause;
use crate::parts::reach::Listening;
use crate::view::{LinkPath, LinkState, Me, OwnReach, Refused};

impl Core {
    /// Meets people by the DHT, or no longer.
    pub fn set_internet(&mut self, on: bool) -> Result<Me, Refused> {
        let settings = ReachSettings { internet: on, ..self.own.reach.settings() };
        self.set_reach(Setting::Internet, on, settings)
    }

    /// Asks the router for doors, or closes them.
    pub fn set_mapping(&mut self, on: bool) -> Result<Me, Refused> {
        let settings = ReachSettings { mapping: on, ..self.own.reach.settings() };
        self.set_reach(Setting::Mapping, on, settings)
    }

    /// Carries messages for friends, or no longer.
    pub fn set_carry(&mut self, on: bool) -> Result<Me, Refused> {
        let settings = ReachSettings { carry: on, ..self.own.reach.settings() };
        self.set_reach(Setting::Carry, on, settings)
    }

    fn set_reach(&mut self, setting: Setting, on: bool, settings: ReachSettings) -> Result<Me, Refused> {
        self.keep_setting(setting, if on { "yes" } else { "no" });
        self.own.reach.set(settings);
        self.links.net().set_reach(settings);
        self.note_meetings_stale();
        self.notices.me();
        Ok(self.me_row())
    }

    /// The network has found something out.
    pub(crate) fn on_reach(&mut self, facts: ReachFacts) {
        let before = self.own_reach();
        self.own.reach.learn(facts);
        self.own.doctor.note_found(self.clocks.wall());
        if self.own_reach() != before {
            self.notices.me();
        }
        self.look_at_joins();
    }

    /// The system has told what it knows.
    pub(crate) fn on_system(&mut self, facts: SystemFacts) {
        self.own.doctor.end_look();
        self.own.doctor.note_found(self.clocks.wall());
        self.own.reach.learn_system(facts);
        self.look_at_joins();
    }

    /// Asks the system, unless it was asked of late.
    pub(crate) fn look_at_system(&mut self, cause: Cause) {
        if self.own.doctor.begin_to_look(self.clocks.mono(), cause) {
            self.links.net().look_at_system();
        }
    }

    /// The addresses of this machine changed.
    pub(crate) fn on_network_changed(&mut self) {
        self.own.reach.forget_network();
        self.look_at_system(Cause::Changed);
    }

    /// Whether this person may be dialled for another who wants to know if they can be.
    pub(crate) fn on_may_dial_back(&mut self, token: u64, subject: &PeerId) {
        self.links.net().dial_back(token, self.rooms.is_co_member(subject));
    }

    pub(crate) fn listening_now(&self) -> Listening<'_> {
        Listening { addresses: self.own.listening(), failed: self.own.not_listening().is_some(), links: self.links.len() }
    }

    pub(crate) fn own_reach(&self) -> OwnReach {
        self.own.reach.conclude(self.listening_now())
    }

    /// A link as it is shown. `came_in`: the other side came to this device's port.
    pub(crate) fn connected(&self, path: Path, came_in: bool, since: u64, latency_us: Option<u32>) -> LinkState {
        let address = path.remote().map(|remote| remote.to_string());
        LinkState::Connected { path: self.link_path(path, came_in), address, latency_us, since }
    }

    fn link_path(&self, path: Path, came_in: bool) -> LinkPath {
        match path {
            Path::Circuit { carrier } => LinkPath::Through { peer: carrier, name: self.name_of(&carrier) },
            Path::Tcp(remote) | Path::Quic(remote) if came_in && self.is_through_door(&remote) => LinkPath::Door,
            Path::Tcp(_) | Path::Quic(_) => LinkPath::Direct,
        }
    }

    /// Who comes from another network to a device without a public address of its own comes through
    /// a door of its router's.
    fn is_through_door(&self, remote: &SocketAddr) -> bool {
        let same_version = |door: &SocketAddr| door.is_ipv4() == remote.is_ipv4();
        let own = self.own.listening();
        let shares = |door: &SocketAddr| own.iter().any(|own| own.ip() == door.ip());
        net::is_public(remote.ip()) && self.own.reach.doors().iter().any(|door| same_version(door) && !shares(door))
    }
}
