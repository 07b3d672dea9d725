//! Signatures that were found good, shared by those who check ahead and the one who decides.

use std::collections::HashSet;
use std::sync::{Mutex, MutexGuard, PoisonError};

use identity::{BadSignature, PeerId, Signature, UnpackedKey, VerifyingKeys};
use wire::codec;
use wire::hash;
use wire::ids::ChainHash;
use wire::message::{PeerRecord, RawEvent};

use crate::event::{EVENT_CONTEXT, Event};
use crate::fault::EventFault;

/// Checks the signatures of events, by the one rule of [`identity::verify`], and remembers which
/// were good.
///
/// A signature is named by the chain hash of the event that carries it, which covers the author,
/// all that is signed, and the signature itself. Holds at most `2 × keys` unpacked keys of some 200
/// bytes and `2 × good` hashes of 32 bytes, in two generations each. Nothing is checked under the
/// lock.
#[derive(Debug)]
pub struct Signatures {
    memory: Mutex<Memory>,
}

#[derive(Debug)]
struct Memory {
    keys: VerifyingKeys,
    capacity: usize,
    young: HashSet<ChainHash>,
    old: HashSet<ChainHash>,
}

impl Signatures {
    /// An empty memory: `keys` and `good` are the sizes of a generation of each kind (at least
    /// one).
    pub fn new(keys: usize, good: usize) -> Self {
        let memory = Memory { keys: VerifyingKeys::new(keys), capacity: good.max(1), young: HashSet::new(), old: HashSet::new() };
        Self { memory: Mutex::new(memory) }
    }

    /// Checks the event that ends a run ahead of [`Run::verify`](crate::Run::verify), which then
    /// need not. True if a signature was checked: not if it is known to be good, nor if there is
    /// none. A bad one is neither remembered nor reported; [`Run::verify`](crate::Run::verify) does
    /// that.
    pub fn check_ahead(&self, last: &RawEvent) -> bool {
        let Ok(event) = Event::decode(last.clone()) else { return false };
        let Some(sig) = &event.sig else { return false };
        if self.memory().is_good(&event.chain()) {
            return false;
        }
        if self.check(&event.header.device, event.header_bytes(), sig).is_ok() {
            self.memory().remember(event.chain());
        }
        true
    }

    /// Whether this device signed this header. `chain` is the chain hash of the two.
    pub(crate) fn verify(&self, device: &PeerId, header: &[u8], sig: &Signature, chain: &ChainHash) -> Result<(), EventFault> {
        if self.memory().is_good(chain) {
            return Ok(());
        }
        self.check(device, header, sig)?;
        self.memory().remember(*chain);
        Ok(())
    }

    /// Whether an event carries a good signature of its own.
    pub fn is_signed(&self, event: &Event) -> bool {
        event.sig.as_ref().is_some_and(|sig| self.verify(&event.header.device, event.header_bytes(), sig, &event.chain()).is_ok())
    }

    /// Whether the subject of a record said this. A good one is remembered by the hash of all its
    /// bytes.
    pub fn verify_record(&self, record: &PeerRecord) -> Result<(), BadSignature> {
        let name = ChainHash(hash(&codec::encode(record)));
        if self.memory().is_good(&name) {
            return Ok(());
        }
        record.verify()?;
        self.memory().remember(name);
        Ok(())
    }

    fn check(&self, device: &PeerId, header: &[u8], sig: &Signature) -> Result<(), EventFault> {
        let known = self.memory().keys.get(device);
        let key = known.map_or_else(|| UnpackedKey::of(device), Ok).map_err(|_| EventFault::Signature)?;
        key.verify(EVENT_CONTEXT, header, sig).map_err(|_| EventFault::Signature)?;
        self.memory().keys.remember(key);
        Ok(())
    }

    /// No code between lock and unlock can panic half-way through a change, so a poisoned memory is
    /// whole.
    fn memory(&self) -> MutexGuard<'_, Memory> {
        self.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Memory {
    fn is_good(&self, chain: &ChainHash) -> bool {
        self.young.contains(chain) || self.old.contains(chain)
    }

    fn remember(&mut self, chain: ChainHash) {
        if self.young.len() >= self.capacity {
            self.old = std::mem::take(&mut self.young);
        }
        self.young.insert(chain);
    }
}

#[cfg(test)]
mod tests {
    use identity::Identity;
    use wire::ids::{LogId, RoomId};

    use super::*;
    use crate::{Author, Clock, Draft, Payload, run};

    const ROOM: RoomId = RoomId([5; 32]);

    /// Runs of one event each.
    fn talk(count: usize) -> Vec<RawEvent> {
        let ana = Identity::from_seed(&[1; 32]);
        let (mut author, mut clock) = (Author::new(ROOM, LogId(9), None), Clock::new());
        let hello = Payload::Message { text: "hello".to_owned(), reply: None };
        let mut say = |n: usize| {
            let draft = Draft::new(&hello, 1_760_000_000_000 + n as u64, &[n as u8; 34]).expect("a fit message");
            let events = author.append(&ana, &[draft], &mut clock, 1_760_000_000_000 + n as u64, [0; 16], None).expect("the log has room");
            events[0].raw().clone()
        };
        (0..count).map(&mut say).collect()
    }

    fn verified(signatures: &Signatures, event: &RawEvent) -> Result<usize, EventFault> {
        run::decode(std::slice::from_ref(event), &ROOM)?.verify(signatures).map(|events| events.len())
    }

    fn good(signatures: &Signatures) -> usize {
        let memory = signatures.memory();
        memory.young.len() + memory.old.len()
    }

    /// The same event with one bit of its signature changed.
    fn spoilt(event: &RawEvent) -> RawEvent {
        let mut bytes = event.0.to_vec();
        bytes[1 + crate::HEADER_BYTES + 40] ^= 1;
        RawEvent(bytes.into())
    }

    #[test]
    fn what_was_checked_ahead_is_not_checked_again_and_gives_the_same() {
        let signatures = Signatures::new(4, 4);
        let event = &talk(1)[0];
        assert!(signatures.check_ahead(event));
        assert!(!signatures.check_ahead(event), "a copy costs a hash");
        assert_eq!(verified(&signatures, event), Ok(1));
        assert_eq!(verified(&Signatures::new(4, 4), event), Ok(1), "and so it is without anybody ahead");
    }

    #[test]
    fn a_bad_signature_is_never_remembered() {
        let signatures = Signatures::new(4, 4);
        let event = &talk(1)[0];
        assert!(signatures.check_ahead(event));
        for _ in 0..2 {
            assert!(signatures.check_ahead(&spoilt(event)), "checked anew each time");
            assert_eq!(verified(&signatures, &spoilt(event)), Err(EventFault::Signature));
        }
        assert_eq!(good(&signatures), 1);
    }

    #[test]
    fn memory_is_bounded_and_keeps_the_latest() {
        let signatures = Signatures::new(4, 4);
        let events = talk(50);
        for event in &events {
            assert!(signatures.check_ahead(event));
            assert!(good(&signatures) <= 8);
            assert!(!signatures.check_ahead(event));
        }
    }

    #[test]
    fn what_is_not_signed_or_no_event_costs_no_check() {
        let signatures = Signatures::new(4, 4);
        assert!(!signatures.check_ahead(&RawEvent(vec![0; 300].into())));
        assert!(!signatures.check_ahead(&RawEvent(Vec::new().into())));
    }
}
