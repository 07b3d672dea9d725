//! Two people who have nobody in common: an invite and a private DHT.

use std::time::Duration;

use lab::{Lab, Nat, Plan};

use crate::NODE;

const WHOLE: Duration = Duration::from_secs(120);
/// The second uses the invite when the first has long been behind its router.
const GAP: Duration = Duration::from_secs(3);
/// At p95, over many runs; here each must do it.
const LINKED_WITHIN: Duration = Duration::from_secs(12);
const ONE_SYMMETRIC_WITHIN: Duration = Duration::from_secs(15);

fn linked(a: Nat, b: Nat, limit: Duration) {
    let lab = Lab::build(Plan::pair(a, b).with_hops(), NODE);
    let lone = lab::lone(&lab, GAP, limit);
    println!("{a} {b}: {lone:?}");
    assert!(lone.linked.is_some(), "{a} {b}: {lone:?}");
}

#[test]
fn two_behind_usual_routers_find_each_other_by_an_invite_alone() {
    lab::test(WHOLE, || linked(Nat::Eim, Nat::Eim, LINKED_WITHIN));
}

#[test]
fn early_packets_do_not_spoil_a_router_that_answers_strangers() {
    lab::test(WHOLE, || linked(Nat::EimRst, Nat::CgEim, LINKED_WITHIN));
}

#[test]
fn one_of_the_two_may_be_behind_a_symmetric_router() {
    lab::test(WHOLE, || linked(Nat::Eim, Nat::Sym, ONE_SYMMETRIC_WITHIN));
}

#[test]
fn between_two_symmetric_routers_the_attempt_says_why_it_cannot_succeed() {
    lab::test(WHOLE, || {
        let lab = Lab::build(Plan::pair(Nat::Sym, Nat::Sym).with_hops(), NODE);
        let lone = lab::lone(&lab, GAP, ONE_SYMMETRIC_WITHIN);
        assert!(lone.linked.is_none() && lone.words.iter().any(|word| word == "changing_doors"), "{lone:?}");
    });
}

#[test]
fn nothing_is_asked_of_the_dht_before_it_is_turned_on() {
    lab::test(WHOLE, || {
        let lab = Lab::build(Plan::one(Nat::Eim), NODE);
        let dht = lab::Dht::start();
        let ana = lab.person_with("ana", "a", lab::Launch { arguments: dht.arguments() });
        let _invite = ana.invite(None, 1);
        std::thread::sleep(GAP);
        assert_eq!(lab.seen().0.keys().filter(|flow| flow.from == lab.plan.outer("a")).count(), 0, "{:?}", lab.seen());
    });
}
