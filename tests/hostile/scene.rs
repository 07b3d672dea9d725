//! Ana, whose node is attacked, and ben, who talks with her meanwhile.

use std::thread;
use std::time::{Duration, Instant};

use identity::PeerId;
use serde_json::Value;

use crate::peer::{Launch, Peer};
use crate::talk::room_of;

/// A word of one honest member is at the other within this time, whatever happens beside it. On an
/// idle machine it takes some milliseconds; this one may be busy with other tests.
const NOT_DELAYED: Duration = Duration::from_secs(5);
/// What an attack may leave behind in memory, in KiB: caches fill, and the allocator keeps pages.
const MEMORY: u64 = 24 * 1024;
/// Pause of the two between two words, while an attack goes on.
const BREATH: Duration = Duration::from_millis(50);

pub(crate) struct Scene {
    pub(crate) ana: Peer,
    pub(crate) ben: Peer,
    pub(crate) room: String,
    said: Vec<String>,
    /// Of ana and of ben: how much of it they are known to have heard, and where the last of it
    /// stands.
    heard: [(usize, Option<String>); 2],
    memory: u64,
}

impl Scene {
    pub(crate) fn new() -> Scene {
        let start = |name| {
            // What the node counts against others is in these lines.
            let words = "warn,mainline=error,mdns_sd=error,node::core::spread=debug,node::core::check=debug";
            Peer::start_with(name, Launch { env: vec![("GRAPEVINE_LOG", words.to_owned())], ..Launch::default() })
        };
        let (ana, ben) = (start("ana"), start("ben"));
        let room = room_of("Harbour walk", &[&ana, &ben]);
        let mut scene = Scene { ana, ben, room, said: Vec::new(), heard: Default::default(), memory: 0 };
        scene.talk("before");
        scene.memory = scene.ana.memory();
        scene
    }

    /// Both say something and the other hears it at once, in order, and nothing is missing of what
    /// was said since they last heard each other.
    pub(crate) fn talk(&mut self, when: &str) {
        for reader in [1, 0] {
            let (author, reader_peer) = if reader == 1 { (&self.ana, &self.ben) } else { (&self.ben, &self.ana) };
            self.said.push(format!("{} {when} ({})", author.name, self.said.len()));
            let start = Instant::now();
            author.say(&self.room, &self.said[self.said.len() - 1]);
            let (from, after) = self.heard[reader].clone();
            let heard = reader_peer.watch(&format!("hears all that was said {when}"), |peer| {
                let mut fresh = peer.history(&self.room, after.as_deref());
                fresh.retain(|entry| self.said.contains(&entry.text));
                let is_whole = fresh.iter().map(|entry| &entry.text).eq(&self.said[from..]);
                fresh.pop().filter(|_| is_whole)
            });
            let took = start.elapsed();
            assert!(took < NOT_DELAYED, "{} waited {took:?} for a word of {}, {when}", reader_peer.name, author.name);
            self.heard[reader] = (self.said.len(), Some(heard.position));
        }
    }

    /// All that the two said is there, in the order in which they said it.
    fn is_whole(&self, peer: &Peer) -> bool {
        let texts = peer.texts(&self.room);
        texts.iter().filter(|text| self.said.contains(text)).eq(&self.said)
    }

    /// The two talk for as long as an attack takes.
    pub(crate) fn talk_during<T: Send + 'static>(&mut self, what: &str, attack: impl FnOnce() -> T + Send + 'static) -> T {
        let attack = thread::spawn(attack);
        loop {
            let is_over = attack.is_finished();
            self.talk(what);
            if is_over {
                return attack.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
            }
            thread::sleep(BREATH);
        }
    }

    /// What ana's node has counted against somebody on all their links: lines like `fault peer=…
    /// what=… count=…`.
    pub(crate) fn faults(&self, who: &PeerId) -> usize {
        let peer = format!("peer={}", who.short());
        self.ana.stderr().lines().filter(|line| line.contains("spread: fault") && line.contains(&peer)).count()
    }

    /// Why ana's node refused events, for the last of them that this peer brought.
    pub(crate) fn why(&self, who: &PeerId) -> String {
        let peer = format!("peer={}", who.short());
        let lines = self.ana.stderr();
        let line = lines.lines().rev().find(|line| line.contains("bad run") && line.contains(&peer));
        line.and_then(|line| line.split_once("fault=")).map(|(_, why)| why.to_owned()).unwrap_or_default()
    }

    /// Texts of others than the two, as a node shows them.
    pub(crate) fn others(&self, peer: &Peer) -> Vec<String> {
        peer.texts(&self.room).into_iter().filter(|text| !self.said.contains(text)).collect()
    }

    /// Waits until both nodes show exactly these texts of others, in one order.
    pub(crate) fn until_others(&self, texts: &[&str]) {
        let sorted = |mut texts: Vec<String>| {
            texts.sort();
            texts
        };
        let wanted = sorted(texts.iter().map(|text| (*text).to_owned()).collect());
        for peer in [&self.ana, &self.ben] {
            peer.watch(&format!("others have said {texts:.300?}"), |peer| (sorted(self.others(peer)) == wanted).then_some(()));
        }
        assert_eq!(self.others(&self.ana), self.others(&self.ben), "both show one order");
    }

    /// A message as both show it, which must be the same.
    pub(crate) fn shown(&self, words: &str) -> Value {
        let [at_ana, at_ben] = [&self.ana, &self.ben].map(|peer| peer.message(&self.room, words)["body"].clone());
        assert_eq!(at_ana, at_ben, "both show it alike");
        at_ana
    }

    /// Waits until both nodes have these members, by name.
    pub(crate) fn until_members(&self, names: &[&str]) {
        for peer in [&self.ana, &self.ben] {
            peer.until_members(&self.room, names);
        }
    }

    /// The two go on talking, and the node has kept little of the attack.
    pub(crate) fn is_well(&mut self) {
        self.talk("after it");
        assert!([&self.ana, &self.ben].into_iter().all(|peer| self.is_whole(peer)), "of what the two said nothing is lost");
        let grown = self.ana.memory().saturating_sub(self.memory);
        assert!(grown < MEMORY, "the attack cost {grown} KiB");
    }
}
