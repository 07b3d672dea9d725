//! The doctor: what was tried, what it means, and what can be done.

use net::doctor::open_firewall_settings;

use super::Core;
use crate::parts::doctor::Cause;
use crate::view::{AddressPart, Doctor, DoctorAddress, FixKind, Notice, Refused};

impl Core {
    /// Why others can reach this device, or cannot. With `watch`, changes are told for the next 20
    /// seconds.
    pub fn doctor(&mut self, watch: bool) -> Doctor {
        self.look_at_system(Cause::Watched);
        let found = self.found();
        if watch {
            self.own.doctor.watch(found.clone(), self.clocks.mono());
        }
        found
    }

    /// Finds everything out anew.
    pub fn try_reach(&mut self) {
        self.look_at_system(Cause::Changed);
        self.links.net().try_reach();
    }

    /// Does what a finding offers. What only a person can do is looked at anew, in the hope that it
    /// was done.
    pub fn fix(&mut self, fix: &FixKind) -> Result<(), Refused> {
        match fix {
            FixKind::TurnMappingOn => self.set_mapping(true).map(drop)?,
            FixKind::TurnInternetOn => self.set_internet(true).map(drop)?,
            FixKind::TurnCarryOn => self.set_carry(true).map(drop)?,
            FixKind::OtherPort => self.links.net().other_port(),
            FixKind::AllowInFirewall { .. } => {
                open_firewall_settings();
                self.try_reach();
            }
            FixKind::ForwardPort { .. } | FixKind::OpenPortal { .. } | FixKind::TryNow => self.try_reach(),
        }
        Ok(())
    }

    /// Tells watchers what has changed, if it is time.
    pub(crate) fn look_at_doctor(&mut self) {
        if self.own.doctor.take_due(self.clocks.mono()) {
            let found = self.found();
            if let Some(news) = self.own.doctor.tell(found) {
                self.notices.network(Notice::Doctor(Box::new(news)));
            }
        }
    }

    fn found(&self) -> Doctor {
        let (own, listening) = (&self.own, self.listening_now());
        Doctor {
            rows: own.reach.diagnose(listening),
            summary: own.reach.conclude(listening),
            checking: own.doctor.is_looking(self.clocks.mono()) || own.reach.is_searching(),
            checked_at: own.doctor.found_at(),
            addresses: self.addresses_found(),
        }
    }

    fn addresses_found(&self) -> Vec<DoctorAddress> {
        let (own, router) = (&self.own, &self.own.reach.facts().mappings.router);
        let gateway = router.gateway.or_else(|| own.reach.system()?.gateway);
        let listening = own.listening().iter().map(|address| (AddressPart::Listening, address.to_string()));
        let observed = own.reach.facts().observed.iter().map(|address| (AddressPart::Observed, address.to_string()));
        let doors = own.reach.doors().into_iter().map(|address| (AddressPart::Door, address.to_string()));
        let inside = gateway.map(|address| (AddressPart::Router, address.to_string()));
        let outside = router.wan.map(|address| (AddressPart::RouterOutside, address.to_string()));
        let all = listening.chain(observed).chain(doors).chain(inside).chain(outside);
        all.map(|(part, address)| DoctorAddress { part, address }).collect()
    }
}
