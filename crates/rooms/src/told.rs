//! Control events as authority and history need them.

use identity::PeerId;
use wire::ids::{EventId, LogId, RoomId};
use wire::message::verify_pass;
use wire::tidy_name;

use crate::authority::{Act, Kept, Op, Pass, Setting};
use crate::event::Verified;
use crate::membership_line::{MembershipLine, What};
use crate::payload::{CutList, Payload, ShownPass};
use crate::position::Position;
use crate::room::group_room_id;

/// A control event that says something.
#[derive(Clone, Debug)]
pub(crate) struct Told {
    pub(crate) op: Op,
    pub(crate) position: Position,
    /// Of who comes in by it; empty if nobody does.
    pub(crate) name: String,
    /// Of a Create: the room's name.
    pub(crate) room_name: Option<Box<str>>,
}

impl Told {
    /// None: it says nothing that this version knows, or founds another room.
    pub(crate) fn of(room: &RoomId, event: &Verified) -> Option<Told> {
        let (author, position) = (event.header.device, event.position());
        let payload = Payload::of(event).ok()?;
        let (name, room_name) = match &payload {
            Payload::Create { name, creator, .. } => (tidy_name(creator), Some(tidy_name(name).into())),
            Payload::Add { name, .. } => (tidy_name(name), None),
            _ => Default::default(),
        };
        let (by, act) = act(room, &author, &payload, event.header.hlc.ms())?;
        let at = (event.header.log, event.header.seq);
        Some(Told { op: Op { id: event.id(), author, at, by, act }, position, name, room_name })
    }

    /// What the history shows of it, if it shows it.
    pub(crate) fn line(&self) -> Option<MembershipLine> {
        let what = match &self.op.act {
            Act::Create => What::Created { name: self.room_name.as_deref().unwrap_or_default().to_owned() },
            Act::Add { device, pass, .. } => What::Added { peer: *device, name: self.name.clone(), invited: pass.is_some() },
            Act::Leave { .. } => What::Left,
            Act::Remove { device, .. } => What::Removed { peer: *device },
            Act::SetRole { device, role, .. } => What::Role { peer: *device, role: *role },
            Act::Set { setting, .. } => What::Set(setting.clone()),
            Act::Invite { .. } | Act::Revoke { .. } => return None,
        };
        Some(MembershipLine { position: self.position, author: self.op.author, what })
    }

    /// The invite that it is about.
    pub(crate) fn invite(&self) -> Option<EventId> {
        match &self.op.act {
            Act::Add { pass: Some(Pass { invite, .. }), .. } | Act::Revoke { invite, .. } => Some(*invite),
            Act::Invite { .. } => Some(self.op.id),
            _ => None,
        }
    }

    /// Whom it is about.
    pub(crate) fn subject(&self) -> PeerId {
        match &self.op.act {
            Act::Add { device, .. } | Act::Remove { device, .. } | Act::SetRole { device, .. } => *device,
            Act::Create | Act::Leave { .. } | Act::Invite { .. } | Act::Revoke { .. } | Act::Set { .. } => self.op.author,
        }
    }

    pub(crate) fn id(&self) -> EventId {
        self.op.id
    }
}

/// What an author does in a room at a time, and by which right.
pub(crate) fn act(room: &RoomId, author: &PeerId, payload: &Payload, at_ms: u64) -> Option<(Option<EventId>, Act)> {
    let kept = |(log, last, except): &(LogId, u32, Vec<u32>)| (*log, Kept { last: *last, except: except.iter().copied().collect() });
    let cut = |cut: &CutList| cut.iter().map(kept).collect();
    Some(match payload {
        Payload::Create { nonce, .. } if group_room_id(author, nonce) != *room => return None,
        Payload::Create { .. } => (None, Act::Create),
        Payload::Add { by, device, round, pass, .. } => {
            let is_right = |shown: &&ShownPass| verify_pass(&shown.key, &room.hint(), device, &shown.proof).is_ok();
            let pass = pass.as_ref().filter(is_right).map(|shown| Pass { invite: shown.invite, key: shown.key, at_ms });
            (Some(*by), Act::Add { device: *device, round: *round, pass })
        }
        Payload::Leave { by, round, cut: had } => (Some(*by), Act::Leave { round: *round, cut: cut(had) }),
        Payload::Invite { by, key, uses, expires } => (Some(*by), Act::Invite { key: *key, uses: *uses, expires: *expires }),
        Payload::Revoke { by, invite, used } => (Some(*by), Act::Revoke { invite: *invite, used: used.clone() }),
        Payload::Remove { by, device, round, cut: left } => (Some(*by), Act::Remove { device: *device, round: *round, cut: cut(left) }),
        Payload::SetRole { by, device, round, turn, role, cut: left } => {
            (Some(*by), Act::SetRole { device: *device, round: *round, turn: *turn, role: *role, cut: cut(left) })
        }
        Payload::Set { by, version, setting, known } => {
            let setting = match setting {
                Setting::Name(name) => Setting::Name(tidy_name(name)),
                other => other.clone(),
            };
            let known = known.iter().map(|(device, had)| (*device, cut(had))).collect();
            (Some(*by), Act::Set { setting, version: *version, known })
        }
        Payload::Message { .. } | Payload::Edit { .. } | Payload::Delete { .. } | Payload::Reaction { .. } => return None,
        Payload::Prekey { .. } | Payload::Epoch(_) => return None,
    })
}
