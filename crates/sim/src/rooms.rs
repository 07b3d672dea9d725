//! What a removal costs in a large room, and what keys cost when a long history is opened.

use std::process::ExitCode;
use std::time::Duration;

use serde_json::json;
use sim::{History, Plan, World};

/// Times that a history is opened; the median counts.
const RUNS: usize = 5;
/// Epochs of the long history.
const EPOCHS: u32 = 50;
/// What is said by everybody comes this long after each other: the first words of each announce
/// their prekey.
const PAUSE: Duration = Duration::from_millis(100);

pub(crate) fn main(mut words: impl Iterator<Item = String>) -> ExitCode {
    let (mut members, mut messages) = (500, 100_000);
    while let Some(word) = words.next() {
        match (word.as_str(), words.next().and_then(|value| value.parse::<u32>().ok())) {
            ("--n", Some(n)) if n > 3 => members = n,
            ("--messages", Some(count)) if count >= 200 => messages = count,
            (_, _) => {
                eprintln!("usage: grapevine-sim rooms [--n MEMBERS] [--messages COUNT]");
                return ExitCode::FAILURE;
            }
        }
    }
    opening(messages);
    removal(members);
    ExitCode::SUCCESS
}

/// The same messages in the clear, in one epoch and in many, opened in turn.
fn opening(messages: u32) {
    let kinds = [("clear", 0), ("1_epoch", 1), ("50_epochs", EPOCHS)];
    let histories: Vec<History> = kinds.iter().map(|(_, epochs)| History::new(messages, *epochs)).collect();
    let mut took = vec![Vec::new(); kinds.len()];
    for _ in 0..RUNS {
        for (history, took) in histories.iter().zip(&mut took) {
            took.push(history.open());
        }
    }
    for ((name, _), took) in kinds.iter().zip(&mut took) {
        took.sort();
        put(&format!("rooms_open_{messages}_{name}_ms"), took.get(RUNS / 2).map_or(0.0, |took| took.as_secs_f64() * 1e3), "ms");
    }
}

/// The creator removes somebody from a room in which everybody has said something.
fn removal(members: u32) {
    let mut world = World::new(Plan { start_over: Duration::from_secs(2), ..Plan::new(1, members) });
    world.run_for(Duration::from_secs(20));
    for number in 0..members {
        world.say(number, "hello");
        world.run_for(PAUSE);
    }
    let settled = world.run_until(Duration::from_secs(120), |world| world.histories() == 1);
    eprintln!("{members} have a prekey, all heard of after {settled:?} more");
    world.run_for(Duration::from_secs(30));
    let (room, gone) = (world.room(), world.peer(members / 2));
    let remover = 0;
    let quiet = world.bytes_sent(remover);
    world.run_for(Duration::from_secs(10));
    let quiet = world.bytes_sent(remover) - quiet;
    let before = world.newest_epoch(remover);
    let sent_before: Vec<u64> = (0..members).map(|number| world.bytes_sent(number)).collect();
    world.time(remover);
    let did = world.ask(remover, |core| core.remove_member(room, gone));
    assert!(matches!(did, Some(Ok(()))), "the creator may: {did:?}");
    let at_once = world.timed();
    let epoch = world.newest_epoch(remover).filter(|epoch| Some(*epoch) != before);
    let epoch = epoch.expect("a removal makes a new epoch");
    let others: Vec<u32> = (0..members).filter(|number| *number != members / 2).collect();
    let took = world.run_until(Duration::from_secs(60), |world| others.iter().all(|number| world.holds_epoch(*number, &epoch)));
    let late = others.iter().filter(|number| !world.holds_epoch(**number, &epoch)).count();
    assert!(!world.holds_epoch(members / 2, &epoch), "who was removed has no key");
    put(&format!("rooms{members}_removal_call_ms"), at_once.as_secs_f64() * 1e3, "ms");
    put(&format!("rooms{members}_removal_all_hold_s"), took.map_or(-1.0, |took| took.as_secs_f64()), "s");
    put(&format!("rooms{members}_removal_without_key"), late as f64, "count");
    world.run_for(Duration::from_secs(10).saturating_sub(took.unwrap_or_default()));
    put(&format!("rooms{members}_removal_work_ms"), world.timed().as_secs_f64() * 1e3, "ms");
    let sent: Vec<u64> = (0..members).zip(&sent_before).map(|(number, before)| world.bytes_sent(number) - before).collect();
    put(&format!("rooms{members}_removal_sent_bytes"), sent.get(remover as usize).copied().unwrap_or(0) as f64, "B");
    put(&format!("rooms{members}_removal_most_sent_bytes"), sent.iter().max().copied().unwrap_or(0) as f64, "B");
    put(&format!("rooms{members}_removal_mean_sent_bytes"), sent.iter().sum::<u64>() as f64 / f64::from(members), "B");
    put(&format!("rooms{members}_quiet_10s_sent_bytes"), quiet as f64, "B");
}

fn put(name: &str, value: f64, unit: &str) {
    println!("{}", json!({ "name": name, "value": (value * 100.0).round() / 100.0, "unit": unit }));
}
