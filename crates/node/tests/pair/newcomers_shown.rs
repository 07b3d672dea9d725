//! What is shown of the rule for newcomers, and of what they cannot read.

use node::view::Body;

use crate::pair::Pair;
use crate::person::{ANA, BEN, CHI};

#[test]
fn who_set_what_newcomers_see_is_a_line_and_told_with_its_time() {
    let mut pair = Pair::of(2);
    let room = pair.makes_a_room(ANA, "Kitchen");
    let invite = pair.invites(ANA, room, 1);
    pair.joins(BEN, &invite);
    assert_eq!(pair.ask(BEN, |core| core.history_setter(room)), Ok(None));
    assert!(pair.row(BEN, room).shows_history);
    pair.ask(ANA, |core| core.set_history(room, false)).expect("hers");
    pair.run_until("ben hears of it", |pair| !pair.row(BEN, room).shows_history);
    pair.ask(ANA, |core| core.set_history(room, true)).expect("hers");
    pair.run_until("ben hears of it again", |pair| pair.row(BEN, room).shows_history);
    let set = |line: &node::view::Message| if let Body::HistorySet { on } = line.body { Some((on, line.position)) } else { None };
    let lines: Vec<_> = pair.lines(BEN, room).iter().filter_map(set).collect();
    assert_eq!(lines.iter().map(|(on, _)| *on).collect::<Vec<_>>(), [false, true]);
    let setter = pair.ask(BEN, |core| core.history_setter(room)).expect("the room is there").expect("ana set it");
    assert_eq!((setter.name.as_str(), Some(setter.at_ms)), ("Ana", lines.last().map(|(_, place)| place.hlc.ms())));
}

#[test]
fn an_answer_to_what_a_newcomer_cannot_read_names_neither_its_author_nor_calls_it_erased() {
    let mut pair = Pair::of(3);
    let room = pair.makes_a_room(ANA, "Kitchen");
    let invite = pair.invites(ANA, room, 2);
    pair.joins(BEN, &invite);
    pair.run_for(1_000);
    pair.ask(ANA, |core| core.set_history(room, false)).expect("hers");
    let before = pair.says(ANA, room, "before");
    pair.until_reads(BEN, room, &["before"]);
    pair.joins(CHI, &invite);
    pair.run_until("ben knows chi", |pair| pair.row(BEN, room).members == 3);
    pair.says_about(BEN, room, "that again", Some(before.id)).expect("it is said");
    pair.until_reads(CHI, room, &["that again"]);
    let reply = |line: node::view::Message| if let Body::Text { reply, .. } = line.body { reply } else { None };
    let quote = |pair: &mut Pair, who| pair.lines(who, room).into_iter().find_map(reply);
    let (seen, hidden) = (quote(&mut pair, ANA), quote(&mut pair, CHI));
    assert_eq!(seen.map(|quote| (quote.author_name, quote.text)), Some(("Ana".to_owned(), "before".to_owned())));
    assert_eq!(hidden.map(|quote| (quote.author_name, quote.text)), Some((String::new(), String::new())));
}
