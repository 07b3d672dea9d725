//! Claims about one table; two tables that meet are in `ties.rs`.

mod paths;
mod ties;
mod vectors;

use super::*;

const ANA: PeerId = PeerId::from_bytes([1; 32]);
const BEN: PeerId = PeerId::from_bytes([2; 32]);
const CHI: PeerId = PeerId::from_bytes([3; 32]);

/// Ana's table, with a clock that the test moves, and all that it decided.
struct Scene {
    table: Table,
    now: Now,
    out: Vec<Effect>,
    links: u64,
}

fn address(text: &str) -> Address {
    text.parse().expect("an address")
}

impl Scene {
    fn new() -> Self {
        Self::with(Limits::default())
    }

    fn with(limits: Limits) -> Self {
        let table = Table::new(ANA, limits, Times::default(), Pace::default(), 7);
        Self { table, now: Now { tick: 1, wall: 1_000_000 }, out: Vec::new(), links: 0 }
    }

    fn pass(&mut self, millis: u64) {
        self.now.tick += millis;
        self.now.wall += millis;
        self.table.tick(self.now, &mut self.out);
    }

    fn want(&mut self, peer: PeerId, addresses: &[&str]) {
        self.table.want(peer, addresses.iter().map(|text| address(text)).collect(), self.now, &mut self.out);
    }

    fn fail(&mut self, attempt: AttemptId, reason: Reason) {
        self.table.dial_failed(attempt, address("ben:1"), reason, self.now, &mut self.out);
    }

    /// A peer says Hello.
    fn greet(&mut self, peer: PeerId, role: Role, nonce: u64, attempt: Option<AttemptId>) -> LinkId {
        self.links += 1;
        let link = LinkId(self.links);
        let path = Path::Tcp("192.0.2.1:1".parse().expect("an address"));
        self.table.greeted(Candidate { link, peer, role, path, nonce, attempt }, self.now, &mut self.out);
        link
    }

    fn end(&mut self, peer: PeerId, link: LinkId, reason: Reason) {
        self.table.ended(peer, link, reason, self.now, &mut self.out);
    }

    fn dialled(&mut self) -> Vec<(AttemptId, Option<PeerId>)> {
        let dials = self.out.iter().filter_map(|effect| match effect {
            Effect::Dial { attempt, expect, .. } => Some((*attempt, *expect)),
            _ => None,
        });
        dials.collect()
    }

    fn last_dial(&mut self) -> AttemptId {
        self.dialled().last().expect("somebody is dialled").0
    }

    fn last_state(&self) -> &PeerState {
        let mut states = self.out.iter().rev().filter_map(|effect| match effect {
            Effect::Tell(Event::PeerChanged { state, .. }) => Some(state),
            _ => None,
        });
        states.next().expect("a state was told")
    }

    fn closed(&self) -> Vec<(LinkId, Bye)> {
        let closed = self.out.iter().filter_map(|effect| match effect {
            Effect::Close { link, bye } => Some((*link, *bye)),
            _ => None,
        });
        closed.collect()
    }

    fn started(&self) -> Vec<LinkId> {
        let started = self.out.iter().filter_map(|effect| match effect {
            Effect::Start { link, .. } => Some(*link),
            _ => None,
        });
        started.collect()
    }

    fn ends_of_dials(&self) -> Vec<(DialId, Result<PeerId, Reason>)> {
        let ends = self.out.iter().filter_map(|effect| match effect {
            Effect::Tell(Event::DialEnded { dial, result }) => Some((*dial, *result)),
            _ => None,
        });
        ends.collect()
    }
}

#[test]
fn a_wanted_peer_is_dialled_at_once_and_again_after_each_failure() {
    let mut ana = Scene::new();
    ana.want(BEN, &["198.51.100.1:1"]);
    for round in 1..=20 {
        assert_eq!(ana.dialled().len(), round);
        let attempt = ana.last_dial();
        ana.fail(attempt, Reason::Refused);
        let PeerState::Waiting { retry_at, reason, .. } = *ana.last_state() else { panic!("{:?}", ana.last_state()) };
        let wait = retry_at - ana.now.wall;
        assert_eq!(reason, Reason::Refused);
        assert!((500..=300_000).contains(&wait), "{wait}");
        assert_eq!(ana.table.next_wake(), Some(ana.now.tick + wait));
        ana.pass(wait - 1);
        assert_eq!(ana.dialled().len(), round, "too early");
        ana.pass(1);
    }
}

#[test]
fn a_near_peer_waits_at_most_30_s() {
    for text in ["192.168.1.5:1", "10.1.1.1:1", "127.0.0.1:1", "[fd00::1]:1", "[::1]:1", "localhost:1", "ben.local:1"] {
        assert!(is_near(&address(text)), "{text}");
    }
    for text in ["203.0.113.1:1", "example.org:1", "[2001:db8::1]:1"] {
        assert!(!is_near(&address(text)), "{text}");
    }
    let mut ana = Scene::new();
    ana.want(BEN, &["192.168.1.5:1"]);
    for _ in 0..50 {
        let attempt = ana.last_dial();
        ana.fail(attempt, Reason::Refused);
        let wake = ana.table.next_wake().expect("a retry is planned");
        assert!(wake - ana.now.tick <= 30_000);
        ana.pass(wake - ana.now.tick);
    }
}

#[test]
fn at_most_eight_are_dialled_at_once_and_the_rest_follow_in_order() {
    let mut ana = Scene::new();
    let peers: Vec<PeerId> = (10..30).map(|n| PeerId::from_bytes([n; 32])).collect();
    for peer in &peers {
        ana.want(*peer, &["198.51.100.1:1"]);
    }
    assert_eq!(ana.dialled().len(), 8);
    for n in 0..12 {
        let attempt = ana.dialled()[n].0;
        ana.fail(attempt, Reason::TimedOut);
        assert_eq!(ana.dialled().len(), 9 + n);
    }
    let order: Vec<PeerId> = ana.dialled().into_iter().filter_map(|(_, peer)| peer).collect();
    assert_eq!(order, peers);
}

#[test]
fn what_a_person_asks_for_goes_before_what_is_due() {
    let mut ana = Scene::with(Limits { dials: 1, ..Limits::default() });
    ana.want(BEN, &["198.51.100.1:1"]);
    ana.want(CHI, &["198.51.100.2:1"]);
    ana.table.dial_address(DialId(5), address("example.org:1"), ana.now, &mut ana.out);
    let first = ana.last_dial();
    ana.fail(first, Reason::Refused);
    assert_eq!(ana.dialled().last().map(|(_, peer)| *peer), Some(None));
}

#[test]
fn without_addresses_nobody_is_dialled() {
    let mut ana = Scene::new();
    ana.want(BEN, &[]);
    assert_eq!((ana.dialled(), ana.last_state()), (vec![], &PeerState::Idle { reason: None }));
    ana.want(BEN, &["198.51.100.1:1"]);
    ana.pass(500);
    assert_eq!(ana.dialled().len(), 1);
}

#[test]
fn oneself_is_never_dialled() {
    let mut ana = Scene::new();
    ana.want(ANA, &["198.51.100.1:1"]);
    assert!(ana.out.is_empty());
}

#[test]
fn health_of_a_minute_forgets_failures_and_less_does_not() {
    for (age, fresh) in [(60_000, true), (59_000, false)] {
        let mut ana = Scene::new();
        ana.want(BEN, &["198.51.100.1:1"]);
        for _ in 0..30 {
            let attempt = ana.last_dial();
            ana.fail(attempt, Reason::Refused);
            ana.pass(300_000);
        }
        let attempt = ana.last_dial();
        let link = ana.greet(BEN, Role::Initiator, 1, Some(attempt));
        ana.pass(age);
        ana.end(BEN, link, Reason::Lost);
        let wait = ana.table.next_wake().expect("a retry is planned") - ana.now.tick;
        assert_eq!(wait <= 1500, fresh, "{wait} ms after {age} ms");
    }
}

#[test]
fn an_unwanted_peer_is_forgotten_and_its_dial_stopped() {
    let mut ana = Scene::new();
    ana.want(BEN, &["198.51.100.1:1"]);
    ana.table.unwant(BEN, ana.now, &mut ana.out);
    assert!(matches!(ana.out.iter().rev().nth(1), Some(Effect::Abort(_))));
    assert_eq!(ana.last_state(), &PeerState::Idle { reason: None });
    assert!(ana.table.peers.is_empty() && ana.table.attempts.is_empty() && ana.table.next_wake().is_none());
}

#[test]
fn a_dial_by_address_ends_with_who_answered() {
    let mut ana = Scene::new();
    ana.table.dial_address(DialId(5), address("example.org:1"), ana.now, &mut ana.out);
    let attempt = ana.last_dial();
    assert!(ana.table.may_complete(attempt, BEN, Rank::Tcp, ana.now, &mut ana.out));
    ana.greet(BEN, Role::Initiator, 1, Some(attempt));
    assert_eq!(ana.ends_of_dials(), [(DialId(5), Ok(BEN))]);
    assert!(ana.out.iter().any(|effect| matches!(effect, Effect::Start { asked: Some(DialId(5)), .. })));
}

#[test]
fn dialling_somebody_who_is_linked_ends_well_without_a_second_link() {
    let mut ana = Scene::new();
    ana.greet(BEN, Role::Responder, 1, None);
    ana.table.dial_address(DialId(5), address("example.org:1"), ana.now, &mut ana.out);
    let attempt = ana.last_dial();
    assert!(!ana.table.may_complete(attempt, BEN, Rank::Tcp, ana.now, &mut ana.out));
    assert_eq!(ana.ends_of_dials(), [(DialId(5), Ok(BEN))]);
    assert!(ana.table.attempts.is_empty());
}

#[test]
fn two_dials_that_reach_one_peer_share_its_link() {
    let mut ana = Scene::new();
    for (dial, name) in [(5, "one.example:1"), (6, "two.example:1")] {
        ana.table.dial_address(DialId(dial), address(name), ana.now, &mut ana.out);
    }
    let [one, two] = [ana.dialled()[0].0, ana.dialled()[1].0];
    assert!(ana.table.may_complete(two, BEN, Rank::Tcp, ana.now, &mut ana.out));
    assert!(!ana.table.may_complete(one, BEN, Rank::Tcp, ana.now, &mut ana.out));
    ana.greet(BEN, Role::Initiator, 1, Some(two));
    assert_eq!(ana.ends_of_dials(), [(DialId(6), Ok(BEN)), (DialId(5), Ok(BEN))]);
}

#[test]
fn a_cancelled_dial_is_stopped_and_never_mentioned_again() {
    let mut ana = Scene::new();
    ana.table.dial_address(DialId(5), address("example.org:1"), ana.now, &mut ana.out);
    let attempt = ana.last_dial();
    ana.table.cancel_dial(DialId(5), ana.now, &mut ana.out);
    assert!(ana.out.iter().any(|effect| matches!(effect, Effect::Abort(id) if *id == attempt)));
    assert!(!ana.table.may_complete(attempt, BEN, Rank::Tcp, ana.now, &mut ana.out));
    ana.fail(attempt, Reason::Refused);
    assert!(ana.ends_of_dials().is_empty());
}

#[test]
fn who_comes_is_no_longer_dialled() {
    let mut ana = Scene::new();
    ana.want(BEN, &["198.51.100.1:1"]);
    let attempt = ana.last_dial();
    ana.greet(BEN, Role::Responder, 1, None);
    assert!(ana.out.iter().any(|effect| matches!(effect, Effect::Abort(id) if *id == attempt)));
    assert!(matches!(ana.last_state(), PeerState::Connected { .. }));
}

#[test]
fn a_stranger_leaves_the_lobby_after_5_s_unless_made_welcome() {
    let mut ana = Scene::new();
    let ben = ana.greet(BEN, Role::Responder, 1, None);
    let chi = ana.greet(CHI, Role::Responder, 1, None);
    ana.table.welcome(CHI, chi);
    assert_eq!(ana.table.next_wake(), Some(ana.now.tick + 5000));
    ana.pass(5000);
    assert_eq!(ana.closed(), [(ben, Bye::NotWelcome)]);
    ana.pass(60_000);
    assert_eq!(ana.closed().len(), 1, "told once");
}

#[test]
fn a_full_lobby_shows_the_oldest_out() {
    let mut ana = Scene::with(Limits { lobby: 2, ..Limits::default() });
    let links: Vec<LinkId> = (10..13).map(|n| ana.greet(PeerId::from_bytes([n; 32]), Role::Responder, 1, None)).collect();
    assert_eq!(ana.closed(), [(links[0], Bye::Busy)]);
}

#[test]
fn a_full_house_refuses_strangers_and_admits_wanted_peers() {
    let mut ana = Scene::with(Limits { links: 1, ..Limits::default() });
    ana.greet(BEN, Role::Responder, 1, None);
    let stranger = ana.greet(PeerId::from_bytes([9; 32]), Role::Responder, 1, None);
    assert_eq!(ana.closed(), [(stranger, Bye::Busy)]);
    ana.want(CHI, &[]);
    let chi = ana.greet(CHI, Role::Responder, 1, None);
    assert!(ana.started().contains(&chi));
}

#[test]
fn a_day_old_link_is_renewed_by_its_dialler() {
    let day = 24 * 60 * 60 * 1000;
    let mut ana = Scene::new();
    ana.want(BEN, &["198.51.100.1:1"]);
    let attempt = ana.last_dial();
    let ben = ana.greet(BEN, Role::Initiator, 1, Some(attempt));
    ana.want(CHI, &[]);
    let chi = ana.greet(CHI, Role::Responder, 1, None);
    ana.pass(day);
    assert_eq!(ana.closed(), [(ben, Bye::Renew)]);
    ana.end(BEN, ben, Reason::Replaced);
    assert_eq!(ana.dialled().len(), 2, "at once");
    ana.pass(600_000);
    assert_eq!(ana.closed().last(), Some(&(chi, Bye::Renew)));
}

#[test]
fn sleep_and_new_networks_forget_failures() {
    let mut ana = Scene::new();
    ana.want(BEN, &["198.51.100.1:1"]);
    let attempt = ana.last_dial();
    ana.fail(attempt, Reason::NoRoute);
    assert_eq!(ana.dialled().len(), 1);
    ana.table.dial_all(ana.now, &mut ana.out);
    assert_eq!(ana.dialled().len(), 2);
}

#[test]
fn a_new_address_is_tried_soon_and_an_old_one_is_not() {
    let mut ana = Scene::new();
    ana.want(BEN, &["198.51.100.1:1"]);
    for _ in 0..20 {
        let attempt = ana.last_dial();
        ana.fail(attempt, Reason::Refused);
        ana.pass(300_000);
    }
    let attempt = ana.last_dial();
    ana.fail(attempt, Reason::Refused);
    let planned = ana.table.next_wake();
    ana.want(BEN, &["198.51.100.1:1"]);
    assert_eq!(ana.table.next_wake(), planned);
    ana.want(BEN, &["198.51.100.1:1", "198.51.100.9:1"]);
    assert_eq!(ana.table.next_wake(), Some(ana.now.tick + 500));
}

#[test]
fn round_trips_are_told_when_they_change_and_not_too_often() {
    let mut ana = Scene::new();
    let ben = ana.greet(BEN, Role::Responder, 1, None);
    let told = |ana: &mut Scene, millis| {
        let before = ana.out.len();
        ana.table.measured(BEN, ben, Duration::from_millis(millis), ana.now, &mut ana.out);
        ana.out.len() > before
    };
    assert!(told(&mut ana, 40));
    assert!(!told(&mut ana, 90), "too soon");
    ana.pass(5000);
    assert!(!told(&mut ana, 45), "hardly new");
    assert!(told(&mut ana, 90));
}
