//! Oneself, and fingerprints.

use identity::{Fingerprint, PeerId};
use node::view;

use crate::types as dto;

pub(super) fn fingerprint(peer: &PeerId) -> dto::Fingerprint {
    let print = Fingerprint::of(peer);
    dto::Fingerprint {
        words: print.words.iter().map(|w| (*w).to_owned()).collect(),
        emoji: print.emoji.iter().map(|e| dto::FingerprintEmoji { symbol: e.symbol.to_owned(), name: e.name.to_owned() }).collect(),
    }
}

pub(crate) fn me(me: view::Me, custody: dto::Custody) -> dto::Me {
    dto::Me {
        fingerprint: fingerprint(&me.peer),
        peer: me.peer.to_string(),
        name: me.name,
        custody,
        addresses: me.addresses,
        reach: me.reach,
        not_listening: me.not_listening,
        nearby_visible: me.nearby_visible,
        internet: me.internet,
        mapping: me.mapping,
        carry: me.carry,
        links: me.links,
        friends: me.friends,
    }
}
