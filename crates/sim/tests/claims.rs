//! What the engine promises of a crowd (DESIGN §2), each a scenario in virtual time, at several sizes and for several seeds.
//!
//! `GRAPEVINE_SIM_SEEDS=100` tries so many seeds, `GRAPEVINE_SIM_SEED` and `GRAPEVINE_SIM_N` repeat one.

use std::time::Duration;

use sim::{Plan, World, each_seed};
use wire::ids::EventId;

/// Sizes at which every claim is tried.
const SIZES: [u32; 3] = [20, 100, 500];

fn seconds(count: u64) -> Duration {
    Duration::from_secs(count)
}

/// Members say something, one after the other.
fn talk(world: &mut World, count: u32) -> Vec<EventId> {
    let mut said = Vec::new();
    for nth in 0..count {
        let speakers = world.correct();
        let speaker = speakers[(nth as usize * 7) % speakers.len()];
        said.extend(world.say(speaker, &format!("message {nth}")));
        world.run_for(Duration::from_millis(300));
    }
    said
}

#[test]
fn c1_everybody_gets_everything() {
    each_seed("c1", &SIZES, 1, |seed, n| {
        let mut world = World::new(Plan::new(seed, n));
        world.run_for(seconds(10));
        println!("{n}: after start {:?} {:?} happenings {}", world.report(), world.now(), world.happened());
        let said = talk(&mut world, 20);
        let took = world.run_until(seconds(90), |world| world.agrees_on(&said));
        println!("{n}: {took:?} {:?} {:?} happenings {}", world.report(), world.spread(&said), world.happened());
        assert!(took.is_some(), "no agreement: {:?}", world.report());
        assert_eq!(world.books().broken(), [] as [String; 0]);
    });
}
