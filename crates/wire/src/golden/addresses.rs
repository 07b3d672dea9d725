//! Addresses in each form: as text, and in an invite.

use serde_json::{Value, json};

use super::hex;
use crate::address::Address;
use crate::invite::write_address;

/// What is read, how it is written, and its bytes in an invite.
pub(super) fn right() -> Vec<Value> {
    let texts = [
        "192.168.1.20:4000",
        "[2001:db8::1]:4000",
        "[2001:DB8:0:0:0:0:0:1]:04000",
        "[::ffff:10.0.0.1]:9",
        "ana.example.org:65535",
        "Ana-Laptop:1",
        "ana_s.local:80",
        "4you:80",
        "127.0.0.1:4000",
    ];
    let vector = |text: &str| {
        let (address, mut bytes): (Address, Vec<u8>) = (text.parse().expect(text), Vec::new());
        write_address(&address, &mut bytes);
        json!({ "text": text, "written": address.to_string(), "bytes": hex(&bytes) })
    };
    texts.into_iter().map(vector).collect()
}

/// Text that is no address, with the words of the fault.
pub(super) fn wrong() -> Vec<Value> {
    let texts = [
        "",
        "10.0.0.1",
        "10.0.0.1:0",
        "10.0.0.1:65536",
        "10.0.0.1:+1",
        "010.0.0.1:80",
        "127.1:80",
        "0x7f000001:80",
        "2001:db8::1:4000",
        "[::1]",
        "[10.0.0.1]:80",
        "0.0.0.0:4000",
        "224.0.0.251:5353",
        "255.255.255.255:4000",
        "a..b:80",
        "-a:80",
        "a b:80",
        "user@host:80",
        ":80",
    ];
    let vector = |text: &str| json!({ "text": text, "fault": text.parse::<Address>().expect_err(text).to_string() });
    texts.into_iter().map(vector).collect()
}
