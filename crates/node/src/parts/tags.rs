//! By which tags a linked peer is shown that a room is had in common, and which of theirs count.
//!
//! Who knows a room's id knows one of its tags, and a former member knows the id. So to whom this
//! device does not know as a member it shows tags of epochs only, whose keys no former member has;
//! and from them it takes no others.

use identity::PeerId;
use wire::ids::{EpochId, RoomId};

/// Epochs by which a member may find the room although it does not know of this device yet. Each
/// costs a tag in every introduction.
const SHOWN_TO_MEMBERS: usize = 8;
/// Epochs by which somebody is shown the room of whom nothing is known here.
const SHOWN_TO_OTHERS: usize = 2;
/// Epochs, the newest ones, whose tags count. Each costs a hash when tags come that show nothing
/// else. Who comes with an older one is met by another member first.
const COUNTED: usize = 16;

/// What a peer is in a room, as this device knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Towards {
    /// A member; or who has let this device in, before anything of the room is here.
    Member,
    /// Was a member, and is none.
    Ended,
    /// Nothing is known of them.
    Unknown,
}

impl Towards {
    pub(crate) fn of(is_member: bool, was_member: bool) -> Towards {
        match (is_member, was_member) {
            (true, _) => Towards::Member,
            (false, true) => Towards::Ended,
            (false, false) => Towards::Unknown,
        }
    }
}

/// What a tag is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TagOf {
    /// The room's id.
    Room,
    /// The key of an epoch.
    Epoch(EpochId),
}

/// Introductions of somebody in the lobby that are looked at on one link. Each costs hashes for
/// every room; who means well sends two or three.
pub(crate) const LOOKS_AT_STRANGERS: u32 = 16;

/// The epochs of a room of which tags can be made, the newest first.
#[derive(Clone, Debug, Default)]
pub(crate) struct TagEpochs {
    /// Whose keys are held.
    pub(crate) held: Vec<EpochId>,
    /// Those of them whose minters knew of just the removals and departures that are known here.
    pub(crate) current: Vec<EpochId>,
}

impl TagEpochs {
    /// The tags that are shown.
    pub(crate) fn shown(&self, towards: Towards) -> Vec<TagOf> {
        match towards {
            Towards::Member => with_room(&self.held, SHOWN_TO_MEMBERS),
            Towards::Ended => Vec::new(),
            Towards::Unknown => epochs(&self.current, SHOWN_TO_OTHERS).collect(),
        }
    }

    /// The tags of theirs that count.
    pub(crate) fn counted(&self, towards: Towards) -> Vec<TagOf> {
        match towards {
            Towards::Member => with_room(&self.held, COUNTED),
            Towards::Ended => Vec::new(),
            Towards::Unknown => epochs(&self.current, COUNTED).collect(),
        }
    }

    /// Whether a room stays in common. `proofs`: the epochs by whose tags a peer of whom nothing
    /// was known has shown to have it.
    pub(crate) fn stays(&self, towards: Towards, proofs: &[EpochId]) -> bool {
        match towards {
            Towards::Member => true,
            Towards::Ended => false,
            Towards::Unknown => proofs.iter().any(|epoch| self.current.contains(epoch)),
        }
    }
}

fn epochs(all: &[EpochId], most: usize) -> impl Iterator<Item = TagOf> {
    all.iter().take(most).copied().map(TagOf::Epoch)
}

fn with_room(all: &[EpochId], most: usize) -> Vec<TagOf> {
    [TagOf::Room].into_iter().chain(epochs(all, most)).collect()
}

/// The first tags of all rooms, then the second ones, and so on, as many as a message holds: with
/// very many rooms each is shown by fewer tags, and none by none.
pub(crate) fn interleaved<T>(rooms: Vec<Vec<T>>, most: usize) -> Vec<T> {
    let longest = rooms.iter().map(Vec::len).max().unwrap_or(0);
    let mut rooms: Vec<_> = rooms.into_iter().map(Vec::into_iter).collect();
    let mut all = Vec::new();
    for _ in 0..longest {
        all.extend(rooms.iter_mut().filter_map(Iterator::next));
    }
    all.truncate(most);
    all
}

/// Rooms that a linked peer has shown to have.
#[derive(Clone, Debug, Default)]
pub(crate) struct InCommon {
    /// No more than there are rooms.
    shown: Vec<Shown>,
}

#[derive(Clone, Debug)]
struct Shown {
    room: RoomId,
    /// The epochs by whose tags, if nothing else was known of them.
    proofs: Vec<EpochId>,
    /// It is in common now. It is not with somebody who is in the room no more.
    stands: bool,
    /// They were told on this link that they are in it no more; once is enough.
    told: bool,
}

impl InCommon {
    pub(crate) fn contains(&self, room: &RoomId) -> bool {
        self.iter().any(|common| common == room)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.iter().next().is_none()
    }

    /// The rooms in common.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &RoomId> {
        self.shown.iter().filter(|shown| shown.stands).map(|shown| &shown.room)
    }

    /// Whether they have shown to have the room, in common or not.
    pub(crate) fn is_shown(&self, room: &RoomId) -> bool {
        self.shown.iter().any(|shown| shown.room == *room)
    }

    /// They show to have a room. `stands`: what they show counts. True if it is in common from now
    /// on.
    pub(crate) fn show(&mut self, room: RoomId, proofs: Vec<EpochId>, stands: bool) -> bool {
        match self.entry(&room) {
            Some(shown) => {
                // All that they can show is in each introduction, so this does not grow.
                shown.proofs = proofs;
                let fresh = stands && !shown.stands;
                (shown.stands, shown.told) = (stands, shown.told && !fresh);
                fresh
            }
            None => {
                self.shown.push(Shown { room, proofs, stands, told: false });
                stands
            }
        }
    }

    /// Whether a room that they have shown is in common is to be seen anew. True if that changes.
    pub(crate) fn settle(&mut self, room: &RoomId, stands: bool) -> bool {
        let Some(shown) = self.entry(room).filter(|shown| shown.stands != stands) else { return false };
        (shown.stands, shown.told) = (stands, shown.told && !stands);
        true
    }

    pub(crate) fn proofs(&self, room: &RoomId) -> &[EpochId] {
        self.shown.iter().find(|shown| shown.room == *room).map(|shown| shown.proofs.as_slice()).unwrap_or_default()
    }

    /// Whether they are to be told now that they are in this room no more.
    pub(crate) fn take_telling(&mut self, room: &RoomId) -> bool {
        self.entry(room).is_some_and(|shown| !std::mem::replace(&mut shown.told, true))
    }

    fn entry(&mut self, room: &RoomId) -> Option<&mut Shown> {
        self.shown.iter_mut().find(|shown| shown.room == *room)
    }
}

/// Who is asked to let this device in counts as a member for tags, until the members are known.
pub(crate) fn is_host(is_joining: bool, hosts: &[PeerId], peer: &PeerId) -> bool {
    is_joining && hosts.contains(peer)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROOM: RoomId = RoomId([7; 32]);

    fn epoch(nth: u8) -> EpochId {
        EpochId([nth; 16])
    }

    /// So many held, the newest first; of them these are current.
    fn epochs(held: u8, current: &[u8]) -> TagEpochs {
        TagEpochs { held: (1..=held).rev().map(epoch).collect(), current: current.iter().copied().map(epoch).collect() }
    }

    fn of(nths: &[u8]) -> Vec<TagOf> {
        nths.iter().map(|nth| TagOf::Epoch(epoch(*nth))).collect()
    }

    #[test]
    fn a_member_is_shown_the_room_and_the_newest_eight_of_its_epochs() {
        let shown = epochs(20, &[20]).shown(Towards::Member);
        assert_eq!(shown, [vec![TagOf::Room], of(&[20, 19, 18, 17, 16, 15, 14, 13])].concat());
        assert_eq!(epochs(0, &[]).shown(Towards::Member), [TagOf::Room]);
    }

    #[test]
    fn somebody_unknown_is_shown_the_newest_two_epochs_that_no_former_member_has() {
        assert_eq!(epochs(20, &[20, 18, 17]).shown(Towards::Unknown), of(&[20, 18]));
        assert!(epochs(20, &[]).shown(Towards::Unknown).is_empty());
    }

    #[test]
    fn a_former_member_is_shown_nothing_and_nothing_that_they_show_counts() {
        let all = epochs(20, &[20, 19]);
        assert!(all.shown(Towards::Ended).is_empty() && all.counted(Towards::Ended).is_empty());
        assert!(!all.stays(Towards::Ended, &[epoch(20)]));
    }

    #[test]
    fn of_a_member_any_tag_counts_and_of_somebody_unknown_those_of_current_epochs() {
        let all = epochs(3, &[3]);
        assert_eq!(all.counted(Towards::Member), [vec![TagOf::Room], of(&[3, 2, 1])].concat());
        assert_eq!(all.counted(Towards::Unknown), of(&[3]));
        assert_eq!(epochs(200, &[]).counted(Towards::Member).len(), 1 + COUNTED);
    }

    #[test]
    fn what_is_shown_is_a_part_of_what_counts() {
        for towards in [Towards::Member, Towards::Ended, Towards::Unknown] {
            let all = epochs(100, &[100, 99, 98]);
            let counted = all.counted(towards);
            assert!(all.shown(towards).iter().all(|tag| counted.contains(tag)), "{towards:?}");
        }
    }

    #[test]
    fn who_was_found_by_an_epoch_stays_while_it_is_current_or_once_they_are_known() {
        let proofs = [epoch(2)];
        assert!(epochs(3, &[3, 2]).stays(Towards::Unknown, &proofs));
        assert!(!epochs(4, &[4]).stays(Towards::Unknown, &proofs), "somebody left meanwhile");
        assert!(epochs(4, &[4]).stays(Towards::Member, &proofs), "their Add is here");
        assert!(!epochs(4, &[4]).stays(Towards::Unknown, &[]), "a member whose Add turned out not to count");
    }

    #[test]
    fn with_too_many_rooms_each_is_shown_by_fewer_tags() {
        let rooms = vec![vec![10, 11, 12], vec![20], vec![], vec![40, 41]];
        assert_eq!(interleaved(rooms.clone(), 100), [10, 20, 40, 11, 41, 12]);
        assert_eq!(interleaved(rooms, 4), [10, 20, 40, 11]);
    }

    #[test]
    fn a_room_is_in_common_while_what_was_shown_counts() {
        let mut common = InCommon::default();
        assert!(common.show(ROOM, vec![epoch(1)], true));
        assert!(!common.show(ROOM, vec![epoch(2)], true), "nothing new");
        assert_eq!((common.proofs(&ROOM), common.iter().count()), (&[epoch(2)][..], 1));
        assert!(common.settle(&ROOM, false) && !common.settle(&ROOM, false));
        assert!(common.is_empty() && !common.contains(&ROOM) && common.is_shown(&ROOM));
        // They need not show it again to be a member again.
        assert!(common.settle(&ROOM, true) && common.contains(&ROOM));
        assert!(!InCommon::default().settle(&ROOM, true), "they never showed it");
    }

    #[test]
    fn who_is_in_the_room_no_more_is_told_once_on_a_link() {
        let mut common = InCommon::default();
        assert!(!common.take_telling(&ROOM), "nothing says that they have it");
        assert!(!common.show(ROOM, vec![], false));
        assert!(common.take_telling(&ROOM) && !common.take_telling(&ROOM));
        assert!(!common.show(ROOM, vec![], false) && !common.take_telling(&ROOM));
        common.settle(&ROOM, true);
        common.settle(&ROOM, false);
        assert!(common.take_telling(&ROOM), "they had come back, and are out again");
    }

    #[test]
    fn who_let_this_device_in_counts_as_a_member_until_the_members_are_known() {
        let ben = PeerId::from_bytes([2; 32]);
        assert!(is_host(true, &[ben], &ben));
        assert!(!is_host(false, &[ben], &ben) && !is_host(true, &[], &ben));
        assert_eq!(
            [Towards::of(true, true), Towards::of(false, true), Towards::of(false, false)],
            [Towards::Member, Towards::Ended, Towards::Unknown]
        );
    }
}
