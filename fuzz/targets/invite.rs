//! Any text as an invite, and any content behind a right checksum: refused, or read as an invite
//! that reads back the same. Any text around an invite: it is found.
#![no_main]

use libfuzzer_sys::fuzz_target;
use wire::limits::{MAX_ADDRESSES, MAX_INVITE_CHARS, MAX_INVITES_FOUND};
use wire::{Address, Invite, InviteKind, invite};

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

/// An invite is found whatever stands around it, and whatever does not show stands in it.
fn check_found(around: &str) {
    let one = Invite::from_seed(InviteKind::Contact, [7; 16].into(), identity::PeerId::from_bytes([9; 32]), []);
    let text: String = one.to_text().chars().map(|c| format!("{c}\u{200b}")).collect();
    let (before, after) = around.split_at(around.floor_char_boundary(around.len() / 2));
    let Ok(found) = invite::find(&format!("{before} {text} {after}")) else { panic!("it is in there") };
    assert!(found.len() <= MAX_INVITES_FOUND);
    assert!(found.contains(&one) || found.len() == MAX_INVITES_FOUND);
}

fuzz_target!(|input: &[u8]| {
    let content = [input, &wire::hash(input)[..4]].concat();
    check(&format!("gv1{}", base32(&content)));
    if let Ok(text) = std::str::from_utf8(input) {
        check(text);
        check_found(text);
        if let Ok(address) = text.parse::<Address>() {
            assert_eq!(address.to_string().parse(), Ok(address));
        }
    }
});
