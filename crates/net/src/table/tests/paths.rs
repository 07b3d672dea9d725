//! Links over paths of different ranks.

use super::*;

const CARRIER: PeerId = PeerId::from_bytes([9; 32]);

fn circuit() -> Path {
    Path::Circuit { carrier: CARRIER }
}

fn tcp() -> Path {
    Path::Tcp("192.0.2.1:1".parse().expect("an address"))
}

fn quic() -> Path {
    Path::Quic("192.0.2.1:2".parse().expect("an address"))
}

impl Scene {
    fn greet_by(&mut self, path: Path, role: Role, attempt: Option<AttemptId>) -> LinkId {
        self.links += 1;
        let link = LinkId(self.links);
        let candidate = Candidate { link, peer: BEN, role, path, nonce: 1, attempt };
        self.table.greeted(candidate, self.now, &mut self.out);
        link
    }

    fn may_complete(&mut self, attempt: AttemptId, rank: Rank) -> bool {
        self.table.may_complete(attempt, BEN, rank, self.now, &mut self.out)
    }

    fn begin_other(&mut self, best: Rank) -> Option<AttemptId> {
        self.table.begin_other(BEN, best)
    }
}

#[test]
fn a_better_path_replaces_a_worse_one_whoever_dialled_and_never_the_other_way_round() {
    for (worse, better) in [(circuit(), quic()), (circuit(), tcp()), (quic(), tcp())] {
        for roles in [[Role::Initiator, Role::Responder], [Role::Responder, Role::Initiator], [Role::Initiator; 2], [Role::Responder; 2]] {
            let mut ana = Scene::new();
            let first = ana.greet_by(worse, roles[0], None);
            let second = ana.greet_by(better, roles[1], None);
            assert_eq!(ana.closed(), [(first, Bye::Replaced)], "{worse} {better} {roles:?}");
            ana.end(BEN, first, Reason::Replaced);
            assert_eq!(ana.started(), [first, second]);

            let mut ana = Scene::new();
            ana.greet_by(better, roles[0], None);
            let second = ana.greet_by(worse, roles[1], None);
            assert_eq!(ana.closed(), [(second, Bye::Replaced)], "{better} {worse} {roles:?}");
        }
    }
}

#[test]
fn a_worse_path_that_comes_late_means_that_the_dialler_has_lost_the_better_one() {
    let mut ana = Scene::new();
    let first = ana.greet_by(tcp(), Role::Responder, None);
    ana.table.welcome(BEN, first);
    ana.pass(10_001);
    ana.greet_by(circuit(), Role::Responder, None);
    assert_eq!(ana.closed(), [(first, Bye::Replaced)]);
}

#[test]
fn who_is_linked_by_a_circuit_is_dialled_on_until_a_tcp_link_stands() {
    let mut ana = Scene::new();
    ana.want(BEN, &["198.51.100.1:1"]);
    let attempt = ana.last_dial();
    ana.greet_by(circuit(), Role::Responder, None);
    assert!(ana.out.iter().all(|effect| !matches!(effect, Effect::Abort(_))), "the dial goes on");
    for round in 2..6 {
        let attempt = ana.last_dial();
        ana.fail(attempt, Reason::TimedOut);
        assert_eq!(ana.dialled().len(), round - 1, "not at once again");
        ana.pass(300_000);
        assert_eq!(ana.dialled().len(), round);
    }
    assert_ne!(ana.last_dial(), attempt);
    let attempt = ana.last_dial();
    assert!(ana.may_complete(attempt, Rank::Tcp));
    ana.greet_by(tcp(), Role::Initiator, Some(attempt));
    let dials = ana.dialled().len();
    ana.pass(600_000);
    assert_eq!(ana.dialled().len(), dials);
}

#[test]
fn an_attempt_that_leads_to_no_better_path_than_there_is_does_not_complete() {
    let mut ana = Scene::new();
    ana.want(BEN, &[]);
    let [punch, carried] = [Rank::Tcp, Rank::Circuit].map(|best| ana.begin_other(best).expect("there is no link"));
    assert!(ana.may_complete(carried, Rank::Circuit));
    assert!(ana.may_complete(punch, Rank::Quic), "a better one may overtake");
    ana.greet_by(quic(), Role::Initiator, Some(punch));
    let second = ana.begin_other(Rank::Tcp).expect("TCP would be better");
    assert!(!ana.may_complete(second, Rank::Quic));
    assert_eq!(ana.begin_other(Rank::Circuit), None);
    let late = ana.greet_by(circuit(), Role::Initiator, Some(carried));
    assert_eq!(ana.closed(), [(late, Bye::Replaced)]);
}

#[test]
fn a_link_that_comes_stops_attempts_that_could_only_be_as_good() {
    let mut ana = Scene::new();
    ana.want(BEN, &[]);
    let [punch, carried] = [Rank::Tcp, Rank::Circuit].map(|best| ana.begin_other(best).expect("there is no link"));
    ana.greet_by(quic(), Role::Responder, None);
    let aborted = |ana: &Scene, id| ana.out.iter().any(|effect| matches!(effect, Effect::Abort(other) if *other == id));
    assert!(aborted(&ana, carried) && !aborted(&ana, punch));
    ana.greet_by(tcp(), Role::Responder, None);
    assert!(aborted(&ana, punch));
}

#[test]
fn attempts_of_other_kinds_take_no_slot_of_dials_and_fail_quietly() {
    let mut ana = Scene::with(Limits { dials: 1, ..Limits::default() });
    ana.want(CHI, &[]);
    let others: Vec<AttemptId> = (0..3).filter_map(|_| ana.begin_other(Rank::Tcp)).collect();
    ana.want(BEN, &["198.51.100.1:1"]);
    assert_eq!(ana.dialled().len(), 1);
    for other in others {
        ana.table.other_failed(other, ana.now, &mut ana.out);
    }
    assert_eq!(ana.dialled().len(), 1);
}
