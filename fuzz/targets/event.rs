//! Any bytes as events: refused, or read with exactly these bytes; and whatever they say, nothing
//! panics or grows without bound.
#![no_main]

use libfuzzer_sys::fuzz_target;
use rooms::{Event, Fold, Membership, Payload, Proof, Signatures, Verified, run};
use wire::RawEvent;

/// Takes events off the input: a length of two bytes, then the event.
fn events(mut input: &[u8]) -> Vec<RawEvent> {
    let mut events = Vec::new();
    while let Some((len, rest)) = input.split_first_chunk() {
        let (event, rest) = rest.split_at(rest.len().min(usize::from(u16::from_be_bytes(*len))));
        events.push(RawEvent(event.into()));
        input = rest;
    }
    events
}

/// Makes the payload's hash right, so that the fuzzer gets past it.
fn mend(raw: &RawEvent) -> RawEvent {
    let mut bytes = raw.0.to_vec();
    let start = if bytes.first().is_some_and(|flags| flags & 1 != 0) { 291 } else { 227 };
    if bytes.len() >= start {
        let (header, payload) = bytes.split_at_mut(start);
        header[191..195].copy_from_slice(&(payload.len() as u32).to_be_bytes());
        header[195..227].copy_from_slice(&wire::hash(payload));
    }
    RawEvent(bytes.into())
}

fuzz_target!(|input: &[u8]| {
    let raws = events(input);
    let mut read = Vec::new();
    for raw in raws.iter().cloned().chain(raws.iter().map(mend)) {
        let Ok(event) = Event::decode(raw.clone()) else { continue };
        assert_eq!(event.raw(), &raw);
        let erased = Event::decode(event.without_payload().raw().clone()).expect("erasing keeps the form");
        assert_eq!((erased.id(), erased.chain()), (event.id(), event.chain()));
        // As if it had opened, and said what now travels.
        let said = event.payload().unwrap_or_default().to_vec();
        let opened = event.with_content(said.into());
        if let Ok(payload) = Payload::of(&opened) {
            assert_eq!(opened.content(), Some(payload.encode().as_slice()));
        }
        let stored = Verified::from_store(raw, Proof::Later).expect("just read");
        let said = stored.payload().unwrap_or_default().to_vec();
        read.push(if opened.header.nonce[0] % 2 == 0 { stored.with_content(said.into()) } else { stored });
    }
    let Some(first) = read.first() else { return };
    if let Ok(run) = run::decode(&raws, &first.header.room) {
        assert_eq!(run.last_seq() - run.first_seq() + 1, run.events().len() as u32);
        let _ = run.check_sealed();
        let _ = run.verify(&Signatures::new(1, 1));
    }
    let mut room = Membership::group(first.header.room);
    let mut fold = Fold::new(first);
    for event in &read {
        room.apply(event);
        let _ = fold.as_mut().map(|fold| fold.apply(event));
    }
    assert!(room.members().count() <= read.len());
    let mut at_once = Membership::group(first.header.room);
    at_once.apply_all(&read);
    assert!(at_once.members().eq(room.members()) && at_once.lines() == room.lines());
});
