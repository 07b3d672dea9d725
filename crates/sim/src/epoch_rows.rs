//! What is kept of an epoch by who holds its key and has read all that is said of it.

use node::manual::store::{ClaimRow, EpochPartRow, EpochRow, KeyRow, Store};
use rooms::keys::{EpochSecret, gone_digest};
use rooms::{Payload, Verified};
use wire::SecretBytes;
use wire::ids::RoomId;

/// Writes the rows; `told` begins with the events that announced the epoch.
pub(crate) fn put_epoch(store: &Store, room: RoomId, secret: &EpochSecret, epoch: &[Payload], told: &[Verified]) {
    let Some(first) = told.first() else { return };
    let minter = first.header.device;
    let mut here = 0;
    for payload in epoch {
        let Payload::Epoch(part) = payload else { continue };
        here |= 1 << (part.part - 1);
        let to = part.seals.iter().map(|(to, _)| *to).collect();
        let ended = part.ended.clone();
        store.put_in(&EpochPartRow { room, epoch: part.epoch, minter, part: part.part, to, ended }).expect("memory takes it");
    }
    let parts = u8::try_from(epoch.len()).unwrap_or(u8::MAX);
    let claim = ClaimRow { minter, gone: gone_digest([]), hlc: first.header.hlc, parts, here, for_me: true };
    let key = KeyRow::Whole(SecretBytes(secret.to_bytes()));
    let epoch = secret.control().id(&room);
    let row = EpochRow { room, epoch, key, proven: Some(minter), written: 0, claims: vec![claim] };
    store.put_in(&row).expect("memory takes it");
}
