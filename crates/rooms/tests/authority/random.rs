//! Random courses of events, with people who were removed and make things up afterwards.

use std::collections::BTreeSet;

use identity::PeerId;
use rand::rngs::StdRng;
use rand::seq::{IndexedRandom, SliceRandom};
use rand::{RngExt, SeedableRng};
use rooms::authority::{Act, Authority, Cut, Kept, Op, Rank, Role, Setting, fold};
use wire::ids::{EventId, LogId};

use crate::checks::check_sound;
use crate::world::{Wish, World, device};

const PEOPLE: u8 = 6;

/// How many courses: enough to find what a first draft of the rules had wrong in one of 2 000, or
/// as the environment says.
fn rounds() -> u64 {
    std::env::var("GRAPEVINE_AUTHORITY_ROUNDS").map_or(6_000, |rounds| rounds.parse().expect("a number of rounds"))
}

fn id(random: &mut StdRng) -> EventId {
    EventId(random.random())
}

fn wish(random: &mut StdRng) -> Wish {
    let who = random.random_range(0..PEOPLE);
    let role = *[Role::Member, Role::Admin, Role::Owner].choose(random).expect("there are three");
    match random.random_range(0..20) {
        0..5 => Wish::Add(who),
        5..11 => Wish::Remove(who),
        11..15 => Wish::Give(who, role),
        15 => Wish::Leave,
        16 => Wish::AdminsAdd(random.random()),
        17 => Wish::Name(random.random()),
        18 => Wish::Invite(random.random_range(0..3)),
        _ => Wish::Revoke(random.random_range(0..3)),
    }
}

/// Honest people who hear of each other now and then.
fn course(random: &mut StdRng) -> World {
    let mut world = World::made_by(0);
    world.tell_all(PEOPLE);
    let begin = [Wish::Add(1), Wish::Add(2), Wish::Add(3), Wish::Give(1, Role::Admin), Wish::Give(2, Role::Admin)];
    for wish in &begin[..random.random_range(0..=begin.len())] {
        let new = id(random);
        let op = world.honest(0, *wish, new).expect("the owner may");
        world.add(op);
        world.tell_all(PEOPLE);
    }
    for _ in 0..random.random_range(4..40) {
        let (who, other) = (random.random_range(0..PEOPLE), random.random_range(0..PEOPLE));
        let new = id(random);
        let wish = wish(random);
        if let Some(op) = world.honest(who, wish, new) {
            world.add(op);
        }
        match random.random_range(0..4) {
            0 => world.tell_all(PEOPLE),
            1 | 2 => world.tell(who, other),
            _ => {}
        }
    }
    world
}

/// What somebody who was removed makes up: by any right that anybody ever had, in an old log or in
/// a new one, with whatever is in it.
fn forged(random: &mut StdRng, world: &World, author: PeerId, made: u32) -> Op {
    let rights: Vec<EventId> = world.ops.iter().map(|op| op.id).collect();
    let (who, role) =
        (device(random.random_range(0..PEOPLE + 2)), *[Role::Member, Role::Admin, Role::Owner].choose(random).expect("three"));
    let (round, cut) =
        (random.random_range(0..4), Cut::from([(LogId(1), Kept { last: random.random_range(0..9), except: Default::default() })]));
    let act = match random.random_range(0..11) {
        0 | 1 => Act::Add { device: who, round, pass: None },
        2 | 3 => Act::Remove { device: who, round, cut },
        4 | 5 => Act::SetRole { device: who, round, turn: random.random_range(0..5), role, cut },
        6 => Act::Set { setting: Setting::AdminsAdd(random.random()), version: random.random_range(0..5), known: Default::default() },
        9 => Act::Set { setting: Setting::Name("mine".to_owned()), version: random.random_range(0..5), known: Default::default() },
        7 => Act::Leave { round, cut },
        8 => Act::Invite { key: [9; 32], uses: 9, expires: 0 },
        _ => Act::Revoke { invite: *rights.choose(random).expect("there is a Create"), used: Vec::new() },
    };
    // Nothing that is in a cut: a log has one event of a number.
    let at =
        if random.random() { (LogId(1), world.next_in(author, LogId(1)) + made) } else { (LogId(random.random_range(2..4)), 1 + made) };
    Op { id: id(random), author, at, by: rights.choose(random).copied(), act }
}

#[test]
fn whatever_happens_everybody_with_the_same_events_agrees_and_nobody_acts_after_a_removal() {
    for seed in 0..rounds() {
        let random = &mut StdRng::seed_from_u64(seed);
        let world = course(random);
        let all = world.all();
        check_sound(&all, &world.ops);
        let mut copies: Vec<&Op> = world.ops.iter().chain(&world.ops).collect();
        copies.shuffle(random);
        assert_eq!(fold(copies), all, "seed {seed}");
    }
}

#[test]
fn what_somebody_who_was_removed_makes_up_changes_nothing() {
    let mut tried = 0;
    for seed in 0..rounds() {
        let random = &mut StdRng::seed_from_u64(seed);
        let world = course(random);
        let before = world.all();
        let removed: Vec<PeerId> =
            (0..PEOPLE).map(device).filter(|who| before.standing(who).is_some_and(|held| held.is_removed())).collect();
        let Some(who) = removed.choose(random) else { continue };
        tried += 1;
        let mut ops = world.ops.clone();
        for made in 0..random.random_range(1..8) {
            let op = forged(random, &world, *who, made);
            ops.push(op);
        }
        let after = fold(&ops);
        check_sound(&after, &ops);
        let members = |of: &Authority| of.members().map(|(who, rank)| (*who, rank)).collect::<Vec<_>>();
        assert_eq!(members(&after), members(&before), "seed {seed}");
        assert!(after.settings().eq(before.settings()), "seed {seed}");
        let honest: BTreeSet<EventId> = world.ops.iter().map(|op| op.id).collect();
        let counts = |op: &Op| honest.contains(&op.id) || !after.counts(&op.id) || matches!(op.act, Act::Leave { .. });
        assert!(ops.iter().all(counts), "seed {seed}");
        assert!(world.ops.iter().all(|op| before.counts(&op.id) == after.counts(&op.id)), "seed {seed}");
    }
    assert!(tried > rounds() / 10, "{tried}");
}

#[test]
fn whatever_those_below_make_up_who_stands_above_them_all_stays() {
    for seed in 0..rounds() {
        let random = &mut StdRng::seed_from_u64(seed);
        let world = course(random);
        let before = world.all();
        let members: Vec<(PeerId, Rank)> = before.members().map(|(who, rank)| (*who, rank)).collect();
        let Some((hostile, of_hostile)) = members.choose(random).copied() else { continue };
        let mut ops = world.ops.clone();
        for made in 0..random.random_range(1..8) {
            let mut op = forged(random, &world, hostile, made);
            if random.random() {
                op.by = Some(of_hostile.right);
            }
            ops.push(op);
        }
        let after = fold(&ops);
        check_sound(&after, &ops);
        let best = before.standing(&hostile).and_then(|standing| standing.best_ever()).expect("a member");
        for (who, rank) in members.iter().filter(|(_, rank)| *rank > best) {
            let now = after.standing(who).and_then(|standing| standing.right());
            assert_eq!(now, Some(*rank), "seed {seed}: {who:?} stood above {hostile:?}");
        }
    }
}
