//! Golden keys for writers of other clients: `docs/vectors/keys.json`.

use chacha20poly1305::aead::{Aead, Payload as AeadPayload};
use chacha20poly1305::{KeyInit, XChaCha20Poly1305, XNonce};
use rooms::keys::{
    EpochId, EpochPart, EpochSecret, Held, PrekeySecret, Sealing, To, gone_digest, is_prekey, mint, open_epoch, prekey_pair, recipient,
};
use rooms::{Author, Clock, Draft, Event, Payload, kind};
use serde_json::{Value, json};
use wire::{LogId, RawEvent, RoomId, derive};

use crate::describe::says;
use crate::epochs::ended;
use crate::keys::{epoch_of, ring_with, secret};
use crate::people::*;
use crate::vectors::{check_file, unhex};

const LOGS: [LogId; 2] = [LogId(1), LogId(LogId::CONTROL | 1)];

/// As PROTOCOL has it, apart from the code that is checked.
fn log_key(log: LogId) -> [u8; 32] {
    let secret = if log.is_control() { derive("control", &secret().to_bytes()) } else { secret().to_bytes() };
    derive("log key", &[secret.as_slice(), room().as_bytes(), ana().peer().as_bytes(), &log.0.to_be_bytes()].concat())
}

fn sealed(log: LogId) -> Value {
    let payload = if log.is_control() { create() } else { message("Good morning 🍇") };
    let sealing = Sealing::direct(epoch_of(&secret()), secret());
    let draft = Draft::new(&payload, NOON, &[7; 34]).expect("may be written");
    let event = Author::new(room(), log, None).append(&ana(), &[draft], &mut Clock::new(), NOON, [0xcc; 16], Some(&sealing));
    let event = event.expect("within all limits").remove(0);
    json!({
        "log": log.to_string(),
        "key": hex(&log_key(log)),
        "nonce": hex(&event.header.nonce),
        "aad": hex(&event.header.encode()[..194]),
        "content": hex(&payload.encode()),
        "says": says(&payload),
        "payload": event.payload().map(hex),
        "wire": hex(&event.raw().0),
        "id": event.id().to_string(),
    })
}

fn prekey() -> (PrekeySecret, [u8; 32]) {
    prekey_pair([0xb; 32])
}

/// Ana mints for herself, ben, and chi, whose prekey she does not know.
fn part() -> EpochPart {
    let people = [(ana(), None), (ben(), Some(prekey().1)), (chi(), None)];
    let recipients = people.map(|(who, key)| (recipient(&room(), &who.peer(), 1), key));
    match mint(&room(), &ana().peer(), &ended(), &secret(), &recipients, [0x2a; 32]).remove(0) {
        Payload::Epoch(part) => part,
        other => panic!("{other:?}"),
    }
}

fn ben_listed() -> To {
    recipient(&room(), &ben().peer(), 1)
}

fn described(why: &str, room: &RoomId, minter: &identity::Identity, part: &EpochPart) -> Value {
    let info = [b"grapevine/1 epoch".as_slice(), room.as_bytes(), &part.epoch.0, &part.gone, minter.peer().as_bytes()].concat();
    let payload = Payload::Epoch(part.clone());
    json!({
        "why": why,
        "room": room.to_string(),
        "minter": minter.peer().to_string(),
        "to": hex(&ben_listed().0),
        "info": hex(&info),
        "aad": hex(&[ben_listed().0.as_slice(), &prekey().1].concat()),
        "payload": hex(&payload.encode()),
        "says": says(&payload),
    })
}

/// Parts that name ben and give him nothing.
fn refused() -> Vec<Value> {
    let changed = |change: fn(&mut EpochPart)| {
        let mut part = part();
        change(&mut part);
        part
    };
    let bent = |part: &mut EpochPart| part.seals.iter_mut().filter_map(|(_, sealed)| sealed.as_mut()).for_each(|sealed| sealed.0[79] ^= 1);
    let garbage =
        |part: &mut EpochPart| part.seals.iter_mut().filter_map(|(_, sealed)| sealed.as_mut()).for_each(|sealed| sealed.0 = [0; 80]);
    vec![
        described("of another room", &RoomId([1; 32]), &ana(), &part()),
        described("published by somebody else", &room(), &chi(), &part()),
        described("under the id of another epoch", &room(), &ana(), &changed(|part| part.epoch.0[0] ^= 1)),
        described("after other removals", &room(), &ana(), &changed(|part| part.gone[0] ^= 1)),
        described("with a bit changed", &room(), &ana(), &changed(bent)),
        described("with a key of small order", &room(), &ana(), &changed(garbage)),
    ]
}

fn golden() -> Value {
    let control = secret().control();
    let who = [ana(), ben(), chi()].map(|who| who.peer());
    let recipients = [(who[0], 1), (who[0], 2), (who[1], 1), (who[2], u32::MAX)];
    let recipients = recipients
        .map(|(device, round)| json!({ "device": device.to_string(), "round": round, "to": hex(&recipient(&room(), &device, round).0) }));
    let gone = [vec![], vec![(who[1], 1)], vec![(who[2], 1), (who[1], 2), (who[1], 1)]].map(|ended| {
        let one = |(device, round): &(identity::PeerId, u32)| json!({ "device": device.to_string(), "round": round });
        json!({ "ended": ended.iter().map(one).collect::<Vec<_>>(), "gone": hex(&gone_digest(ended.clone())) })
    });
    let (ours, key) = prekey();
    let mut high = [0; 32];
    high[31] = 0x80;
    let not_prekeys = [
        [0; 32],
        high,
        std::array::from_fn(|at| u8::from(at == 0)),
        std::array::from_fn(|at| match at {
            0 => 0xec,
            31 => 0x7f,
            _ => 0xff,
        }),
    ];
    assert!(not_prekeys.iter().all(|key| !is_prekey(key)));
    json!({
        "format": "Keys of epochs; see docs/PROTOCOL.md §2. Bytes are in hexadecimal.",
        "room": room().to_string(),
        "device": who[0].to_string(),
        "epoch": {
            "secret": hex(&secret().to_bytes()),
            "control": hex(&control.to_bytes()),
            "id": control.id(&room()).to_string(),
            "tag_key": hex(&control.tag_key()),
        },
        "sealed": LOGS.map(sealed),
        "recipients": recipients,
        "gone": gone,
        "prekey": { "random": hex(&[0xb; 32]), "secret": hex(&ours.to_bytes()), "key": hex(&key), "payload": hex(&Payload::Prekey { key }.encode()) },
        "not_prekeys": not_prekeys.map(|key| hex(&key)),
        "epoch_part": described("ben opens it with the prekey", &room(), &ana(), &part()),
        "opens_to_nothing": refused(),
    })
}

fn bytes(value: &Value) -> Vec<u8> {
    unhex(value.as_str().expect("hex"))
}

fn array<const N: usize>(value: &Value) -> [u8; N] {
    bytes(value).try_into().expect("as long as its type")
}

fn open_described(described: &Value, prekey: &PrekeySecret) -> Option<EpochSecret> {
    let Ok(Payload::Epoch(part)) = Payload::decode(kind::EPOCH, &bytes(&described["payload"])) else { panic!("a part of an epoch") };
    let (room, minter) = (RoomId(array(&described["room"])), described["minter"].as_str().expect("text").parse().expect("a device"));
    open_epoch(&room, &minter, &part, To(array(&described["to"])), std::slice::from_ref(prekey))
}

#[test]
fn golden_keys_are_what_the_code_makes_and_opens() {
    let golden = check_file("keys.json", &golden());
    let given = EpochSecret::from_bytes(array(&golden["epoch"]["secret"]));
    let id = EpochId(array(&golden["epoch"]["id"]));
    assert_eq!(hex(&derive("control", &given.to_bytes())), golden["epoch"]["control"]);
    assert_eq!(derive("epoch id", &[bytes(&golden["epoch"]["control"]), bytes(&golden["room"])].concat())[..16], id.0);
    assert_eq!(hex(&derive("tag key", &bytes(&golden["epoch"]["control"]))), golden["epoch"]["tag_key"]);

    let ring = ring_with(Held::Whole(given.clone()));
    for sealed in golden["sealed"].as_array().expect("a list") {
        let event = Event::decode(RawEvent(bytes(&sealed["wire"]).into())).expect("of the right form");
        assert_eq!(EpochId(event.header.epoch), id);
        assert_eq!(ring.open(event).content(), Some(bytes(&sealed["content"]).as_slice()));
        // By another library, with nothing of ours.
        let theirs = XChaCha20Poly1305::new(&array::<32>(&sealed["key"]).into());
        let (payload, aad) = (bytes(&sealed["payload"]), bytes(&sealed["aad"]));
        let opened = theirs.decrypt(&XNonce::from(array::<24>(&sealed["nonce"])), AeadPayload { msg: &payload, aad: &aad });
        assert_eq!(opened.expect("it opens"), bytes(&sealed["content"]));
    }
    let prekey = PrekeySecret::from_bytes(array(&golden["prekey"]["secret"]));
    assert_eq!(prekey.public(), array::<32>(&golden["prekey"]["key"]));
    assert_eq!(open_described(&golden["epoch_part"], &prekey), Some(given));
    for refused in golden["opens_to_nothing"].as_array().expect("a list") {
        assert_eq!(open_described(refused, &prekey), None, "{}", refused["why"]);
    }
}
