//! People and rooms of the tests, the same in every run.

use std::sync::Arc;

use identity::Identity;
use zeroize::Zeroizing;

use crate::handshake::{Handshake, Session, StaticKey, Step};
use crate::ids::RoomId;
use crate::name_seal::{NameSeal, Naming, SealedName};

pub(crate) fn ana() -> Arc<Identity> {
    Arc::new(Identity::from_seed(&[1; 32]))
}

pub(crate) fn ben() -> Arc<Identity> {
    Arc::new(Identity::from_seed(&[2; 32]))
}

pub(crate) fn chi() -> Arc<Identity> {
    Arc::new(Identity::from_seed(&[3; 32]))
}

pub(crate) fn room() -> RoomId {
    RoomId([0x77; 32])
}

pub(crate) fn static_key(byte: u8) -> StaticKey {
    StaticKey::from_private(Zeroizing::new([byte; 32])).expect("any bytes are a private key")
}

/// A name that ana tells ben, or ben ana, on the link whose hash is 68…68; the nonce is 6e…6e.
pub(crate) fn sealed(naming: Naming, name: &str) -> SealedName {
    NameSeal::new(&ana(), &ben().peer(), &[0x68; 32]).expect("sound keys").seal(naming, [0x6e; 24], name)
}

/// A link from ana to ben, both ends.
pub(crate) fn link() -> (Session, Session) {
    let (dialling, first) = Handshake::initiate(ana(), &static_key(11), Some(ben().peer())).expect("ana can dial");
    let dialled = Handshake::respond(ben(), &static_key(12)).expect("ben can answer");
    let Ok(Step::Reply(dialled, second)) = dialled.read(&first) else { panic!("ben answers") };
    let Ok(Step::Done { reply: Some(third), session: at_ana }) = dialling.read(&second) else { panic!("ana ends it") };
    let Ok(Step::Done { reply: None, session: at_ben }) = dialled.read(&third) else { panic!("ben ends it") };
    (at_ana, at_ben)
}
