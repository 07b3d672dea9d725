//! Records by which devices find a way to each other.

use std::sync::Arc;

use identity::Identity;
use serde_json::{Value, json};

use super::hex;
use crate::address::Address;
use crate::crossed::{Crossed, crossed};
use crate::fixtures::{ana, ben, static_key};
use crate::handshake::Handshake;
use crate::limits::{MAX_CIRCUIT_DATA, MAX_SIGNAL};
use crate::message::*;
use crate::reach::{CheckOutcome, CircuitEnd, HelpRefused, NatClass, PunchOffer};

fn address(text: &str) -> Address {
    text.parse().expect("an address")
}

fn record() -> PeerRecord {
    PeerRecord::make(&ana(), 1_700_000_000_000, vec![address("203.0.113.7:4747")])
}

pub(super) fn messages() -> Vec<(&'static str, Message)> {
    let (to_ben, from_ana) = (ben().peer(), ana().peer());
    let offer = PunchOffer { answer: false, nat: NatClass::Easy, udp: true };
    let answer = PunchOffer { answer: true, nat: NatClass::Hard, udp: false };
    let signal = |peer, body: PunchOffer| Signal { peer, session: 7, tcp: None, udp: None, body: body.encode() };
    let passed_on =
        Signal { tcp: Some(address("198.51.100.4:40001")), udp: Some(address("198.51.100.4:4747")), ..signal(from_ana, answer) };
    vec![
        ("Observed", Message::Observed(Observed { address: address("[2001:db8::7]:4747"), udp: 4747, udp_other: 40_002 })),
        ("Observed, no UDP", Message::Observed(Observed { address: address("203.0.113.7:51002"), udp: 0, udp_other: 0 })),
        ("CheckReach", Message::CheckReach(CheckReach { token: 300, port: 4747, record: record() })),
        ("DialBack", Message::DialBack(DialBack { token: 300, address: address("203.0.113.7:4747"), record: record() })),
        ("ReachChecked", Message::ReachChecked(ReachChecked { token: 300, outcome: CheckOutcome::TimedOut })),
        ("Signal, an offer to Ben", Message::Signal(signal(to_ben, offer))),
        ("Signal, an answer passed on from Ana", Message::Signal(passed_on)),
        ("SignalRefused", Message::SignalRefused(SignalRefused { peer: to_ben, session: 7, why: HelpRefused::NotLinked })),
        ("CircuitOpen to Ben", Message::CircuitOpen(CircuitOpen { id: 2, way: CircuitWay::To, peer: to_ben })),
        ("CircuitOpen from Ana", Message::CircuitOpen(CircuitOpen { id: 4, way: CircuitWay::From, peer: from_ana })),
        ("CircuitAnswer, yes", Message::CircuitAnswer(CircuitAnswer { id: 2, refused: None })),
        ("CircuitAnswer, no", Message::CircuitAnswer(CircuitAnswer { id: 2, refused: Some(HelpRefused::Off) })),
        ("CircuitData", Message::CircuitData(CircuitData { id: 2, bytes: vec![1, 2, 3] })),
        ("CircuitCredit", Message::CircuitCredit(CircuitCredit { id: 2, bytes: 32_768 })),
        ("CircuitClose", Message::CircuitClose(CircuitClose { id: 2, why: CircuitEnd::Cap })),
    ]
}

/// First messages that crossed, with the side that leads.
pub(super) fn crossed_messages() -> Vec<Value> {
    let first = |who: Arc<Identity>, ephemeral: u8| {
        Handshake::initiate_with(who, &static_key(11), None, Some(&[ephemeral; 32])).expect("a device can dial").1
    };
    let (ours, theirs) = (first(ana(), 21), first(ben(), 22));
    let leads = |ours: &[u8], theirs: &[u8]| crossed(ours, theirs) == Some(Crossed::Lead);
    assert_ne!(leads(&ours, &theirs), leads(&theirs, &ours));
    [(&ours, &theirs), (&theirs, &ours)].map(|(a, b)| json!({ "sent": hex(a), "came": hex(b), "leads": leads(a, b) })).to_vec()
}

pub(super) fn refused() -> Vec<(&'static str, Vec<u8>)> {
    let encoded = |kind: u8, body: Vec<u8>| [vec![kind], body].concat();
    let signal = Signal { peer: ben().peer(), session: 7, tcp: None, udp: None, body: vec![0; MAX_SIGNAL + 1] };
    let data = CircuitData { id: 2, bytes: vec![0; MAX_CIRCUIT_DATA + 1] };
    vec![
        ("CheckReach of port 0", encoded(0x81, crate::codec::encode(&CheckReach { token: 1, port: 0, record: record() }))),
        ("Signal over its limit", encoded(0x84, crate::codec::encode(&signal))),
        ("CircuitOpen of an unknown way", [vec![0x90, 2, 2], ben().peer().as_bytes().to_vec()].concat()),
        ("CircuitData without bytes", encoded(0x92, crate::codec::encode(&CircuitData { id: 2, bytes: Vec::new() }))),
        ("CircuitData over its limit", encoded(0x92, crate::codec::encode(&data))),
        ("CircuitCredit of nothing", encoded(0x93, crate::codec::encode(&CircuitCredit { id: 2, bytes: 0 }))),
        ("CircuitClose for an unknown reason", vec![0x94, 2, 4]),
    ]
}
