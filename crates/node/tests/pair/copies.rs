//! One profile on two computers: both write on in the same log, which forks.

use node::view::AlertKind;

use crate::pair::Pair;
use crate::person::{ANA, BEN};
use crate::wires::Who;

/// Ben's profile was copied, and he went on with the first one.
fn ben_went_on() -> (Pair, node::RoomId, Who) {
    let (mut pair, room) = Pair::in_a_room(2);
    pair.says(BEN, room, "before");
    pair.until_reads(ANA, room, &["before"]);
    pair.stops(BEN);
    let copy = pair.copies_profile(BEN);
    pair.starts(BEN);
    pair.says(BEN, room, "on the first");
    pair.until_reads(ANA, room, &["before", "on the first"]);
    pair.stops(BEN);
    (pair, room, copy)
}

#[test]
fn words_on_both_sides_of_a_fork_stay_and_the_author_is_told() {
    let (mut pair, room, copy) = ben_went_on();
    pair.unplugs(copy);
    pair.starts(copy);
    pair.says(copy, room, "on the copy");
    assert_eq!(pair.texts(copy, room), ["before", "on the copy"]);
    pair.plugs_in(copy);
    let all = ["before", "on the first", "on the copy"];
    pair.until_reads(ANA, room, &all);
    pair.until_reads(copy, room, &all);
    assert!(pair.is_alerted(copy, AlertKind::ProfileCopied));
    assert!(!pair.is_alerted(ANA, AlertKind::ProfileCopied));
}

#[test]
fn after_a_fork_the_talk_goes_on() {
    let (mut pair, room, copy) = ben_went_on();
    pair.unplugs(copy);
    pair.starts(copy);
    pair.says(copy, room, "on the copy");
    pair.plugs_in(copy);
    pair.run_until("all is told", |pair| pair.texts(ANA, room).len() == 3 && pair.texts(copy, room).len() == 3);
    pair.says(copy, room, "and on");
    pair.until_reads(ANA, room, &["before", "on the first", "on the copy", "and on"]);
    pair.says(ANA, room, "I see");
    let all = ["before", "on the first", "on the copy", "and on", "I see"];
    pair.until_reads(ANA, room, &all);
    pair.until_reads(copy, room, &all);
}

#[test]
fn a_copy_that_has_not_written_gets_what_the_first_one_said() {
    let (mut pair, room, copy) = ben_went_on();
    pair.starts(copy);
    pair.until_reads(copy, room, &["before", "on the first"]);
}
