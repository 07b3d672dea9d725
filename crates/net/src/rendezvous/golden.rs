//! Golden vectors of rendezvous (`docs/vectors/rendezvous.json`): what another implementation must
//! derive, write and read, byte for byte.

use std::net::SocketAddr;
use std::path::Path;

use data_encoding::HEXLOWER;
use identity::Identity;
use mainline::MutableItem;
use serde_json::{Value as Json, json};
use wire::reach::NatClass;

use super::keys::{Slot, seat_byte};
use super::krpc;
use super::meeting::Seat;
use super::value::{Said, Value, open, seal};

const DAY: u64 = 20_000;
const NONCE: [u8; 24] = [0x6e; 24];

fn hex(bytes: &[u8]) -> String {
    HEXLOWER.encode(bytes)
}

fn bytes(json: &Json) -> Vec<u8> {
    HEXLOWER.decode(json.as_str().expect("a text").as_bytes()).expect("hex")
}

/// The committed file, which says the same as `fresh`.
fn check(fresh: &Json) -> Json {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/vectors/rendezvous.json");
    if std::env::var_os("GRAPEVINE_REGENERATE").is_some() {
        std::fs::write(&path, format!("{fresh:#}\n")).expect("vectors are writable");
    }
    let text = std::fs::read_to_string(&path).unwrap_or_default();
    let committed = serde_json::from_str(&text).unwrap_or_default();
    assert!(committed == *fresh, "docs/vectors/rendezvous.json is stale: run GRAPEVINE_REGENERATE=1 cargo test -p grapevine-net golden");
    committed
}

fn ana() -> Identity {
    Identity::from_seed(&[1; 32])
}

fn secret() -> [u8; 32] {
    wire::derive("rendezvous", &[9; 16])
}

fn address(text: &str) -> SocketAddr {
    text.parse().expect("an address")
}

fn values() -> Vec<(&'static str, Seat, Value)> {
    let time = DAY * 86_400_000 + 1;
    let plain = Said { class: NatClass::Easy, udp: Some(address("203.0.113.9:4747")), ..Said::default() };
    let full = Said {
        class: NatClass::Hard,
        udp: Some(address("203.0.113.9:62000")),
        tcp: Some(address("203.0.113.9:4747")),
        own: vec![address("[2001:db8::1]:4747"), address("203.0.113.9:4747")],
        to: vec![address("198.51.100.7:4747")],
    };
    vec![
        ("a joiner behind an easy NAT", Seat::Joiner(3), Value { time, said: plain.clone() }),
        ("the inviter, signed by ana", Seat::Inviter, Value { time, said: full }),
        ("the smaller contact", Seat::Smaller, Value { time, said: plain }),
    ]
}

fn author(seat: Seat) -> Option<Identity> {
    (seat == Seat::Inviter).then(ana)
}

#[test]
fn golden_rendezvous() {
    let seats = [Seat::Inviter, Seat::Smaller, Seat::Greater, Seat::Joiner(0), Seat::Joiner(1), Seat::Joiner(2), Seat::Joiner(3)];
    let slot = |seat: &Seat| {
        let slot = Slot::of(&secret(), DAY, *seat);
        json!({
            "seat": format!("{seat:?}"),
            "byte": seat_byte(*seat),
            "ed25519_seed": hex(&*slot.seed),
            "public": hex(&slot.public),
            "target": hex(MutableItem::target_from_key(&slot.public, None).as_bytes()),
            "seal": hex(&*slot.seal),
        })
    };
    let sealed = |(name, seat, value): &(&str, Seat, Value)| {
        let sealed = seal(&Slot::of(&secret(), DAY, *seat), value, author(*seat).as_ref(), NONCE).expect("it fits");
        let body = wire::codec::encode(value);
        json!({ "name": name, "seat": format!("{seat:?}"), "shows": format!("{value:?}"), "body": hex(&body), "value": hex(&sealed) })
    };
    let inviter = Slot::of(&secret(), DAY, Seat::Inviter);
    let refused = |name: &str, value: Option<Vec<u8>>| {
        let value = value.expect("it fits");
        let fault = open(&inviter, &value, Some(&ana().peer())).expect_err(name);
        json!({ "name": name, "fault": fault.to_string(), "value": hex(&value) })
    };
    let said = Said { udp: Some(address("203.0.113.9:0")), ..Said::default() };
    let [joiner, signed, _] = &values()[..] else { panic!("three values") };
    let fresh = json!({
        "about": "Rendezvous by the Mainline DHT. The invite's seed is 09…09 (16 bytes), the day 20000, all nonces 6e…6e. Ana has Ed25519 seed 01…01.",
        "secret": hex(&secret()),
        "day": DAY,
        "slots": seats.iter().map(slot).collect::<Vec<_>>(),
        "values": values().iter().map(sealed).collect::<Vec<_>>(),
        "refused_in_the_inviters_slot": [
            refused("not signed", seal(&inviter, &signed.2, None, NONCE)),
            refused("signed by ben", seal(&inviter, &signed.2, Some(&Identity::from_seed(&[2; 32])), NONCE)),
            refused("sealed for another seat", seal(&Slot::of(&secret(), DAY, joiner.1), &signed.2, Some(&ana()), NONCE)),
            refused("sealed for another day", seal(&Slot::of(&secret(), DAY + 1, Seat::Inviter), &signed.2, Some(&ana()), NONCE)),
            refused("port 0", seal(&inviter, &Value { time: 1, said }, Some(&ana()), NONCE)),
            refused("a byte short", seal(&inviter, &signed.2, Some(&ana()), NONCE).map(|value| value[1..].to_vec())),
        ],
        "questions": {
            "ping": hex(&krpc::ping(&[0x61; 20], *b"gv01")),
            "get": hex(&krpc::get(&[0x61; 20], *b"gv02", &[0x74; 20], Some(7))),
        },
    });
    let committed = check(&fresh);
    for (vector, (name, seat, value)) in committed["values"].as_array().expect("a list").iter().zip(values()) {
        let author = author(seat).map(|author| author.peer());
        assert_eq!(open(&Slot::of(&secret(), DAY, seat), &bytes(&vector["value"]), author.as_ref()), Ok(value), "{name}");
    }
}
