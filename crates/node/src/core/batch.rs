//! Events that a peer asked for, read outside of turns: reading takes up to some milliseconds.

use identity::PeerId;
use net::LinkId;
use store::Store;
use wire::message::{Need, RawEvent};

/// Bytes of events in one Data.
pub(crate) const MAX_DATA_BYTES: usize = 56 * 1024;

/// A part of an answer, to be read.
pub(crate) struct Batch {
    pub(crate) store: Store,
    pub(crate) peer: PeerId,
    pub(crate) link: LinkId,
    pub(crate) need: Need,
    /// About so many events.
    pub(crate) count: u32,
}

/// The events of a [`Batch`], for `Core::on_read`.
pub(crate) struct ReadBatch {
    pub(crate) peer: PeerId,
    pub(crate) link: LinkId,
    pub(crate) need: Need,
    pub(crate) events: Vec<RawEvent>,
}

impl Batch {
    pub(crate) fn read(self) -> ReadBatch {
        let Batch { store, peer, link, need, count } = self;
        let to = need.to.min(need.from.saturating_add(count - 1));
        let events = match need.from <= need.to {
            true => store.range_giving_way(&need.room, need.log, need.from, to, MAX_DATA_BYTES),
            false => Vec::new(),
        };
        ReadBatch { peer, link, need, events }
    }
}
