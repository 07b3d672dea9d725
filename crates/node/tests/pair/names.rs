//! How people learn that somebody is called otherwise from now on.

use wire::message::Message;

use crate::pair::Pair;
use crate::person::{ANA, BEN, CHI};
use crate::wires::Who;

fn renames(pair: &mut Pair, who: Who, name: &str) {
    pair.ask(who, |core| core.set_name(name.to_owned()).map(|_| ())).expect("a name");
}

/// What one calls another.
fn called(pair: &mut Pair, by: Who, who: Who) -> String {
    let who = pair.id_of(who);
    pair.ask(by, |core| core.person_details(who)).expect("a person").person.name
}

#[test]
fn a_new_name_reaches_linked_members_at_once_and_others_when_they_are_linked() {
    let (mut pair, _) = Pair::in_a_room(3);
    pair.run_for(60_000);
    pair.unplugs(CHI);
    renames(&mut pair, ANA, "Anna");
    pair.run_until("ben knows", |pair| called(pair, BEN, ANA) == "Anna");
    assert_eq!(called(&mut pair, CHI, ANA), "Ana");
    pair.plugs_in(CHI);
    pair.run_until("chi knows", |pair| called(pair, CHI, ANA) == "Anna");
    // Back to the name in the room's events, which others know no longer.
    renames(&mut pair, ANA, "Ana");
    pair.run_until("both know", |pair| called(pair, BEN, ANA) == "Ana" && called(pair, CHI, ANA) == "Ana");
}

#[test]
fn a_contact_who_was_away_learns_the_new_name_after_both_have_restarted() {
    let mut pair = Pair::new();
    let invite = pair.invites_to_contact(ANA, 1);
    pair.joins(BEN, &invite);
    pair.unplugs(BEN);
    renames(&mut pair, BEN, "Benedict");
    pair.plugs_in(BEN);
    pair.stops(ANA);
    pair.starts(ANA);
    pair.run_until("ana knows", |pair| called(pair, ANA, BEN) == "Benedict");
}

#[test]
fn no_name_and_no_title_can_be_read_in_what_two_strangers_say_until_they_share_a_room() {
    let mut pair = Pair::new();
    let room = pair.makes_a_room(ANA, "Kitchen");
    let invite = pair.invites(ANA, room, 1);
    let to_contact = pair.invites_to_contact(ANA, 1);
    pair.between.tap = Some(Vec::new());
    pair.joins(BEN, &invite);
    pair.joins(BEN, &to_contact);
    renames(&mut pair, BEN, "Benedict");
    pair.run_for(1_000);
    let lobby = |record: &&Vec<u8>| matches!(record.first(), Some(0x05..=0x0d));
    let heard = pair.between.tap.take().into_iter().flatten().map(|(_, record)| record);
    let said: Vec<Vec<u8>> = heard.filter(|record| lobby(&record)).collect();
    let kinds: std::collections::BTreeSet<u8> = said.iter().filter_map(|record| record.first().copied()).collect();
    assert!([0x06, 0x07, 0x0b, 0x0d].iter().all(|kind| kinds.contains(kind)), "{kinds:?}");
    for record in said {
        for word in ["Ana", "Ben", "Kitchen", "Benedict"] {
            assert!(!record.windows(word.len()).any(|part| part == word.as_bytes()), "{word} is in {:?}", Message::decode(&record));
        }
    }
}
