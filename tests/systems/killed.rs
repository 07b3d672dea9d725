//! kill −9 in the middle of a thousand sends: what was shown as saved is there afterwards, at both
//! ends, once, in order.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Instant;

use serde_json::{Value, json};

use crate::inbox::Inbox;
use crate::peer::{PATIENCE, Peer, text};
use crate::seed::Chance;
use crate::talk::{Entry, room_of};

/// Rounds unless `GRAPEVINE_KILL_ROUNDS` says otherwise.
const ROUNDS: u64 = 4;
const SENDS: u64 = 1_000;

#[test]
fn what_was_saved_survives_kill_9_and_arrives_once_and_in_order() {
    let rounds = std::env::var("GRAPEVINE_KILL_ROUNDS").ok().and_then(|text| text.parse().ok()).unwrap_or(ROUNDS);
    let mut chance = Chance::new();
    let (mut ana, ben) = (Peer::start("ana"), Peer::start("ben"));
    ana.keep_port();
    let room = room_of("Crash test", &[&ana, &ben]);
    let mut place = None;
    for round in 1..=rounds {
        let story = kill_while_sending(&mut ana, &room, round, &mut chance);
        ana.start_again();
        let after_restart = ana.history(&room, place.as_deref());
        story.check_saved(&after_restart);
        ana.say(&room, &format!("end of round {round}"));
        let both = until_level(&ana, &ben, &room, place.as_deref(), round);
        story.check_saved(&both);
        story.check_order(&both);
        place = both.last().map(|entry| entry.position.clone());
    }
    let whole = ana.history(&room, None);
    assert_eq!(ben.history(&room, None), whole);
    let ids: BTreeSet<&str> = whole.iter().map(|entry| entry.id.as_str()).collect();
    assert_eq!(ids.len(), whole.len(), "nothing is there twice");
}

/// What ana had been told before she was killed.
struct Story {
    round: u64,
    /// Ids by log and sequence number, from the answers to her sends.
    sent: BTreeMap<(String, u64), String>,
    /// The highest number shown as saved, by log.
    saved: BTreeMap<String, u64>,
}

fn kill_while_sending(ana: &mut Peer, room: &str, round: u64, chance: &mut Chance) -> Story {
    let lines = (1..=SENDS).map(|n| ana.line("send", &json!({"room": room, "text": words(round, n)})));
    let (ids, lines): (Vec<u64>, Vec<String>) = lines.unzip();
    let answered = |n: usize| ana.inbox().answer(ids[n], Instant::now() + PATIENCE).unwrap_or_else(|| ana.fail("answers a send"));
    let mut story = Story { round, sent: BTreeMap::new(), saved: BTreeMap::new() };
    // In small portions, each answered before the next, so that some are saved; the last portion is
    // all that is left, and in its middle the end comes.
    let moment = chance.below(SENDS) as usize;
    let mut begun = 0;
    while begun < moment {
        let portion = (1 + chance.below(60) as usize).min(moment - begun);
        ana.write(lines[begun..begun + portion].concat().as_bytes());
        begun += portion;
        story.note_sent(&answered(begun - 1)["reply"]);
    }
    ana.write(lines[begun..].concat().as_bytes());
    story.note_sent(&answered(moment)["reply"]);
    let inbox = ana.kill9();
    story.note(&inbox, &ids);
    println!("round {round}: killed at answer {moment}; {} answered, saved {:?}", story.sent.len(), story.saved);
    story
}

fn words(round: u64, n: u64) -> String {
    format!("round {round} message {n}")
}

/// The number of a message of this round.
fn number(round: u64, entry: &Entry) -> Option<u64> {
    entry.text.strip_prefix(&format!("round {round} message "))?.parse().ok()
}

/// Waits until both have the end of the round and the same history; nothing is in one and not in
/// the other.
fn until_level(ana: &Peer, ben: &Peer, room: &str, place: Option<&str>, round: u64) -> Vec<Entry> {
    let end = format!("end of round {round}");
    ben.watch("ben has the end of the round", |ben| ben.history(room, place).into_iter().find(|entry| entry.text == end));
    ana.watch("ana and ben are level", |ana| {
        let (hers, his) = (ana.history(room, place), ben.history(room, place));
        let level = hers == his && hers.iter().any(|entry| entry.text == end);
        if !level {
            // Ben's news may be what is missing; ana's node tells of its own only.
            ben.watch("ben has what ana has", |ben| {
                let his = ben.history(room, place);
                hers.iter().all(|entry| his.contains(entry)).then_some(())
            });
        }
        (hers == ben.history(room, place)).then_some(hers)
    })
}

impl Story {
    fn note(&mut self, inbox: &Inbox, ids: &[u64]) {
        for id in ids {
            if let Some(answer) = inbox.answer(*id, Instant::now()) {
                self.note_sent(&answer["reply"]);
            }
        }
        for numbered in &inbox.lock().notices {
            for (log, seq) in numbered["notice"]["delivery"]["saved"].as_object().into_iter().flatten() {
                let seq = seq.as_u64().expect("a number");
                let known = self.saved.entry(log.clone()).or_default();
                assert!(*known <= seq, "saved never falls");
                *known = seq;
            }
        }
    }

    fn note_sent(&mut self, sent: &Value) {
        let place = (text(&sent["log"]), sent["seq"].as_u64().unwrap_or_else(|| panic!("not sent: {sent}")));
        self.sent.insert(place, text(&sent["id"]));
    }

    /// Everything that was shown as saved is in this history.
    fn check_saved(&self, history: &[Entry]) {
        let held: BTreeMap<(&str, u64), &str> = history.iter().map(|entry| ((entry.log.as_str(), entry.seq), entry.id.as_str())).collect();
        for ((log, seq), id) in &self.sent {
            if self.saved.get(log).is_some_and(|saved| seq <= saved) {
                let found = held.get(&(log.as_str(), *seq));
                assert_eq!(found, Some(&id.as_str()), "round {}: number {seq} of log {log} was saved", self.round);
            }
        }
    }

    /// The messages of the round are a row from the first one on, each once.
    fn check_order(&self, history: &[Entry]) {
        let numbers: Vec<u64> = history.iter().filter_map(|entry| number(self.round, entry)).collect();
        let row: Vec<u64> = (1..=numbers.len() as u64).collect();
        assert_eq!(numbers, row, "round {}", self.round);
    }
}
