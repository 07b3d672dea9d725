//! The entries of the journal: all that cannot be made from anything else.
//!
//! Nearly all of them are events that come next in their logs. Such an entry is one byte for its
//! proof, its target if it is sealed and has one, and the event as on the wire; all others are as
//! [`wire::codec`] encodes an [`Entry`].

use bincode::de::Decoder;
use bincode::enc::Encoder;
use bincode::error::{DecodeError, EncodeError};
use bincode::{Decode, Encode};
use rooms::{Branch, Position, Proof, Verified};
use wire::codec;
use wire::ids::{LogId, LogKey, RoomId};
use wire::message::RawEvent;

use crate::heads::Filed;

/// First byte of an event that comes next in its log, by its proof: the encoding of an [`Entry`]
/// begins with a far smaller one, the number of its variant.
const OWN: u8 = 0xff;
const LATER: u8 = 0xfe;
/// The same of one that has a target, which follows.
const OWN_ABOUT: u8 = 0xfd;
const LATER_ABOUT: u8 = 0xfc;

/// An entry.
#[derive(Encode, Decode)]
pub(crate) enum Entry {
    /// An event, and the branch of its log that it is in, with that one's id. What a sealed one is
    /// about stands beside it, so that the index can be built anew without any key.
    Event { event: Stored, into: Option<(LogId, Branch)>, target: Option<Position> },
    /// In the place of that event as it was: without its content, or found under another `target`.
    Replacing { event: Stored, target: Option<Position> },
    /// A small row; the last one counts.
    Row { key: Vec<u8>, content: Vec<u8> },
    /// No row from here on.
    NoRow { key: Vec<u8> },
    /// The events of a log after `keep` are gone, and it ends so; with none it is no more.
    End { room: RoomId, log: LogKey, keep: u32, filed: Option<Filed> },
    /// A process has opened the store.
    Open,
    /// It has closed it in good order.
    Closed,
}

/// An event, encoded with its proof.
pub(crate) struct Stored(pub(crate) Verified);

impl Entry {
    pub(crate) fn encode(&self) -> Vec<u8> {
        match self {
            Entry::Event { event: Stored(event), into: None, target } => {
                let first = match (event.proof(), target) {
                    (Proof::Own, None) => OWN,
                    (Proof::Later, None) => LATER,
                    (Proof::Own, Some(_)) => OWN_ABOUT,
                    (Proof::Later, Some(_)) => LATER_ABOUT,
                };
                let target = target.map(|target| target.to_key());
                [[first].as_slice(), target.as_ref().map_or(&[][..], |target| target), &*event.raw().0].concat()
            }
            other => codec::encode(other),
        }
    }

    /// None: it is damaged.
    pub(crate) fn decode(entry: &[u8]) -> Option<Entry> {
        match next_event(entry) {
            Some(Next { proof, target, raw }) => {
                Some(Entry::Event { event: Stored(Verified::from_store(raw, proof).ok()?), into: None, target })
            }
            None => codec::decode(entry).ok(),
        }
    }

    /// The event, with its content or without, and the target that it is found under, if it does
    /// not say it in the clear.
    pub(crate) fn into_event(self) -> Option<(Verified, Option<Position>)> {
        match self {
            Entry::Event { event, target, .. } | Entry::Replacing { event, target } => Some((event.0, target)),
            _ => None,
        }
    }
}

impl Encode for Stored {
    fn encode<E: Encoder>(&self, encoder: &mut E) -> Result<(), EncodeError> {
        (self.0.proof(), self.0.raw()).encode(encoder)
    }
}

impl<Context> Decode<Context> for Stored {
    fn decode<D: Decoder<Context = Context>>(decoder: &mut D) -> Result<Self, DecodeError> {
        let (proof, raw) = Decode::decode(decoder)?;
        Verified::from_store(raw, proof).map(Stored).map_err(|_| DecodeError::Other("not an event"))
    }
}

bincode::impl_borrow_decode!(Stored);

/// The event of an entry.
pub(crate) fn event_of(entry: &[u8]) -> Option<Verified> {
    Some(Entry::decode(entry)?.into_event()?.0)
}

/// The event of an entry, as on the wire: mostly without a look at what it says.
pub(crate) fn raw_event(entry: &[u8]) -> Option<(Proof, RawEvent)> {
    let next = next_event(entry).map(|next| (next.proof, next.raw));
    next.or_else(|| event_of(entry).map(|event| (event.proof(), event.raw().clone())))
}

/// An event that comes next in its log.
struct Next {
    proof: Proof,
    target: Option<Position>,
    raw: RawEvent,
}

/// The event of an entry, if it comes next in its log.
fn next_event(entry: &[u8]) -> Option<Next> {
    let (first, rest) = entry.split_first()?;
    let (proof, target, raw) = match *first {
        OWN => (Proof::Own, None, rest),
        LATER => (Proof::Later, None, rest),
        OWN_ABOUT | LATER_ABOUT => {
            let (target, raw) = rest.split_at_checked(Position::KEY_BYTES)?;
            (if *first == OWN_ABOUT { Proof::Own } else { Proof::Later }, Some(Position::from_key(target)?), raw)
        }
        _ => return None,
    };
    Some(Next { proof, target, raw: RawEvent(raw.into()) })
}

#[cfg(test)]
mod tests {
    use identity::Identity;
    use proptest::prelude::*;
    use rooms::{Author, Clock, Draft, Hlc, LogHead, Payload};
    use wire::ids::{ChainHash, Head};

    use super::*;

    /// One entry of each kind.
    fn entries() -> Vec<Entry> {
        let (who, room, text) = (Identity::from_seed(&[1; 32]), RoomId([1; 32]), "x".repeat(9_000));
        let draft = Draft::new(&Payload::Message { text, reply: None }, 1_760_000_000_000, &[1; 34]).expect("well-formed");
        let drafts = [draft.clone(), draft];
        let written = Author::new(room, LogId(1), None).append(&who, &drafts, &mut Clock::new(), 1_760_000_000_000, [0; 16], None);
        let [later, own] = written.expect("well-formed").try_into().expect("two");
        let (log, head, place) = (own.log_key(), own.head(), own.position());
        let branch = Branch { of: log.log, after: Head { seq: 0, chain: ChainHash([0; 32]) }, first: head.chain };
        let filed = Filed { end: LogHead { head, hlc: Hlc(9), forked: true, branch: Some(branch) }, under: log.log };
        let stored = || Stored(own.clone());
        vec![
            Entry::Event { event: Stored(later.clone()), into: None, target: None },
            Entry::Event { event: stored(), into: None, target: None },
            Entry::Event { event: Stored(later), into: None, target: Some(place) },
            Entry::Event { event: stored(), into: None, target: Some(place) },
            Entry::Event { event: stored(), into: Some((LogId(7), branch)), target: None },
            Entry::Event { event: stored(), into: Some((LogId(7), branch)), target: Some(place) },
            Entry::Replacing { event: Stored(own.without_payload()), target: None },
            Entry::Replacing { event: stored(), target: Some(place) },
            Entry::Row { key: vec![1; 17], content: vec![2; crate::MAX_ROW_BYTES] },
            Entry::NoRow { key: vec![1; 17] },
            Entry::End { room, log, keep: 3, filed: Some(filed) },
            Entry::End { room, log, keep: u32::MAX, filed: None },
            Entry::Open,
            Entry::Closed,
        ]
    }

    #[test]
    fn entries_come_back_and_what_is_left_of_one_is_none() {
        for entry in entries() {
            let bytes = entry.encode();
            let again = Entry::decode(&bytes).expect("it is whole");
            assert_eq!(again.encode(), bytes);
            assert_eq!(raw_event(&bytes).map(|(proof, _)| proof), event_of(&bytes).map(|event| event.proof()));
            assert!(Entry::decode(&[&bytes[..], &[0]].concat()).is_none());
            assert!((0..bytes.len()).step_by(7).all(|end| Entry::decode(&bytes[..end]).is_none()));
            if let Entry::Event { event: Stored(event), into: None, target } = again {
                assert_eq!(bytes.len(), event.raw().0.len() + 1 + target.map_or(0, |_| Position::KEY_BYTES));
            }
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_survived(nth in 0_usize..14, at: prop::sample::Index, byte: u8, noise in prop::collection::vec(any::<u8>(), 0..99)) {
            let mut bytes = entries()[nth].encode();
            let at = at.index(bytes.len());
            bytes[at] = byte;
            let _ = (Entry::decode(&bytes), raw_event(&bytes), Entry::decode(&noise), raw_event(&noise));
        }
    }
}
