//! A member who would have others send packets to whom she likes, and carry more than their share.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;
use std::time::Duration;

use lab::{Lab, Nat, Person, Plan, Side};
use wire::Address;
use wire::ids::RoomId;
use wire::message::{Message, PeerRecord, Welcome};
use wire::reach::{CheckReach, CircuitOpen, CircuitWay, DialBack, Signal};

use crate::NODE;
use crate::outsider::Outsider;
use crate::peer::Peer;

const WHOLE: Duration = Duration::from_secs(120);
/// What is done in consequence of what she said has been done by then.
const SETTLED_AFTER: Duration = Duration::from_secs(15);
/// Of each kind of request; more than any cap allows.
const REQUESTS: u32 = 100;
/// Nobody is there. Questions for the hardware address would tell that somebody tried.
const NOBODY: Ipv4Addr = Ipv4Addr::new(11, 99, 0, 66);

/// Mallory at b, who speaks by hand, is let into the room and has named it.
fn member(lab: &Lab, chi: &Person, room: &str) -> Outsider {
    let address = chi.addresses().into_iter().find(|address| address.starts_with("11.99.0.")).expect("chi is public");
    let invite = chi.invite(Some(room), 1);
    let mut mallory = lab.at("b", || Outsider::dial(&Peer(address)));
    mallory.say(&Message::Join(mallory.join_by(&invite)));
    let welcomed = |message: &Message| if let Message::Welcome(Welcome { room, .. }) = message { *room } else { None };
    let (room, _): (RoomId, _) = mallory.until("a Welcome", welcomed);
    mallory.name(&[room]);
    mallory.until("a Digest", |message| matches!(message, Message::Digest(_)).then_some(()));
    mallory
}

/// Says all of this, and counts the answers by the names of their kinds.
fn ask(mallory: &mut Outsider, requests: Vec<Message>) -> BTreeMap<String, u32> {
    requests.iter().for_each(|request| mallory.say(request));
    let mut answers = BTreeMap::new();
    for answer in mallory.settle() {
        let whole = format!("{answer:?}");
        let kind: String = whole.chars().take_while(|letter| letter.is_alphanumeric()).collect();
        let why =
            ["Busy", "NotLinked", "NotAllowed", "TimedOut", "NotDone"].into_iter().find(|why| whole.contains(why)).unwrap_or_default();
        *answers.entry(format!("{kind} {why}")).or_default() += 1;
    }
    answers
}

#[test]
fn a_member_cannot_make_others_send_to_an_address_where_nobody_was_seen() {
    lab::test(WHOLE, || {
        let mut plan = Plan::pair(Nat::Eim, Nat::Open);
        // A bystander, who has nothing to do with all this.
        plan.sides.push(Side { name: "s", nat: Nat::Open });
        let lab = Lab::build(plan, NODE);
        let (chi, ana) = (lab.person("chi", "c"), lab.person("ana", "a"));
        let room = chi.create_room("Open house");
        ana.must_join(&chi.invite(Some(&room), 1), SETTLED_AFTER);
        let mut mallory = member(&lab, &chi, &room);
        let to_ana: identity::PeerId = ana.id().parse().expect("a PeerId");

        let bystander = lab.plan.outer("s");
        let victims = [NOBODY, bystander].map(|address| Address::announced(format!("{address}:4747")));
        let record = || {
            let addresses = victims.to_vec();
            PeerRecord::make(&mallory.me, 1, addresses)
        };
        let record = record();
        let checks =
            (0..REQUESTS).map(|n| Message::CheckReach(CheckReach { token: n.into(), port: 4747, record: record.clone() })).collect();
        let dials = (0..REQUESTS)
            .map(|n| Message::DialBack(DialBack { token: n.into(), address: victims[n as usize % 2].clone(), record: record.clone() }))
            .collect();
        let signals = (0..REQUESTS)
            .map(|n| {
                Message::Signal(Signal {
                    peer: to_ana,
                    session: n.into(),
                    tcp: Some(victims[0].clone()),
                    udp: Some(victims[1].clone()),
                    body: vec![0; 8],
                })
            })
            .collect();
        let opens = (0..REQUESTS).map(|n| Message::CircuitOpen(CircuitOpen { id: 2 * n, way: CircuitWay::To, peer: to_ana })).collect();
        for (what, requests) in
            [("dial-backs asked for", checks), ("dial-backs passed on", dials), ("signals", signals), ("circuits", opens)]
        {
            let answers = ask(&mut mallory, requests);
            println!("{REQUESTS} {what}: {answers:?}");
        }
        std::thread::sleep(SETTLED_AFTER);
        let seen = lab.seen();
        println!("packets to nobody: {}, to the bystander: {}", seen.to(NOBODY), seen.to(bystander));
        assert_eq!((seen.to(NOBODY), seen.to(bystander)), (0, 0), "{seen:?}");
        let flood =
            seen.between(lab.plan.outer("a"), lab.plan.outer("b"), 6).0 + seen.between(lab.plan.outer("a"), lab.plan.outer("b"), 17).0;
        println!("packets between ana and mallory: {flood}");
        chi.say(&room, "still here");
        ana.watch("talk goes on", SETTLED_AFTER, |ana| ana.texts(&room).contains(&"still here".to_owned()).then_some(()));
    });
}
