//! People who do things to their room, in parts of a network that do not hear of each other.

use std::collections::BTreeMap;
use std::time::Duration;

use identity::PeerId;
use node::Core;
use node::view::{MemberMay, Refused, Role};
use rand::rngs::StdRng;
use rand::seq::{IndexedRandom, SliceRandom};
use rand::{RngExt, SeedableRng};
use sim::{Plan, World};
use wire::ids::{EventId, LogId, RoomId};

/// Who made the room.
pub(crate) const FOUNDER: u32 = 0;

/// A message that somebody wrote.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Spoken {
    pub(crate) id: EventId,
    pub(crate) author: u32,
    pub(crate) log: LogId,
    pub(crate) seq: u32,
}

/// A world with people who act by lot.
pub(crate) struct Scene {
    pub(crate) world: World,
    pub(crate) rng: StdRng,
    pub(crate) spoken: Vec<Spoken>,
    /// How often each thing was done, and was not refused.
    pub(crate) done: BTreeMap<&'static str, u32>,
}

pub(crate) fn millis(count: u64) -> Duration {
    Duration::from_millis(count)
}

pub(crate) fn seconds(count: u64) -> Duration {
    Duration::from_secs(count)
}

impl Scene {
    /// A room that has found together, and some who would like to come in.
    pub(crate) fn new(seed: u64, members: u32, outsiders: u32) -> Scene {
        let mut world = World::new(Plan { outsiders, ..Plan::new(seed, members) });
        world.run_for(seconds(20));
        Scene { world, rng: StdRng::seed_from_u64(seed), spoken: Vec::new(), done: BTreeMap::new() }
    }

    pub(crate) fn everybody(&self) -> Vec<u32> {
        (0..self.world.members()).collect()
    }

    /// Those of them who take themselves for members.
    pub(crate) fn inside(&mut self, people: &[u32]) -> Vec<u32> {
        people.iter().copied().filter(|number| self.world.is_inside(*number)).collect()
    }

    /// Somebody does something to the room; whether they could.
    pub(crate) fn does(&mut self, what: &'static str, who: u32, act: impl FnOnce(&mut Core, RoomId) -> Result<(), Refused>) -> bool {
        let room = self.world.room();
        let did = matches!(self.world.ask(who, |core| act(core, room)), Some(Ok(())));
        *self.done.entry(what).or_default() += u32::from(did);
        did
    }

    pub(crate) fn says(&mut self, who: u32, words: &str) -> bool {
        let Some(id) = self.world.say(who, words) else { return false };
        let (log, seq) = self.world.books().place(&id).expect("it was said just now");
        self.spoken.push(Spoken { id, author: who, log, seq });
        true
    }

    pub(crate) fn removes(&mut self, who: u32, whom: u32) -> bool {
        let peer = self.world.peer(whom);
        self.does("remove", who, |core, room| core.remove_member(room, peer))
    }

    pub(crate) fn gives(&mut self, who: u32, whom: u32, role: Role) -> bool {
        let peer = self.world.peer(whom);
        self.does("role", who, |core, room| core.set_role(room, peer, role))
    }

    pub(crate) fn adds(&mut self, who: u32, whom: u32) -> bool {
        let peer = self.world.peer(whom);
        self.does("add again", who, |core, room| core.add_member(room, peer))
    }

    pub(crate) fn leaves(&mut self, who: u32) -> bool {
        self.does("leave", who, Core::leave_room)
    }

    /// Somebody makes an invite, and somebody else tries to come in by it.
    pub(crate) fn invites(&mut self, who: u32, whom: u32) -> bool {
        let mut text = String::new();
        let made = self.does("invite", who, |core, room| core.create_invite(Some(room), 2).map(|invite| text = invite.text));
        if made {
            self.world.ask(whom, |core| core.accept_invite(&text).expect("an invite"));
        }
        made
    }

    /// Somebody of these does something by lot, if anybody can.
    pub(crate) fn turn(&mut self, people: &[u32]) {
        let inside = self.inside(people);
        let Some(&who) = inside.choose(&mut self.rng) else { return };
        match self.rng.random_range(0..12) {
            0 | 1 => self.remove_by_lot(&inside),
            2 | 3 => self.give_by_lot(&inside),
            4 => {
                let name = format!("room {}", self.rng.random_range(0..1_000));
                let who = self.who_may(&inside, |may| may.0);
                let _may = who.map(|who| self.does("rename", who, |core, room| core.set_room(room, Some(name), None, None)));
            }
            5 => {
                let topic = format!("about {}", self.rng.random_range(0..1_000));
                let who = self.who_may(&inside, |may| may.0);
                let _may = who.map(|who| self.does("topic", who, |core, room| core.set_room(room, None, Some(topic), None)));
            }
            6 => {
                let on = self.rng.random_bool(0.5);
                let who = self.who_may(&inside, |may| may.0);
                let _may = who.map(|who| self.does("who adds", who, |core, room| core.set_room(room, None, None, Some(on))));
            }
            7 | 8 => {
                let outside: Vec<u32> = people.iter().copied().filter(|one| !inside.contains(one)).collect();
                let who = self.who_may(&inside, |may| may.1);
                let pair = who.zip(outside.choose(&mut self.rng).copied());
                let _may = pair.map(|(who, whom)| self.invites(who, whom));
            }
            9 => {
                let outside: Vec<u32> = self.everybody().into_iter().filter(|one| !inside.contains(one)).collect();
                let who = self.who_may(&inside, |may| may.1);
                let pair = who.zip(outside.choose(&mut self.rng).copied());
                let _may = pair.map(|(who, whom)| self.adds(who, whom));
            }
            10 => {
                let name = self.rng.random_range(0..1_000);
                self.says(who, &format!("by lot {name}"));
            }
            _ if who != FOUNDER => drop(self.leaves(who)),
            _ => {}
        }
    }

    /// Somebody who may set what the room is called, and let people in.
    fn who_may(&mut self, inside: &[u32], may: impl Fn((bool, bool)) -> bool) -> Option<u32> {
        let room = self.world.room();
        let mut inside = inside.to_vec();
        inside.shuffle(&mut self.rng);
        inside.into_iter().find(|who| {
            let row = self.world.ask(*who, |core| core.room_details(room)).expect("it runs");
            row.is_ok_and(|(row, _, _)| may((row.may.rename, row.may.add)))
        })
    }

    /// What somebody may do with others.
    fn powers(&mut self, inside: &[u32]) -> Vec<(u32, PeerId, MemberMay)> {
        let room = self.world.room();
        let mut powers = Vec::new();
        for who in inside {
            let Some(Ok((_, members, _))) = self.world.ask(*who, |core| core.room_details(room)) else { continue };
            powers.extend(members.into_iter().map(|member| (*who, member.peer, member.may)));
        }
        powers
    }

    pub(crate) fn may_remove(&mut self, who: u32, whom: u32) -> bool {
        let peer = self.world.peer(whom);
        self.powers(&[who]).iter().any(|(_, other, may)| *other == peer && may.remove)
    }

    fn remove_by_lot(&mut self, inside: &[u32]) {
        let able: Vec<_> = self.powers(inside).into_iter().filter(|(_, _, may)| may.remove).collect();
        if let Some((who, whom, _)) = able.choose(&mut self.rng).cloned() {
            let whom = self.world.number(&whom).expect("one of them");
            self.removes(who, whom);
        }
    }

    fn give_by_lot(&mut self, inside: &[u32]) {
        let powers = self.powers(inside);
        let able: Vec<_> =
            powers.into_iter().flat_map(|(who, whom, may)| may.set_role.into_iter().map(move |role| (who, whom, role))).collect();
        if let Some((who, whom, role)) = able.choose(&mut self.rng).cloned() {
            let whom = self.world.number(&whom).expect("one of them");
            self.gives(who, whom, role);
        }
    }
}
