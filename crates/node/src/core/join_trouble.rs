//! Says of attempts that do not get on which side has the trouble.

use net::doctor::Portal;
use wire::Address;

use super::Core;
use crate::parts::attempts::{Attempt, Way};
use crate::parts::doctor::Cause;
use crate::parts::join_trouble::{Signs, trouble};
use crate::parts::people::Someone;
use crate::parts::reach::Reach;
use crate::view::JoinTrouble;

impl Core {
    /// Something has changed that may explain how attempts stand.
    pub(crate) fn look_at_joins(&mut self) {
        let told: Vec<(u64, Option<JoinTrouble>)> =
            self.attempts.listed().map(|attempt| (attempt.id(), self.trouble_of(attempt))).collect();
        for (id, trouble) in told {
            if self.attempts.set_trouble(id, trouble) {
                self.notices.attempt(id);
            }
        }
    }

    /// Looks again when an attempt has taken so long that this says something.
    pub(crate) fn look_at_waiting_joins(&mut self) {
        if self.attempts.take_look(self.clocks.mono()) {
            self.look_at_joins();
        }
    }

    /// An attempt has begun: what the system says about its network will matter if it fails.
    pub(crate) fn on_attempt_begun(&mut self) {
        self.look_at_system(Cause::Watched);
        self.note_meetings_stale();
    }

    fn trouble_of(&self, attempt: &Attempt) -> Option<JoinTrouble> {
        if !attempt.is_under_way() {
            return None;
        }
        let (reach, known) = (&self.own.reach, self.known_addresses(attempt));
        let system = reach.system();
        let helped = |peer| self.rooms.with(&peer).any(|room| room.other().is_none() && self.has_link_in(room));
        trouble(&Signs {
            waited: attempt.waited(self.clocks.mono()),
            failed: attempt.failed(),
            addresses: &known,
            own_address: known.iter().any(|address| leads_home(reach, address)),
            offline: system.is_some_and(|system| !system.ipv4 && !system.ipv6) && known.iter().any(leads_out),
            portal: system.and_then(|system| match &system.portal {
                Portal::Present { url } => Some(url.clone()),
                Portal::Absent | Portal::Unknown => None,
            }),
            internet: reach.settings().internet,
            dht_silent: reach.facts().dht == net::DhtState::Unreachable,
            can_meet: attempt.invite().is_some(),
            mine: reach.facts().nat,
            theirs: attempt.invite().and_then(|invite| self.heard_of(invite)),
            friend: attempt.peer().is_some_and(helped),
        })
    }

    fn known_addresses(&self, attempt: &Attempt) -> Vec<Address> {
        match &attempt.way {
            Way::Invite(invite) => invite.addresses().to_vec(),
            Way::Address { address, .. } => vec![address.clone()],
            Way::Peer(peer) => self.people.get(peer).map(Someone::addresses).unwrap_or_default(),
        }
    }

    fn has_link_in(&self, room: &crate::parts::room::Room) -> bool {
        self.links.all().any(|(peer, _)| room.members.is_member(peer))
    }

    /// A dial failed; that to one's own address, seen from outside, tells something of the router.
    pub(crate) fn note_failed_dial(&mut self, address: &Address) {
        if let Ok(Address::Ip(number)) = address.dialable() {
            self.own.reach.note_failed_dial(&number);
        }
    }
}

fn leads_home(reach: &Reach, address: &Address) -> bool {
    matches!(address.dialable(), Ok(Address::Ip(number)) if reach.is_own_outside(&number))
}

/// Not to this very computer.
fn leads_out(address: &Address) -> bool {
    !matches!(address.dialable(), Ok(Address::Ip(number)) if number.ip().is_loopback())
}
