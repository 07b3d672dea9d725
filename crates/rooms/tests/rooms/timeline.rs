//! Edits, deletes and reactions: whatever their order, the message reads the same.

use proptest::prelude::*;
use rooms::limits::MAX_REACTIONS_PER_DEVICE;
use rooms::{Author, Clock, Draft, Entry, Fold, Payload, Target, Verified, fold, superseded};
use wire::LogId;

use crate::people::*;

fn edit(target: Target, text: &str) -> Payload {
    Payload::Edit { target, text: text.into() }
}

fn react(target: Target, emoji: &str, on: bool) -> Payload {
    Payload::Reaction { target, emoji: emoji.into(), on }
}

/// A thousand of them, without the one that ana uses.
fn many_emoji() -> impl Iterator<Item = &'static str> {
    emojis::iter().map(emojis::Emoji::as_str).filter(|emoji| *emoji != "👍").take(1_000)
}

/// Ana's message, and hands for all to say something about it.
fn scene() -> (Verified, Device, Device) {
    let mut a = Device::new(ana());
    (a.says("hello"), a, Device::new(ben()))
}

fn entry(base: &Verified, relations: &[Verified]) -> Entry {
    fold(base, relations).expect("a message")
}

#[test]
fn a_message_alone_is_what_it_says() {
    let (hello, mut a, _) = scene();
    assert_eq!(entry(&hello, &[]), Entry { text: "hello".into(), ..Entry::default() });
    let answer = a.write(&Payload::Message { text: "yes".into(), reply: Some(hello.position()) });
    assert_eq!(entry(&answer, &[]).reply, Some(hello.position()), "whether or not that message is here");
}

#[test]
fn the_last_edit_stands_and_the_reply_stays() {
    let (hello, mut a, _) = scene();
    let answer = a.write(&Payload::Message { text: "yse".into(), reply: Some(hello.position()) });
    a.now += 1000;
    let (first, last) = (a.write(&edit(answer.position(), "yeah")), a.write(&edit(answer.position(), "yes")));
    let now = entry(&answer, &[last, first]);
    assert_eq!((now.text.as_str(), now.edited_at, now.reply), ("yes", Some(NOON + 1000), Some(hello.position())));
}

#[test]
fn a_delete_wins_over_everything_and_whether_or_not_the_content_is_gone() {
    let (hello, mut a, mut b) = scene();
    let delete = a.write(&Payload::Delete { target: hello.position() });
    let later = [a.write(&edit(hello.position(), "still here")), b.write(&react(hello.position(), "👍", true)), delete];
    let deleted = Entry { deleted: true, ..Entry::default() };
    assert_eq!(entry(&hello, &later), deleted);
    assert_eq!(entry(&hello.without_payload(), &later), deleted);
    assert_eq!(entry(&hello.without_payload(), &[]), deleted);
}

#[test]
fn ben_neither_edits_nor_deletes_anas_message() {
    let (hello, _, mut b) = scene();
    let mut held = Fold::new(&hello).expect("a message");
    assert!(!held.apply(&b.write(&edit(hello.position(), "I owe ben money"))));
    assert!(!held.apply(&b.write(&Payload::Delete { target: hello.position() })));
    assert_eq!(held.entry().text, "hello");
    assert!(!held.is_deleted());
}

#[test]
fn what_is_about_another_message_changes_nothing() {
    let (hello, mut a, _) = scene();
    let other = a.says("other");
    let mut half_right = hello.position();
    half_right.hlc = rooms::Hlc(half_right.hlc.0 + 1);
    let mut held = Fold::new(&hello).expect("a message");
    for target in [other.position(), half_right] {
        assert!(!held.apply(&a.write(&edit(target, "x"))));
        assert!(!held.apply(&a.write(&Payload::Delete { target })));
        assert!(!held.apply(&a.write(&react(target, "👍", true))));
    }
    let mut elsewhere = Device::within(wire::RoomId([1; 32]), ana());
    assert!(!held.apply(&elsewhere.write(&Payload::Delete { target: hello.position() })), "said in another room");
    assert!(!held.apply(&other), "a message is about nothing");
}

#[test]
fn only_messages_are_folded() {
    let (hello, mut a, _) = scene();
    assert_eq!(fold(&a.write(&edit(hello.position(), "x")), &[]), None);
    assert_eq!(fold(&a.write(&create()), &[]), None);
    let reaction = a.write(&react(hello.position(), "👍", true));
    assert_eq!(fold(&reaction.without_payload(), &[]), None);
}

#[test]
fn a_reaction_is_taken_back_by_its_own_author() {
    let (hello, mut a, mut b) = scene();
    let set = [a.write(&react(hello.position(), "👍", true)), b.write(&react(hello.position(), "👍", true))];
    let both = entry(&hello, &set);
    assert_eq!(both.reactions["👍"].len(), 2);
    let taken_back = [set.as_slice(), &[b.write(&react(hello.position(), "👍", false))]].concat();
    assert_eq!(entry(&hello, &taken_back).reactions["👍"].iter().copied().collect::<Vec<_>>(), [ana().peer()]);
}

#[test]
fn ben_spams_reactions_and_only_his_latest_are_kept() {
    let (hello, mut a, mut b) = scene();
    let mut held = Fold::new(&hello).expect("a message");
    held.apply(&a.write(&react(hello.position(), "👍", true)));
    for emoji in many_emoji() {
        held.apply(&b.write(&react(hello.position(), emoji, true)));
    }
    let shown = held.entry().reactions;
    assert_eq!(shown.len(), MAX_REACTIONS_PER_DEVICE + 1, "ana's is not pushed out");
    assert!(
        many_emoji().last().is_some_and(|last| shown.contains_key(last))
            && many_emoji().next().is_some_and(|first| !shown.contains_key(first))
    );
}

/// Who says what: an edit, a delete, or one of many emoji set or taken back.
fn words() -> impl Strategy<Value = Vec<(bool, u8, u8, u64)>> {
    prop::collection::vec((any::<bool>(), 0..100_u8, 0..50_u8, 0..3_u64), 0..120)
}

proptest! {
    #[test]
    fn any_order_of_relations_gives_the_same_entry(
        (words, order) in words().prop_flat_map(|words| {
            let order: Vec<usize> = (0..words.len()).chain(0..words.len() / 3).collect();
            (Just(words), Just(order).prop_shuffle())
        })
    ) {
        let (hello, mut a, mut b) = scene();
        let relations = relations(&hello, &words, &mut a, &mut b);
        let shuffled: Vec<Verified> = order.iter().map(|index| relations[*index].clone()).collect();
        let mut held = Fold::new(&hello).expect("a message");
        for relation in &shuffled {
            let before = held.entry();
            let changes = held.apply(relation);
            prop_assert!(changes || held.entry() == before);
        }
        prop_assert_eq!(held.entry(), entry(&hello, &relations));
    }

    #[test]
    fn what_is_superseded_changes_nothing_whatever_comes((words, said_by_then) in (words(), 0..120_usize)) {
        let (hello, mut a, mut b) = scene();
        let all = relations(&hello, &words, &mut a, &mut b);
        let (before, after) = all.split_at(said_by_then.min(all.len()));
        let mut before = before.to_vec();
        before.sort_by_key(|relation| relation.position());
        let gone = superseded(&before);
        let left: Vec<Verified> = before.iter().filter(|relation| !gone.contains(relation)).cloned().collect();
        prop_assert_eq!(entry(&hello, &left), entry(&hello, &before));
        let erased: Vec<Verified> = left.iter().map(Verified::without_payload).collect();
        prop_assert_eq!(superseded(&erased).len(), erased.len());
        prop_assert_eq!(entry(&hello, &[&left, after].concat()), entry(&hello, &all));
        prop_assert!(superseded(&left).is_empty());
    }
}

fn relations(hello: &Verified, words: &[(bool, u8, u8, u64)], a: &mut Device, b: &mut Device) -> Vec<Verified> {
    let target = hello.position();
    let say = |(by_ana, what, emoji, later): &(bool, u8, u8, u64)| {
        let device = if *by_ana { &mut *a } else { &mut *b };
        device.now += later;
        device.write(&match what {
            0 => Payload::Delete { target },
            1..20 => edit(target, &format!("text {emoji}")),
            _ => react(target, many_emoji().nth((*emoji).into()).expect("there are more"), what % 3 != 0),
        })
    };
    words.iter().map(say).collect()
}

#[test]
fn of_what_ben_says_about_a_message_a_bounded_part_counts() {
    let (hello, mut a, mut b) = scene();
    let target = hello.position();
    let mut all = vec![a.write(&edit(target, "hello!"))];
    for n in 0..2_000 {
        all.push(b.write(&react(target, many_emoji().nth(n % 50).expect("there are more"), n % 2 == 0)));
        all.push(b.write(&edit(target, "mine")));
        all.push(b.write(&Payload::Delete { target }));
    }
    all.sort_by_key(|relation| relation.position());
    assert_eq!(all.len() - superseded(&all).len(), 1 + MAX_REACTIONS_PER_DEVICE + 2);
}

#[test]
fn what_is_shut_is_not_superseded() {
    let (hello, mut a, _) = scene();
    let (first, last) = (a.write(&edit(hello.position(), "one")), a.write(&edit(hello.position(), "two")));
    let shut = |payload: &Payload| {
        let draft = Draft::new(payload, NOON, &[3; 34]).expect("may be written");
        let written = Author::new(room(), LogId(9), None).append(&ana(), &[draft], &mut Clock::new(), NOON, [0; 16], Some(&sealing()));
        check(&raw(&written.expect("within all limits"))).expect("a run").remove(0)
    };
    let all = [first.clone(), shut(&edit(hello.position(), "three")), last, shut(&Payload::Delete { target: hello.position() })];
    assert_eq!(superseded(&all), [&first]);
    let mut fold = Fold::new(&hello).expect("a message");
    assert!(!fold.apply(&all[1]) && fold.apply(&keyring().open_verified(all[1].clone())), "and says something once it is opened");
    assert_eq!(Fold::new(&shut(&message("five"))), None);
}
