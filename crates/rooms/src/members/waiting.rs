//! Control events that are sealed under keys that are not here. They change nothing until they are
//! opened, and then the same as if they had come then.

use identity::PeerId;
use wire::ids::LogId;

use super::Membership;
use crate::event::Verified;

impl Membership {
    /// Notes whether an event waits. True if it is new here.
    pub(super) fn note_waiting(&mut self, event: &Verified, waits: bool) -> bool {
        let (id, header) = (event.id(), &event.header);
        if waits { self.waiting.insert(id, (header.device, header.log, header.seq)).is_none() } else { self.waiting.remove(&id).is_none() }
    }

    /// The numbers of those of a device, up to one of a log.
    pub(super) fn waiting_in(&self, peer: &PeerId, log: LogId, last: u32) -> impl Iterator<Item = u32> {
        let place = (*peer, log);
        self.waiting.values().filter(move |(device, of, seq)| (*device, *of) == place && *seq <= last).map(|(_, _, seq)| *seq)
    }
}
