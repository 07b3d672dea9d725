//! Any bytes as a part of an epoch, and as what is sealed under one: nothing opens that nobody
//! sealed, and nothing panics.
#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use rooms::keys::{EpochSecret, Held, Keyring, PrekeySecret, is_prekey, mint, open_epoch, prekey_pair, recipient};
use rooms::{Event, Header, Payload, kind};
use wire::{LogId, RawEvent, RoomId};

const ROOM: RoomId = RoomId([1; 32]);

static PREKEY: LazyLock<(PrekeySecret, [u8; 32])> = LazyLock::new(|| prekey_pair([2; 32]));

fn minter() -> identity::PeerId {
    identity::PeerId::from_bytes([3; 32])
}

/// A part that is read has this one encoding, and none of its seals opens: its author has no key
/// that this device could take for one.
fn read_part(input: &[u8]) {
    let Ok(Payload::Epoch(part)) = Payload::decode(kind::EPOCH, input) else { return };
    assert_eq!(Payload::Epoch(part.clone()).encode(), input);
    // Of many seals some: each takes a good part of a millisecond.
    for (to, _) in part.seals.iter().take(4) {
        assert_eq!(open_epoch(&ROOM, &minter(), &part, *to, std::slice::from_ref(&PREKEY.0)), None);
    }
}

/// Sealing to any key works, or it is no prekey.
fn seal_to(input: &[u8]) {
    let Some((key, rest)) = input.split_first_chunk::<32>() else { return };
    let random = wire::hash(rest);
    let to = recipient(&ROOM, &minter(), 1);
    let parts = mint(&ROOM, &minter(), &[], &EpochSecret::from_bytes(random), &[(to, Some(*key))], random);
    let [Payload::Epoch(part)] = &parts[..] else { panic!("one part for one recipient") };
    assert_eq!(part.seals[0].1.is_some(), is_prekey(key));
}

/// What is in an event under a key that is held, but was not sealed with it.
fn open_event(input: &[u8]) {
    let (ring, secret) = (Keyring::default(), EpochSecret::from_bytes([4; 32]));
    let epoch = secret.control().id(&ROOM);
    ring.put(&ROOM, epoch, Held::Whole(secret)).expect("its own id");
    let (log, nonce) = (LogId(u64::from(input.len() as u32)), [5; 24]);
    let header = Header {
        room: ROOM,
        device: minter(),
        log,
        seq: 1,
        prev: wire::ChainHash([0; 32]),
        hlc: rooms::Hlc(1),
        uuid: rooms::Uuid([0; 16]),
        ctl: [0; 16],
        kind: kind::MESSAGE,
        epoch: epoch.0,
        nonce,
        payload_len: input.len() as u32,
        payload_hash: wire::hash(input),
    };
    let raw = RawEvent([&[2], header.encode().as_slice(), input].concat().into());
    let Ok(event) = Event::decode(raw) else { return };
    assert!(ring.can_open(&event.header));
    assert_eq!(ring.open(event).content(), None);
}

fuzz_target!(|input: &[u8]| {
    read_part(input);
    seal_to(input);
    open_event(input);
});
