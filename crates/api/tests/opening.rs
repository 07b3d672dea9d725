//! What a client is told while a profile opens, from the first stage to the last.

use std::path::{Path, PathBuf};
use std::time::Duration;

use api::Zeroizing;
use api::session::{Config, Session};
use api::types::{Building, Code, Notice, Stage};
use identity::{Choice, custody};

const PASSPHRASE: &str = "correct horse battery";

/// A new profile whose key is in a file, and its store key.
fn profile(name: &str) -> (PathBuf, [u8; 32]) {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _from_last_time = std::fs::remove_dir_all(&folder);
    let secrets = custody::create(&folder, Choice::KeyFile(Zeroizing::new(PASSPHRASE.to_owned()))).expect("the disk has room");
    (folder, *secrets.store_key)
}

/// Opens it. Gives all stages until it waits for somebody or is open, and how often a snapshot was
/// refused meanwhile.
async fn stages(profile: PathBuf) -> (Session, Vec<Stage>, usize) {
    let listen = vec!["127.0.0.1:0".parse().expect("an address")];
    let passphrase = Some(Zeroizing::new(PASSPHRASE.to_owned()));
    let session = Session::open(Config { profile, listen, nearby: false, mapping: false, passphrase, ..Config::default() });
    let (mut notices, mut stages, mut refusals) = (session.subscribe(), Vec::new(), 0);
    while stages.last().is_none_or(|stage| matches!(stage, Stage::Opening { .. })) {
        let batch = tokio::time::timeout(Duration::from_secs(60), notices.next_batch()).await.expect("it goes on");
        for numbered in batch.expect("the session is there").iter() {
            if let Notice::StageChanged { stage } = &numbered.notice {
                stages.push(stage.clone());
            }
        }
        if matches!(stages.last(), Some(Stage::Opening { .. }))
            && let Err(refused) = session.call("snapshot", "{}").await
        {
            assert_eq!(refused.code, Code::NotOpen);
            refusals += 1;
        }
    }
    (session, stages, refusals)
}

#[tokio::test]
async fn a_history_that_is_read_anew_is_told_in_steps_and_then_opens() {
    const RECORDS: u64 = 30_000;
    let (profile, key) = profile("opening-anew");
    let store = node::open_store(&profile, &key).expect("it is new").store;
    let peer = custody::open_key_file(&profile, PASSPHRASE).expect("it was made above").identity.peer();
    for _ in 0..RECORDS {
        store.forget_acks(&node::RoomId([7; 32]), &peer).expect("the disk has room");
    }
    store.close().expect("the disk works");
    std::fs::remove_dir_all(profile.join("store/index")).expect("it is there");
    let (session, stages, refusals) = stages(profile.clone()).await;
    session.close().await;
    let (last, before) = stages.split_last().expect("there is one");
    assert_eq!(*last, Stage::Open);
    let steps: Vec<Building> =
        before.iter().filter_map(|stage| if let Stage::Opening { building, .. } = stage { *building } else { None }).collect();
    assert!(steps.len() >= 7 && steps.len() == before.len(), "{stages:?}");
    assert!(refusals > 0, "a snapshot is refused until it is open");
    assert!(steps.iter().all(|step| step.of >= RECORDS) && steps.windows(2).all(|two| two[0].done < two[1].done), "{steps:?}");
    let (session, again, _) = self::stages(profile).await;
    session.close().await;
    assert_eq!(again, [Stage::Open], "what the index has is not read again");
}

#[tokio::test]
async fn data_of_an_older_form_is_told_apart_and_left_as_it_is() {
    let (profile, _) = profile("opening-old");
    let old = profile.join("store/db");
    std::fs::create_dir_all(&old).and_then(|()| std::fs::write(old.join("conf"), b"as it was")).expect("the disk has room");
    let (session, stages, _) = stages(profile).await;
    session.close().await;
    assert!(matches!(stages[..], [Stage::Unusable { code: Code::DataTooOld, .. }]), "{stages:?}");
    assert_eq!(std::fs::read(old.join("conf")).expect("it is there"), b"as it was");
}
