//! What people do to a room while they do not hear of each other, and what they agree on when they
//! do again (`docs/AUTHORITY.md`), in virtual time.
//!
//! `GRAPEVINE_SIM_SEEDS=100` tries so many seeds, `GRAPEVINE_SIM_SEED` and `GRAPEVINE_SIM_N` repeat
//! one.

use std::time::Duration;

use node::view::Role;
use rand::RngExt;
use rand::seq::SliceRandom;
use sim::each_seed;

use crate::scene::{FOUNDER, Scene, millis, seconds};

mod agree;
mod scene;

/// Members at the beginning. People who come in later are a fifth more.
const SIZES: &[u32] = &[20, 32];
/// One repair: comparing with one random linked member after another, every 10 s ± 50 %, is through
/// the room by then; and the dials that find together again what was parted.
const REPAIR: Duration = Duration::from_secs(90);
/// Keys of what was said where one was no member are asked of one linked member after another.
const KEYS: Duration = Duration::from_secs(120);
/// Who begins has its links at once, and is told what it lacks by whom it is linked to.
const REPAIR_OF_ONE: Duration = Duration::from_secs(30);

/// Who plays a part in every course. All but the founder are drawn by lot.
struct Cast {
    /// Admins in three parts, or two, the highest first.
    admins: [u32; 3],
    /// Is removed elsewhere, and does not know.
    removed: u32,
    /// Leaves and comes back.
    restless: u32,
    /// Is removed before the parting, if at all.
    extra: u32,
}

impl Cast {
    fn of(scene: &mut Scene, members: u32) -> Cast {
        let mut lots: Vec<u32> = (1..members).collect();
        lots.shuffle(&mut scene.rng);
        let mut admins = [lots[0], lots[1], lots[2]];
        for admin in admins {
            assert!(scene.gives(FOUNDER, admin, Role::Admin), "the founder may");
        }
        scene.world.run_for(seconds(5));
        // Of two admins the higher one may remove the other.
        let all = admins;
        admins.sort_by_key(|admin| std::cmp::Reverse(all.iter().filter(|other| scene.may_remove(*admin, **other)).count()));
        Cast { admins, removed: lots[3], restless: lots[4], extra: lots[5] }
    }
}

/// Two or three parts, with the people of the cast in different ones.
fn parts_of(scene: &mut Scene, cast: &Cast, is_raised: bool) -> Vec<Vec<u32>> {
    let count = scene.rng.random_range(2..=3);
    let mut parts: Vec<Vec<u32>> = vec![Vec::new(); count];
    for one in scene.everybody() {
        let part = match one {
            _ if one == cast.admins[0] => 0,
            _ if one == cast.admins[1] || one == cast.removed => 1,
            FOUNDER if is_raised => 1,
            _ if one == cast.admins[2] || one == cast.restless => count - 1,
            _ => scene.rng.random_range(0..count),
        };
        parts[part].push(one);
    }
    parts
}

/// Somebody of this part who is not of the cast, and is in the room or is not.
fn extra(scene: &mut Scene, part: &[u32], cast: &Cast, inside: bool) -> Option<u32> {
    let known = |one: &u32| cast.admins.contains(one) || [cast.removed, cast.restless, FOUNDER].contains(one);
    let mut some: Vec<u32> = part.iter().copied().filter(|one| !known(one)).collect();
    some.shuffle(&mut scene.rng);
    some.into_iter().find(|one| scene.world.is_inside(*one) == inside)
}

/// What is done on purpose in every course, a step at a time.
fn story(scene: &mut Scene, cast: &Cast, parts: &[Vec<u32>], is_raised: bool, step: usize) {
    let [one, other, third] = cast.admins;
    match step {
        // Two who remove each other, and write on. The lower one may once the founder, who is
        // there, has raised them, of which the other hears nothing.
        0 => assert!(!is_raised || scene.gives(FOUNDER, other, Role::Owner), "the founder may"),
        1 => {
            assert!(scene.removes(one, other), "the higher one may");
            assert_eq!(scene.removes(other, one), is_raised, "the lower one may not");
        }
        // Removed there, while they write, add and let in here.
        2 => assert!(scene.removes(one, cast.removed), "an admin may"),
        3 => {
            scene.says(cast.removed, "nobody told me");
            if let Some(newcomer) = extra(scene, &parts[1], cast, false) {
                scene.invites(cast.removed, newcomer);
            }
        }
        4 => drop(scene.leaves(cast.restless)),
        6 => drop(scene.invites(third, cast.restless)),
        8 => {
            scene.says(cast.restless, "back again");
            scene.says(cast.removed, "still here");
            scene.says(other, "and I");
        }
        _ => {}
    }
}

#[test]
fn after_a_partition_with_changes_on_all_sides_members_agree_on_the_room_and_what_was_said() {
    each_seed("membership", "after_a_partition", SIZES, 2, |seed, n| {
        let mut scene = Scene::new(seed, n, n / 5);
        let cast = Cast::of(&mut scene, n);
        let is_raised = scene.rng.random();
        let parts = parts_of(&mut scene, &cast, is_raised);
        scene.world.split(&parts[1..]);
        let asleep = extra(&mut scene, &parts[0], &cast, true);
        for step in 0..12 {
            if step == 5 {
                scene.world.stop(asleep.as_slice());
            }
            story(&mut scene, &cast, &parts, is_raised, step);
            for part in &parts {
                if step > 1 {
                    scene.turn(part);
                }
                let inside = scene.inside(part);
                if let Some(who) = inside.get(step % inside.len().max(1)) {
                    scene.says(*who, &format!("step {step}"));
                }
            }
            let pause = scene.rng.random_range(1_000..4_000);
            scene.world.run_for(millis(pause));
        }
        scene.world.heal();
        scene.world.restart(asleep.as_slice());
        // Some goes on while the news comes.
        for step in 0..4 {
            let everybody = scene.everybody();
            scene.turn(&everybody);
            let inside = scene.inside(&everybody);
            scene.says(inside[step * 7 % inside.len()], &format!("healed {step}"));
            scene.world.run_for(millis(700));
        }
        let took = scene.agrees_within(REPAIR, KEYS);
        assert_eq!(scene.world.books().broken(), [] as [String; 0]);
        scene.check_words();
        println!("seed {seed}, {n} members: {} parts, {:?}, agreed after {took:?}", parts.len(), scene.done);
        goes_on_from_disk(&mut scene);
    });
}

/// What is on the disks says the same, and the room goes on.
fn goes_on_from_disk(scene: &mut Scene) {
    let everybody = scene.everybody();
    let inside = scene.inside(&everybody);
    let some: Vec<u32> = inside.iter().copied().step_by(3).collect();
    let before: Vec<_> = some.iter().map(|number| scene.world.view(*number)).collect();
    scene.world.stop(&some);
    scene.world.restart(&some);
    for (number, before) in some.iter().zip(before) {
        assert_eq!(scene.world.view(*number), before, "{number} has read the room from its disk");
    }
    scene.world.run_for(seconds(5));
    for number in inside {
        assert!(scene.says(number, "and so on"), "{number} is a member");
    }
    scene.agrees_within(REPAIR_OF_ONE, REPAIR_OF_ONE);
    assert_eq!(scene.world.books().broken(), [] as [String; 0]);
    scene.check_words();
}

#[test]
fn a_removal_that_somebody_above_undoes_closes_logs_and_opens_them_again() {
    each_seed("membership", "a_removal", &[12], 2, |seed, n| {
        let mut scene = Scene::new(seed, n, 0);
        let (admin, writer) = (1, 2);
        assert!(scene.gives(FOUNDER, admin, Role::Admin), "the founder may");
        assert!(scene.says(writer, "before"));
        scene.world.run_for(seconds(5));
        // The admin's part removes the writer; the founder's lowers the admin, cutting before it.
        let there: Vec<u32> = [admin].into_iter().chain(n / 2..n).collect();
        scene.world.part(&there);
        scene.world.run_for(seconds(10));
        assert!(scene.removes(admin, writer), "an admin may");
        scene.world.run_for(seconds(3));
        let writer_peer = scene.world.peer(writer);
        for number in &there {
            let view = scene.world.view(*number).expect("it runs");
            assert!(!view.members.contains_key(&writer_peer), "{number} knows of the removal");
        }
        assert!(scene.says(writer, "meanwhile"));
        assert!(scene.gives(FOUNDER, admin, Role::Member), "the founder may");
        scene.world.run_for(seconds(3));
        assert!(scene.says(writer, "and later"));
        scene.world.heal();
        scene.agrees_within(REPAIR, KEYS);
        assert_eq!(scene.world.books().broken(), [] as [String; 0]);
        for spoken in scene.spoken.clone() {
            for number in scene.everybody() {
                assert!(scene.is_shown(&spoken, number), "{spoken:?} at {number}");
            }
        }
        goes_on_from_disk(&mut scene);
    });
}

#[test]
fn who_missed_ten_changes_and_a_partition_agrees_with_everybody_within_one_repair() {
    each_seed("membership", "who_missed", SIZES, 1, |seed, n| {
        let mut scene = Scene::new(seed, n, 3);
        let cast = Cast::of(&mut scene, n);
        let [third, other, one] = cast.admins;
        let late = cast.restless;
        let newcomers = [n, n + 1, n + 2];
        scene.world.stop(&[late]);
        let half = [&[other, third, cast.removed, newcomers[1]][..], &(n / 2..n).collect::<Vec<_>>()].concat();
        let half: Vec<u32> = half.into_iter().filter(|number| ![one, FOUNDER, newcomers[0]].contains(number)).collect();
        let mut changes: u32 = 0;
        let mut changed = |scene: &mut Scene, did: bool| {
            assert!(did, "change {changes}");
            changes += 1;
            scene.world.run_for(millis(1_500));
        };
        let did = scene.does("topic", third, |core, room| core.set_room(room, None, Some("first".to_owned()), None));
        changed(&mut scene, did);
        let did = scene.removes(third, cast.extra);
        changed(&mut scene, did);
        scene.world.part(&half);
        scene.world.run_for(seconds(10));
        let did = scene.removes(one, cast.removed);
        changed(&mut scene, did);
        let did = scene.does("rename", other, |core, room| core.set_room(room, Some("there".to_owned()), None, None));
        changed(&mut scene, did);
        let did = scene.invites(cast.removed, newcomers[1]);
        changed(&mut scene, did);
        let did = scene.does("rename", one, |core, room| core.set_room(room, Some("here".to_owned()), None, None));
        changed(&mut scene, did);
        let did = scene.gives(FOUNDER, one, Role::Owner);
        changed(&mut scene, did);
        let did = scene.removes(one, third) && scene.removes(third, one);
        changed(&mut scene, did);
        for who in [FOUNDER, one, other, third, cast.removed] {
            assert!(scene.says(who, "in two parts"));
        }
        scene.world.run_for(seconds(30));
        scene.world.heal();
        let did = scene.invites(FOUNDER, newcomers[0]);
        changed(&mut scene, did);
        let did = scene.does("topic", FOUNDER, |core, room| core.set_room(room, None, Some("all".to_owned()), Some(true)));
        changed(&mut scene, did);
        assert_eq!(changes, 10);
        let healed = scene.agrees_within(REPAIR, KEYS);
        scene.world.restart(&[late]);
        let took = scene.agrees_within(REPAIR_OF_ONE, REPAIR_OF_ONE);
        assert!(scene.world.is_inside(late), "{late} is a member still");
        assert_eq!(scene.world.books().broken(), [] as [String; 0]);
        scene.check_words();
        println!("seed {seed}, {n} members: healed after {healed:?}, who was away agreed after {took:?}");
        assert!(scene.says(late, "what did I miss?"));
        scene.agrees_within(REPAIR_OF_ONE, REPAIR_OF_ONE);
    });
}
