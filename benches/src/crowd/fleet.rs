//! All hosts of a run, and what they have told so far.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::time::{Duration, Instant};

use super::hosts::{Cost, Host, Line, MAX_LINES, Signal, cost, divide, signal};
use super::words::{Micros, Number, Order, Told, now};

/// One host's part of a question that all are asked.
type PerHost<T> = BTreeMap<usize, T>;

/// See the module's header.
pub(crate) struct Fleet<'a> {
    folder: &'a Path,
    pub(crate) everybody: usize,
    /// Peers that get lost: the first so many.
    pub(crate) lost: usize,
    hosts: Vec<Host>,
    lines: Receiver<Line>,
    sender: SyncSender<Line>,
    heard: Heard,
}

/// What the hosts told.
#[derive(Default)]
pub(crate) struct Heard {
    ready: PerHost<()>,
    invite: Option<String>,
    joined: PerHost<Vec<Micros>>,
    complete: PerHost<Vec<Micros>>,
    says: BTreeMap<Number, Micros>,
    has: BTreeMap<Number, PerHost<Vec<Micros>>>,
    links: PerHost<Vec<u32>>,
    histories: PerHost<Vec<(u32, u64)>>,
    troubles: u64,
}

impl<'a> Fleet<'a> {
    /// Starts all hosts and waits until their peers listen.
    pub(crate) fn start(folder: &'a Path, everybody: usize, lost: usize, patience: Duration) -> Result<Fleet<'a>, String> {
        let (sender, lines) = sync_channel(MAX_LINES);
        let mut crowd = Fleet { folder, everybody, lost, hosts: divide(everybody, lost), lines, sender, heard: Heard::default() };
        crowd.start_hosts(|_| true)?;
        let hosts = crowd.hosts.len();
        crowd.wait("all peers run", patience, |heard| heard.ready.len() == hosts)?;
        Ok(crowd)
    }

    fn start_hosts(&mut self, which: impl Fn(&Host) -> bool) -> Result<(), String> {
        for (index, host) in self.hosts.iter_mut().enumerate().filter(|(_, host)| which(host)) {
            host.start(index, self.folder, self.everybody, self.sender.clone()).map_err(|error| format!("no host: {error}"))?;
        }
        Ok(())
    }

    /// The first peer makes a room; everybody else comes by one invite. When each could write, and
    /// when each knew everybody.
    pub(crate) fn gather(&mut self, patience: Duration) -> Result<(Vec<Micros>, Vec<Micros>), String> {
        let uses = u32::try_from(self.everybody).map_err(|error| error.to_string())?;
        self.hosts.first_mut().ok_or("no hosts")?.give(&Order::Create { uses })?;
        self.wait("the room is made", patience, |heard| heard.invite.is_some())?;
        let invite = self.heard.invite.clone().unwrap_or_default();
        self.give_all(&Order::Join { invite })?;
        let hosts = self.hosts.len();
        self.wait("all are in", patience, |heard| heard.joined.len() == hosts)?;
        self.wait("all know all", patience, |heard| heard.complete.len() == hosts)?;
        let flat = |times: &PerHost<Vec<Micros>>| times.values().flatten().copied().collect();
        Ok((flat(&self.heard.joined), flat(&self.heard.complete)))
    }

    /// Lets a peer say the message with this number.
    pub(crate) fn say(&mut self, peer: usize, number: Number) -> Result<(), String> {
        let host = self.hosts.iter_mut().find(|host| host.holds(peer)).ok_or("no such peer")?;
        let peer = peer - host.first;
        host.give(&Order::Say { peer, number })
    }

    /// Waits until these messages are everywhere, or everywhere but at the lost; whether they are.
    pub(crate) fn spread(&mut self, numbers: &[Number], without_lost: bool, patience: Duration) -> bool {
        let wanted: Vec<usize> = (0..self.hosts.len()).filter(|host| !(without_lost && self.is_lost(*host))).collect();
        let has =
            |heard: &Heard, number: &Number| heard.has.get(number).is_some_and(|has| wanted.iter().all(|host| has.contains_key(host)));
        self.wait("the messages are everywhere", patience, |heard| numbers.iter().all(|number| has(heard, number))).is_ok()
    }

    /// Takes in what is told until then.
    pub(crate) fn listen(&mut self, until: Instant) {
        while let Ok(line) = self.lines.recv_timeout(until.saturating_duration_since(Instant::now())) {
            self.hear(line);
        }
    }

    /// How long a message took to each peer: in milliseconds, of those hosts that have it at all of
    /// their peers.
    pub(crate) fn times(&self, number: Number, without_lost: bool) -> Vec<f64> {
        let Some(said) = self.heard.says.get(&number) else { return Vec::new() };
        let has = self.heard.has.get(&number).into_iter().flatten().filter(|(host, _)| !(without_lost && self.is_lost(**host)));
        has.flat_map(|(_, at)| at).map(|at| at.saturating_sub(*said) as f64 / 1e3).collect()
    }

    fn is_lost(&self, host: usize) -> bool {
        self.hosts.get(host).is_some_and(|host| host.first < self.lost)
    }

    fn pids(&self, which: impl Fn(&Host) -> bool) -> Vec<u32> {
        self.hosts.iter().filter(|host| which(host)).filter_map(Host::pid).collect()
    }

    /// The lost part ends or stands still, all at once.
    pub(crate) fn lose(&mut self, how: Signal) -> Result<(), String> {
        let lost = self.lost;
        signal(&self.pids(|host| host.first < lost), how)?;
        if how == Signal::Kill {
            for host in self.hosts.iter_mut().filter(|host| host.first < lost) {
                host.reap()?;
            }
        }
        Ok(())
    }

    /// The lost part comes back. When that began, and, after a kill, how long starting took, in
    /// milliseconds.
    pub(crate) fn bring_back(&mut self, how: Signal, patience: Duration) -> Result<(Micros, f64), String> {
        let (began, lost) = (now(), self.lost);
        if how == Signal::Stop {
            signal(&self.pids(|host| host.first < lost), Signal::Continue)?;
            return Ok((began, 0.0));
        }
        // What was held by memory is gone; the profiles say what they still have.
        let gone: Vec<usize> = (0..self.hosts.len()).filter(|host| self.is_lost(*host)).collect();
        for host in gone {
            self.heard.ready.remove(&host);
            self.heard.has.values_mut().for_each(|has| drop(has.remove(&host)));
        }
        self.start_hosts(|host| host.first < lost)?;
        let hosts = self.hosts.len();
        self.wait("the killed run again", patience, |heard| heard.ready.len() == hosts)?;
        Ok((began, now().saturating_sub(began) as f64 / 1e3))
    }

    /// Links of each peer.
    pub(crate) fn links(&mut self, patience: Duration) -> Result<Vec<u32>, String> {
        self.heard.links.clear();
        self.give_all(&Order::Links)?;
        let hosts = self.hosts.len();
        self.wait("links are counted", patience, |heard| heard.links.len() == hosts)?;
        Ok(self.heard.links.values().flatten().copied().collect())
    }

    /// Number of messages and digest of each peer's history.
    pub(crate) fn histories(&mut self, patience: Duration) -> Result<Vec<(u32, u64)>, String> {
        self.heard.histories.clear();
        self.give_all(&Order::Histories)?;
        let hosts = self.hosts.len();
        self.wait("histories are read", patience, |heard| heard.histories.len() == hosts)?;
        Ok(self.heard.histories.values().flatten().copied().collect())
    }

    pub(crate) fn cost(&self) -> Cost {
        cost(self.pids(|_| true).into_iter())
    }

    /// What hosts reported that must not happen; each is on standard error.
    pub(crate) fn troubles(&self) -> u64 {
        self.heard.troubles
    }

    /// Ends all hosts in order.
    pub(crate) fn stop(mut self) -> Result<(), String> {
        self.give_all(&Order::Stop)?;
        self.hosts.iter_mut().try_for_each(Host::reap)
    }

    fn give_all(&mut self, order: &Order) -> Result<(), String> {
        self.hosts.iter_mut().try_for_each(|host| host.give(order))
    }

    fn wait(&mut self, what: &str, patience: Duration, mut until: impl FnMut(&Heard) -> bool) -> Result<(), String> {
        let end = Instant::now() + patience;
        while !until(&self.heard) {
            match self.lines.recv_timeout(end.saturating_duration_since(Instant::now())) {
                Ok(line) => self.hear(line),
                Err(_) => return Err(format!("never happened within {patience:?}: {what}")),
            }
        }
        Ok(())
    }

    fn hear(&mut self, (host, told): Line) {
        let heard = &mut self.heard;
        match told {
            Told::Ready => drop(heard.ready.insert(host, ())),
            Told::Created { invite } => heard.invite = Some(invite),
            Told::Joined { at } => drop(heard.joined.entry(host).or_insert(at)),
            Told::Complete { at } => drop(heard.complete.entry(host).or_insert(at)),
            Told::Says { number, at } => drop(heard.says.insert(number, at)),
            Told::Has { number, at } => drop(heard.has.entry(number).or_default().insert(host, at)),
            Told::Links { count } => drop(heard.links.insert(host, count)),
            Told::Histories { count, digest } => drop(heard.histories.insert(host, count.into_iter().zip(digest).collect())),
            Told::Trouble { what } => {
                eprintln!("host {host}: {what}");
                heard.troubles += 1;
            }
        }
    }
}
