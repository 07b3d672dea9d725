//! What is known of how others reach this device.

use std::net::SocketAddr;

use net::doctor::{DoctorRow, Evidence, OwnReach, SystemFacts, conclude, diagnose};
use net::{ReachFacts, ReachSettings};
use store::{Setting, Store};

/// What its user has turned on and off, as it was written down. `mapping`: routers may be asked.
pub(crate) fn kept_settings(store: &Store, mapping: bool) -> ReachSettings {
    let usual = ReachSettings::default();
    let is_on = |setting, usual| store.setting(setting).map_or(usual, |value| value == "yes");
    ReachSettings {
        mapping: mapping && is_on(Setting::Mapping, usual.mapping),
        internet: is_on(Setting::Internet, usual.internet),
        carry: is_on(Setting::Carry, usual.carry),
    }
}

/// What was turned on, and what was found out.
pub(crate) struct Reach {
    settings: ReachSettings,
    facts: ReachFacts,
    /// None before the system was asked.
    system: Option<SystemFacts>,
    /// A dial to an address of this device's own failed.
    own_address_failed: bool,
}

/// What the sockets tell, and how many links there are.
#[derive(Clone, Copy)]
pub(crate) struct Listening<'a> {
    pub(crate) addresses: &'a [SocketAddr],
    pub(crate) failed: bool,
    pub(crate) links: usize,
}

impl Reach {
    pub(crate) fn new(settings: ReachSettings) -> Self {
        let facts = ReachFacts { settings, ..ReachFacts::default() };
        Reach { settings, facts, system: None, own_address_failed: false }
    }

    pub(crate) fn settings(&self) -> ReachSettings {
        self.settings
    }

    pub(crate) fn set(&mut self, settings: ReachSettings) {
        self.settings = settings;
        // Until the network says the same.
        self.facts.settings = settings;
    }

    pub(crate) fn facts(&self) -> &ReachFacts {
        &self.facts
    }

    pub(crate) fn learn(&mut self, facts: ReachFacts) {
        self.facts = ReachFacts { settings: self.settings, ..facts };
    }

    pub(crate) fn system(&self) -> Option<&SystemFacts> {
        self.system.as_ref()
    }

    pub(crate) fn learn_system(&mut self, facts: SystemFacts) {
        self.system = Some(facts);
    }

    /// What was true of another network may not be of this one.
    pub(crate) fn forget_network(&mut self) {
        self.own_address_failed = false;
    }

    /// A dial to this address failed. True if that is an address of this device as others see it,
    /// and was not known to fail.
    pub(crate) fn note_failed_dial(&mut self, address: &SocketAddr) -> bool {
        let news = self.is_own_outside(address) && !self.own_address_failed;
        self.own_address_failed |= news;
        news
    }

    /// Others see this device, or its router, at the IP address of this.
    pub(crate) fn is_own_outside(&self, address: &SocketAddr) -> bool {
        let doors = self.facts.mappings.doors.iter().map(|door| door.external);
        self.facts.observed.iter().copied().chain(doors).any(|own| own.ip() == address.ip())
    }

    /// Doors in the router, as others dial them.
    pub(crate) fn doors(&self) -> Vec<SocketAddr> {
        let doors = self.facts.mappings.doors.iter().filter(|door| door.transport == net::Transport::Tcp);
        doors.map(|door| door.external).collect()
    }

    fn evidence<'a>(&'a self, listening: Listening<'a>) -> Evidence<'a> {
        Evidence {
            reach: &self.facts,
            system: self.system.as_ref(),
            listening: listening.addresses,
            failed: listening.failed,
            links: listening.links,
            own_address_failed: self.own_address_failed,
        }
    }

    pub(crate) fn conclude(&self, listening: Listening<'_>) -> OwnReach {
        conclude(&self.evidence(listening))
    }

    pub(crate) fn diagnose(&self, listening: Listening<'_>) -> Vec<DoctorRow> {
        diagnose(&self.evidence(listening))
    }

    /// The router or the DHT have not answered yet.
    pub(crate) fn is_searching(&self) -> bool {
        self.facts.mappings.state == net::MappingState::Searching || self.facts.dht == net::DhtState::Joining
    }
}
