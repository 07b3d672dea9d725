//! What stands in the clear in all that is said on links, once the links' own encryption is off.

use std::collections::BTreeSet;

use crate::pair::Pair;
use crate::person::{ANA, BEN, CHI, DAN, EVE};
use crate::planted::{Planted, written};
use crate::wires::Who;

/// Names, titles and words, none of which is by chance in random bytes.
const PEOPLE: [(Who, &str); 5] =
    [(ANA, "Anaximander"), (BEN, "Benevolence"), (CHI, "Chiaroscuro"), (DAN, "Dandelions"), (EVE, "Evergreens")];
const SAID: [&str; 9] = [
    "winter-kitchen",
    "summer-kitchen",
    "topic-of-the-room",
    "hello-from-ana",
    "hello-from-eve",
    "an-edited-word",
    "to-be-deleted",
    "an-answer-to-that",
    "after-the-removal",
];

fn planted() -> Planted {
    Planted::new(SAID.into_iter().chain(PEOPLE.map(|(_, name)| name)))
}

#[test]
fn in_all_that_five_members_say_no_word_name_or_title_stands_in_the_clear() {
    let mut pair = Pair::of(5);
    pair.between.tap = Some(Vec::new());
    for (who, name) in PEOPLE {
        pair.ask(who, |core| core.set_name(name.to_owned())).expect("a name");
    }
    let room = pair.makes_a_room(ANA, SAID[0]);
    for (who, _) in &PEOPLE[1..] {
        let invite = pair.invites(ANA, room, 1);
        pair.joins(*who, &invite);
    }
    pair.run_for(5_000);
    pair.ask(ANA, |core| core.set_room(room, Some(SAID[1].into()), Some(SAID[2].into()), None)).expect("an owner may");
    let first = pair.says(ANA, room, SAID[3]).id;
    pair.says(EVE, room, SAID[4]);
    pair.ask(ANA, |core| core.edit(room, first, SAID[5].into())).expect("her own");
    let gone = pair.says(ANA, room, SAID[6]).id;
    pair.run_for(5_000);
    pair.ask(ANA, |core| core.delete(room, gone)).expect("her own");
    pair.answers(BEN, room, SAID[7]);
    let dan = pair.id_of(DAN);
    pair.ask(ANA, |core| core.remove_member(room, dan)).expect("an owner may");
    pair.says(CHI, room, SAID[8]);
    pair.run_for(20_000);
    pair.ask(ANA, |core| core.add_member(room, dan)).expect("an owner may");
    let contact = pair.invites_to_contact(BEN, 1);
    pair.joins(EVE, &contact);
    pair.run_for(20_000);
    for who in [ANA, BEN, CHI, EVE] {
        assert!(pair.texts(who, room).contains(&SAID[8].to_owned()), "it was said to all");
    }
    let heard: Vec<Vec<u8>> = pair.between.tap.take().into_iter().flatten().map(|(_, record)| record).collect();
    assert!(heard.len() > 200, "{}", heard.len());
    let planted = planted();
    let found: BTreeSet<&str> = heard.iter().flat_map(|record| planted.found_in(record)).collect();
    assert!(found.is_empty(), "{found:?}");
}

#[test]
fn a_word_in_the_clear_would_be_found_in_every_form() {
    let (planted, word) = (planted(), SAID[0]);
    for before in 0..3 {
        for (way, record) in written(&["x".repeat(before), word.to_owned(), "y".to_owned()].concat()) {
            assert_eq!(planted.found_in(&record), BTreeSet::from([word]), "{way}, after {before} others");
        }
    }
}
