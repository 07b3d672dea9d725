//! A room of fifty, each with a process of their own; `./bench crowd` does the same with hundreds.

use std::process::Command;
use std::time::{Duration, Instant};

use serde_json::json;

use crate::peer::{Launch, Peer};
use crate::seed::Chance;

const PEOPLE: usize = 50;
/// Who is lost at once: nearly a third.
const LOST: usize = 15;
const SPEAKERS: usize = 20;
/// Everybody alive has everything that was said within this.
const LIMIT: Duration = Duration::from_secs(10);

/// People in a room that all but the first came to by one invite.
struct Crowd {
    people: Vec<Peer>,
    room: String,
    said: Vec<String>,
    chance: Chance,
}

impl Crowd {
    fn gather() -> Crowd {
        let launch = |n: usize| Peer::launch(format!("peer {n}").leak(), Launch::default());
        let people: Vec<Peer> = (0..PEOPLE).map(launch).collect();
        people.iter().for_each(Peer::opened);
        let room = people[0].create_room("Everybody");
        let invite = people[0].invite(Some(&room), PEOPLE as u32);
        let joining: Vec<_> = people[1..].iter().map(|peer| peer.call("accept_invite", json!({"text": invite}))).collect();
        for (peer, joining) in people[1..].iter().zip(&joining) {
            assert_eq!(peer.outcome(joining).as_ref(), Ok(&room), "{}", peer.name);
        }
        for peer in &people {
            peer.watch("all are in", |peer| (peer.row(&room)["members"] == PEOPLE).then_some(()));
        }
        Crowd { people, room, said: Vec::new(), chance: Chance::new() }
    }

    /// Some of `among` say something each.
    fn talk(&mut self, about: &str, among: std::ops::Range<usize>) {
        for n in 0..SPEAKERS {
            let speaker = among.start + self.chance.below(among.len() as u64) as usize;
            let words = format!("{about} {n}");
            self.people[speaker].say(&self.room, &words);
            self.said.push(words);
        }
        self.said.sort();
    }

    /// All of `who` have all that was said, in one order.
    fn agree(&self, who: std::ops::Range<usize>) {
        for peer in &self.people[who.clone()] {
            let all = |peer: &Peer| {
                let mut texts = peer.texts(&self.room);
                texts.sort();
                (texts == self.said).then_some(())
            };
            peer.watch("everything arrived", all);
        }
        let first = self.people[who.start].history(&self.room, None);
        for peer in &self.people[who] {
            assert!(peer.history(&self.room, None) == first, "{} has another history", peer.name);
        }
    }

    /// The same, in time.
    fn agree_in_time(&self, who: std::ops::Range<usize>) {
        let since = Instant::now();
        self.agree(who);
        assert!(since.elapsed() < LIMIT, "it took {:?}", since.elapsed());
    }

    /// Stops the lost, or lets them go on, all at once.
    fn signal_lost(&self, signal: &str) {
        let pids = self.people[..LOST].iter().map(|peer| peer.pid().to_string());
        assert!(Command::new("kill").arg(signal).args(pids).status().expect("a system with kill").success());
    }
}

#[test]
fn a_room_of_fifty_loses_nothing_while_fifteen_are_killed_and_later_frozen() {
    let mut crowd = Crowd::gather();
    let (lost, alive) = (0..LOST, LOST..PEOPLE);
    crowd.talk("all here", 0..PEOPLE);
    crowd.agree(0..PEOPLE);

    // Among them the one who let everybody in.
    crowd.people[lost.clone()].iter_mut().for_each(|peer| drop(peer.kill9()));
    crowd.talk("some killed", alive.clone());
    crowd.agree_in_time(alive.clone());
    let back: Vec<Peer> = crowd.people.drain(lost.clone()).map(Peer::relaunched).collect();
    back.iter().for_each(Peer::opened);
    crowd.people.splice(0..0, back);
    crowd.agree(0..PEOPLE);

    crowd.signal_lost("-STOP");
    crowd.talk("some frozen", alive.clone());
    crowd.agree_in_time(alive);
    crowd.signal_lost("-CONT");
    crowd.talk("all back", 0..PEOPLE);
    crowd.agree(0..PEOPLE);
}
