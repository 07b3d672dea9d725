//! Every course of a few events of three people, of whom any may be hostile: they write what they
//! want, by what they know or by what they knew at first, whether they may or not.

use std::collections::{BTreeSet, HashSet};
use std::hash::{DefaultHasher, Hash, Hasher};

use rooms::authority::{Op, Role, fold};
use wire::ids::{EventId, LogId};

use crate::checks::check_sound;
use crate::world::{Wish, World, act, device};

const PEOPLE: u8 = 3;

/// How many events: four in a minute or less; five, which take some more, as the environment says.
fn length() -> usize {
    std::env::var("GRAPEVINE_AUTHORITY_LENGTH").map_or(3, |length| length.parse().expect("a number of events"))
}

fn wishes(author: u8) -> Vec<Wish> {
    let others = (0..PEOPLE).filter(|other| *other != author);
    let roles = [Role::Member, Role::Admin, Role::Owner];
    let of = |other| [Wish::Add(other), Wish::Remove(other)].into_iter().chain(roles.map(|role| Wish::Give(other, role)));
    others.flat_map(of).chain([Wish::Leave, Wish::AdminsAdd(true)]).collect()
}

/// Named by what it says, so that courses that differ in the order alone are one.
fn named(mut op: Op) -> Op {
    let mut hasher = DefaultHasher::new();
    format!("{:?} {:?} {:?} {:?}", op.author, op.at, op.by, op.act).hash(&mut hasher);
    let mut id = [0; 32];
    id[..8].copy_from_slice(&hasher.finish().to_be_bytes());
    op.id = EventId(id);
    op
}

struct Search {
    seen: HashSet<u64>,
    looked_at: u64,
}

impl Search {
    fn go_on(&mut self, world: &World, first: &BTreeSet<EventId>, left: usize) {
        let all = world.all();
        check_sound(&all, &world.ops);
        let owner = all.role(&device(0));
        let left_by_owner =
            world.ops.iter().any(|op| op.author == device(0) && op.at.1 > 4 && matches!(op.act, rooms::authority::Act::Leave { .. }));
        assert!(left_by_owner || owner == Some(Role::Owner), "nobody but the owner ends that: {:#?}", world.ops);
        self.looked_at += 1;
        if left == 0 {
            return;
        }
        for author in 0..PEOPLE {
            for knows_all in [true, false] {
                let mut world = world.clone();
                if knows_all {
                    world.tell_all(PEOPLE);
                } else {
                    let own = world.ops.iter().filter(|op| op.author == device(author)).map(|op| op.id);
                    let known = own.chain(first.iter().copied()).collect();
                    world.heard.insert(device(author), known);
                }
                for wish in wishes(author) {
                    let Some(op) = hostile(&world, author, wish) else { continue };
                    let mut ids: Vec<EventId> = world.ops.iter().map(|op| op.id).chain([op.id]).collect();
                    ids.sort();
                    let mut hasher = DefaultHasher::new();
                    (ids, left).hash(&mut hasher);
                    if self.seen.insert(hasher.finish()) {
                        let mut world = world.clone();
                        world.add(op);
                        self.go_on(&world, first, left - 1);
                    }
                }
            }
        }
    }
}

/// What a program writes that asks nobody.
fn hostile(world: &World, author: u8, wish: Wish) -> Option<Op> {
    let author = device(author);
    let seen = world.seen_by(author);
    let now = fold(seen.iter().copied());
    let act = act(&seen, &now, author, wish)?;
    let by = now.standing(&author).and_then(|standing| standing.best_ever()).map(|rank| rank.right);
    let log = LogId(1);
    Some(named(Op { id: EventId([0; 32]), author, at: (log, world.next_in(author, log)), by, act }))
}

#[test]
fn in_every_course_nobody_acts_after_a_removal_and_no_rank_comes_from_below() {
    let mut world = World::made_by(0);
    world.tell_all(PEOPLE);
    for wish in [Wish::Add(1), Wish::Add(2), Wish::Give(1, Role::Admin)] {
        let op = named(world.honest(0, wish, EventId([0; 32])).expect("the owner may"));
        world.add(op);
        world.tell_all(PEOPLE);
    }
    let first = world.ops.iter().map(|op| op.id).collect();
    let mut search = Search { seen: HashSet::new(), looked_at: 0 };
    search.go_on(&world, &first, length());
    println!("{} sets of up to {} events", search.looked_at, length());
    assert!(search.looked_at > 1_000);
}
