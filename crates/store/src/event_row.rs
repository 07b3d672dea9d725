//! The row of an event: where it lies, and what is in it.

use rooms::{Event, Payload, Proof, Verified, kind};
use wire::message::RawEvent;

use crate::key::{self, Name};
use crate::log_index::Filing;
use crate::row::Change;

/// Adds the changes that store an event: its row, and its place in the index of its log.
pub(crate) fn file_event(event: &Verified, filing: &mut Filing, changes: &mut Vec<Change>) {
    let key = event_key(filing.room(), event);
    filing.add(event.header.seq, &key, changes);
    changes.push(Change::Put { key, plain: encode_event(event, event.proof()) });
}

/// Where an event lies, by what it is: entries of the timeline together, relations under their
/// targets, the rest aside.
pub(crate) fn event_key(room: &Name, event: &Event) -> Vec<u8> {
    let place = event.position();
    match kind::role(event.header.kind) {
        kind::Role::Entry => key::entry(room, &place),
        kind::Role::Relation => match Payload::of(event).ok().and_then(|payload| payload.target()) {
            // Without content the target is unknown, and the event changes nothing.
            Some(target) => key::relation(room, &target, &place),
            None => key::other(room, &place),
        },
        kind::Role::Aside => key::other(room, &place),
    }
}

/// `proof ‖ event as on the wire`.
pub(crate) fn encode_event(event: &Event, proof: Proof) -> Vec<u8> {
    let raw = &event.raw().0;
    let mut plain = Vec::with_capacity(raw.len().saturating_add(1));
    plain.push(match proof {
        Proof::Own => 1,
        Proof::Later => 0,
    });
    plain.extend_from_slice(raw);
    plain
}

pub(crate) fn decode_event(plain: &[u8]) -> Option<(Proof, &[u8])> {
    match plain.split_first()? {
        (1, raw) => Some((Proof::Own, raw)),
        (0, raw) => Some((Proof::Later, raw)),
        _ => None,
    }
}

pub(crate) fn read(plain: &[u8]) -> Option<Verified> {
    let (proof, raw) = decode_event(plain)?;
    Verified::from_store(RawEvent(raw.into()), proof).ok()
}
