//! What keys cost. Run by hand, in release:
//! cargo test --release -p grapevine-rooms --test rooms -- --ignored --nocapture keys_speed

use std::hint::black_box;
use std::time::Instant;

use rooms::keys::{EpochSecret, Held, Sealing, mint, open_epoch, prekey_pair, recipient};
use rooms::{Event, Header, Payload};

use crate::keys::{epoch_of, ring_with, secret};
use crate::people::*;

/// The best of many short stretches: what else the computer does is not measured.
fn each(what: &str, rounds: u32, mut act: impl FnMut()) {
    let stretch = |_| {
        let begun = Instant::now();
        (0..rounds).for_each(|_| act());
        begun.elapsed().as_nanos() / u128::from(rounds)
    };
    println!("{what}: {} ns", (0..200).map(stretch).min().unwrap_or_default());
}

#[test]
#[ignore = "measures"]
fn a_message_is_sealed_and_opened_in_a_microsecond() {
    let ring = ring_with(Held::Whole(secret()));
    let content = [b'x'; 60];
    let header = Header { epoch: epoch_of(&secret()).0, nonce: [7; 24], payload_len: 76, ..header(b"") };
    let sealing = ring.sealing(&room(), &epoch_of(&secret())).expect("whole");
    each("seal 60 bytes", 500, || drop(black_box(sealing.seal(black_box(&header), &content))));
    let payload = sealing.seal(&header, &content);
    let header = Header { payload_hash: wire::hash(&payload), ..header };
    let event = Event::decode(forge(&header, None, &payload)).expect("of the right form");
    each("clone an event", 500, || drop(black_box(event.clone())));
    each("clone and open 60 bytes", 500, || drop(black_box(ring.open(event.clone()))));
    let direct = Sealing::direct(epoch_of(&secret()), secret());
    each("seal 60 bytes, and derive the key of the log", 500, || drop(black_box(direct.seal(&header, &content))));
}

#[test]
#[ignore = "measures"]
fn an_epoch_for_five_hundred_is_minted() {
    let prekeys: Vec<_> = (0..500_u16).map(|number| prekey_pair([number as u8 ^ (number >> 8) as u8; 32])).collect();
    let recipients: Vec<_> =
        (0..500_u32).zip(&prekeys).map(|(round, (_, key))| (recipient(&room(), &ben().peer(), round), Some(*key))).collect();
    let mint = || mint(&room(), &ana().peer(), &[], &secret(), &recipients, [1; 32]);
    each("mint for 500", 1, || drop(black_box(mint())));
    let parts = mint();
    let bytes: usize = parts.iter().map(|part| part.encode().len()).sum();
    println!("{} parts, {bytes} bytes of payload", parts.len());
    let Payload::Epoch(part) = &parts[0] else { panic!("a part") };
    let (to, at) = (part.seals[7].0, recipients.iter().position(|(to, _)| *to == part.seals[7].0).expect("listed"));
    let ours = std::slice::from_ref(&prekeys[at].0);
    each("open one seal", 1, || {
        let opened: Option<EpochSecret> = open_epoch(&room(), &ana().peer(), part, to, ours);
        assert!(opened.is_some());
    });
}
