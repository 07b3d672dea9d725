//! Large runs: those of which a device that pushed them to all its eager neighbours would send more
//! than [`Config::push_bytes`](crate::Config). In a large room its author pushes such a run to one
//! or a few of them, and so does each device that passes it on. The others hear of it by Heads, and
//! from others sooner than from its author.

use identity::PeerId;
use rand::RngExt;
use rand::seq::IteratorRandom;
use wire::ids::LogKey;
use wire::message::RawEvent;

use crate::around::Around;
use crate::held::Held;
use crate::neighbour::Neighbour;
use crate::room::Room;
use crate::{Config, Millis};

/// Neighbours to whom whoever passes a run on may push it, however large it is: with one, a single
/// device that keeps it to itself would end the spreading.
const RELAYED: usize = 2;
/// Hops after which those who pass it on follow the tree alone. Before, so many get it all over the
/// room that few are asked for it by several.
const SCATTERED: u8 = 6;
/// So few linked members get any run at once: there is hardly anybody else to pass it on.
const FEW_LINKED: usize = 2;

impl Room {
    /// Of a large run, takes out of `peers` those to whom it is not pushed, and notes that it was
    /// not. Gives whether there were any.
    pub(crate) fn pass_over<R: rand::Rng>(
        &mut self,
        around: &mut Around<'_, R>,
        from: Option<PeerId>,
        ttl: u8,
        (log, seq): (LogKey, u32),
        events: &[RawEvent],
        peers: &mut Vec<PeerId>,
    ) -> bool {
        let most = self.copies(around.config, events);
        if most >= self.actives() {
            return false;
        }
        // The tree does not carry it to everybody, so neighbours are told as if it were broken.
        self.hasten_heads(around);
        let most = most.max(if from.is_some() { RELAYED } else { 1 });
        let hops = around.config.ttl.saturating_sub(ttl);
        if from.is_some() && hops <= SCATTERED {
            let lazy = |n: &Neighbour| n.active && !n.eager && !n.owed && n.has(&log) < seq;
            let more =
                self.neighbours.iter().filter(|(peer, n)| lazy(n) && !peers.contains(peer) && Some(**peer) != from && **peer != log.device);
            let more = more.map(|(peer, _)| *peer).sample(around.rng, RELAYED.saturating_sub(peers.len()));
            peers.extend(more);
        }
        if peers.len() <= most {
            return false;
        }
        // Who answers Needs badly may read nothing, and would keep it to itself.
        peers.sort_by_cached_key(|peer| (self.neighbours.get(peer).map_or(u8::MAX, |n| n.late), around.rng.random::<u32>()));
        for peer in peers.drain(most..) {
            if let Some(neighbour) = self.neighbours.get_mut(&peer) {
                neighbour.pass_over(log, seq);
            }
        }
        true
    }

    /// To how many a run can be pushed without sending too much.
    fn copies(&self, config: &Config, events: &[RawEvent]) -> usize {
        let linked = self.neighbours.len();
        if linked <= FEW_LINKED || self.candidates.len().max(linked) <= config.active_max {
            return usize::MAX;
        }
        let bytes: usize = events.iter().map(|event| event.0.len()).sum();
        config.push_bytes.checked_div(bytes).unwrap_or(usize::MAX)
    }

    /// An own run was pushed to these only. Others tell of it first.
    pub(crate) fn hold<R>(&mut self, around: &Around<'_, R>, log: LogKey, seq: u32, given: Vec<PeerId>) {
        let until = around.after(around.config.hold_heads);
        self.held.entry(log).or_insert(Held { seq, given, until, spreads: false });
    }

    /// Tells of what was held for long enough. If somebody has it to whom it was not pushed, it
    /// spreads without its author, who waits once more.
    pub(crate) fn tell_held<R: rand::Rng>(&mut self, around: &mut Around<'_, R>) {
        let due: Vec<LogKey> = self.held.iter().filter(|(_, held)| held.until <= around.now).map(|(log, _)| *log).collect();
        for log in due {
            let Some(mut held) = self.held.remove(&log) else { continue };
            let spreads = self.neighbours.iter().any(|(peer, n)| !held.given.contains(peer) && n.has_said(&log) >= held.seq);
            if spreads && !held.spreads {
                (held.spreads, held.until) = (true, around.after(around.config.hold_heads.saturating_mul(2)));
                self.held.insert(log, held);
                continue;
            }
            self.news.add(log);
            if spreads { self.heads_soon(around) } else { self.heads_early(around) }
        }
    }

    /// Those to whom own runs were pushed are gone, or did not get them: these are told of now.
    pub(crate) fn lose_held(&mut self, now: Millis, peer: &PeerId) {
        for held in self.held.values_mut().filter(|held| held.given.contains(peer)) {
            held.given.retain(|given| given != peer);
            if held.given.is_empty() {
                held.until = now;
            }
        }
    }

    /// When something held is next to be told.
    pub(crate) fn held_until(&self) -> Millis {
        self.held.values().map(|held| held.until).min().unwrap_or(Millis::MAX)
    }
}
