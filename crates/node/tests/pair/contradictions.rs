//! A device that did different things to a room before different people: its control log forks.

use identity::PeerId;
use node::RoomId;
use node::view::{AlertKind, Forked, Role};

use crate::pair::Pair;
use crate::person::{ANA, BEN, CHI};
use crate::removal::gives_role;
use crate::wires::Who;

/// Ben is an admin, and his profile was copied.
fn ben_was_copied() -> (Pair, RoomId, PeerId, Who) {
    let (mut pair, room) = Pair::in_a_room(3);
    let ben = pair.id_of(BEN);
    gives_role(&mut pair, ANA, room, BEN, Role::Admin).expect("she made it");
    pair.run_until("ben is an admin", |pair| pair.row(BEN, room).my_role == Some(Role::Admin));
    // Both go on in the log that this begins.
    sets_topic(&mut pair, BEN, room, "what grows");
    pair.run_until("all hear of it", |pair| [ANA, CHI].into_iter().all(|who| pair.row(who, room).topic == "what grows"));
    pair.stops(BEN);
    let copy = pair.copies_profile(BEN);
    (pair, room, ben, copy)
}

fn sets_topic(pair: &mut Pair, who: Who, room: RoomId, topic: &str) {
    pair.ask(who, |core| core.set_room(room, None, Some(topic.to_owned()), None)).expect("an admin");
}

fn forks(pair: &mut Pair, who: Who) -> Vec<Forked> {
    let alerts = pair.ask(who, |core| core.snapshot().alerts);
    alerts.into_iter().filter(|alert| alert.kind == AlertKind::Fork).filter_map(|alert| alert.fork).collect()
}

#[test]
fn a_fork_is_told_to_all_who_are_there_with_whose_it_is_and_in_which_room() {
    let (mut pair, room, ben, copy) = ben_was_copied();
    pair.starts(BEN);
    sets_topic(&mut pair, BEN, room, "soups");
    pair.run_until("all hear of it", |pair| [ANA, CHI].into_iter().all(|who| pair.row(who, room).topic == "soups"));
    pair.stops(BEN);
    pair.unplugs(copy);
    pair.starts(copy);
    sets_topic(&mut pair, copy, room, "bread");
    pair.plugs_in(copy);
    let told = Forked { peer: ben, name: "Ben".to_owned(), room, room_name: "Kitchen".to_owned() };
    pair.run_until("both are told", |pair| [ANA, CHI].into_iter().all(|who| forks(pair, who) == [told.clone()]));
    assert!(pair.is_alerted(copy, AlertKind::ProfileCopied));
    assert!(forks(&mut pair, copy).is_empty());
}
