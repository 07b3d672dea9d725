//! Records at the edges of what is allowed, and just beyond: what a reader of the protocol would
//! otherwise have to guess.

use identity::Identity;
use serde_json::{Value, json};

use super::hex;
use crate::address::Address;
use crate::codec::encode;
use crate::fixtures::{ana, ben, room, sealed};
use crate::handshake::Role;
use crate::ids::{LogId, LogKey, RoomTag};
use crate::limits::{MAX_ADDRESS, MAX_EVENT, MAX_PLAINTEXT, MAX_RECORD, MAX_RECORDS, RECORD_HEADER};
use crate::message::*;
use crate::name_seal::Naming;

const LINK: [u8; 32] = [0x68; 32];

fn log() -> LogKey {
    LogKey { device: ana().peer(), log: LogId(7) }
}

fn data(last: u32, events: Vec<RawEvent>) -> Message {
    Message::Data(Data { room: room(), log: log(), last, events })
}

fn need(from: u32, to: u32) -> Message {
    Message::Need(Need { room: room(), log: log(), from, to })
}

fn announced(texts: &[&str]) -> Vec<Address> {
    texts.iter().map(|text| Address::announced((*text).to_owned())).collect()
}

fn asks(name: &str) -> Message {
    Message::ContactRequest(ContactRequest { name: sealed(Naming::ContactRequest, name) })
}

fn hello(addresses: &[&str]) -> Message {
    let Some((_, Message::Hello(hello))) = super::messages().into_iter().next() else { panic!("a Hello comes first") };
    Message::Hello(Hello { addresses: announced(addresses), ..hello })
}

pub(super) fn messages() -> Vec<(&'static str, Message)> {
    let event = super::event(227);
    let contact = Join::make(&Identity::from_seed(&[5; 32]), [0; 16], sealed(Naming::Join, "Ben"), &LINK, &ben().peer());
    let record = PeerRecord::make(&ben(), 251, vec![]);
    vec![
        ("hello without addresses", hello(&[])),
        ("hello with a host name", hello(&["ana.example.org:4000"])),
        ("hello with text that is no address: passed over when dialled", hello(&["", "10.0.0.1", "10.0.0.1:0", "nowhere"])),
        ("ping, the largest number of one byte more", Message::Ping(65_535)),
        ("ping, the smallest number of five bytes", Message::Ping(65_536)),
        ("ping, the largest number of five bytes", Message::Ping(u64::from(u32::MAX))),
        ("ping, the smallest number of nine bytes", Message::Ping(1 << 32)),
        ("ping, the largest number", Message::Ping(u64::MAX)),
        ("bye not welcome", Message::Bye(Bye::NotWelcome)),
        ("bye replaced", Message::Bye(Bye::Replaced)),
        ("bye protocol", Message::Bye(Bye::Protocol)),
        ("bye too slow", Message::Bye(Bye::TooSlow)),
        ("bye busy", Message::Bye(Bye::Busy)),
        ("rooms of somebody who has none: one random tag", Message::Rooms(vec![RoomTag([0xa5; 16])])),
        ("rooms without tags: nothing in common", Message::Rooms(vec![])),
        (
            "rooms after welcome, link hash 68…68: the joiner, who dialled, names the room",
            Message::Rooms(vec![room_tag(&room(), &LINK, Role::Initiator)]),
        ),
        ("join by a contact invite, link hash 68…68, joiner ben, invite key from Ed25519 seed 05…05", Message::Join(contact)),
        ("join refused, unknown invite", Message::JoinRefused(JoinRefused::UnknownInvite)),
        ("join refused, full", Message::JoinRefused(JoinRefused::Full)),
        ("contact request, the shortest name", asks("A")),
        ("contact request, the longest name: 64 characters, 256 bytes", asks(&"🍇".repeat(64))),
        ("contact answer, no", Message::ContactAnswer(ContactAnswer { accepted: false, name: sealed(Naming::ContactAnswer, "Ben") })),
        ("records, none", Message::Records(vec![])),
        ("records, signed by ben, who listens nowhere", Message::Records(vec![record])),
        (
            "run that goes no further, two events",
            Message::Run(Run { ttl: 0, room: room(), events: vec![event.clone(), super::event(228)] }),
        ),
        ("heads, none", Message::Heads(Heads { room: room(), heads: vec![] })),
        ("need of one event", need(1, 1)),
        ("need of all that there may be", need(1, u32::MAX)),
        ("data, a part: more comes, up to 300", data(300, vec![event])),
        ("data, nothing from 50 on", data(49, vec![])),
        ("neighbour, not urgent", Message::Neighbour(Neighbour { room: room(), urgent: false, degree: 255 })),
        ("neighbour reply, refused", Message::NeighbourReply(NeighbourReply { room: room(), accepted: false, degree: 8 })),
        ("forward join, last step", Message::ForwardJoin(ForwardJoin { room: room(), ttl: 0, peer: ben().peer() })),
        ("shuffle, an answer that names nobody", Message::Shuffle(Shuffle { room: room(), answer: true, peers: vec![] })),
    ]
}

pub(super) fn refused() -> Vec<(&'static str, Vec<u8>)> {
    let body = |kind: u8, rest: &[u8]| [&[kind], room().as_bytes().as_slice(), rest].concat();
    let record = |addresses: &[&str]| [vec![0x0b], encode(&vec![PeerRecord::make(&ana(), 1, announced(addresses))])].concat();
    let head = HeadOf { log: log(), seq: 0, hash: [0; 8] };
    vec![
        ("a bool of 2", vec![0x0a, 2, 1, b'A']),
        ("an option of 2", vec![0x07, 2, 1, b'A']),
        ("an option that says there is a value, and none", vec![0x07, 1]),
        ("an unknown reason for refusing", vec![0x08, 3]),
        ("a u8 written as a varint", body(0x24, &[251, 255, 0])),
        ("a u32 written as a u64", [body(0x13, ana().peer().as_bytes()), vec![7, 1, 253, 0, 0, 0, 0, 1, 0, 0, 0]].concat()),
        ("a u64 written as a u128", [vec![0x02, 254], vec![1; 16]].concat()),
        ("a name with a byte too many for its length", vec![0x09, 1, b'A', b'n']),
        ("nine addresses", record(&["10.0.0.1:1"; 9])),
        ("an address of 256 bytes", record(&[&"a".repeat(256)])),
        ("an address with a line break", record(&["10.0.0.1:1\n"])),
        ("an event without its length", body(0x10, &[&[1, 1][..], &[0; 227]].concat())),
        ("an event longer than 32 KiB", [vec![0x10, 1], encode(&(room(), 1u8, MAX_EVENT as u32 + 1))].concat()),
        ("a head with seq 0", [vec![0x12], encode(&Heads { room: room(), heads: vec![head] })].concat()),
        ("a need that ends before it begins", [vec![0x13], encode(&Need { room: room(), log: log(), from: 2, to: 1 })].concat()),
        ("a forward join with ttl 33", [vec![0x25], encode(&ForwardJoin { room: room(), ttl: 33, peer: ben().peer() })].concat()),
        ("a shuffle of 33", [vec![0x26], encode(&Shuffle { room: room(), answer: false, peers: vec![ben().peer(); 33] })].concat()),
        ("the lowest unknown type", vec![0x00]),
        ("a type between those that are known", vec![0x15, 0]),
    ]
}

/// Too long to write out: the bytes of `record`, and so many times those of `then`.
pub(super) fn refused_long() -> Vec<Value> {
    let addresses = [MAX_ADDRESS, MAX_ADDRESS, MAX_ADDRESS, 100].map(|len| Address::announced("a".repeat(len)));
    let one = encode(&PeerRecord::make(&ana(), 1, addresses.to_vec()));
    assert!(2 + MAX_RECORDS * one.len() > MAX_RECORD);
    let list = [0x0b, MAX_RECORDS as u8];
    vec![json!({ "name": "64 peer records of together over 61 438 bytes", "record": hex(&list), "then": hex(&one), "times": MAX_RECORDS })]
}

pub(super) fn skipped_long() -> Vec<Value> {
    let times = MAX_PLAINTEXT - RECORD_HEADER - 1;
    vec![json!({ "name": "an unknown type from 0x80 on may fill its frame", "record": "c0", "then": "00", "times": times })]
}
