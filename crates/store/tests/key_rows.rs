//! Rows about the keys of a room.

mod common;

use common::disk::are_found_with_the_key;
use common::*;
use rooms::{Hlc, To};
use store::{AwaitedRow, ClaimRow, EpochPartRow, EpochRow, KeyRow, MAX_ROW_BYTES, OwnPrekeyRow, PeerPrekeyRow, RowInRoom, Store};
use wire::SecretBytes;
use wire::ids::{EpochId, EventId, LogId, LogKey};

fn epoch_row(of: u8, epoch: u8, secret: u8) -> EpochRow {
    let claim = ClaimRow { minter: ben().peer(), gone: [1; 16], hlc: Hlc(9), parts: 64, here: 1 << 63, for_me: true };
    EpochRow {
        room: room(of),
        epoch: EpochId([epoch; 16]),
        key: KeyRow::Whole(SecretBytes([secret; 32])),
        proven: Some(ben().peer()),
        written: 9,
        claims: vec![claim],
    }
}

fn prekey_row(of: u8, key: u8, secret: u8) -> OwnPrekeyRow {
    let secret = SecretBytes([secret; 32]);
    OwnPrekeyRow { room: room(of), key: [key; 32], secret, round: 2, made_ms: NOON, used: true, replaced_ms: Some(NOON) }
}

fn recipients(part: u8) -> EpochPartRow {
    let to = (0..300_u16).map(|n| To([n.to_be_bytes(); 4].concat().try_into().expect("8 bytes"))).collect();
    let ended = (0..512_u16).map(|n| To([n.to_le_bytes(); 4].concat().try_into().expect("8 bytes"))).collect();
    EpochPartRow { room: room(1), epoch: EpochId([1; 16]), minter: ben().peer(), part, to, ended }
}

fn awaited(ranges: usize) -> AwaitedRow {
    let log = LogKey { device: ben().peer(), log: LogId(u64::MAX) };
    let ranges = vec![(log, u32::MAX, u32::MAX); ranges];
    AwaitedRow { room: room(1), epoch: EpochId([1; 16]), since_ms: NOON, author: ben().peer(), ranges, everything: false }
}

/// Rows of one kind, the first two in one room and the last in another under the id of the first.
fn check<R: RowInRoom + Clone + PartialEq + std::fmt::Debug>(store: &Store, rows: [R; 3]) {
    let [one, other, elsewhere] = &rows;
    store.put_all_in(&rows[..2]).expect("the disk has room");
    store.put_in(elsewhere).expect("the disk has room");
    store.put_in(one).expect("twice is once");
    let get = |row: &R| store.get_in::<R>(row.room(), &row.id());
    assert_eq!(rows.each_ref().map(get), rows.clone().map(Some));
    let all = store.all_in::<R>(one.room());
    assert!(all.len() == 2 && all.contains(one) && all.contains(other));
    store.remove_in::<R>(one.room(), &one.id()).expect("it is there");
    store.remove_in::<R>(one.room(), &one.id()).expect("fine if it is gone");
    assert_eq!(rows.each_ref().map(get), [None, Some(other.clone()), Some(elsewhere.clone())]);
    assert_eq!((store.all_in::<R>(one.room()), store.all_in::<R>(elsewhere.room())), (vec![other.clone()], vec![elsewhere.clone()]));
}

#[test]
fn each_kind_comes_back_by_room_and_id_and_goes_when_removed() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let store = open(dir.path());
    check(&store, [epoch_row(1, 1, 1), epoch_row(1, 2, 1), epoch_row(2, 1, 3)]);
    check(&store, [prekey_row(1, 1, 1), prekey_row(1, 2, 1), prekey_row(2, 1, 3)]);
    check(&store, [recipients(1), recipients(2), EpochPartRow { room: room(2), ..recipients(1) }]);
    let other = AwaitedRow { epoch: EpochId([2; 16]), everything: true, ..awaited(1) };
    check(&store, [awaited(1_000), other, AwaitedRow { room: room(2), ..awaited(0) }]);
    let prekey = |of, who: &identity::Identity| {
        let (device, event) = (who.peer(), EventId([5; 32]));
        PeerPrekeyRow { room: room(of), device, round: 1, key: [3; 32], hlc: Hlc(7), event }
    };
    check(&store, [prekey(1, &ana()), prekey(1, &ben()), prekey(2, &ana())]);
}

#[test]
fn the_longest_row_fits() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let store = open(dir.path());
    store.put_in(&awaited(1_000)).expect("a thousand ranges fit");
    assert!(wire::codec::encode(&awaited(1_000)).len() < MAX_ROW_BYTES);
}

#[test]
fn a_secret_that_was_removed_or_replaced_is_gone_from_the_disk() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let store = open(dir.path());
    store.put_all_in(&[prekey_row(1, 1, 0xa1), prekey_row(1, 2, 0xa2)]).expect("the disk has room");
    store.put_in(&epoch_row(1, 1, 0xa3)).expect("the disk has room");
    store.flush().expect("the disk works");
    let secrets = [[0xa1; 32], [0xa2; 32], [0xa3; 32]];
    assert_eq!(are_found_with_the_key(dir.path(), &secrets), [true; 3]);
    store.remove_in::<OwnPrekeyRow>(&room(1), &[1; 32]).expect("it is there");
    store.put_in(&epoch_row(1, 1, 0xa4)).expect("the disk has room");
    store.erase_now().expect("the disk works");
    store.close().expect("the disk works");
    assert_eq!(are_found_with_the_key(dir.path(), &secrets), [false, true, false]);
}

#[test]
fn debug_of_a_row_shows_no_secret() {
    let shown = format!("{:?} {:?}", epoch_row(1, 1, 0xab), prekey_row(1, 1, 0xab));
    assert!(!shown.contains("171") && !shown.to_lowercase().contains("ab, "), "{shown}");
}
