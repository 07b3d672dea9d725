//! How people are reached, in the words of the contract.

use node::view;

use super::me::me;
use super::person::link;
use crate::types as dto;

pub(super) fn level(level: view::Level) -> dto::Level {
    dto::Level {
        up_to: level.up_to,
        heard: level.heard,
        unheard: level.unheard,
        through: level.through,
        away: level.away,
        behind: level.behind.into_iter().map(|b| dto::Behind { peer: b.peer.to_string(), name: b.name, count: b.count }).collect(),
        behind_in_all: level.behind_in_all,
    }
}

pub(crate) fn network(network: view::Network, custody: dto::Custody) -> dto::Network {
    dto::Network { me: me(network.me, custody), people: network.people.into_iter().map(reach).collect() }
}

pub(super) fn reach(reach: view::Reach) -> dto::Reach {
    dto::Reach {
        peer: reach.peer.to_string(),
        name: reach.name,
        contact: reach.contact,
        link: link(reach.link),
        through: reach.through.map(|via| dto::Via { peer: via.peer.to_string(), name: via.name, others: via.others }),
        last_seen: reach.last_seen,
        wrote_at: reach.wrote_at,
        rooms: reach.rooms.iter().map(ToString::to_string).collect(),
        owed: reach.owed.into_iter().map(|o| dto::Owed { room: o.room.to_string(), theirs: o.theirs, ours: o.ours }).collect(),
        queued: reach.queued,
    }
}
