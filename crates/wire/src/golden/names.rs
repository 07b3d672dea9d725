//! Names that are sealed to the two devices of a link.

use identity::{Identity, PeerId};
use serde_json::{Value, json};

use super::{bytes, check, hex, list};
use crate::codec;
use crate::fixtures::{ana, ben};
use crate::name_seal::{NameSeal, Naming, SealedName};
use crate::pair_key::pair_key;

const LINK: [u8; 32] = [0x68; 32];
const RECORDS: [(Naming, &str); 5] = [
    (Naming::Join, "Ben"),
    (Naming::Welcome, "Garden"),
    (Naming::ContactRequest, "Ána 🍇"),
    (Naming::ContactAnswer, "A"),
    (Naming::Name, "Ana"),
];

fn naming(byte: u64) -> Naming {
    RECORDS.map(|(naming, _)| naming).into_iter().find(|naming| u64::from(*naming as u8) == byte).expect("a record with a name")
}

fn sealed(value: &Value) -> SealedName {
    codec::decode(&codec::encode(&bytes(value))).expect("bytes")
}

/// What is sealed, without its length.
fn raw(name: &SealedName) -> Vec<u8> {
    codec::decode(&codec::encode(name)).expect("bytes")
}

#[test]
fn golden_names() {
    let key = pair_key("lobby", &ana(), &ben().peer()).expect("sound keys");
    let seal = NameSeal::new(&ana(), &ben().peer(), &LINK).expect("sound keys");
    let vectors = RECORDS.map(|(naming, name)| {
        let nonce = [naming as u8; 24];
        json!({ "record": naming as u8, "name": name, "nonce": hex(&nonce), "sealed": hex(&raw(&seal.seal(naming, nonce, name))) })
    });
    let good = raw(&seal.seal(Naming::Join, [6; 24], "Ben"));
    let turned = |at: usize| {
        let mut bad = good.clone();
        bad[at] ^= 1;
        hex(&bad)
    };
    let refused = |what: &str, record: Naming, link: [u8; 32], sealed: String| json!({ "what": what, "record": record as u8, "link": hex(&link), "sealed": sealed });
    let fresh = json!({
        "about": "Names in Join, Welcome, ContactRequest, ContactAnswer and Name, between ana (Ed25519 seed 01…01) and ben (02…02): \
            nonce ‖ ciphertext ‖ tag of XChaCha20-Poly1305. The associated data are the type of the record and h* of the link.",
        "ana": hex(ana().peer().as_bytes()),
        "ben": hex(ben().peer().as_bytes()),
        "dh": hex(&*ana().agree(&ben().peer()).expect("sound keys")),
        "key": hex(&*key),
        "link": hex(&LINK),
        "names": vectors,
        "refused": [
            refused("of another record", Naming::Welcome, LINK, hex(&good)),
            refused("of another link", Naming::Join, [0x69; 32], hex(&good)),
            refused("another nonce", Naming::Join, LINK, turned(0)),
            refused("another text", Naming::Join, LINK, turned(24)),
            refused("another tag", Naming::Join, LINK, turned(good.len() - 1)),
            refused("a name that shows nothing", Naming::Join, LINK, hex(&raw(&seal.seal(Naming::Join, [6; 24], "\u{200b}")))),
            refused("a name with a line break", Naming::Join, LINK, hex(&raw(&seal.seal(Naming::Join, [6; 24], "a\nb")))),
        ],
    });
    let committed = check("names.json", &fresh);
    let reader = |own: &Identity, peer: PeerId, link: &Value| {
        NameSeal::new(own, &peer, &bytes(link).try_into().expect("32 bytes")).expect("sound keys")
    };
    for vector in list(&committed, "names") {
        let name = reader(&ben(), ana().peer(), &committed["link"])
            .open(naming(vector["record"].as_u64().expect("a byte")), &sealed(&vector["sealed"]));
        assert_eq!(name.as_deref(), vector["name"].as_str());
    }
    for vector in list(&committed, "refused") {
        let naming = naming(vector["record"].as_u64().expect("a byte"));
        assert_eq!(reader(&ben(), ana().peer(), &vector["link"]).open(naming, &sealed(&vector["sealed"])), None, "{}", vector["what"]);
    }
}
