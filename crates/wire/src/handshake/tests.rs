use proptest::prelude::*;

use super::*;
use crate::fixtures::{ana, ben, chi, link, static_key};

/// Everything that ana and ben say until both are proven.
struct Talk {
    dialling: Handshake,
    dialled: Handshake,
    first: Vec<u8>,
}

fn talk() -> Talk {
    let (dialling, first) = Handshake::initiate(ana(), &static_key(11), Some(ben().peer())).expect("ana can dial");
    let dialled = Handshake::respond(ben(), &static_key(12)).expect("ben can answer");
    Talk { dialling, dialled, first }
}

fn reply(step: Result<Step, HandshakeFault>) -> (Handshake, Vec<u8>) {
    match step {
        Ok(Step::Reply(handshake, body)) => (handshake, body),
        other => panic!("an answer was due, not {other:?}"),
    }
}

fn done(step: Result<Step, HandshakeFault>) -> (Option<Vec<u8>>, Session) {
    match step {
        Ok(Step::Done { reply, session }) => (reply, session),
        other => panic!("the handshake was due to end, not {other:?}"),
    }
}

fn check_fault(step: Result<Step, HandshakeFault>, expected: HandshakeFault) {
    match step {
        Err(fault) => assert_eq!(fault, expected),
        Ok(step) => panic!("{expected:?} was due, not {step:?}"),
    }
}

/// An initiator that keeps to Noise, and says in its messages what it likes.
fn crafty(first: &[u8], third: impl FnOnce(&HandshakeState, &[u8; 32]) -> Vec<u8>) -> Result<Step, HandshakeFault> {
    let key = static_key(13);
    let mut noise = build(&key, Role::Initiator, None).expect("keys are right");
    let mut buffer = vec![0; MAX_HANDSHAKE];
    let len = noise.write_message(first, &mut buffer).expect("it fits");
    let (dialled, second) = match Handshake::respond(ben(), &static_key(12))?.read(&buffer[..len])? {
        Step::Reply(dialled, second) => (dialled, second),
        done @ Step::Done { .. } => panic!("{done:?}"),
    };
    noise.read_message(&second, &mut buffer).expect("ben is honest");
    let auth = third(&noise, &key.public);
    let len = noise.write_message(&auth, &mut buffer).expect("it fits");
    dialled.read(&buffer[..len])
}

const OFFER: [u8; 6] = [1, 1, 0, 0, 0, 0];

fn auth(who: &Identity, role: Role, hash: &[u8], public: &[u8; 32]) -> Vec<u8> {
    let hash = hash.try_into().expect("32 bytes");
    [who.peer().as_bytes().as_slice(), who.sign(AUTH, &auth_bytes(role, hash, public)).as_bytes()].concat()
}

#[test]
fn both_sides_end_with_the_same_hash_and_each_others_names() {
    let (at_ana, at_ben) = link();
    assert_eq!((at_ana.peer, at_ben.peer), (ben().peer(), ana().peer()));
    assert_eq!((at_ana.role, at_ben.role), (Role::Initiator, Role::Responder));
    assert_eq!(at_ana.hash, at_ben.hash);
    assert_eq!((at_ana.version, at_ana.features, at_ben.version, at_ben.features), (1, 0, 1, 0));
    assert_ne!(at_ana.hash, link().0.hash, "ephemeral keys make every link another one");
}

#[test]
fn the_messages_are_38_197_and_160_bytes() {
    let Talk { dialling, dialled, first } = talk();
    let (_, second) = reply(dialled.read(&first));
    let (third, _) = done(dialling.read(&second));
    assert_eq!((first.len(), second.len(), third.map(|third| third.len())), (38, 197, Some(160)));
}

#[test]
fn whoever_dials_nobody_in_particular_learns_who_answered() {
    let (dialling, first) = Handshake::initiate(ana(), &static_key(11), None).expect("ana can dial");
    let (_, second) = reply(Handshake::respond(chi(), &static_key(13)).expect("chi can answer").read(&first));
    assert_eq!(done(dialling.read(&second)).1.peer, chi().peer());
}

#[test]
fn somebody_else_than_dialled_never_learns_who_dialled() {
    let Talk { dialling, first, .. } = talk();
    let (_, second) = reply(Handshake::respond(chi(), &static_key(13)).expect("chi can answer").read(&first));
    check_fault(dialling.read(&second), HandshakeFault::WrongPeer { expected: ben().peer(), found: chi().peer() });
}

#[test]
fn own_identity_reflected_is_refused() {
    let (dialling, first) = Handshake::initiate(ana(), &static_key(11), None).expect("ana can dial");
    let (_, second) = reply(Handshake::respond(ana(), &static_key(12)).expect("ana can answer").read(&first));
    check_fault(dialling.read(&second), HandshakeFault::OwnIdentity);
    let reflected = crafty(&OFFER, |noise, public| auth(&ben(), Role::Initiator, noise.get_handshake_hash(), public));
    check_fault(reflected, HandshakeFault::OwnIdentity);
}

#[test]
fn own_messages_reflected_are_refused() {
    let Talk { dialling, first, .. } = talk();
    check_fault(dialling.read(&first), HandshakeFault::Noise);
}

#[test]
fn junk_as_first_message_is_refused() {
    for len in [1, 31, 32, 37, 39, 200, 512] {
        let junk = vec![0x5a; len];
        let step = Handshake::respond(ben(), &static_key(12)).expect("ben can answer").read(&junk);
        check_fault(step, if len < 32 { HandshakeFault::Noise } else { HandshakeFault::Malformed });
    }
}

#[test]
fn messages_of_0_and_513_bytes_are_refused_unread() {
    for len in [0, 513, 100_000] {
        let Talk { dialling, dialled, .. } = talk();
        check_fault(dialled.read(&vec![1; len]), HandshakeFault::Malformed);
        check_fault(dialling.read(&vec![1; len]), HandshakeFault::Malformed);
    }
}

#[test]
fn second_and_third_message_swapped_or_repeated_are_refused() {
    let Talk { dialling, dialled, first } = talk();
    let (dialled, second) = reply(dialled.read(&first));
    let (third, _) = done(dialling.read(&second));
    let third = third.expect("the initiator has the last word");
    check_fault(dialled.read(&second), HandshakeFault::Noise);
    check_fault(talk().dialling.read(&third), HandshakeFault::Noise);
    let Talk { dialled, first, .. } = talk();
    let (dialled, _) = reply(dialled.read(&first));
    check_fault(dialled.read(&first), HandshakeFault::Noise);
    check_fault(talk().dialled.read(&third), HandshakeFault::Malformed);
}

#[test]
fn messages_of_another_handshake_are_refused() {
    let Talk { dialled, first, .. } = talk();
    let (_, second) = reply(dialled.read(&first));
    check_fault(talk().dialling.read(&second), HandshakeFault::Noise);
}

#[test]
fn a_third_message_signed_over_another_sessions_hash_is_refused() {
    let honest = crafty(&OFFER, |noise, public| auth(&chi(), Role::Initiator, noise.get_handshake_hash(), public));
    assert_eq!(done(honest).1.peer, chi().peer());
    let (other, _) = link();
    check_fault(crafty(&OFFER, |_, public| auth(&chi(), Role::Initiator, &other.hash, public)), HandshakeFault::BadAuth);
}

#[test]
fn a_signature_for_another_role_key_or_name_is_refused() {
    check_fault(crafty(&OFFER, |noise, public| auth(&chi(), Role::Responder, noise.get_handshake_hash(), public)), HandshakeFault::BadAuth);
    check_fault(
        crafty(&OFFER, |noise, _| auth(&chi(), Role::Initiator, noise.get_handshake_hash(), &static_key(14).public)),
        HandshakeFault::BadAuth,
    );
    let stolen_name = |noise: &HandshakeState, public: &[u8; 32]| {
        let mut auth = auth(&chi(), Role::Initiator, noise.get_handshake_hash(), public);
        auth[..32].copy_from_slice(ana().peer().as_bytes());
        auth
    };
    check_fault(crafty(&OFFER, stolen_name), HandshakeFault::BadAuth);
}

#[test]
fn a_third_message_of_another_length_is_refused() {
    for len in [0, 95, 97] {
        check_fault(crafty(&OFFER, |_, _| vec![0; len]), HandshakeFault::Malformed);
    }
}

#[test]
fn the_highest_version_of_both_is_taken_or_none() {
    let try_offer = |min, max| {
        crafty(&[min, max, 0xff, 0xff, 0xff, 0xff], |noise, public| auth(&chi(), Role::Initiator, noise.get_handshake_hash(), public))
    };
    for (min, max) in [(1, 1), (0, 1), (1, 9), (0, 255)] {
        let (_, session) = done(try_offer(min, max));
        assert_eq!((session.version, session.features), (1, 0), "unknown features are ignored");
    }
    for (min, max) in [(2, 2), (2, 255), (0, 0)] {
        check_fault(try_offer(min, max), HandshakeFault::Version);
    }
    check_fault(try_offer(2, 1), HandshakeFault::Malformed);
}

#[test]
fn an_offer_of_another_length_is_refused() {
    for len in [0, 5, 7, 100] {
        check_fault(crafty(&vec![1; len], |_, _| panic!("ben must not answer")), HandshakeFault::Malformed);
    }
}

#[test]
fn low_order_points_are_refused_as_ephemeral_keys() {
    for weak in WEAK_KEYS {
        for high_bit in [0, 0x80] {
            let mut first = [weak.as_slice(), &OFFER].concat();
            first[31] |= high_bit;
            check_fault(Handshake::respond(ben(), &static_key(12)).expect("ben can answer").read(&first), HandshakeFault::Noise);
        }
    }
}

#[test]
fn exactly_the_listed_points_give_zero_to_everybody() {
    let mut dh = DefaultResolver.resolve_dh(&DHChoice::Curve25519).expect("X25519 is built in");
    dh.set(&[0x42; 32]);
    let shared = |key: &[u8; 32]| {
        let mut out = [9; 32];
        dh.dh(key, &mut out).expect("any bytes are a public key");
        out
    };
    for weak in WEAK_KEYS {
        assert_eq!(shared(&weak), [0; 32], "{weak:02x?}");
        assert!(is_weak(&weak));
    }
    for fine in [small(9), small(2), edge(0xeb), edge(0xef), static_key(11).public] {
        assert_ne!(shared(&fine), [0; 32], "{fine:02x?}");
        assert!(!is_weak(&fine));
    }
}

/// Hands `change` the message with this number on its way; true if a side ended with a session.
fn session_after(number: usize, change: impl Fn(&mut Vec<u8>)) -> bool {
    let Talk { dialling, dialled, mut first } = talk();
    if number == 1 {
        change(&mut first);
    }
    let Ok(Step::Reply(dialled, mut second)) = dialled.read(&first) else { return false };
    if number == 2 {
        change(&mut second);
    }
    let Ok(Step::Done { reply: Some(mut third), .. }) = dialling.read(&second) else { return false };
    if number == 3 {
        change(&mut third);
        return dialled.read(&third).is_ok();
    }
    true
}

#[test]
fn a_flipped_bit_in_any_byte_of_any_message_leaves_no_session() {
    assert!(session_after(3, |_| ()), "untouched, it succeeds");
    for (number, len) in [(1, 38), (2, 197), (3, 160)] {
        for index in 0..len {
            assert!(!session_after(number, |body| body[index] ^= 1 << (index % 8)), "message {number}, byte {index}");
        }
    }
}

#[test]
fn nothing_secret_shows_in_debug() {
    let Talk { dialling, .. } = talk();
    assert_eq!(format!("{:?}", static_key(11)), "StaticKey");
    assert_eq!(format!("{dialling:?}"), format!("Handshake({:?} awaits the second message)", ana().peer()));
    assert_eq!(format!("{:?}", link().0.cipher), "LinkCipher(0 sent, 0 received)");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_mutated_message_never_yields_a_session(
        number in 1usize..=3,
        cut in any::<prop::sample::Index>(),
        garbage in prop::collection::vec(any::<u8>(), 0..200),
    ) {
        let made = session_after(number, |body| {
            let before = body.clone();
            body.truncate(cut.index(body.len() + 1));
            body.extend_from_slice(&garbage);
            if *body == before {
                body.push(0);
            }
        });
        prop_assert!(!made);
    }

    #[test]
    fn random_bytes_never_panic_and_never_yield_a_session(body in prop::collection::vec(any::<u8>(), 0..600)) {
        let Talk { dialling, dialled, first } = talk();
        prop_assert!(dialling.read(&body).is_err());
        let (waiting, _) = reply(dialled.read(&first));
        prop_assert!(waiting.read(&body).is_err());
        if let Ok(step) = talk().dialled.read(&body) {
            prop_assert!(matches!(step, Step::Reply(..)));
        }
    }
}
