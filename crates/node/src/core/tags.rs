//! Which rooms linked peers find to have in common, and which are so no more.

use std::collections::BTreeSet;

use gossip::Input;
use identity::PeerId;
use rand::RngExt;
use rand::seq::SliceRandom;
use store::Standing;
use wire::ids::{EpochId, RoomId, RoomTag};
use wire::limits::MAX_TAGS;
use wire::message::{Message, epoch_tag, room_tag};

use super::Core;
use crate::parts::keys::epochs::Epoch;
use crate::parts::room::Room;
use crate::parts::tags::{LOOKS_AT_STRANGERS, TagEpochs, TagOf, Towards, interleaved, is_host};

impl Core {
    /// The tags by which a peer may find the rooms of this device, padded with random ones so that
    /// their number stays unknown.
    pub(crate) fn introduce_rooms(&mut self, peer: &PeerId) {
        let Some(link) = self.links.get(peer) else { return };
        let (hash, role) = (link.hash, link.role);
        let (quiet, active): (Vec<&Room>, Vec<&Room>) =
            self.rooms.values().filter(|room| room.is_active()).partition(|room| room.is_quiet());
        let shown = active.into_iter().chain(quiet).map(|room| {
            let towards = self.towards(room, peer);
            let epochs = self.tag_epochs(room, towards);
            let tags = epochs.shown(towards).into_iter().filter_map(|of| self.tag(room.id(), of, &hash, role));
            tags.collect::<Vec<RoomTag>>()
        });
        let mut tags = interleaved(shown.collect(), MAX_TAGS);
        let padded = tags.len().next_power_of_two().min(MAX_TAGS);
        while tags.len() < padded {
            tags.push(RoomTag(self.rng.random()));
        }
        tags.shuffle(&mut self.rng);
        self.links.tell(peer, &Message::Rooms(tags));
    }

    /// Finds the rooms in common; answers with the own tags if one is new, since the other side may
    /// have learnt of it meanwhile.
    pub(crate) fn on_tags(&mut self, peer: PeerId, tags: &[RoomTag]) {
        let Some(link) = self.links.get_mut(&peer) else { return };
        if !link.welcome {
            link.looked = link.looked.saturating_add(1);
            if link.looked > LOOKS_AT_STRANGERS {
                return;
            }
        }
        let tags: BTreeSet<&RoomTag> = tags.iter().collect();
        let found: Vec<(RoomId, Found)> = self
            .rooms
            .values()
            .filter(|room| room.is_active())
            .filter_map(|room| Some((room.id(), self.find(room, &peer, &tags)?)))
            .collect();
        let Some(link) = self.links.get_mut(&peer) else { return };
        let (mut fresh, mut ended) = (Vec::new(), Vec::new());
        for (room, found) in found {
            match found {
                Found::Common(proofs) => fresh.extend(link.rooms.show(room, proofs, true).then_some(room)),
                Found::Ended => {
                    link.rooms.show(room, Vec::new(), false);
                    ended.push(room);
                }
            }
        }
        if !fresh.is_empty() {
            self.introduce_rooms(&peer);
            self.welcome(peer);
            self.rooms.note_met(&peer, &fresh);
        }
        for room in fresh {
            self.restate_neighbour(room, peer);
            self.send_records_of(room, peer);
            self.notices.room(room);
        }
        ended.into_iter().for_each(|room| self.tell_end(room, peer));
    }

    fn find(&self, room: &Room, peer: &PeerId, tags: &BTreeSet<&RoomTag>) -> Option<Found> {
        let link = self.links.get(peer)?;
        let theirs = link.role.other();
        let fits = |of: &TagOf| self.tag(room.id(), *of, &link.hash, theirs).is_some_and(|tag| tags.contains(&tag));
        let towards = self.towards(room, peer);
        // Nearly always this says enough, and costs least.
        match (towards, towards != Towards::Unknown && fits(&TagOf::Room)) {
            (Towards::Member, true) => return Some(Found::Common(Vec::new())),
            // The id of a direct room is no secret: others than its two have no end in it.
            (Towards::Ended, shown) => return (shown && room.other().is_none()).then_some(Found::Ended),
            (Towards::Member | Towards::Unknown, _) => {}
        }
        let counted = self.tag_epochs(room, towards).counted(towards).into_iter().filter(fits);
        let proofs: Vec<EpochId> = counted.filter_map(|of| if let TagOf::Epoch(epoch) = of { Some(epoch) } else { None }).collect();
        match (proofs.is_empty(), towards) {
            (false, _) => Some(Found::Common(proofs)),
            // Who was let in by somebody that could not any more believes to be in the room.
            (true, Towards::Unknown) => fits(&TagOf::Room).then_some(Found::Ended),
            (true, Towards::Member | Towards::Ended) => None,
        }
    }

    fn tag(&self, room: RoomId, of: TagOf, link: &[u8; 32], role: wire::Role) -> Option<RoomTag> {
        match of {
            TagOf::Room => Some(room_tag(&room, link, role)),
            TagOf::Epoch(epoch) => Some(epoch_tag(&self.keyring().held(&room, &epoch)?.control().tag_key(), link, role)),
        }
    }

    fn towards(&self, room: &Room, peer: &PeerId) -> Towards {
        let hosts = || self.attempts.hosts(&room.id().hint());
        let is_joining = room.row.standing == Standing::Joining;
        match room.other() {
            // Nobody else ever was or will be in it.
            Some(other) => Towards::of(other == *peer, true),
            None if is_joining && is_host(is_joining, &hosts(), peer) => Towards::Member,
            None => Towards::of(room.members.is_member(peer), room.members.was_member(peer)),
        }
    }

    /// What matters towards such a peer. In a direct room nobody's membership ends, and its id is
    /// enough.
    fn tag_epochs(&self, room: &Room, towards: Towards) -> TagEpochs {
        let (epochs, gone) = (&room.keys.epochs, room.members.gone());
        let is_current = |known: &Epoch| known.claim().is_some_and(|claim| claim.gone == gone);
        match towards {
            _ if room.other().is_some() => TagEpochs::default(),
            Towards::Ended => TagEpochs::default(),
            Towards::Member => TagEpochs { held: epochs.newest(|_| true), current: Vec::new() },
            Towards::Unknown => TagEpochs { held: Vec::new(), current: epochs.newest(is_current) },
        }
    }

    /// Membership changed: neighbours rise, or fall back to control logs; with some the room is in
    /// common no more, and with some again.
    pub(crate) fn restate_neighbours(&mut self, room: RoomId) {
        let shown = self.links.all().filter(|(_, link)| link.rooms.is_shown(&room)).map(|(peer, _)| *peer);
        for peer in shown.collect::<Vec<_>>() {
            let stands = self.is_still_common(room, &peer);
            let changes = self.links.get_mut(&peer).is_some_and(|link| link.rooms.settle(&room, stands));
            if stands {
                self.restate_neighbour(room, peer);
            } else if changes {
                self.tell_end(room, peer);
                self.gossip(Input::NeighbourDown { room, peer });
            }
        }
    }

    fn is_still_common(&self, room: RoomId, peer: &PeerId) -> bool {
        let (Some(state), Some(link)) = (self.rooms.get(&room), self.links.get(peer)) else { return false };
        match self.towards(state, peer) {
            Towards::Member => true,
            Towards::Ended => false,
            // Of what is known of epochs only this needs a look.
            Towards::Unknown => self.tag_epochs(state, Towards::Unknown).stays(Towards::Unknown, link.rooms.proofs(&room)),
        }
    }
}

/// What the tags of a peer say of a room.
enum Found {
    /// It is in common; by these epochs, if nothing else shows it.
    Common(Vec<EpochId>),
    /// They have it, and are not in it, as far as is known here.
    Ended,
}
