//! What is known of the neighbours of a room, for the node to show: what each has and what it is
//! missing.

use identity::PeerId;
use wire::ids::LogKey;

use crate::neighbour::Neighbour;
use crate::room::Room;
use crate::{Config, Millis};

/// What is known of a linked peer in one room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NeighbourView {
    /// The linked peer.
    pub peer: PeerId,
    /// A member, as far as is known here.
    pub member: bool,
    /// In the active view.
    pub active: bool,
    /// Fresh events are pushed to it at once.
    pub eager: bool,
    /// This device chose it.
    pub dialled: bool,
    /// It has said what it has; until then the two counts below say nothing.
    pub heard: bool,
    /// Events that are here and that it is not known, or about, to have.
    pub lacks: u64,
    /// Events that it is known to have and that are missing here.
    pub ahead: u64,
}

/// The end of a log of which a linked peer has not said that it has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Missing {
    /// The peer that is missing the events.
    pub peer: PeerId,
    /// The log or branch that they belong to.
    pub log: LogKey,
    /// Sequence number of the first event that the peer has not said to have.
    pub from: u32,
    /// How many from there on.
    pub count: u64,
    /// All of these were pushed to the peer: it will say so when logs are next compared.
    pub on_its_way: bool,
    /// A peer that got them says so within this time.
    pub said_within: Millis,
}

impl Room {
    /// Who is linked, and how.
    pub(crate) fn neighbours<'a>(&'a self, config: &'a Config) -> impl Iterator<Item = NeighbourView> + 'a {
        self.neighbours.iter().map(move |(peer, neighbour)| {
            let ahead = neighbour.said().filter(|(log, _)| !self.stopped.contains(log));
            let Neighbour { active, eager, chosen, .. } = **neighbour;
            NeighbourView {
                peer: *peer,
                member: neighbour.is_member(),
                active,
                eager,
                dialled: chosen,
                heard: neighbour.was_heard(),
                lacks: self.gaps(config, peer, neighbour).filter(|gap| !gap.on_its_way).map(|gap| gap.count).sum(),
                ahead: ahead.map(|(log, seq)| beyond(seq, self.own.seq(log))).sum(),
            }
        })
    }

    /// Linked members, and whether they have said what they have.
    pub(crate) fn linked(&self) -> impl Iterator<Item = (PeerId, bool)> + '_ {
        self.neighbours.iter().filter(|(_, n)| n.is_member()).map(|(peer, n)| (*peer, n.was_heard()))
    }

    /// What neighbours that have said what they have are missing.
    pub(crate) fn missing<'a>(&'a self, config: &'a Config) -> impl Iterator<Item = Missing> + 'a {
        self.neighbours.iter().filter(|(_, n)| n.was_heard()).flat_map(move |(peer, neighbour)| self.gaps(config, peer, neighbour))
    }

    /// What one neighbour is missing. Logs that ended in a fork are left out, because they end
    /// elsewhere for others, and its own logs, which it has.
    fn gaps<'a>(&'a self, config: &'a Config, peer: &'a PeerId, neighbour: &'a Neighbour) -> impl Iterator<Item = Missing> + 'a {
        // Side by side, because both are sorted: a look-up for each of them took a tenth of all
        // that a crowd costs.
        let mut said = neighbour.said().peekable();
        self.own.iter().filter_map(move |head| {
            while said.next_if(|(log, _)| **log < head.log).is_some() {}
            let said = said.next_if(|(log, _)| **log == head.log).map_or(0, |(_, seq)| seq);
            if said >= head.seq || head.log.device == *peer || self.stopped.contains(&head.log) {
                return None;
            }
            // An author is told at once what arrived, so silence means that it did not.
            let on_its_way = neighbour.has(&head.log) >= head.seq && head.log.device != self.me;
            let longest = match neighbour.active {
                _ if head.log.device == self.me => config.acks_after,
                true => config.calm_heads_after,
                false => config.far_heads_after,
            };
            let said_within = longest.saturating_add(config.tell_every);
            Some(Missing {
                peer: *peer,
                log: head.log,
                from: said.saturating_add(1),
                count: beyond(head.seq, said),
                on_its_way,
                said_within,
            })
        })
    }
}

/// How many events `more` is ahead of `less`.
fn beyond(more: u32, less: u32) -> u64 {
    u64::from(more.saturating_sub(less))
}
