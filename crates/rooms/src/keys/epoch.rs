//! An epoch is announced: its secret, sealed to each member, in one or more parts.

use std::collections::{BTreeMap, BTreeSet};

use identity::PeerId;
use wire::derive;
use wire::ids::{EpochId, RoomId};

use crate::epoch_part::{EpochPart, SealedSecret, To};
use crate::keys::envelope;
use crate::keys::prekey::PrekeySecret;
use crate::keys::secrets::{EpochSecret, halves};
use crate::limits::{MAX_EPOCH_ENDED, MAX_EPOCH_PARTS, MAX_EPOCH_SEALS};
use crate::payload::Payload;

/// A membership, as it is named in the lists of epochs. In a direct room the round is 1.
pub fn recipient(room: &RoomId, device: &PeerId, round: u32) -> To {
    let hash = derive("recipient", &[room.as_bytes().as_slice(), device.as_bytes(), &round.to_be_bytes()].concat());
    let mut to = [0; 8];
    to.iter_mut().zip(hash).for_each(|(to, byte)| *to = byte);
    To(to)
}

/// Digest of all memberships of a room that have ended, in any order. In a direct room none ever
/// does.
pub fn gone_digest(ended: impl IntoIterator<Item = (PeerId, u32)>) -> [u8; 16] {
    let mut ended: Vec<(PeerId, u32)> = ended.into_iter().collect();
    ended.sort_unstable();
    ended.dedup();
    let mut hasher = blake3::Hasher::new();
    for (device, round) in ended {
        hasher.update(device.as_bytes()).update(&round.to_be_bytes());
    }
    let [digest, _] = halves(hasher.finalize().as_bytes());
    digest
}

/// Announces an epoch: what its minter publishes before the first words under it.
///
/// `ended` are the memberships that have ended. Recipients without a prekey, or with one that is
/// none, are listed with nothing sealed: they ask. If two memberships have one name in the list, it
/// is sealed to the first that has a prekey. What is more than all parts hold is left out. `random`
/// is used for this alone.
pub fn mint(
    room: &RoomId,
    minter: &PeerId,
    ended: &[(PeerId, u32)],
    secret: &EpochSecret,
    recipients: &[(To, Option<[u8; 32]>)],
    random: [u8; 32],
) -> Vec<Payload> {
    let epoch = secret.control().id(room);
    let gone = gone_digest(ended.iter().copied());
    let info = info(room, &epoch, &gone, minter);
    let mut keys: BTreeMap<To, Option<[u8; 32]>> = BTreeMap::new();
    for (to, key) in recipients {
        let first = keys.entry(*to).or_default();
        *first = first.or(*key);
    }
    let seal = |(to, key): (&To, &Option<[u8; 32]>)| {
        let once = derive("epoch seal", &[random.as_slice(), &epoch.0, &to.0].concat());
        let sealed = key.and_then(|key| envelope::seal(&key, &info, &aad(to, &key), &secret.to_bytes(), once));
        (*to, sealed.and_then(|sealed| SealedSecret::of(&sealed.enc, &sealed.sealed)))
    };
    let seals: Vec<(To, Option<SealedSecret>)> =
        keys.iter().take(MAX_EPOCH_SEALS.saturating_mul(MAX_EPOCH_PARTS.into())).map(seal).collect();
    let ended: BTreeSet<To> = ended.iter().map(|(device, round)| recipient(room, device, *round)).collect();
    let ended: Vec<To> = ended.into_iter().collect();
    let (mut seals, mut ended) = (seals.chunks(MAX_EPOCH_SEALS), ended.chunks(MAX_EPOCH_ENDED));
    // Even one that is for nobody else is announced.
    let parts = u8::try_from(seals.len().max(ended.len()).max(1)).map_or(MAX_EPOCH_PARTS, |parts| parts.min(MAX_EPOCH_PARTS));
    let part = |part| {
        let (seals, ended) = (seals.next().unwrap_or_default().to_vec(), ended.next().unwrap_or_default().to_vec());
        Payload::Epoch(EpochPart { epoch, gone, part, parts, seals, ended })
    };
    (1..=parts).map(part).collect()
}

/// The secret that a minter sealed for this membership; none if there is none in this part, if none
/// of these prekeys opens it, or if it is not the secret of this epoch.
pub fn open_epoch(room: &RoomId, minter: &PeerId, part: &EpochPart, me: To, prekeys: &[PrekeySecret]) -> Option<EpochSecret> {
    let (_, sealed) = part.seals.iter().find(|(to, _)| *to == me)?;
    let (enc, sealed) = sealed.as_ref()?.0.split_first_chunk::<32>()?;
    let info = info(room, &part.epoch, &part.gone, minter);
    let text = prekeys.iter().find_map(|prekey| envelope::open(prekey.secret(), &info, &aad(&me, &prekey.public()), enc, sealed))?;
    let secret = EpochSecret::from_bytes(text.as_slice().try_into().ok()?);
    (secret.control().id(room) == part.epoch).then_some(secret)
}

impl SealedSecret {
    /// None: not of the length that a sealed secret has.
    fn of(enc: &[u8; 32], sealed: &[u8]) -> Option<Self> {
        [enc.as_slice(), sealed].concat().try_into().ok().map(Self)
    }
}

/// What all seals of an epoch are bound to. Who copies them under another name, or for another
/// room, makes them worthless.
fn info(room: &RoomId, epoch: &EpochId, gone: &[u8; 16], minter: &PeerId) -> Vec<u8> {
    [b"grapevine/1 epoch".as_slice(), room.as_bytes(), &epoch.0, gone, minter.as_bytes()].concat()
}

/// What one seal is bound to beside.
fn aad(to: &To, prekey: &[u8; 32]) -> [u8; 40] {
    let mut aad = [0; 40];
    aad.iter_mut().zip(to.0.iter().chain(prekey)).for_each(|(aad, byte)| *aad = *byte);
    aad
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::keys::prekey_pair;

    /// Whoever seals can put anything into a seal. What does not fit the id is nobody's secret, so
    /// all who open a part hold the same one.
    #[test]
    fn ben_seals_two_secrets_under_one_id_and_only_the_right_one_is_taken() {
        let (room, ben) = (RoomId([1; 32]), PeerId::from_bytes([2; 32]));
        let (ours, key) = prekey_pair([3; 32]);
        let (me, gone) = (recipient(&room, &PeerId::from_bytes([4; 32]), 1), [5; 16]);
        let (right, wrong) = (EpochSecret::from_bytes([6; 32]), EpochSecret::from_bytes([7; 32]));
        let epoch = right.control().id(&room);
        let opens = |text: &[u8]| {
            let made = envelope::seal(&key, &info(&room, &epoch, &gone, &ben), &aad(&me, &key), text, [8; 32]).expect("a good key");
            let mut sealed = SealedSecret([0; 80]);
            let whole = [made.enc.as_slice(), &made.sealed].concat();
            sealed.0.iter_mut().zip(whole).for_each(|(to, byte)| *to = byte);
            let part = EpochPart { epoch, gone, part: 1, parts: 1, seals: vec![(me, Some(sealed))], ended: Vec::new() };
            open_epoch(&room, &ben, &part, me, std::slice::from_ref(&ours))
        };
        assert_eq!(opens(&right.to_bytes()), Some(right.clone()));
        assert_eq!(opens(&wrong.to_bytes()), None);
        assert_eq!(opens(&right.control().to_bytes()), None, "what is derived of it is not it");
        assert_eq!(opens(&right.to_bytes()[..31]), None);
    }
}
