//! Clocks that are wrong and are put right, and words that come late: three people, ana with number
//! 0, ben 1, chi 2.

use std::time::Duration;

use node::view::{AlertKind, Anchor, Body, ClockOff, Message, RoomRow, Whose};
use sim::{Plan, World};

const ANA: u32 = 0;
const BEN: u32 = 1;
const CHI: u32 = 2;
const MINUTE: i64 = 60_000;
const DAY: i64 = 24 * 60 * MINUTE;

fn seconds(count: u64) -> Duration {
    Duration::from_secs(count)
}

/// A room of so many that has found together.
fn gathered(members: u32) -> World {
    let mut world = World::new(Plan::new(7, members));
    world.run_for(seconds(20));
    world
}

fn timeline(world: &mut World, who: u32) -> Vec<Message> {
    let room = world.room();
    let page = world.ask(who, |core| core.timeline(room, Anchor::Latest, 200)).expect("it runs").expect("a room");
    page.messages
}

fn text(message: &Message) -> Option<&str> {
    if let Body::Text { text, .. } = &message.body { Some(text) } else { None }
}

fn find(world: &mut World, who: u32, words: &str) -> Option<Message> {
    timeline(world, who).into_iter().find(|message| text(message) == Some(words))
}

/// What has been said since the beginning, in the order that this one sees.
fn texts(world: &mut World, who: u32) -> Vec<String> {
    timeline(world, who).iter().filter_map(text).filter(|text| *text != "welcome").map(str::to_owned).collect()
}

fn say(world: &mut World, who: u32, words: &str) {
    world.say(who, words).expect("it is said");
    world.run_for(seconds(3));
}

fn everybody_reads(world: &mut World, words: &[&str]) {
    for who in world.correct() {
        assert_eq!(texts(world, who), words, "at {who}");
    }
}

fn row(world: &mut World, who: u32) -> RoomRow {
    let room = world.room();
    world.ask(who, |core| core.room_details(room)).expect("it runs").expect("a room").0
}

fn alerts(world: &mut World, who: u32) -> Vec<ClockOff> {
    let alerts = world.ask(who, |core| core.snapshot().alerts).expect("it runs");
    alerts.into_iter().filter(|alert| alert.kind == AlertKind::ClockOff).filter_map(|alert| alert.clock).collect()
}

fn read_all(world: &mut World, who: u32) {
    let room = world.room();
    let last = timeline(world, who).last().expect("there is one").position;
    world.ask(who, |core| core.mark_read(room, last, Some(Vec::new()))).expect("it runs").expect("a room");
}

#[test]
fn what_ben_writes_after_his_clock_was_put_right_shows_at_once_everywhere() {
    for (fast, restarts) in [(3 * MINUTE, false), (3 * MINUTE, true), (30 * DAY, false), (30 * DAY, true), (4_000 * DAY, true)] {
        let mut world = gathered(3);
        world.set_clock(BEN, fast);
        say(&mut world, BEN, "early");
        assert!(!find(&mut world, BEN, "early").expect("his own").early, "by his own clock it is not");
        if restarts {
            world.stop(&[BEN]);
        }
        world.set_clock(BEN, 0);
        world.restart(&[BEN]);
        world.run_for(seconds(20));
        assert!(find(&mut world, BEN, "early").expect("his own").early);
        say(&mut world, BEN, "now");
        say(&mut world, ANA, "I see");
        assert_eq!(texts(&mut world, BEN), ["now", "I see", "early"]);
        for other in [ANA, CHI] {
            assert_eq!(texts(&mut world, other), ["now", "I see"]);
        }
        assert_eq!(row(&mut world, ANA).unread, 1, "what waits for its time is not unread");
    }
}

#[test]
fn a_message_of_the_future_is_said_again_at_once_and_the_other_one_goes() {
    let mut world = gathered(3);
    world.set_clock(BEN, 30 * DAY);
    say(&mut world, BEN, "early");
    world.set_clock(BEN, 0);
    let (room, id) = (world.room(), find(&mut world, BEN, "early").expect("his own").id);
    world.ask(BEN, |core| core.send_again(room, id)).expect("it runs").expect("it is said again");
    world.run_for(seconds(3));
    everybody_reads(&mut world, &["early"]);
    assert!(!find(&mut world, BEN, "early").expect("his own").early);
    assert!(world.ask(BEN, |core| core.send_again(room, id)).expect("it runs").is_err(), "once");
}

#[test]
fn a_message_of_the_future_shows_to_the_others_when_its_time_has_come() {
    let mut world = gathered(3);
    world.set_clock(BEN, 3 * MINUTE);
    say(&mut world, BEN, "early");
    world.set_clock(BEN, 0);
    assert_eq!(texts(&mut world, ANA), [] as [&str; 0]);
    world.run_for(seconds(60));
    everybody_reads(&mut world, &["early"]);
    assert!(!find(&mut world, BEN, "early").expect("his own").early);
    assert_eq!(row(&mut world, ANA).unread, 1);
}

#[test]
fn what_waits_for_its_time_is_waited_for_after_a_restart_too() {
    let mut world = gathered(3);
    world.set_clock(BEN, 3 * MINUTE);
    say(&mut world, BEN, "early");
    world.set_clock(BEN, 0);
    world.stop(&[ANA, BEN]);
    world.restart(&[ANA, BEN]);
    world.run_for(seconds(5));
    assert_eq!((texts(&mut world, ANA), row(&mut world, ANA).unread), (Vec::new(), 0));
    assert_eq!(texts(&mut world, BEN), ["early"]);
    world.run_for(seconds(60));
    everybody_reads(&mut world, &["early"]);
    assert_eq!(row(&mut world, ANA).unread, 1);
    assert!(!find(&mut world, BEN, "early").expect("his own").early);
}

#[test]
fn pages_lead_through_all_of_an_authors_messages_of_the_future() {
    let mut world = gathered(2);
    let now: Vec<String> = (0..5).map(|nth| format!("now {nth}")).collect();
    now.iter().for_each(|words| say(&mut world, BEN, words));
    world.set_clock(BEN, DAY);
    let early: Vec<String> = (0..7).map(|nth| format!("early {nth}")).collect();
    early.iter().for_each(|words| say(&mut world, BEN, words));
    world.set_clock(BEN, 0);
    let wanted: Vec<String> = now.into_iter().chain(early).collect();
    assert_eq!(texts(&mut world, BEN), wanted);
    let (room, all) = (world.room(), timeline(&mut world, BEN));
    for limit in 1..14 {
        let (mut back, mut place) = (Vec::new(), None);
        loop {
            let anchor = place.map_or(Anchor::Latest, Anchor::Before);
            let page = world.ask(BEN, |core| core.timeline(room, anchor, limit)).expect("it runs").expect("a room");
            let mut ids: Vec<_> = page.messages.iter().map(|message| message.id).collect();
            assert!(ids.len() <= limit as usize && !ids.is_empty());
            place = page.messages.first().map(|message| message.position);
            ids.extend(back);
            back = ids;
            if !page.more_before {
                break;
            }
        }
        assert_eq!(back, all.iter().map(|message| message.id).collect::<Vec<_>>(), "back by {limit}");
        let (mut forth, mut place) = (vec![all[0].id], all[0].position);
        loop {
            let page = world.ask(BEN, |core| core.timeline(room, Anchor::After(place), limit)).expect("it runs").expect("a room");
            forth.extend(page.messages.iter().map(|message| message.id));
            place = page.messages.last().map_or(place, |message| message.position);
            if !page.more_after {
                break;
            }
        }
        assert_eq!(forth, back, "forth by {limit}");
        for message in &all {
            let page =
                world.ask(BEN, |core| core.timeline(room, Anchor::Around(message.position), limit)).expect("it runs").expect("a room");
            assert!(page.messages.iter().any(|found| found.id == message.id), "around {:?} by {limit}", text(message));
        }
    }
}

#[test]
fn what_ben_does_to_the_room_after_his_clock_was_put_right_shows_at_once() {
    let mut world = gathered(3);
    let room = world.room();
    world.set_clock(BEN, 30 * DAY);
    world.ask(BEN, |core| core.create_invite(Some(room), 3).expect("an invite")).expect("it runs");
    world.run_for(seconds(3));
    world.set_clock(BEN, 0);
    world.ask(BEN, |core| core.leave_room(room).expect("he leaves")).expect("it runs");
    world.run_for(seconds(3));
    for who in [ANA, BEN, CHI] {
        assert!(timeline(&mut world, who).iter().any(|line| matches!(line.body, Body::MemberLeft)), "at {who}");
    }
}

#[test]
fn an_edit_after_the_clock_was_put_right_stands_at_once() {
    let mut world = gathered(3);
    say(&mut world, BEN, "first");
    let (room, id) = (world.room(), find(&mut world, BEN, "first").expect("his own").id);
    let edit = |world: &mut World, words: &str| {
        let words = words.to_owned();
        world.ask(BEN, |core| core.edit(room, id, words).expect("his own")).expect("it runs");
        world.run_for(seconds(3));
    };
    world.set_clock(BEN, 30 * DAY);
    edit(&mut world, "second");
    world.ask(BEN, |core| core.react(room, id, "👍".to_owned(), true).expect("here")).expect("it runs");
    world.set_clock(BEN, 0);
    edit(&mut world, "third");
    world.ask(BEN, |core| core.react(room, id, "👍".to_owned(), false).expect("here")).expect("it runs");
    say(&mut world, BEN, "and on");
    everybody_reads(&mut world, &["third", "and on"]);
    let reacted = find(&mut world, CHI, "third").expect("here").body;
    assert!(matches!(reacted, Body::Text { reactions, .. } if reactions.is_empty()));
}

#[test]
fn an_answer_never_stands_before_what_its_author_had_seen() {
    for slow in [30_000, 65_000, 119_000] {
        let mut world = gathered(3);
        world.set_clock(BEN, -slow);
        say(&mut world, ANA, "who brings bread?");
        say(&mut world, BEN, "I do");
        say(&mut world, CHI, "good");
        everybody_reads(&mut world, &["who brings bread?", "I do", "good"]);
        world.stop(&[BEN]);
        world.restart(&[BEN]);
        world.run_for(seconds(10));
        say(&mut world, BEN, "two loaves");
        everybody_reads(&mut world, &["who brings bread?", "I do", "good", "two loaves"]);
    }
}

#[test]
fn the_alert_names_whose_clock_is_off_and_goes_when_it_is_put_right() {
    for (off, fast, minutes) in [(3 * MINUTE, true, 3), (-5 * MINUTE, false, 5), (30 * DAY, true, 43_200)] {
        let mut world = gathered(3);
        world.set_clock(BEN, off);
        world.run_for(seconds(10));
        assert_eq!(alerts(&mut world, BEN), [ClockOff { whose: Whose::Own, fast, minutes }]);
        for other in [ANA, CHI] {
            let told = alerts(&mut world, other);
            assert!(
                matches!(told.as_slice(), [ClockOff { whose: Whose::Theirs((_, name)), fast: f, minutes: m }]
                if name == "member 1" && (*f, *m) == (fast, minutes)),
                "{told:?}"
            );
        }
        world.set_clock(BEN, 0);
        world.run_for(seconds(10));
        for who in [ANA, BEN, CHI] {
            assert_eq!(alerts(&mut world, who), [], "at {who}");
        }
    }
}

#[test]
fn of_two_clocks_nobody_can_say_which_is_off() {
    let mut world = gathered(2);
    world.set_clock(BEN, 3 * MINUTE);
    world.run_for(seconds(10));
    for (who, ahead) in [(ANA, true), (BEN, false)] {
        let told = alerts(&mut world, who);
        assert!(matches!(told.as_slice(), [ClockOff { whose: Whose::Unclear(_), fast, minutes: 3 }] if *fast == ahead), "{told:?}");
    }
}

#[test]
fn a_message_of_the_future_blames_nobody() {
    let mut world = gathered(3);
    world.set_clock(BEN, 30 * DAY);
    say(&mut world, BEN, "early");
    world.set_clock(BEN, 0);
    world.run_for(seconds(10));
    // Chi gets it later, when all clocks are right.
    for who in [ANA, BEN, CHI] {
        assert_eq!(alerts(&mut world, who), [], "at {who}");
    }
}

#[test]
fn a_message_that_comes_when_what_stands_below_it_was_read_is_unread_until_it_is_seen() {
    let mut world = gathered(3);
    let room = world.room();
    world.part(&[BEN]);
    world.run_for(seconds(15));
    say(&mut world, BEN, "from the tunnel");
    say(&mut world, ANA, "is he there?");
    say(&mut world, CHI, "not yet");
    for who in [ANA, CHI] {
        read_all(&mut world, who);
        assert_eq!((row(&mut world, who).unread, row(&mut world, who).late), (0, None));
    }
    world.heal();
    world.run_until(seconds(600), |world| texts(world, ANA).len() == 3).expect("ben comes back");
    world.run_for(seconds(5));
    assert_eq!(texts(&mut world, ANA), ["from the tunnel", "is he there?", "not yet"]);
    let message = find(&mut world, ANA, "from the tunnel").expect("here");
    assert!(message.late && !find(&mut world, ANA, "not yet").expect("here").late);
    let late = |world: &mut World| row(world, ANA).late.map(|late| (late.count, late.first));
    assert_eq!((row(&mut world, ANA).unread, late(&mut world)), (1, Some((1, message.position))));
    assert_eq!(row(&mut world, BEN).late, None, "for ben it is new, and below");

    world.stop(&[ANA]);
    world.restart(&[ANA]);
    world.run_for(seconds(10));
    assert_eq!((row(&mut world, ANA).unread, late(&mut world)), (1, Some((1, message.position))));
    say(&mut world, CHI, "there he is");
    read_all(&mut world, ANA);
    assert_eq!(row(&mut world, ANA).unread, 1, "reading on is not seeing it");
    world.ask(ANA, |core| core.mark_read(room, message.position, Some(vec![message.position]))).expect("it runs").expect("a room");
    assert_eq!((row(&mut world, ANA).unread, late(&mut world)), (0, None));
    assert!(!find(&mut world, ANA, "from the tunnel").expect("here").late);
}

#[test]
fn messages_that_come_above_ones_own_last_words_are_unread_until_they_are_seen() {
    let mut world = gathered(3);
    world.part(&[BEN]);
    world.run_for(seconds(15));
    (0..3).for_each(|nth| say(&mut world, BEN, &format!("from the tunnel {nth}")));
    (0..3).for_each(|nth| say(&mut world, ANA, &format!("hello? {nth}")));
    world.heal();
    world.run_until(seconds(600), |world| texts(world, ANA).len() == 6).expect("ben comes back");
    let row = row(&mut world, ANA);
    assert_eq!((row.unread, row.late.map(|late| late.count)), (3, Some(3)));
    // Her window is at the end, and what came is above it.
    read_all(&mut world, ANA);
    assert_eq!(self::row(&mut world, ANA).unread, 3);
}

#[test]
fn many_late_messages_are_counted_and_seen_together() {
    let mut world = gathered(3);
    let room = world.room();
    world.part(&[BEN]);
    world.run_for(seconds(15));
    for nth in 0..300 {
        world.say(BEN, &format!("from the tunnel {nth}")).expect("it is said");
    }
    world.run_for(seconds(1));
    say(&mut world, CHI, "is he there?");
    read_all(&mut world, ANA);
    world.heal();
    world.run_until(seconds(600), |world| row(world, ANA).unread > 0).expect("ben comes back");
    world.run_for(seconds(30));
    assert_eq!(row(&mut world, ANA).unread, 300);
    let last = timeline(&mut world, ANA).last().expect("there is one").position;
    world.ask(ANA, |core| core.mark_read(room, last, None)).expect("it runs").expect("a room");
    assert_eq!((row(&mut world, ANA).unread, row(&mut world, ANA).late), (0, None));
}

#[test]
fn what_ben_read_while_his_clock_was_fast_does_not_make_later_words_read() {
    let mut world = gathered(3);
    world.set_clock(BEN, 30 * DAY);
    say(&mut world, BEN, "early");
    read_all(&mut world, BEN);
    world.set_clock(BEN, 0);
    say(&mut world, ANA, "hello");
    let row = row(&mut world, BEN);
    assert_eq!((row.unread, row.late), (1, None));
    assert!(row.active_at < 1_760_000_000_000 + 600_000, "the room is not used in the future");
}
