//! What is checked once the network is one again.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use identity::PeerId;
use node::view::Role;
use rooms::authority::Setting;
use rooms::{Membership, Payload, Verified};
use sim::View;
use wire::ids::EventId;

use crate::scene::{Scene, Spoken};

/// Between two looks at everybody.
const LOOK_AGAIN: Duration = Duration::from_secs(1);

impl Scene {
    /// In which way those who are in the room, by what is known anywhere, do not have the same
    /// events.
    fn unlike_events(&mut self) -> Option<String> {
        let everybody: Vec<u32> = self.everybody().into_iter().filter(|number| self.world.is_correct(*number)).collect();
        let truth = self.world.truth(&everybody);
        // Somebody who was removed may not know it: nobody serves them any more.
        let members: Vec<u32> = self.members_of(&truth);
        // What was written by people whom somebody let in without a right to is kept by those who
        // heard of the right first, and shown by nobody.
        let mut held: BTreeMap<_, Vec<u32>> = BTreeMap::new();
        for number in &members {
            let heads = self.world.heads(*number).into_iter().filter(|(log, last)| *last > 0 && truth.was_member(&log.device));
            held.entry(heads.collect::<Vec<_>>()).or_default().push(*number);
        }
        if held.len() != 1 {
            return Some(format!("events: {:?}", held.into_values().collect::<Vec<_>>()));
        }
        None
    }

    /// In which way they do not have the same events, or do not see the same.
    fn difference(&mut self) -> Option<String> {
        if let Some(unlike) = self.unlike_events() {
            return Some(unlike);
        }
        let everybody: Vec<u32> = self.everybody().into_iter().filter(|number| self.world.is_correct(*number)).collect();
        let truth = self.world.truth(&everybody);
        let members: Vec<u32> = self.members_of(&truth);
        if let Some(outside) = members.iter().find(|number| !self.world.is_inside(**number)) {
            return Some(format!("{outside} does not know that it is a member"));
        }
        // Who has come to be a member by a role alone brought no name.
        let nameless: BTreeSet<PeerId> = truth.members().filter(|member| member.name.is_empty()).map(|member| member.peer).collect();
        if let Some((id, who)) = self.waiting().into_iter().next() {
            return Some(format!("{id:?} waits for its key at {who:?}"));
        }
        let mut view_of = |number: u32| {
            let mut view = self.world.view(number)?;
            view.members.iter_mut().filter(|(peer, _)| nameless.contains(*peer)).for_each(|(_, (name, _, _))| name.clear());
            Some(view)
        };
        let first = view_of(*members.first()?)?;
        if let Some(wrong) = against_truth(&first, &truth) {
            return Some(wrong);
        }
        let views: Vec<(u32, View)> = members.iter().filter_map(|number| Some((*number, view_of(*number)?))).collect();
        let other = views.into_iter().find(|(_, view)| *view != first);
        other.map(|(number, view)| format!("{} and {number} see: {}", members[0], how_different(&first, &view)))
    }

    /// Who knows what, and hears whom.
    fn diagnosis(&mut self) -> String {
        let everybody: Vec<u32> = self.everybody().into_iter().filter(|number| self.world.is_correct(*number)).collect();
        let mut told = format!("members in truth: {:?}\n", self.members_of(&self.world.truth(&everybody)));
        for number in everybody {
            let truth = self.world.truth(&[number]);
            let (members, events) = (self.members_of(&truth), self.world.control_events(&[number]).len());
            let hears: Vec<_> = self.world.ties(number).iter().filter_map(|tie| self.world.number(&tie.peer)).collect();
            let (inside, digest) = (self.world.is_inside(number), self.world.digest(number).unwrap_or_default()[0]);
            let line = format!(
                "{number} (inside: {inside}, {digest:02x}, {events} control events) hears {hears:?}, knows as members {members:?}\n"
            );
            told.push_str(&line);
        }
        told.push_str(&self.uneven_logs());
        for (id, who) in self.waiting() {
            told.push_str(&format!("{id:?} waits at {who:?}\n"));
        }
        told
    }

    /// Messages that wait for their keys, and at whom of those who are in the room.
    fn waiting(&mut self) -> BTreeMap<EventId, Vec<u32>> {
        let everybody: Vec<u32> = self.everybody().into_iter().filter(|number| self.world.is_correct(*number)).collect();
        let members = self.members_of(&self.world.truth(&everybody));
        let mut waits: BTreeMap<EventId, Vec<u32>> = BTreeMap::new();
        for number in members {
            let lines = self.world.view(number).map(|view| view.timeline).unwrap_or_default();
            for (id, _, _) in lines.into_iter().filter(|(_, _, words)| words.starts_with("Waiting")) {
                waits.entry(id).or_default().push(number);
            }
        }
        waits
    }

    /// Logs of which members have unlike parts.
    fn uneven_logs(&mut self) -> String {
        let everybody = self.everybody();
        let truth = self.world.truth(&everybody);
        let inside = self.members_of(&truth);
        let mut ends: BTreeMap<_, BTreeMap<u32, Vec<u32>>> = BTreeMap::new();
        for number in &inside {
            for (log, seq) in self.world.heads(*number) {
                ends.entry(log).or_default().entry(seq).or_default().push(*number);
            }
        }
        ends.retain(|_, ends| ends.len() > 1 || ends.values().next().is_some_and(|held| held.len() < inside.len()));
        let line = |(log, ends): (wire::ids::LogKey, BTreeMap<u32, Vec<u32>>)| {
            let (author, limit) = (self.world.number(&log.device), truth.limit(&log.device, log.log, log.log));
            format!("log {:?} of {author:?}, round {}, counts up to {limit:?}: {ends:?}\n", log.log, log.log.round())
        };
        ends.into_iter().map(line).collect()
    }

    /// Members that run, by what is true.
    pub(crate) fn members_of(&self, truth: &Membership) -> Vec<u32> {
        let members: BTreeSet<u32> = truth.members().filter_map(|member| self.world.number(&member.peer)).collect();
        members.into_iter().filter(|number| self.world.is_correct(*number)).collect()
    }

    /// They have the same events within one time, and can read them all within another. Gives how
    /// long both took.
    pub(crate) fn agrees_within(&mut self, events: Duration, keys: Duration) -> (Duration, Duration) {
        let began = self.world.now();
        (self.until(events, began, Scene::unlike_events), self.until(keys, began, Scene::difference))
    }

    fn until(&mut self, limit: Duration, began: sim::Time, mut wrong: impl FnMut(&mut Scene) -> Option<String>) -> Duration {
        while let Some(why) = wrong(self) {
            let so_long = self.world.now().since(began);
            assert!(so_long < limit, "no agreement after {so_long:?}: {why}\n{}done: {:?}", self.diagnosis(), self.done);
            self.world.run_for(LOOK_AGAIN);
        }
        self.world.now().since(began)
    }

    /// What was said is shown everywhere if it is within the cut, and else nowhere. Gives how many
    /// messages were cut off.
    pub(crate) fn check_words(&mut self) -> u32 {
        let everybody: Vec<u32> = self.everybody().into_iter().filter(|number| self.world.is_correct(*number)).collect();
        let truth = self.world.truth(&everybody);
        let events = self.world.control_events(&everybody);
        let members = self.members_of(&truth);
        let (mut cut_off, mut dropped) = (0, 0);
        for spoken in self.spoken.clone() {
            let peer = self.world.peer(spoken.author);
            let limit = truth.limit(&peer, spoken.log, spoken.log);
            let holders = members.iter().filter(|number| self.is_shown(&spoken, **number)).count();
            if limit.is_some_and(|limit| limit < spoken.seq) {
                assert_eq!(holders, 0, "{spoken:?} is beyond the cut at {limit:?}");
                cut_off += 1;
            } else if holders == 0 && may_have_been_cut(&spoken, &peer, &events) {
                // Who heard of an end before they heard that it does not count, or that somebody
                // else had let the author in, dropped it. It may be that nobody knew better.
                dropped += 1;
            } else {
                let about: Vec<String> = events.iter().filter(|event| is_about(event, &peer)).map(|event| self.in_words(event)).collect();
                assert_eq!(holders, members.len(), "{spoken:?} counts up to {limit:?}; of its author: {about:#?}");
            }
        }
        println!("{} messages, {cut_off} beyond a cut, {dropped} lost to a removal that was undone", self.spoken.len());
        cut_off
    }

    fn in_words(&self, event: &Verified) -> String {
        let (who, at) = (self.world.number(&event.header.device), event.header.hlc.ms());
        let whom = match Payload::of(event) {
            Ok(Payload::Add { device, .. } | Payload::Remove { device, .. } | Payload::SetRole { device, .. }) => {
                self.world.number(&device)
            }
            _ => None,
        };
        format!("at {at} {who:?} wrote of {whom:?}: {:?}", Payload::of(event))
    }

    pub(crate) fn is_shown(&self, spoken: &Spoken, number: u32) -> bool {
        self.world.books().has(&spoken.id, number)
    }
}

fn is_about(event: &Verified, peer: &PeerId) -> bool {
    event.header.device == *peer
        || matches!(Payload::of(event), Ok(Payload::Add { device, .. } | Payload::Remove { device, .. } | Payload::SetRole { device, .. }) if device == *peer)
}

/// A removal was written that names a cut before it, or one of those who had let its author in for
/// this round, or of those who had let these in.
fn may_have_been_cut(spoken: &Spoken, author: &PeerId, events: &[Verified]) -> bool {
    let payloads: Vec<(PeerId, Payload)> =
        events.iter().filter_map(|event| Some((event.header.device, Payload::of(event).ok()?))).collect();
    let is_cut = |(_, payload): &(PeerId, Payload)| match payload {
        Payload::Remove { device, cut, .. } => {
            device == author && cut.iter().find(|(log, _, _)| *log == spoken.log).is_none_or(|(_, last, _)| *last < spoken.seq)
        }
        _ => false,
    };
    let ended = |who: &PeerId| {
        payloads.iter().any(|(by, payload)| match payload {
            Payload::Remove { device, .. } | Payload::SetRole { device, .. } => device == who,
            Payload::Leave { .. } => by == who,
            _ => false,
        })
    };
    let givers = |whom: PeerId, in_round: Option<u32>| {
        payloads.iter().filter_map(move |(by, payload)| match payload {
            Payload::Add { device, round, .. } => (*device == whom && in_round.is_none_or(|wanted| wanted == *round)).then_some(*by),
            _ => None,
        })
    };
    let mut open: Vec<PeerId> = givers(*author, Some(spoken.log.round())).collect();
    let mut seen: BTreeSet<PeerId> = open.iter().copied().collect();
    while let Some(one) = open.pop() {
        open.extend(givers(one, None).filter(|giver| seen.insert(*giver)));
    }
    payloads.iter().any(is_cut) || seen.iter().any(ended)
}

fn against_truth(view: &View, truth: &Membership) -> Option<String> {
    let members: BTreeMap<_, _> = truth.members().map(|member| (member.peer, Role::from(member.role))).collect();
    let seen: BTreeMap<_, _> = view.members.iter().map(|(peer, (_, role, _))| (*peer, *role)).collect();
    if seen != members {
        return Some(format!("members {seen:?}, in truth {members:?}"));
    }
    let named = |member: &rooms::Member<'_>| view.members.get(&member.peer).is_none_or(|(name, _, _)| name != member.name);
    if let Some(member) = truth.members().find(named) {
        return Some(format!("{:?} is {:?} to them, in truth {:?}", member.peer, view.members.get(&member.peer), member.name));
    }
    if truth.name() != Some(&view.name) {
        return Some(format!("name {:?}, in truth {:?}", view.name, truth.name()));
    }
    let wrong = |setting: &&Setting| match setting {
        Setting::Name(_) | Setting::History(_) => false,
        Setting::Topic(topic) => *topic != view.topic,
        Setting::AdminsAdd(on) => *on != view.only_admins_add,
    };
    truth.settings().find(wrong).map(|setting| format!("setting {setting:?}"))
}

fn how_different(one: &View, other: &View) -> String {
    let bare = |view: &View| View { timeline: Vec::new(), ..view.clone() };
    if bare(one) != bare(other) {
        return format!("{:?}\n{:?}", bare(one), bare(other));
    }
    let only =
        |view: &View, other: &View| -> Vec<_> { view.timeline.iter().filter(|line| !other.timeline.contains(line)).cloned().collect() };
    format!("only one: {:?}\nonly the other: {:?}", only(one, other), only(other, one))
}
