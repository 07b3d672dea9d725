//! Small rows and settings.

mod common;

use common::*;
use identity::Signature;
use store::{
    AckRow, Contact, ContactInviteRow, LateRow, MAX_ROW_BYTES, PeerRow, RequestRow, RoomKind, RoomRow, Row, Setting, Standing, Store,
    StoreError,
};
use wire::Address;
use wire::ids::{LogId, RoomId};
use wire::message::PeerRecord;

fn room_row(n: u8) -> RoomRow {
    RoomRow {
        room: room(n),
        kind: RoomKind::Direct(ben().peer()),
        name: format!("Room {n}"),
        standing: Standing::Requested,
        read_up_to: Some(Pen::new(ana(), room(n), 1).say("read").position()),
        draft: "half a thought".to_owned(),
        active_at: NOON,
        own_logs: vec![LogId(1), LogId(LogId::CONTROL | 2)],
    }
}

fn peer_row() -> PeerRow {
    let record = PeerRecord {
        device: ben().peer(),
        seq: NOON,
        addresses: vec![Address::announced("192.168.1.7:4747".to_owned())],
        sig: Signature::from_bytes([7; 64]),
    };
    PeerRow {
        peer: ben().peer(),
        name: "Ben".to_owned(),
        contact: Contact::Asked,
        record: Some(record),
        addresses: vec![Address::announced("ben.example:4747".to_owned())],
        last_good_address: None,
        last_seen_ms: Some(NOON),
    }
}

fn check<R: Row + Clone + PartialEq + std::fmt::Debug>(store: &Store, row: &R) {
    assert_eq!(store.get::<R>(row.id()), None);
    store.put(row).expect("the disk has room");
    store.put(row).expect("twice is once");
    assert_eq!(store.get::<R>(row.id()).as_ref(), Some(row));
    assert_eq!(store.all::<R>(), std::slice::from_ref(row));
    store.remove::<R>(row.id()).expect("it is there");
    assert_eq!(store.get::<R>(row.id()), None);
    store.remove::<R>(row.id()).expect("fine if it is gone");
    assert!(store.all::<R>().is_empty());
}

#[test]
fn each_kind_of_row_comes_back_as_it_was_put_and_goes_when_removed() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let store = open(dir.path());
    check(&store, &room_row(1));
    check(&store, &LateRow { room: room(1), places: vec![Pen::new(ana(), room(1), 1).say("late").position()], more: 7 });
    check(&store, &peer_row());
    check(&store, &RequestRow { peer: chi().peer(), name: "Chi".to_owned(), at_ms: NOON, addresses: Vec::new() });
    check(&store, &ContactInviteRow { key: [9; 32], uses: 3, used: 1, made_ms: NOON });
    assert_eq!(store.unreadable(), 0);
}

#[test]
fn rows_of_equal_ids_and_different_kinds_keep_apart_and_survive_a_restart() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let store = open(dir.path());
    let request = RequestRow { peer: ben().peer(), name: "Ben".to_owned(), at_ms: NOON, addresses: Vec::new() };
    let rooms: Vec<_> = (1..50).map(room_row).collect();
    rooms.iter().try_for_each(|row| store.put(row)).expect("the disk has room");
    store.put(&peer_row()).expect("the disk has room");
    store.put(&request).expect("the disk has room");
    store.put_setting(Setting::DisplayName, "Ana").expect("the disk has room");
    store.put_setting(Setting::DisplayName, "Ana B.").expect("the disk has room");
    store.flush().expect("the disk works");
    drop(store);
    let store = open(dir.path());
    let mut back = store.all::<RoomRow>();
    back.sort_by_key(|row| row.room);
    assert_eq!(back, rooms);
    assert_eq!(store.get::<PeerRow>(&ben().peer()), Some(peer_row()));
    assert_eq!(store.all::<RequestRow>(), [request]);
    assert_eq!(store.setting(Setting::DisplayName).as_deref(), Some("Ana B."));
    assert_eq!(store.setting(Setting::ListenPort), None);
}

#[test]
fn what_a_member_has_is_kept_for_each_room_until_it_is_forgotten() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let store = open(dir.path());
    let row = |who: &identity::Identity, seq| AckRow { peer: who.peer(), logs: vec![(LogId(1), seq), (LogId(LogId::CONTROL | 2), 1)] };
    store.put_acks(&room(1), &[row(&ben(), 3), row(&chi(), 4)]).expect("the disk has room");
    store.put_acks(&room(1), &[row(&ben(), 5)]).expect("the disk has room");
    store.put_acks(&room(2), &[row(&ben(), 7)]).expect("the disk has room");
    store.flush().expect("the disk works");
    drop(store);
    let store = open(dir.path());
    let acks = |n| {
        let mut rows = store.acks(&room(n));
        rows.sort_by_key(|row| row.logs.first().map(|log| log.1));
        rows
    };
    assert_eq!(acks(1), [row(&chi(), 4), row(&ben(), 5)]);
    assert_eq!(acks(2), [row(&ben(), 7)]);
    store.forget_acks(&room(1), &ben().peer()).expect("the disk has room");
    store.forget_acks(&room(3), &ben().peer()).expect("fine if there is none");
    assert_eq!((acks(1), acks(2)), (vec![row(&chi(), 4)], vec![row(&ben(), 7)]));
}

#[test]
fn a_row_beyond_the_limit_is_refused_and_the_old_one_stays() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let store = open(dir.path());
    store.put(&room_row(1)).expect("the disk has room");
    let large = RoomRow { draft: "d".repeat(MAX_ROW_BYTES), ..room_row(1) };
    assert!(matches!(store.put(&large), Err(StoreError::TooLarge(_))));
    assert!(matches!(store.put_setting(Setting::DisplayName, &large.draft.repeat(2)), Err(StoreError::TooLarge(_))));
    assert_eq!(store.get::<RoomRow>(&RoomId([1; 32])), Some(room_row(1)));
    let nearly = RoomRow { draft: "d".repeat(MAX_ROW_BYTES - 500), ..room_row(1) };
    store.put(&nearly).expect("just below the limit");
    assert_eq!(store.get::<RoomRow>(&RoomId([1; 32])), Some(nearly));
}
