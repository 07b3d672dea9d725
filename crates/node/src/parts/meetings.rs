//! Who is to be met by the DHT, and what was heard of them there.

use std::collections::BTreeMap;

use gossip::Millis;
use net::Meeting;
use wire::reach::NatClass;

/// Meetings at one time. Higher: more traffic, and each partner is looked for less often. Lower:
/// somebody waits in vain.
pub(crate) const MAX_MEETINGS: usize = 32;
/// Between two looks. Lower: more work while links come and go.
const PAUSE: Millis = 500;

/// What the network was told, and what it told.
#[derive(Default)]
pub(crate) struct Meetings {
    told: Vec<Meeting>,
    /// What partners said of their NAT, by the secret of the meeting.
    heard: BTreeMap<[u8; 32], NatClass>,
    stale: bool,
    rests_until: Millis,
}

impl Meetings {
    pub(crate) fn note_stale(&mut self) {
        self.stale = true;
    }

    pub(crate) fn wake(&self) -> Option<Millis> {
        self.stale.then_some(self.rests_until)
    }

    pub(crate) fn take_due(&mut self, now: Millis) -> bool {
        let is_due = self.stale && self.rests_until <= now;
        if is_due {
            (self.stale, self.rests_until) = (false, now + PAUSE);
        }
        is_due
    }

    /// These, most important first, if they are not what the network was told.
    pub(crate) fn tell(&mut self, mut meetings: Vec<Meeting>) -> Option<Vec<Meeting>> {
        meetings.truncate(MAX_MEETINGS);
        if meetings == self.told {
            return None;
        }
        self.heard.retain(|secret, _| meetings.iter().any(|meeting| meeting.secret == *secret));
        self.told.clone_from(&meetings);
        Some(meetings)
    }

    /// A partner has said something. True if that is new.
    pub(crate) fn hear(&mut self, meeting: &Meeting, nat: NatClass) -> bool {
        self.told.contains(meeting) && self.heard.insert(meeting.secret, nat) != Some(nat)
    }

    /// What the partner of this meeting said; none if nothing was heard of them.
    pub(crate) fn heard(&self, secret: &[u8; 32]) -> Option<NatClass> {
        self.heard.get(secret).copied()
    }
}

#[cfg(test)]
mod tests {
    use net::Side;

    use super::*;

    fn meeting(nth: u8) -> Meeting {
        Meeting { secret: [nth; 32], side: Side::Inviter, peer: None }
    }

    #[test]
    fn what_was_told_is_not_told_again_and_there_is_a_bound() {
        let mut meetings = Meetings::default();
        assert_eq!(meetings.tell(Vec::new()), None);
        let many: Vec<Meeting> = (0..100).map(meeting).collect();
        assert_eq!(meetings.tell(many.clone()).map(|told| told.len()), Some(MAX_MEETINGS));
        assert_eq!(meetings.tell(many), None);
        assert_eq!(meetings.tell(Vec::new()), Some(Vec::new()));
    }

    #[test]
    fn a_partner_is_heard_only_while_it_is_to_be_met() {
        let mut meetings = Meetings::default();
        assert!(!meetings.hear(&meeting(1), NatClass::Hard), "nobody is to be met");
        meetings.tell(vec![meeting(1), meeting(2)]);
        assert!(meetings.hear(&meeting(1), NatClass::Hard));
        assert!(!meetings.hear(&meeting(1), NatClass::Hard), "nothing new");
        assert_eq!(meetings.heard(&[1; 32]), Some(NatClass::Hard));
        meetings.tell(vec![meeting(2)]);
        assert_eq!(meetings.heard(&[1; 32]), None);
    }
}
