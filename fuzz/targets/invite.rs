//! Any text as an invite, and any content behind a right checksum: refused, or read as an invite that reads back the same.
#![no_main]

use libfuzzer_sys::fuzz_target;
use wire::limits::{MAX_ADDRESSES, MAX_INVITE_CHARS};
use wire::{Address, Invite};

const ALPHABET: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";

fn base32(bytes: &[u8]) -> String {
    let mut text = String::new();
    for five in bytes.chunks(5) {
        let bits = five.iter().enumerate().fold(0u64, |bits, (index, byte)| bits | u64::from(*byte) << (32 - 8 * index));
        let characters = (five.len() * 8).div_ceil(5);
        text.extend((0..characters).map(|index| char::from(ALPHABET[(bits >> (35 - 5 * index)) as usize & 31])));
    }
    text
}

fn check(text: &str) {
    let Ok(invite) = Invite::parse(text) else { return };
    assert!(invite.addresses().len() <= MAX_ADDRESSES);
    let again = invite.to_text();
    assert!(again.len() <= MAX_INVITE_CHARS);
    assert_eq!(Invite::parse(&again), Ok(invite));
}

fuzz_target!(|input: &[u8]| {
    let content = [input, &wire::hash(input)[..4]].concat();
    check(&format!("gv1{}", base32(&content)));
    if let Ok(text) = std::str::from_utf8(input) {
        check(text);
        if let Ok(address) = text.parse::<Address>() {
            assert_eq!(address.to_string().parse(), Ok(address));
        }
    }
});
