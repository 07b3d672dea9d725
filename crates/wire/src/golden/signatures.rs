//! What strict verification takes and refuses. Libraries differ in just these, and members who
//! differ would keep different histories.

use identity::{PeerId, Signature, verify};
use serde_json::{Value, json};

use super::{bytes, check, list};

const CONTEXT: &[u8] = b"grapevine/1 event";
/// Ana's key, from the seed 01…01.
const ANA: &str = "8a88e3dd7409f195fd52db2d3cba5d72ca6709bf1d94121bf3748801b40f6f5c";
/// Ana's point and one of order 8 together.
const MIXED: &str = "9ea3f11f5bd34f0cd7147fd0a436c088f624c6100c1df6a53c0a29e05d60cea0";
const NEUTRAL: &str = "0100000000000000000000000000000000000000000000000000000000000000";
const NEUTRAL_AGAIN: &str = "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f";
/// S of zero.
const ZERO: &str = "0000000000000000000000000000000000000000000000000000000000000000";

/// Name, key, message, and the two halves of the signature.
const GOOD: [[&str; 5]; 2] = [
    [
        "ana's",
        ANA,
        "00",
        "4ca66ea26d975ad297a5c0ffd293f37d3b442c7ceb13203d641e138772e678d6",
        "cef61b448c6d3ebb0fd8377c43859aef14c27e11a446dcc982477a915c77bd05",
    ],
    [
        "by a key that has a part of small order, which falls out of the equation here",
        MIXED,
        "01",
        "ef4f62f8479733ad879cfaced3c89a9c39dd4fc795ef2efa1c3eafe4d729a081",
        "43bb2b4b54c6c65aa01caafc3b25b4fbec3c44ed1e16c20b37de2abf829c280c",
    ],
];

const REFUSED: [[&str; 5]; 6] = [
    [
        "for another message",
        ANA,
        "01",
        "4ca66ea26d975ad297a5c0ffd293f37d3b442c7ceb13203d641e138772e678d6",
        "cef61b448c6d3ebb0fd8377c43859aef14c27e11a446dcc982477a915c77bd05",
    ],
    [
        "S is the order of the group too large",
        ANA,
        "00",
        "4ca66ea26d975ad297a5c0ffd293f37d3b442c7ceb13203d641e138772e678d6",
        "bbca11a1a6d05013e6742f1f227f790415c27e11a446dcc982477a915c77bd15",
    ],
    ["the key is of small order: the plain equation holds for every message", NEUTRAL, "00", NEUTRAL, ZERO],
    ["the same key, written with y = p + 1", NEUTRAL_AGAIN, "00", NEUTRAL, ZERO],
    [
        "R is of small order, though the plain equation holds",
        MIXED,
        "01",
        "0000000000000000000000000000000000000000000000000000000000000080",
        "1fb1ee4a908ff8ba4af09eea9b085693429d80a3821664137391102144c5a800",
    ],
    [
        "only the equation with the cofactor holds",
        MIXED,
        "00",
        "ef4f62f8479733ad879cfaced3c89a9c39dd4fc795ef2efa1c3eafe4d729a081",
        "ad2fb0efc3806b68a09fcaf16e7f4eeb06a32a9fb723af05f43b9ffc1a7b5c00",
    ],
];

fn vector([name, key, message, r, s]: [&str; 5]) -> Value {
    json!({ "name": name, "device": key, "message": message, "sig": format!("{r}{s}") })
}

fn holds(vector: &Value) -> bool {
    let fixed = |key: &str| bytes(&vector[key]);
    let device = PeerId::from_bytes(fixed("device").try_into().expect("32 bytes"));
    let sig = Signature::from_bytes(fixed("sig").try_into().expect("64 bytes"));
    verify(&device, CONTEXT, &fixed("message"), &sig).is_ok()
}

#[test]
fn golden_signatures() {
    let fresh = json!({
        "about": "Signatures over \"grapevine/1 event\" and then the message. Which are refused decides what members keep.",
        "good": GOOD.map(vector),
        "refused": REFUSED.map(vector),
    });
    let committed = check("signatures.json", &fresh);
    assert!(list(&committed, "good").iter().all(holds));
    for refused in list(&committed, "refused") {
        assert!(!holds(refused), "{}", refused["name"]);
    }
}
