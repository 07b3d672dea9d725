//! Control events whose keys are not here, and the digest of those who have gone.

use identity::{Identity, PeerId};
use rooms::keys::{EpochSecret, Sealing, gone_digest};
use rooms::members::Admission;
use rooms::{Author, Clock, Membership, Payload, Verified};
use wire::{EventId, LogId};

use crate::people::{Device, NOON, ana, ben, chi, create, cut, received, room};

/// Ana, who seals what she does.
struct Sealed {
    author: Author,
    clock: Clock,
    drafts: Device,
    right: EventId,
}

impl Sealed {
    fn ana() -> Sealed {
        let author = Author::new(room(), LogId(LogId::CONTROL | 0xa), None);
        Sealed { author, clock: Clock::new(), drafts: Device::new(ana()), right: EventId([0; 32]) }
    }

    fn writes(&mut self, payload: &Payload) -> Verified {
        let secret = EpochSecret::from_bytes([3; 32]);
        let sealing = Sealing::direct(secret.control().id(&room()), secret);
        let draft = self.drafts.draft(payload);
        let events = self.author.append(&ana(), &[draft], &mut self.clock, NOON, [0; 16], Some(&sealing));
        events.expect("within all limits").remove(0)
    }

    fn makes_the_room(&mut self) -> Verified {
        let create = self.writes(&create());
        self.right = create.id();
        create
    }

    fn adds(&mut self, whom: &Identity) -> Verified {
        self.writes(&Payload::Add { by: self.right, device: whom.peer(), name: "x".into(), round: 1, pass: None })
    }

    fn removes(&mut self, whom: &Identity) -> Verified {
        self.writes(&Payload::Remove { by: self.right, device: whom.peer(), round: 1, cut: Vec::new() })
    }
}

/// As it is for somebody without the key.
fn shut(event: &Verified) -> Verified {
    Verified::from_store(event.raw().clone(), event.proof()).expect("it is an event")
}

fn names(members: &Membership) -> Vec<PeerId> {
    members.members().map(|member| member.peer).collect()
}

#[test]
fn sealed_events_change_nothing_and_say_all_once_they_are_opened_in_any_order() {
    let mut ana = Sealed::ana();
    let events = [ana.makes_the_room(), ana.adds(&ben()), ana.adds(&chi()), ana.removes(&ben())];
    let mut at_once = Membership::group(room());
    at_once.apply_all(&events);
    assert_eq!(names(&at_once).len(), 2);
    for order in [[0, 1, 2, 3], [3, 2, 1, 0], [2, 0, 3, 1]] {
        let mut later = Membership::group(room());
        for event in &events {
            let changed = later.apply(&shut(event));
            assert!(changed.members.is_empty() && changed.shown.is_empty());
        }
        assert!(names(&later).is_empty() && later.name().is_none());
        for nth in order {
            later.apply(&events[nth]);
            later.apply(&shut(&events[nth]));
        }
        assert_eq!((names(&later), later.gone(), later.lines()), (names(&at_once), at_once.gone(), at_once.lines()));
    }
}

#[test]
fn a_cut_names_what_could_not_be_read() {
    let mut ana = Sealed::ana();
    let (create, add, hidden) = (ana.makes_the_room(), ana.adds(&ben()), ana.adds(&chi()));
    let mut room = Membership::group(room());
    room.apply_all([&create, &add, &shut(&hidden)]);
    let (log, last) = (hidden.header.log, hidden.header.seq);
    assert_eq!(room.without_effect(&hidden.header.device, log, last), [last]);
    assert!(room.without_effect(&hidden.header.device, log, last - 1).is_empty());
    room.apply(&hidden);
    assert!(room.without_effect(&hidden.header.device, log, last).is_empty());
}

#[test]
fn what_waits_counts_against_the_limits_and_once() {
    let mut ana = Sealed::ana();
    let mut members = Membership::group(room());
    let events: Vec<Verified> = (0..1_024).map(|_| ana.adds(&ben())).collect();
    for event in &events {
        assert_eq!(members.admits(&received(&[shut(event)])), Admission::Pending);
        members.apply(&shut(event));
        members.apply(&shut(event));
    }
    let mut stranger = Device::new(chi());
    let one_more = stranger.adds(&ben(), "Ben", 1);
    assert_eq!(members.admits(&received(std::slice::from_ref(&one_more))), Admission::Refused);
    // Opened, they are the same events.
    members.apply_all(&events);
    assert_eq!(members.admits(&received(std::slice::from_ref(&one_more))), Admission::Refused);
    // Once it is known who wrote them they wait for nobody.
    members.apply(&ana.makes_the_room());
    assert_eq!(members.admits(&received(&[one_more])), Admission::Pending);
}

#[test]
fn who_has_gone_is_the_same_for_all_who_know_the_same_ends() {
    let (mut a, mut b) = (Device::new(ana()), Device::new(ben()));
    let (create, to_ben, to_chi) = (a.write(&create()), a.adds(&ben(), "Ben", 1), a.adds(&chi(), "Chi", 1));
    b.acts_by(&to_ben);
    let leave = b.leaves(1, Vec::new());
    let remove = a.removes(&chi(), 1, Vec::new());
    let again = a.adds(&chi(), "Chi", 2);
    let gone = |events: &[&Verified]| {
        let mut members = Membership::group(room());
        members.apply_all(events.iter().copied());
        members.gone()
    };
    let (ben, chi) = ((ben().peer(), 1), (chi().peer(), 1));
    assert_eq!(gone(&[&create, &to_ben, &to_chi]), gone_digest([]));
    assert_eq!(gone(&[&create, &to_ben, &to_chi, &leave]), gone_digest([ben]));
    assert_eq!(gone(&[&create, &to_ben, &to_chi, &remove, &leave]), gone_digest([chi, ben]));
    assert_eq!(gone(&[&create, &to_ben, &to_chi, &remove, &again]), gone_digest([chi]), "who came back was gone all the same");
    assert_eq!(gone(&[&create, &to_ben, &to_chi, &remove, &again, &a.removes(&self::chi(), 2, cut(&[]))]), gone_digest([chi, (chi.0, 2)]));
    assert_eq!(Membership::direct(ben.0, chi.0).gone(), gone_digest([]));
}

#[test]
fn the_memberships_that_stand_are_told_by_their_rounds_and_history_is_on_until_it_is_set_otherwise() {
    use rooms::authority::Setting;
    let mut a = Device::new(ana());
    let mut members = Membership::group(room());
    assert!(members.shows_history());
    let events = [a.write(&create()), a.adds(&ben(), "Ben", 1), a.removes(&ben(), 1, Vec::new())];
    members.apply_all(&events);
    assert!(members.standing_rounds(&ben().peer()).is_empty());
    members.apply(&a.adds(&ben(), "Ben", 2));
    assert_eq!((members.standing_rounds(&ben().peer()), members.standing_rounds(&ana().peer())), (vec![2], vec![1]));
    members.apply(&a.sets(1, Setting::History(false)));
    assert!(!members.shows_history());
    members.apply(&a.sets(2, Setting::History(true)));
    assert!(members.shows_history());
}
