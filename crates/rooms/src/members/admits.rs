//! What of a room may be stored.

use super::Membership;
use crate::admission::{Admission, Amount};
use crate::limits::{MAX_CONTROL_EVENTS, MAX_CONTROL_EVENTS_PER_MEMBER, MAX_PENDING_EVENTS};
use crate::payload::Payload;
use crate::room::group_room_id;
use crate::run::Run;

impl Membership {
    /// May this run be stored and applied? Asked of what strangers send, before the signature is
    /// checked. How much of content counts is not asked: see [`limit`](Self::limit).
    pub fn admits(&self, run: &Run) -> Admission {
        let (device, counts) = (run.device(), |counts| if counts { Admission::Counts } else { Admission::Refused });
        if !run.key().log.is_control() {
            return counts(self.was_member(&device));
        }
        let more = run.events().iter().map(Amount::of).fold(Amount::default(), Amount::plus);
        if self.is_direct() || !self.held.plus(more).is_within(MAX_CONTROL_EVENTS) {
            return Admission::Refused;
        }
        if self.was_member(&device) || self.is_founded_by(run) {
            let written = self.written.get(&device).copied().unwrap_or_default();
            return counts(written.plus(more).is_within(MAX_CONTROL_EVENTS_PER_MEMBER));
        }
        if self.pending.plus(more).is_within(MAX_PENDING_EVENTS) { Admission::Pending } else { Admission::Refused }
    }

    fn is_founded_by(&self, run: &Run) -> bool {
        let fits = |payload: Payload| matches!(payload, Payload::Create { nonce, .. } if group_room_id(&run.device(), &nonce) == self.room);
        run.events().first().is_some_and(|event| Payload::of(event).is_ok_and(fits))
    }
}
