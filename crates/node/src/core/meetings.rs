//! Who is met by the DHT: those whom attempts are about, those who hold an own invite, and
//! contacts. Nobody, before this device's user has turned that on.

use identity::PeerId;
use net::{Meeting, Side};
use store::{Contact, OwnInviteRow};
use wire::invite::Invite;
use wire::reach::NatClass;
use wire::{derive, pair_key};

use super::Core;

/// How long the holder of an own invite is awaited, in milliseconds. Longer: more traffic for
/// invites that nobody follows. The invite itself is good for ever.
const AWAITED_MS: u64 = 14 * 24 * 60 * 60 * 1000;

impl Core {
    /// Something has changed that decides who is to be met.
    pub(crate) fn note_meetings_stale(&mut self) {
        self.own.meetings.note_stale();
    }

    /// Tells the network whom to meet, if that has changed.
    pub(crate) fn tell_meetings(&mut self) {
        if !self.own.meetings.take_due(self.clocks.mono()) {
            return;
        }
        let wanted = if self.own.reach.settings().internet { self.meetings() } else { Vec::new() };
        if let Some(news) = self.own.meetings.tell(wanted) {
            self.links.net().set_meetings(news);
        }
    }

    /// Most important first: what a person waits for, before who may come one day.
    fn meetings(&self) -> Vec<Meeting> {
        let joins = self.attempts.invites().filter(|invite| self.links.get(&invite.inviter()).is_none());
        let joins = joins.map(|invite| Meeting { secret: secret_of(invite), side: Side::Joiner, peer: Some(invite.inviter()) });
        let mut open: Vec<&OwnInviteRow> = self.invites.seeds().filter(|row| self.is_awaited(row)).collect();
        open.sort_by_key(|row| std::cmp::Reverse((row.made_ms, row.key)));
        let open = open.into_iter().map(|row| Meeting { secret: derive("rendezvous", &row.seed), side: Side::Inviter, peer: None });
        joins.chain(open).chain(self.contacts_to_meet()).collect()
    }

    /// Contacts without a link, who were seen last first.
    fn contacts_to_meet(&self) -> Vec<Meeting> {
        let away = self.people.values().filter(|person| matches!(person.row.contact, Contact::Yes | Contact::Asked));
        let mut away: Vec<_> = away.filter(|person| self.links.get(&person.row.peer).is_none()).map(|person| &person.row).collect();
        away.sort_by_key(|row| std::cmp::Reverse((row.last_seen_ms, row.peer)));
        away.truncate(crate::parts::meetings::MAX_MEETINGS);
        away.into_iter().filter_map(|row| self.meeting_with(&row.peer)).collect()
    }

    /// None if the other one's key is none.
    fn meeting_with(&self, peer: &PeerId) -> Option<Meeting> {
        let side = if self.own.peer() < *peer { Side::Smaller } else { Side::Greater };
        let secret = pair_key("rendezvous of contacts", self.own.identity(), peer)?;
        Some(Meeting { secret: *secret, side, peer: Some(*peer) })
    }

    /// Somebody may still come with this invite.
    fn is_awaited(&self, row: &OwnInviteRow) -> bool {
        let now = self.clocks.wall();
        if row.made_ms.saturating_add(AWAITED_MS) <= now {
            return false;
        }
        match row.room {
            Some(room) => self
                .rooms
                .get(&room)
                .is_some_and(|state| state.may_write() && state.members.invites_with(&row.key).any(|(_, invite)| invite.is_usable(now))),
            None => self.invites.is_open(&row.key),
        }
    }

    /// Forgets the secrets of invites with which nobody is awaited any more.
    pub(crate) fn forget_old_invites(&mut self) {
        let old: Vec<[u8; 32]> = self.invites.seeds().filter(|row| !self.is_awaited(row)).map(|row| row.key).collect();
        for key in old {
            self.invites.forget_seed(&key);
            self.forget::<OwnInviteRow>(&key);
        }
    }

    /// The other side of a meeting has said where it is.
    pub(crate) fn on_partner(&mut self, meeting: &Meeting, nat: NatClass) {
        if self.own.meetings.hear(meeting, nat) {
            self.look_at_joins();
        }
    }

    /// What the maker of an invite said of its NAT in the DHT; none if nothing was heard.
    pub(crate) fn heard_of(&self, invite: &Invite) -> Option<NatClass> {
        self.own.meetings.heard(&secret_of(invite))
    }
}

fn secret_of(invite: &Invite) -> [u8; 32] {
    derive("rendezvous", &**invite.seed())
}
