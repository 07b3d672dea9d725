//! Who recognises a room on a link, and who no more.

use node::RoomId;
use node::view::Standing;
use wire::Role;
use wire::ids::RoomTag;
use wire::message::{Message, room_tag};

use crate::pair::Pair;
use crate::person::{ANA, BEN, CHI};
use crate::removal::{adds_again, removes, until_members};
use crate::wires::Who;

/// What somebody gets on all links from now on.
fn heard(pair: &mut Pair, who: Who) -> Vec<Message> {
    let all = pair.between.tap.replace(Vec::new()).unwrap_or_default();
    let read = |(to, record): (Who, Vec<u8>)| (to == who).then(|| Message::decode(&record).expect("nodes speak the protocol")).flatten();
    all.into_iter().filter_map(read).collect()
}

fn tags(messages: &[Message]) -> Vec<RoomTag> {
    messages.iter().flat_map(|message| if let Message::Rooms(tags) = message { tags.clone() } else { Vec::new() }).collect()
}

/// Whether one of these is the room's by its id, on any link of the story.
fn names_room(tags: &[RoomTag], room: RoomId) -> bool {
    let on = |wire: u8, role| room_tag(&room, &[wire; 32], role);
    (0..=u8::MAX).any(|wire| [Role::Initiator, Role::Responder].into_iter().any(|role| tags.contains(&on(wire, role))))
}

/// What is about a room, of these messages.
fn about_room(messages: &[Message]) -> Vec<&Message> {
    let is_about = |message: &&Message| {
        matches!(
            message,
            Message::Run(_)
                | Message::Data(_)
                | Message::Digest(_)
                | Message::Heads(_)
                | Message::Need(_)
                | Message::Keys(_)
                | Message::Neighbour(_)
                | Message::Shuffle(_)
        )
    };
    messages.iter().filter(is_about).collect()
}

#[test]
fn a_member_is_shown_the_room_by_its_id() {
    let (mut pair, room) = Pair::in_a_room(2);
    pair.unplugs(BEN);
    heard(&mut pair, BEN);
    pair.plugs_in(BEN);
    pair.run_until("they are linked again", Pair::are_linked);
    pair.run_for(1_000);
    let heard = heard(&mut pair, BEN);
    assert!(names_room(&tags(&heard), room) && !about_room(&heard).is_empty());
}

#[test]
fn who_was_removed_and_told_is_shown_no_room_and_gets_nothing_of_it() {
    let (mut pair, room) = Pair::in_a_room(3);
    // They stay linked for another reason.
    let contact = pair.invites_to_contact(ANA, 1);
    let direct = pair.joins(BEN, &contact);
    pair.says(ANA, direct, "just us");
    pair.until_reads(BEN, direct, &["just us"]);
    removes(&mut pair, ANA, room, BEN).expect("she made the room");
    pair.run_until("ben is told", |pair| pair.row(BEN, room).standing == Standing::Removed);
    pair.unplugs(BEN);
    heard(&mut pair, BEN);
    pair.plugs_in(BEN);
    pair.run_until("they are linked again", Pair::are_linked);
    pair.says(ANA, room, "he is gone");
    pair.until_reads(CHI, room, &["he is gone"]);
    pair.run_for(60_000);
    let heard = heard(&mut pair, BEN);
    assert!(!names_room(&tags(&heard), room) && names_room(&tags(&heard), direct));
    let rooms: Vec<&Message> =
        about_room(&heard).into_iter().filter(|message| format!("{message:?}").contains(&format!("{room:?}"))).collect();
    // The event that put him out comes once on the new link; he has it.
    assert!(matches!(rooms.as_slice(), [] | [Message::Data(_)]), "{rooms:?}");
    assert_eq!(pair.texts(BEN, room), [""; 0]);
}

#[test]
fn who_is_added_again_on_the_same_link_finds_the_room_again() {
    let (mut pair, room) = Pair::in_a_room(2);
    let contact = pair.invites_to_contact(ANA, 1);
    pair.joins(BEN, &contact);
    removes(&mut pair, ANA, room, BEN).expect("she made the room");
    pair.run_until("ben is told", |pair| pair.row(BEN, room).standing == Standing::Removed);
    pair.says(ANA, room, "without him");
    pair.run_for(5_000);
    adds_again(&mut pair, ANA, room, BEN).expect("he may come back");
    until_members(&mut pair, room, &[ANA, BEN], &["Ana", "Ben"]);
    pair.says(ANA, room, "and with him");
    pair.run_until("ben reads", |pair| pair.texts(BEN, room).last().is_some_and(|text| text == "and with him"));
}

#[test]
fn who_left_while_nobody_was_there_is_heard_later_and_then_looks_for_nobody() {
    let (mut pair, room) = Pair::in_a_room(2);
    pair.unplugs(ANA);
    pair.run_for(1_000);
    pair.ask(BEN, |core| core.leave_room(room)).expect("he is a member");
    pair.plugs_in(ANA);
    until_members(&mut pair, room, &[ANA], &["Ana"]);
    pair.run_for(120_000);
    assert!(!pair.are_linked(), "nothing is left to say");
    pair.run_without("ben dials ana", 120_000, Pair::are_linked);
}

#[test]
fn somebody_whose_add_is_not_known_is_recognised_by_the_keys_of_the_room() {
    let mut pair = Pair::of(3);
    let room = pair.makes_a_room(ANA, "Kitchen");
    let invite = pair.invites(ANA, room, 2);
    pair.joins(BEN, &invite);
    // Time to hear who made the keys.
    pair.run_for(10_000);
    pair.unplugs(BEN);
    pair.joins(CHI, &invite);
    // Time to hear of Ben's address.
    pair.run_for(5 * 60_000);
    pair.unplugs(ANA);
    pair.plugs_in(BEN);
    // Chi has Ben's address of Ana, and shows him the room; what she shows lets him take her Add.
    until_members(&mut pair, room, &[BEN, CHI], &["Ana", "Ben", "Chi"]);
    pair.says(CHI, room, "hello Ben");
    pair.until_reads(BEN, room, &["hello Ben"]);
}
