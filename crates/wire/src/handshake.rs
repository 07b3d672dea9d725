//! Who is at the other end: Noise XX, and the signatures that bind it to two devices
//! (`docs/PROTOCOL.md` §1.1).
//!
//! Three messages, no sockets: each side feeds what it receives to [`Handshake::read`] and sends
//! what comes out.

use std::fmt;
use std::sync::Arc;

use identity::{Identity, PeerId, Signature, verify};
use snow::HandshakeState;
use snow::params::{DHChoice, NoiseParams};
use snow::resolvers::{CryptoResolver, DefaultResolver};
use zeroize::Zeroizing;

use crate::limits::MAX_HANDSHAKE;
use crate::link_cipher::LinkCipher;

/// Newest version of the protocol that is spoken here.
pub const VERSION_MAX: u8 = 1;
/// Oldest version of the protocol that is spoken here.
pub const VERSION_MIN: u8 = 1;
/// Bits of optional behaviour that is known here: none.
pub const FEATURES: u32 = 0;

const NOISE: &str = "Noise_XX_25519_ChaChaPoly_BLAKE2s";
const PROLOGUE: &[u8] = b"grapevine/1";
const AUTH: &[u8] = b"grapevine/1 auth";
const AUTH_LEN: usize = PeerId::LEN + Signature::LEN;

/// Which side of a link one is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// Dialled.
    Initiator,
    /// Was dialled.
    Responder,
}

impl Role {
    /// As it is written in signatures and tags.
    pub fn byte(self) -> u8 {
        match self {
            Role::Initiator => 0,
            Role::Responder => 1,
        }
    }

    /// The other side's.
    pub fn other(self) -> Self {
        match self {
            Role::Initiator => Role::Responder,
            Role::Responder => Role::Initiator,
        }
    }
}

/// The X25519 key of this process: made at start, never stored. It authenticates nobody by itself.
pub struct StaticKey {
    private: Zeroizing<[u8; 32]>,
    public: [u8; 32],
}

impl StaticKey {
    /// A new key from the operating system's randomness.
    pub fn generate() -> Result<Self, HandshakeFault> {
        let mut private = Zeroizing::new([0; 32]);
        rand::fill(&mut *private);
        Self::from_private(private)
    }

    pub(crate) fn from_private(private: Zeroizing<[u8; 32]>) -> Result<Self, HandshakeFault> {
        let mut dh = DefaultResolver.resolve_dh(&DHChoice::Curve25519).ok_or(HandshakeFault::Noise)?;
        dh.set(&*private);
        let public = dh.pubkey().try_into().map_err(|_| HandshakeFault::Noise)?;
        Ok(Self { private, public })
    }
}

impl fmt::Debug for StaticKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("StaticKey")
    }
}

/// Why there is no session. Every one of them ends the connection; none changes anything else.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HandshakeFault {
    /// Another peer answered than was dialled. Both names are proven.
    #[error("dialled {expected:?}, but {found:?} answered")]
    WrongPeer {
        /// Who was dialled.
        expected: PeerId,
        /// Who answered.
        found: PeerId,
    },
    /// There is no version that both sides speak.
    #[error("no version of the protocol in common")]
    Version,
    /// The other side is this device itself.
    #[error("this device reached itself")]
    OwnIdentity,
    /// The signature is not that of the device that is named, in this handshake and this role.
    #[error("the device could not prove who it is")]
    BadAuth,
    /// A message does not continue this handshake: changed, repeated, out of order, from another
    /// one, or with a key that hides nothing.
    #[error("the message does not continue this handshake")]
    Noise,
    /// A message, or what is in it, does not have the length or content that it must.
    #[error("a malformed handshake message")]
    Malformed,
}

/// A handshake that waits for the other side's message.
pub struct Handshake {
    noise: Box<HandshakeState>,
    me: Arc<Identity>,
    /// Of the own X25519 static key.
    public: [u8; 32],
    stage: Stage,
}

/// What was agreed so far; the name says what is awaited.
enum Stage {
    First,
    Second { expect: Option<PeerId> },
    Third { version: u8, features: u32 },
}

/// What a message led to.
#[derive(Debug)]
pub enum Step {
    /// Send this body and wait for another message.
    Reply(Handshake, Vec<u8>),
    /// Both sides are proven. Send the body, if there is one, before any frame.
    Done {
        /// Last message of the handshake, if it is this side's.
        reply: Option<Vec<u8>>,
        /// The link.
        session: Session,
    },
}

/// An authenticated link.
#[derive(Debug)]
pub struct Session {
    /// Who is at the other end.
    pub peer: PeerId,
    /// Final handshake hash, `h*`: the same on both sides, and on no other link.
    pub hash: [u8; 32],
    /// Which side this is.
    pub role: Role,
    /// Version that both speak.
    pub version: u8,
    /// Bits of optional behaviour that both know.
    pub features: u32,
    /// Seals and opens frames.
    pub cipher: LinkCipher,
}

impl Handshake {
    /// Begins as the one who dials, and gives the first body to send. `expect` is the peer
    /// that must answer; none lets any peer answer.
    pub fn initiate(me: Arc<Identity>, key: &StaticKey, expect: Option<PeerId>) -> Result<(Self, Vec<u8>), HandshakeFault> {
        Self::initiate_with(me, key, expect, None)
    }

    /// Begins as the one who is dialled.
    pub fn respond(me: Arc<Identity>, key: &StaticKey) -> Result<Self, HandshakeFault> {
        Self::respond_with(me, key, None)
    }

    /// Takes the other side's message. On a fault the handshake is over.
    pub fn read(mut self, body: &[u8]) -> Result<Step, HandshakeFault> {
        if body.is_empty() || body.len() > MAX_HANDSHAKE {
            return Err(HandshakeFault::Malformed);
        }
        let before = self.hash()?;
        let payload = self.read_noise(body)?;
        match self.stage {
            Stage::First => self.on_first(body, &payload),
            Stage::Second { expect } => self.on_second(body, &payload, &before, expect),
            Stage::Third { version, features } => self.on_third(&payload, &before, version, features),
        }
    }

    /// With a fixed ephemeral key, for golden vectors.
    pub(crate) fn initiate_with(
        me: Arc<Identity>,
        key: &StaticKey,
        expect: Option<PeerId>,
        ephemeral: Option<&[u8; 32]>,
    ) -> Result<(Self, Vec<u8>), HandshakeFault> {
        let noise = build(key, Role::Initiator, ephemeral)?;
        let mut handshake = Self { noise, me, public: key.public, stage: Stage::Second { expect } };
        let [a, b, c, d] = FEATURES.to_be_bytes();
        let first = handshake.write_noise(&[VERSION_MIN, VERSION_MAX, a, b, c, d])?;
        Ok((handshake, first))
    }

    /// With a fixed ephemeral key, for golden vectors.
    pub(crate) fn respond_with(me: Arc<Identity>, key: &StaticKey, ephemeral: Option<&[u8; 32]>) -> Result<Self, HandshakeFault> {
        let noise = build(key, Role::Responder, ephemeral)?;
        Ok(Self { noise, me, public: key.public, stage: Stage::First })
    }

    /// Responder: the offer. Answers with the choice and the proof of who this is.
    fn on_first(mut self, body: &[u8], payload: &[u8]) -> Result<Step, HandshakeFault> {
        let [min, max, features @ ..] = payload else { return Err(HandshakeFault::Malformed) };
        let features = features.try_into().map(u32::from_be_bytes).map_err(|_| HandshakeFault::Malformed)?;
        refuse_weak_ephemeral(body)?;
        if min > max {
            return Err(HandshakeFault::Malformed);
        }
        let version = VERSION_MAX.min(*max);
        if version < VERSION_MIN.max(*min) {
            return Err(HandshakeFault::Version);
        }
        let auth = self.prove(Role::Responder)?;
        let answer = [[version].as_slice(), &FEATURES.to_be_bytes(), &auth].concat();
        let reply = self.write_noise(&answer)?;
        self.stage = Stage::Third { version, features: features & FEATURES };
        Ok(Step::Reply(self, reply))
    }

    /// Initiator: the answer. Says who this is only after the other side is proven to be who it
    /// should be.
    fn on_second(mut self, body: &[u8], payload: &[u8], before: &[u8; 32], expect: Option<PeerId>) -> Result<Step, HandshakeFault> {
        let (version, rest) = payload.split_first().ok_or(HandshakeFault::Malformed)?;
        let (features, auth) = rest.split_first_chunk::<4>().ok_or(HandshakeFault::Malformed)?;
        refuse_weak_ephemeral(body)?;
        let peer = self.check_auth(auth, Role::Responder, before)?;
        if !(VERSION_MIN..=VERSION_MAX).contains(version) {
            return Err(HandshakeFault::Version);
        }
        if let Some(expected) = expect.filter(|expected| *expected != peer) {
            return Err(HandshakeFault::WrongPeer { expected, found: peer });
        }
        let auth = self.prove(Role::Initiator)?;
        let reply = self.write_noise(&auth)?;
        let session = self.finish(peer, Role::Initiator, *version, u32::from_be_bytes(*features) & FEATURES)?;
        Ok(Step::Done { reply: Some(reply), session })
    }

    /// Responder: the initiator's proof.
    fn on_third(self, payload: &[u8], before: &[u8; 32], version: u8, features: u32) -> Result<Step, HandshakeFault> {
        let peer = self.check_auth(payload, Role::Initiator, before)?;
        let session = self.finish(peer, Role::Responder, version, features)?;
        Ok(Step::Done { reply: None, session })
    }

    fn finish(self, peer: PeerId, role: Role, version: u8, features: u32) -> Result<Session, HandshakeFault> {
        let hash = self.hash()?;
        let noise = self.noise.into_transport_mode().map_err(|_| HandshakeFault::Noise)?;
        Ok(Session { peer, hash, role, version, features, cipher: LinkCipher::new(noise) })
    }

    /// `AUTH` of this side, for the message that is written next.
    fn prove(&self, role: Role) -> Result<[u8; AUTH_LEN], HandshakeFault> {
        let signature = self.me.sign(AUTH, &auth_bytes(role, &self.hash()?, &self.public));
        let mut auth = [0; AUTH_LEN];
        let (name, proof) = auth.split_at_mut(PeerId::LEN);
        name.copy_from_slice(self.me.peer().as_bytes());
        proof.copy_from_slice(signature.as_bytes());
        Ok(auth)
    }

    /// Who signed the other side's static key in this handshake; `before` is the hash before the
    /// message that says so.
    fn check_auth(&self, auth: &[u8], role: Role, before: &[u8; 32]) -> Result<PeerId, HandshakeFault> {
        let auth: &[u8; AUTH_LEN] = auth.try_into().map_err(|_| HandshakeFault::Malformed)?;
        let (name, proof) = auth.split_first_chunk().ok_or(HandshakeFault::Malformed)?;
        let proof = proof.try_into().map_err(|_| HandshakeFault::Malformed)?;
        let theirs: &[u8; 32] = self.noise.get_remote_static().and_then(|key| key.try_into().ok()).ok_or(HandshakeFault::Noise)?;
        if is_weak(theirs) {
            return Err(HandshakeFault::Noise);
        }
        let peer = PeerId::from_bytes(*name);
        verify(&peer, AUTH, &auth_bytes(role, before, theirs), &Signature::from_bytes(proof)).map_err(|_| HandshakeFault::BadAuth)?;
        if peer == self.me.peer() { Err(HandshakeFault::OwnIdentity) } else { Ok(peer) }
    }

    fn hash(&self) -> Result<[u8; 32], HandshakeFault> {
        self.noise.get_handshake_hash().try_into().map_err(|_| HandshakeFault::Noise)
    }

    fn read_noise(&mut self, body: &[u8]) -> Result<Vec<u8>, HandshakeFault> {
        let mut payload = vec![0; body.len()];
        let len = self.noise.read_message(body, &mut payload).map_err(|_| HandshakeFault::Noise)?;
        payload.truncate(len);
        Ok(payload)
    }

    fn write_noise(&mut self, payload: &[u8]) -> Result<Vec<u8>, HandshakeFault> {
        let mut body = vec![0; MAX_HANDSHAKE];
        let len = self.noise.write_message(payload, &mut body).map_err(|_| HandshakeFault::Noise)?;
        body.truncate(len);
        Ok(body)
    }
}

impl fmt::Debug for Handshake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let awaited = match self.stage {
            Stage::First => "first",
            Stage::Second { .. } => "second",
            Stage::Third { .. } => "third",
        };
        write!(f, "Handshake({:?} awaits the {awaited} message)", self.me.peer())
    }
}

fn build(key: &StaticKey, role: Role, ephemeral: Option<&[u8; 32]>) -> Result<Box<HandshakeState>, HandshakeFault> {
    let params: NoiseParams = NOISE.parse().map_err(|_| HandshakeFault::Noise)?;
    let mut builder = snow::Builder::new(params)
        .prologue(PROLOGUE)
        .and_then(|builder| builder.local_private_key(&*key.private))
        .map_err(|_| HandshakeFault::Noise)?;
    if let Some(ephemeral) = ephemeral {
        builder = builder.fixed_ephemeral_key_for_testing_only(ephemeral);
    }
    let state = match role {
        Role::Initiator => builder.build_initiator(),
        Role::Responder => builder.build_responder(),
    };
    state.map(Box::new).map_err(|_| HandshakeFault::Noise)
}

fn auth_bytes(role: Role, hash: &[u8; 32], public: &[u8; 32]) -> Vec<u8> {
    [[role.byte()].as_slice(), hash, public].concat()
}

/// The ephemeral key leads the first two messages, in clear.
fn refuse_weak_ephemeral(body: &[u8]) -> Result<(), HandshakeFault> {
    let key = body.first_chunk::<32>().ok_or(HandshakeFault::Malformed)?;
    if is_weak(key) { Err(HandshakeFault::Noise) } else { Ok(()) }
}

/// Whether X25519 with this key gives zero whatever the other key is: the link would hide nothing.
///
/// Noise allows such keys and the library computes with them; a device that sends one only harms
/// itself, but has no honest reason to.
pub(crate) fn is_weak(key: &[u8; 32]) -> bool {
    let mut key = *key;
    // X25519 ignores the highest bit.
    key[31] &= 0x7f;
    WEAK_KEYS.contains(&key)
}

const fn edge(low: u8) -> [u8; 32] {
    let mut key = [0xff; 32];
    key[0] = low;
    key[31] = 0x7f;
    key
}

const fn small(low: u8) -> [u8; 32] {
    let mut key = [0; 32];
    key[0] = low;
    key
}

/// The u coordinates of the points of order 1, 2, 4 and 8 on the curve and its twist, and their
/// other encodings.
pub(crate) const WEAK_KEYS: [[u8; 32]; 7] = [
    small(0),
    small(1),
    [
        0xe0, 0xeb, 0x7a, 0x7c, 0x3b, 0x41, 0xb8, 0xae, 0x16, 0x56, 0xe3, 0xfa, 0xf1, 0x9f, 0xc4, 0x6a, 0xda, 0x09, 0x8d, 0xeb, 0x9c, 0x32,
        0xb1, 0xfd, 0x86, 0x62, 0x05, 0x16, 0x5f, 0x49, 0xb8, 0x00,
    ],
    [
        0x5f, 0x9c, 0x95, 0xbc, 0xa3, 0x50, 0x8c, 0x24, 0xb1, 0xd0, 0xb1, 0x55, 0x9c, 0x83, 0xef, 0x5b, 0x04, 0x44, 0x5c, 0xc4, 0x58, 0x1c,
        0x8e, 0x86, 0xd8, 0x22, 0x4e, 0xdd, 0xd0, 0x9f, 0x11, 0x57,
    ],
    edge(0xec),
    edge(0xed),
    edge(0xee),
];

#[cfg(test)]
mod tests;
