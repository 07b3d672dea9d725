//! An honest handshake whose messages are changed on their way: nobody ends with a session unless
//! nothing was changed.
#![no_main]

use std::sync::{Arc, LazyLock};

use identity::Identity;
use libfuzzer_sys::fuzz_target;
use wire::{Handshake, Session, StaticKey, Step};

static ANA: LazyLock<Arc<Identity>> = LazyLock::new(|| Arc::new(Identity::from_seed(&[1; 32])));
static BEN: LazyLock<Arc<Identity>> = LazyLock::new(|| Arc::new(Identity::from_seed(&[2; 32])));
static KEY: LazyLock<StaticKey> = LazyLock::new(|| StaticKey::generate().expect("randomness"));

/// Changes `body` as `script` says; true if it is another one now.
fn change(body: &mut Vec<u8>, how: u8, script: &[u8]) -> bool {
    let before = body.clone();
    match how % 4 {
        0 => *body = script.to_vec(),
        1 => body.extend_from_slice(script),
        2 => body.truncate(script.first().map_or(0, |len| usize::from(*len))),
        _ => body.iter_mut().zip(script).for_each(|(byte, mask)| *byte ^= mask),
    }
    *body != before
}

fn talk(number: u8, how: u8, script: &[u8]) -> (bool, Option<(Session, Session)>) {
    let mut changed = false;
    let mut on_its_way = |this: u8, body: &mut Vec<u8>| changed |= number == this && change(body, how, script);
    let (dialling, mut first) = Handshake::initiate(ANA.clone(), &KEY, Some(BEN.peer())).expect("ana can dial");
    let dialled = Handshake::respond(BEN.clone(), &KEY).expect("ben can answer");
    on_its_way(1, &mut first);
    let Ok(Step::Reply(dialled, mut second)) = dialled.read(&first) else { return (changed, None) };
    on_its_way(2, &mut second);
    let Ok(Step::Done { reply: Some(mut third), session: at_ana }) = dialling.read(&second) else { return (changed, None) };
    on_its_way(3, &mut third);
    let Ok(Step::Done { reply: None, session: at_ben }) = dialled.read(&third) else { return (changed, None) };
    (changed, Some((at_ana, at_ben)))
}

fuzz_target!(|input: &[u8]| {
    let [number, how, script @ ..] = input else { return };
    let (changed, sessions) = talk(number % 4, *how, script);
    assert_eq!(changed, sessions.is_none());
    let Some((mut at_ana, mut at_ben)) = sessions else { return };
    assert_eq!(at_ana.hash, at_ben.hash);
    let (mut frame, mut plaintext) = (Vec::new(), Vec::new());
    if at_ana.cipher.seal(script, &mut frame).is_ok() {
        at_ben.cipher.open(&frame[4..], &mut plaintext).expect("the next frame opens");
        assert_eq!(plaintext, script);
    }
    assert!(at_ana.cipher.open(script, &mut plaintext).is_err());
});
