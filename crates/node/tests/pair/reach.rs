//! How others reach a device: what its user turns on, what is said of it, and who is to be met.

use std::collections::BTreeSet;

use node::RoomId;
use node::manual::net::{
    CameIn, Door, Event, MappingProtocol, MappingState, Mappings, Meeting, Path, PeerState, ReachFacts, ReachSettings, Side, SystemFacts,
    Transport, Wishes,
};
use node::view::{AddressPart, Finding, FixKind, JoinFinding, JoinTrouble, LinkPath, LinkState, Me, Notice, OwnReach, Role, TroubleSide};

use crate::pair::Pair;
use crate::person::{ANA, BEN, CHI};
use crate::removal::gives_role;
use crate::wires::Who;

impl Pair {
    fn me(&mut self, who: Who) -> Me {
        self.ask(who, |core| core.snapshot().me)
    }

    fn wishes(&mut self, who: Who) -> &Wishes {
        self.running(who).net.wishes()
    }

    fn meetings(&mut self, who: Who) -> Vec<Meeting> {
        self.wishes(who).meetings.clone()
    }

    fn learns(&mut self, who: Who, facts: ReachFacts) {
        self.hears(who, Event::Reach(Box::new(facts)));
    }

    fn trouble(&mut self, who: Who, attempt: u64) -> Option<JoinTrouble> {
        self.attempts(who).into_iter().find(|listed| listed.id == attempt)?.trouble
    }

    fn link(&mut self, who: Who, other: Who) -> LinkState {
        let other = self.id_of(other);
        self.ask(who, |core| core.person_details(other)).expect("a person").person.link
    }
}

fn with_door() -> ReachFacts {
    let [internal, external] = ["100.64.0.1:4747", "203.0.113.9:4748"].map(|text| text.parse().expect("an address"));
    let door = Door { transport: Transport::Tcp, by: MappingProtocol::Pcp, internal, external, until: u64::MAX };
    let mappings = Mappings { state: MappingState::Settled, doors: vec![door], ..Mappings::default() };
    ReachFacts { mappings, ..ReachFacts::default() }
}

#[test]
fn what_is_turned_on_and_off_lasts_and_the_network_is_told() {
    let mut pair = Pair::new();
    let me = pair.me(ANA);
    assert_eq!((me.internet, me.mapping, me.carry), (false, false, true), "tests ask no router");
    for (core_call, told) in [
        (pair.ask(ANA, |core| core.set_internet(true)), (true, false, true)),
        (pair.ask(ANA, |core| core.set_mapping(true)), (true, true, true)),
        (pair.ask(ANA, |core| core.set_carry(false)), (true, true, false)),
    ] {
        let me = core_call.expect("a setting");
        assert_eq!((me.internet, me.mapping, me.carry), told);
    }
    assert_eq!(pair.wishes(ANA).reach, Some(ReachSettings { internet: true, mapping: true, carry: false }));
    pair.stops(ANA);
    pair.starts(ANA);
    let me = pair.me(ANA);
    assert_eq!((me.internet, me.mapping, me.carry), (true, false, false), "and tests still ask no router");
}

#[test]
fn reachable_is_said_only_after_somebody_has_come_in() {
    let mut pair = Pair::new();
    assert_eq!(pair.me(ANA).reach, OwnReach::ThisNetwork);
    pair.learns(ANA, with_door());
    assert_eq!(pair.me(ANA).reach, OwnReach::NotKnown);
    pair.learns(ANA, ReachFacts { came_in: CameIn { v4: Some(7), v6: None }, ..with_door() });
    assert_eq!(pair.me(ANA).reach, OwnReach::Reachable);
    let told = |notice: &Notice| matches!(notice, Notice::Me(me) if me.reach == OwnReach::Reachable);
    assert!(pair.person(ANA).told().iter().any(told), "the window hears of it");
}

#[test]
fn a_door_is_told_in_the_own_addresses_before_those_of_the_house() {
    let mut pair = Pair::new();
    pair.learns(ANA, with_door());
    let [door, seen, own] = ["203.0.113.9:4748", "203.0.113.9:5999", "100.64.0.1:4747"].map(|text| text.parse().expect("an address"));
    pair.hears(ANA, Event::Listening { addresses: vec![door, seen, own], own: vec![own], failed: None });
    assert_eq!(pair.me(ANA).addresses, ["203.0.113.9:4748", "203.0.113.9:5999", "100.64.0.1:4747"]);
    let invite = pair.invites_to_contact(ANA, 1);
    assert!(invite.len() <= 180, "{} characters", invite.len());
    let read = wire::invite::Invite::parse(&invite).expect("an invite");
    let told: Vec<String> = read.addresses().iter().map(ToString::to_string).collect();
    assert_eq!(told, ["203.0.113.9:4748", "100.64.0.1:4747", "203.0.113.9:5999"], "what was only seen comes last");
}

#[test]
fn members_of_a_common_room_may_help_each_other_and_nobody_else() {
    let (mut pair, room) = Pair::in_a_room(3);
    let (ben, chi) = (pair.id_of(BEN), pair.id_of(CHI));
    pair.run_for(2_000);
    let common = |pair: &mut Pair, peer| pair.wishes(ANA).common.get(&peer).cloned().unwrap_or_default();
    let number = common(&mut pair, ben);
    assert_eq!((number.len(), &number), (1, &common(&mut pair, chi)), "the same room has the same number");
    pair.ask(BEN, |core| core.leave_room(room)).expect("he is a member");
    pair.run_until("ana has heard of it", |pair| common(pair, ben).is_empty());
    assert_eq!(common(&mut pair, chi), number);
}

#[test]
fn contacts_alone_have_no_room_in_which_others_could_help() {
    let mut pair = Pair::new();
    let invite = pair.invites_to_contact(ANA, 1);
    pair.accepts(BEN, &invite);
    let ben = pair.id_of(BEN);
    pair.run_until("they are contacts", |pair| pair.is_contact(ANA, BEN));
    pair.run_for(2_000);
    assert!(pair.wishes(ANA).common.get(&ben).is_none_or(Vec::is_empty));
}

#[test]
fn a_co_member_may_be_dialled_back_and_a_stranger_may_not() {
    let (mut pair, _room) = Pair::in_a_room(2);
    let stranger = identity::Identity::from_seed(&[99; 32]).peer();
    let ben = pair.id_of(BEN);
    pair.hears(ANA, Event::MayDialBack { token: 1, subject: ben });
    pair.hears(ANA, Event::MayDialBack { token: 2, subject: stranger });
    assert_eq!(pair.wishes(ANA).dial_backs, [(1, true), (2, false)]);
}

/// Ana has made an invite and Ben uses it while they cannot reach each other.
fn apart() -> (Pair, RoomId, u64) {
    let mut pair = Pair::new();
    let room = pair.makes_a_room(ANA, "Kitchen");
    let invite = pair.invites(ANA, room, 1);
    pair.unplugs(ANA);
    let attempt = pair.accepts(BEN, &invite);
    (pair, room, attempt)
}

#[test]
fn nobody_is_met_before_it_was_turned_on() {
    let (mut pair, _room, _attempt) = apart();
    pair.run_for(60_000);
    assert!([ANA, BEN].into_iter().all(|who| pair.meetings(who).is_empty()));
    pair.ask(ANA, |core| core.set_internet(true)).expect("a setting");
    pair.run_for(1_000);
    assert_eq!(pair.meetings(ANA).len(), 1);
    pair.ask(ANA, |core| core.set_internet(false)).expect("a setting");
    pair.run_for(1_000);
    assert!(pair.meetings(ANA).is_empty());
}

#[test]
fn who_made_an_invite_and_who_holds_it_meet_by_one_secret() {
    let (mut pair, _room, _attempt) = apart();
    for who in [ANA, BEN] {
        pair.ask(who, |core| core.set_internet(true)).expect("a setting");
    }
    pair.run_for(1_000);
    let [made, holds] = [ANA, BEN].map(|who| pair.meetings(who).pop().expect("a meeting"));
    assert_eq!(made.secret, holds.secret);
    assert_eq!((made.side, made.peer), (Side::Inviter, None));
    assert_eq!((holds.side, holds.peer), (Side::Joiner, Some(pair.id_of(ANA))));
    pair.stops(ANA);
    pair.starts(ANA);
    pair.run_for(1_000);
    assert_eq!(pair.meetings(ANA), [made], "also after a restart");
    pair.plugs_in(ANA);
    pair.run_until("the invite is used up", |pair| pair.meetings(ANA).is_empty() && pair.meetings(BEN).is_empty());
}

#[test]
fn nobody_is_awaited_with_an_invite_that_another_admin_revoked() {
    let (mut pair, room) = Pair::in_a_room(2);
    gives_role(&mut pair, ANA, room, BEN, Role::Admin).expect("she made the room");
    pair.run_until("it came", |pair| pair.row(BEN, room).my_role == Some(Role::Admin));
    pair.ask(ANA, |core| core.set_internet(true)).expect("a setting");
    pair.invites(ANA, room, 5);
    pair.run_for(1_000);
    assert_eq!(pair.meetings(ANA).len(), 1);
    let open = |pair: &mut Pair| pair.ask(BEN, |core| core.room_invites(room)).expect("a room").into_iter().find(|one| one.uses == 5);
    pair.run_until("ben knows of it", |pair| open(pair).is_some());
    let id = open(&mut pair).expect("just seen").id;
    pair.ask(BEN, |core| core.revoke_invite(room, id)).expect("an admin");
    let is_over =
        |pair: &mut Pair| pair.ask(ANA, |core| core.room_invites(room)).expect("a room").iter().any(|one| one.id == id && one.revoked);
    pair.run_until("ana hears of it", is_over);
    pair.run_for(1_000);
    assert!(pair.meetings(ANA).is_empty());
}

#[test]
fn contacts_without_a_link_meet_by_a_secret_that_only_they_can_compute() {
    let mut pair = Pair::of(3);
    for (who, other) in [(BEN, "ben"), (CHI, "chi")] {
        let invite = pair.invites_to_contact(ANA, 1);
        pair.accepts(who, &invite);
        pair.run_until(other, |pair| pair.is_contact(ANA, who));
    }
    for who in [ANA, BEN, CHI] {
        pair.ask(who, |core| core.set_internet(true)).expect("a setting");
    }
    pair.run_for(1_000);
    assert!([ANA, BEN, CHI].into_iter().all(|who| pair.meetings(who).is_empty()), "they are linked");
    pair.unplugs(ANA);
    pair.run_for(1_000);
    let of = |pair: &mut Pair, who| pair.meetings(who).into_iter().map(|meeting| meeting.secret).collect::<BTreeSet<_>>();
    let (ana, ben, chi) = (of(&mut pair, ANA), of(&mut pair, BEN), of(&mut pair, CHI));
    assert_eq!(ana, ben.union(&chi).copied().collect());
    assert_eq!((ana.len(), ben.len(), chi.len()), (2, 1, 1));
    let sides: BTreeSet<Side> =
        [ANA, BEN].into_iter().flat_map(|who| pair.meetings(who)).filter(|m| ben.contains(&m.secret)).map(|m| m.side).collect();
    assert_eq!(sides, BTreeSet::from([Side::Smaller, Side::Greater]));
}

#[test]
fn a_join_that_does_not_get_on_says_within_fifteen_seconds_whose_trouble_it_is() {
    let (mut pair, room, attempt) = apart();
    assert_eq!(pair.trouble(BEN, attempt), None);
    pair.run_for(15_000);
    let told = pair.trouble(BEN, attempt).expect("it has been told");
    assert_eq!((told.side, told.finding), (TroubleSide::Theirs, JoinFinding::OnlyTheirNetwork));
    assert_eq!(told.fixes, [FixKind::TurnInternetOn]);
    pair.plugs_in(ANA);
    pair.run_until("ben is in", |pair| pair.row_of(BEN, room));
    assert_eq!(pair.trouble(BEN, attempt), None);
}

impl Pair {
    fn row_of(&mut self, who: Who, room: RoomId) -> bool {
        self.rooms(who).iter().any(|row| row.id == room)
    }
}

#[test]
fn while_people_are_met_by_the_dht_silence_there_is_told() {
    let (mut pair, _room, attempt) = apart();
    pair.ask(BEN, |core| core.set_internet(true)).expect("a setting");
    pair.run_for(11_000);
    assert_eq!(pair.trouble(BEN, attempt), None, "she may still come");
    pair.run_for(4_000);
    let told = pair.trouble(BEN, attempt).expect("it has been told");
    assert_eq!((told.side, told.finding), (TroubleSide::Theirs, JoinFinding::NotHeardOf));
    let meeting = pair.meetings(BEN).pop().expect("a meeting");
    pair.learns(BEN, ReachFacts { nat: wire::reach::NatClass::Hard, ..ReachFacts::default() });
    pair.hears(BEN, Event::Partner { meeting, nat: wire::reach::NatClass::Hard });
    let told = pair.trouble(BEN, attempt).expect("it has been told");
    assert_eq!((told.side, told.finding), (TroubleSide::Both, JoinFinding::ChangingDoors));
}

#[test]
fn without_a_network_the_trouble_is_ones_own() {
    let (mut pair, _room, attempt) = apart();
    assert_eq!(pair.wishes(BEN).looks, 1, "the system was asked");
    pair.hears(BEN, Event::System(Box::default()));
    let told = pair.trouble(BEN, attempt).expect("it is told at once");
    assert_eq!((told.side, told.finding), (TroubleSide::Mine, JoinFinding::NoNetwork));
    pair.hears(BEN, Event::System(Box::new(SystemFacts { ipv4: true, ..SystemFacts::default() })));
    assert!(pair.trouble(BEN, attempt).is_none_or(|told| told.side == TroubleSide::Theirs));
}

#[test]
fn a_person_shows_through_whom_they_are_reached() {
    let (mut pair, _room) = Pair::in_a_room(3);
    assert!(matches!(pair.link(ANA, BEN), LinkState::Connected { path: LinkPath::Direct, address: Some(_), .. }));
    let (ben, chi) = (pair.id_of(BEN), pair.id_of(CHI));
    let state = PeerState::Connected { path: Path::Circuit { carrier: chi }, since: 5, rtt: None };
    pair.hears(ANA, Event::PeerChanged { peer: ben, state });
    let through = LinkPath::Through { peer: chi, name: "Chi".to_owned() };
    assert_eq!(pair.link(ANA, BEN), LinkState::Connected { path: through, address: None, latency_us: None, since: 5 });
}

#[test]
fn who_comes_from_outside_to_a_house_with_a_door_comes_through_it() {
    let (mut pair, _room) = Pair::in_a_room(2);
    pair.learns(ANA, with_door());
    let ben = pair.id_of(BEN);
    for (remote, path) in [("198.51.100.7:5000", LinkPath::Door), ("100.64.0.9:5000", LinkPath::Direct)] {
        let state = PeerState::Connected { path: Path::Tcp(remote.parse().expect("an address")), since: 5, rtt: None };
        // Ben has used Ana's invite: he dialled her.
        pair.hears(ANA, Event::PeerChanged { peer: ben, state });
        assert!(matches!(pair.link(ANA, BEN), LinkState::Connected { path: shown, .. } if shown == path), "{remote}");
    }
}

#[test]
fn the_doctor_tells_those_who_watch_what_it_finds_out() {
    let mut pair = Pair::new();
    let doctor = pair.ask(ANA, |core| core.doctor(true));
    assert!(doctor.checking && doctor.rows.iter().any(|row| row.finding == Finding::InternetOff), "{doctor:?}");
    assert_eq!(doctor.summary, OwnReach::ThisNetwork);
    pair.hears(ANA, Event::System(Box::new(SystemFacts { ipv4: true, ..SystemFacts::default() })));
    pair.learns(ANA, with_door());
    pair.run_for(1_000);
    let doctors = |pair: &mut Pair| {
        let told = pair.person(ANA).told();
        told.into_iter().filter_map(|notice| if let Notice::Doctor(doctor) = notice { Some(*doctor) } else { None }).collect::<Vec<_>>()
    };
    let last = doctors(&mut pair).pop().expect("it was told");
    assert!(!last.checking && last.checked_at.is_some());
    assert!(last.rows.iter().any(|row| row.finding == Finding::Mapped && row.details.port == Some(4748)));
    assert!(last.addresses.iter().any(|shown| shown.part == AddressPart::Door && shown.address == "203.0.113.9:4748"));
    pair.run_for(30_000);
    let before = doctors(&mut pair).len();
    pair.learns(ANA, ReachFacts::default());
    pair.run_for(30_000);
    assert_eq!(doctors(&mut pair).len(), before, "nobody watches any more");
}

#[test]
fn what_can_be_fixed_is_done_and_what_only_a_person_can_do_is_looked_at_anew() {
    let mut pair = Pair::new();
    pair.ask(ANA, |core| core.fix(&FixKind::TurnInternetOn)).expect("a setting");
    assert!(pair.me(ANA).internet);
    pair.ask(ANA, |core| core.fix(&FixKind::OtherPort)).expect("another port");
    assert_eq!(pair.wishes(ANA).other_ports, 1);
    for fix in [FixKind::TryNow, FixKind::ForwardPort { port: 4747 }, FixKind::OpenPortal { url: None }] {
        let before = pair.wishes(ANA).tries;
        pair.ask(ANA, |core| core.fix(&fix)).expect("looked at");
        assert_eq!(pair.wishes(ANA).tries, before + 1, "{fix:?}");
    }
}
