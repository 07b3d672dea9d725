//! Attempts that outlive a restart: what is kept of them, how they go on, and what they leave
//! behind when they are given up.

use identity::PeerId;
use store::{AttemptRow, Contact, Standing, Urgency};
use wire::derive;
use wire::invite::InviteKind;

use super::Core;
use super::invites::Pasted;
use crate::parts::attempts::{Attempt, Way};
use crate::view::JoinState;

impl Core {
    /// An attempt goes on after a restart from now on.
    pub(super) fn keep_attempt(&mut self, id: u64) {
        let Some(attempt) = self.attempts.get(id) else { return };
        let Some(text) = attempt.text() else { return };
        let row = AttemptRow { id: row_id(&text), text, target: attempt.target.clone(), began_ms: self.clocks.wall() };
        self.keep(&row);
        self.disk.sync_soon(Urgency::Own);
    }

    /// It is over, or kept in another form.
    pub(super) fn forget_attempt(&mut self, id: u64) {
        if let Some(text) = self.attempts.get(id).and_then(Attempt::text) {
            self.forget::<AttemptRow>(&row_id(&text));
            self.disk.sync_soon(Urgency::Own);
        }
    }

    /// Goes on with what was under way when the program ended.
    pub(crate) fn resume_attempts(&mut self) {
        let mut kept = self.disk.store().all::<AttemptRow>();
        kept.sort_by_key(|row| (row.began_ms, row.id));
        for row in kept {
            if !self.resume_attempt(&row) {
                self.forget::<AttemptRow>(&row.id);
            }
        }
        let asked: Vec<PeerId> = self.people.values().filter(|p| p.row.contact == Contact::Asked).map(|p| p.row.peer).collect();
        for peer in asked {
            let target = self.name_of(&peer);
            // Beyond the limit they stay open all the same; they are only not listed.
            let _listed = self.add_attempt(target, JoinState::Connecting { address: String::new() }, Way::Peer(peer));
        }
    }

    /// False if there is nothing left to do, or no room for it.
    fn resume_attempt(&mut self, row: &AttemptRow) -> bool {
        match self.pasted(&row.text) {
            Ok(Pasted::Invite(invite)) => {
                // The program may have ended before the last step was written down.
                if self.leads_to(&invite).is_some() {
                    return false;
                }
                let address = invite.addresses().first().map(ToString::to_string).unwrap_or_default();
                self.add_attempt(row.target.clone(), JoinState::Connecting { address }, Way::Invite(invite)).is_ok()
            }
            Ok(Pasted::Address(address)) => {
                // Who was found nearby is shown by the name that they announce.
                let name = if row.target == row.text { String::new() } else { row.target.clone() };
                self.begin_to_reach(row.target.clone(), name, address).is_ok()
            }
            Ok(Pasted::Several(_) | Pasted::Own) | Err(_) => false,
        }
    }

    /// No attempt leads into this room any more: if this device was welcomed there and its Add has
    /// not come, nothing is to be waited for.
    pub(super) fn give_up_joining(&mut self, kind: InviteKind) {
        let InviteKind::Room { hint } = kind else { return };
        if self.attempts.invites().any(|invite| invite.kind() == kind) {
            return;
        }
        let me = self.own.peer();
        let joining = self.rooms.values_mut().find(|room| room.id().hint() == hint && room.row.standing == Standing::Joining);
        let Some(state) = joining else { return };
        let id = state.id();
        if !state.members.was_member(&me) {
            return self.drop_room(id);
        }
        // It was left before, and its history is here.
        state.row.standing = Standing::Left;
        let row = state.row.clone();
        self.keep(&row);
        self.notices.room(id);
        self.settle_standing(id);
        self.quieten(id);
    }
}

/// What an attempt by this invite or address is filed under.
fn row_id(text: &str) -> [u8; 32] {
    derive("attempt", text.as_bytes())
}
