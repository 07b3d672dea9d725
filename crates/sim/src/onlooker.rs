//! What somebody would see who looks over the members' shoulders, and what is true.

use std::collections::BTreeMap;

use identity::PeerId;
use node::view::{Anchor, Body, Member, Role, RoomInvite, RoomRow, Standing};
use rooms::{Membership, Verified};
use wire::ids::{EpochId, EventId, LogKey};

use crate::world::World;

/// Lines of a page.
const PAGE: u32 = 200;

/// A room as its window shows it, without what is one's own affair: what is unread, or may be done.
#[derive(Clone, Debug, PartialEq)]
pub struct View {
    /// Its name.
    pub name: String,
    /// What it is about.
    pub topic: String,
    /// Only admins may add people.
    pub only_admins_add: bool,
    /// Members, with names, roles, and who let them in.
    pub members: BTreeMap<PeerId, (String, Role, Option<PeerId>)>,
    /// Invites that were made known, with their uses, how many of these are used, and whether they
    /// were ended.
    pub invites: BTreeMap<EventId, (PeerId, u32, u32, bool)>,
    /// Lines, the oldest first: who wrote what.
    pub timeline: Vec<(EventId, PeerId, String)>,
}

impl View {
    fn new(row: RoomRow, members: Vec<Member>, invites: Vec<RoomInvite>) -> View {
        View {
            name: row.name,
            topic: row.topic,
            only_admins_add: row.only_admins_add,
            members: members.into_iter().map(|member| (member.peer, (member.name, member.role, member.added_by))).collect(),
            invites: invites.into_iter().map(|invite| (invite.id, (invite.author, invite.uses, invite.used, invite.revoked))).collect(),
            timeline: Vec::new(),
        }
    }
}

/// Who is no member is called as whoever looks has heard of them.
fn in_words(body: &Body) -> String {
    match body {
        Body::MemberRemoved { peer, .. } => format!("removed {peer:?}"),
        Body::RoleGiven { peer, role, .. } => format!("made {peer:?} {role:?}"),
        other => format!("{other:?}"),
    }
}

impl World {
    /// Whose number this is.
    pub fn peer(&self, number: u32) -> PeerId {
        self.peers.get(number as usize).copied().unwrap_or_else(|| PeerId::from_bytes([0; 32]))
    }

    /// The number of a device.
    pub fn number(&self, peer: &PeerId) -> Option<u32> {
        self.numbers.get(peer).copied()
    }

    /// Bytes that a member has sent so far.
    pub fn bytes_sent(&self, number: u32) -> u64 {
        self.hosts.get(number as usize).map_or(0, |host| host.bytes_sent)
    }

    /// Takes itself for a member, and can say something.
    pub fn is_inside(&mut self, number: u32) -> bool {
        let room = self.room();
        let row = self.is_correct(number).then(|| self.ask(number, |core| core.room_details(room))).flatten();
        row.is_some_and(|row| row.is_ok_and(|(row, _, _)| row.standing == Standing::Member && row.my_role.is_some()))
    }

    /// The room as this one sees it; none if it has none, or does not run.
    pub fn view(&mut self, number: u32) -> Option<View> {
        let room = self.room();
        self.ask(number, |core| {
            let (row, members, _) = core.room_details(room).ok()?;
            let mut view = View::new(row, members, core.room_invites(room).ok()?);
            let mut anchor = Anchor::Latest;
            loop {
                let page = core.timeline(room, anchor, PAGE).ok()?;
                let lines = page.messages.iter().map(|line| (line.id, line.author, in_words(&line.body)));
                view.timeline.splice(0..0, lines);
                match page.messages.first() {
                    Some(first) if page.more_before => anchor = Anchor::Before(first.position),
                    Some(_) | None => return Some(view),
                }
            }
        })?
    }

    /// The newest epoch of which a member holds a key.
    pub fn newest_epoch(&self, number: u32) -> Option<EpochId> {
        let body = self.hosts.get(number as usize)?.body.as_ref()?;
        body.hand.newest_epoch(&self.template.room)
    }

    /// A member can read and write under an epoch.
    pub fn holds_epoch(&self, number: u32, epoch: &EpochId) -> bool {
        let body = self.hosts.get(number as usize).and_then(|host| host.body.as_ref());
        body.is_some_and(|body| body.hand.holds_epoch(&self.template.room, epoch))
    }

    /// Digest over all events that this one has.
    pub fn digest(&mut self, number: u32) -> Option<[u8; 16]> {
        let room = self.room();
        self.hosts.get_mut(number as usize)?.body.as_mut()?.hand.digest(&room)
    }

    /// The control events that these people have between them, opened if one of them can.
    pub fn control_events(&self, numbers: &[u32]) -> Vec<Verified> {
        let room = self.room();
        let mut events: BTreeMap<EventId, Verified> = BTreeMap::new();
        for number in numbers {
            let Some(body) = self.hosts.get(*number as usize).and_then(|host| host.body.as_ref()) else { continue };
            let control = body.hand.heads(&room).into_iter().filter(|(log, _)| log.log.is_control());
            for event in control.flat_map(|(log, _)| body.hand.log_events(&room, &log)) {
                let known = events.get(&event.id());
                if known.is_none_or(|known| known.content().is_none()) {
                    events.insert(event.id(), event);
                }
            }
        }
        events.into_values().collect()
    }

    /// How far each log has come at one of them.
    pub fn heads(&self, number: u32) -> Vec<(LogKey, u32)> {
        let body = self.hosts.get(number as usize).and_then(|host| host.body.as_ref());
        body.map(|body| body.hand.heads(&self.template.room)).unwrap_or_default()
    }

    /// What follows from all that these people have between them.
    pub fn truth(&self, numbers: &[u32]) -> Membership {
        let mut membership = Membership::group(self.room());
        membership.apply_all(&self.control_events(numbers));
        membership
    }
}
