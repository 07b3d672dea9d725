//! Two people who share a room with a third, whom both reach: how they get a link.

use std::time::{Duration, Instant};

use crate::lab::Lab;
use crate::person::Person;
use crate::plan::PUBLIC;
use crate::talk::Path;

/// Getting into a room over a line that loses packets.
const JOINED_WITHIN: Duration = Duration::from_secs(30);
const WORDS: &str = "are you there?";
/// What the doctor calls a symmetric router.
pub const CHANGING: &str = "changing_doors";
/// UDP and TCP, as the frames name them.
const TCP: u8 = 6;
const UDP: u8 = 17;

/// Ana at a and ben at b are members of chi's room, who is at c.
pub struct Meeting {
    /// Who can reach only c at first.
    pub ana: Person,
    /// The other one.
    pub ben: Person,
    /// The co-member in public.
    pub chi: Person,
    /// The room of the three.
    pub room: String,
    /// When ben was let in: from then on they want each other.
    pub began: Instant,
}

/// What became of it.
#[derive(Clone, Debug)]
pub struct Met {
    /// When both had a link with each other, and which.
    pub first: Option<(Duration, Path)>,
    /// When both had a direct one.
    pub direct: Option<Duration>,
    /// `tcp`, `quic` or `circuit`, from what went over the internet between the two; `none`.
    pub by: &'static str,
    /// Without a link: who passes on what ben says to ana.
    pub through: Option<String>,
    /// Without a direct link: what the doctors of both say, as soon as one of them names a router
    /// that changes ports.
    pub words: Vec<String>,
}

impl Meeting {
    /// Brings the three together.
    pub fn begin(lab: &Lab) -> Meeting {
        let chi = lab.person("chi", "c");
        let room = chi.create_room("Harbour walk");
        let public = PUBLIC[0].to_string();
        chi.watch("chi is to be found", JOINED_WITHIN, |chi| chi.addresses().iter().any(|known| known.starts_with(&public)).then_some(()));
        let invite = chi.invite(Some(&room), 10);
        let (ana, ben) = (lab.person("ana", "a"), lab.person("ben", "b"));
        ana.must_join(&invite, JOINED_WITHIN);
        ben.must_join(&invite, JOINED_WITHIN);
        Meeting { ana, ben, chi, room, began: Instant::now() }
    }

    /// Waits until the two have a direct link, or for so long; without `direct` any link will do.
    pub fn wait(&self, lab: &Lab, direct: bool, limit: Duration) -> Met {
        let end = self.began + limit;
        let first = self.both(end, |_| true);
        let wanted = if direct && first.is_some() { self.both(end, Path::is_direct) } else { None };
        let direct = match &first {
            Some((after, path)) if path.is_direct() => Some(*after),
            _ => wanted.map(|(after, _)| after),
        };
        let by = match (&first, direct) {
            (None, _) => "none",
            (Some(_), None) => "circuit",
            (Some(_), Some(_)) => busier(lab),
        };
        let through = if first.is_none() { self.heard_through() } else { None };
        let words = if direct.is_none() { self.words(end) } else { Vec::new() };
        Met { first, direct, by, through, words }
    }

    fn words(&self, end: Instant) -> Vec<String> {
        let both = || [&self.ana, &self.ben].iter().flat_map(|person| person.findings()).collect::<Vec<_>>();
        let left = end.saturating_duration_since(Instant::now());
        let named = self.ana.until(left, |_| Some(both()).filter(|words| words.iter().any(|word| word == CHANGING)));
        named.unwrap_or_else(both)
    }

    /// Whoever has written lately is there, whatever became of dialling them.
    fn heard_through(&self) -> Option<String> {
        self.ben.say(&self.room, WORDS);
        self.ana.until(JOINED_WITHIN, |ana| ana.texts(&self.room).contains(&WORDS.to_owned()).then_some(()))?;
        let ben = self.ben.id();
        self.ana.until(JOINED_WITHIN, |ana| ana.through(&ben))
    }

    fn both(&self, end: Instant, fits: impl Fn(&Path) -> bool) -> Option<(Duration, Path)> {
        let link = |one: &Person, other: &Person| {
            let id = other.id();
            one.until(end.saturating_duration_since(Instant::now()), |one| one.path_to(&id).filter(|path| fits(path)))
        };
        link(&self.ana, &self.ben)?;
        let path = link(&self.ben, &self.ana)?;
        Some((self.began.elapsed(), path))
    }
}

/// Over which protocol more was sent between the two.
fn busier(lab: &Lab) -> &'static str {
    let (a, b) = (lab.plan.outer("a"), lab.plan.outer("b"));
    let seen = lab.seen();
    let (tcp, udp) = (seen.between(a, b, TCP).1, seen.between(a, b, UDP).1);
    if udp > tcp { "quic" } else { "tcp" }
}

/// The whole of it, in one call.
pub fn meet(lab: &Lab, direct: bool, limit: Duration) -> Met {
    let meeting = Meeting::begin(lab);
    meeting.wait(lab, direct, limit)
}
