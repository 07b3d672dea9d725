//! Listening on another port than before.

use std::net::SocketAddr;

use super::Driver;
use crate::listen::Listeners;
use crate::table::Effect;
use crate::time::Now;

impl Driver {
    /// Opens free ports, and closes those that were open. Where no address was asked for, the usual
    /// port is taken if it is free by now.
    pub(super) fn listen_elsewhere(&mut self, now: Now, out: &mut Vec<Effect>) {
        let wanted: Vec<SocketAddr> = self.config.listen.iter().map(|address| SocketAddr::new(address.ip(), 0)).collect();
        // Opened before the others are closed, so that they are others.
        (self.listeners, self.failed) = Listeners::open(&wanted);
        let bound = self.listeners.bound();
        self.context.set_dial_from(&bound);
        if let Some(nearby) = &mut self.nearby {
            nearby.listens_at(&bound);
        }
        self.ways.listens_at(&bound, self.reacher.settings().mapping);
        // Told also if it has failed again, for another reason.
        self.told_addresses = None;
        self.tell_addresses();
        self.look_at_addresses(now, out);
    }
}
