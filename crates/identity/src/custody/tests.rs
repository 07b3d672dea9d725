//! Custody without a keychain; `tests/keychain.rs` has a real one.

use std::fs;

use tempfile::TempDir;

use super::*;

const PASSPHRASE: &str = "correct horse battery";

fn profile() -> TempDir {
    TempDir::new().expect("the system has a place for temporary files")
}

fn key_file(passphrase: &str) -> Choice {
    Choice::KeyFile(Zeroizing::new(passphrase.to_owned()))
}

#[test]
fn an_identity_in_a_key_file_comes_back_at_the_recommended_cost() {
    let profile = profile();
    let folder = profile.path().join("not/made/yet");
    assert_eq!(found(&folder).expect("a missing folder is no error"), Found::Nothing);
    let made = create(&folder, key_file(PASSPHRASE)).expect("the disk works");
    assert_eq!(found(&folder).expect("just written"), Found::KeyFile);

    let opened = open_key_file(&folder, PASSPHRASE).expect("the same passphrase");
    assert_eq!((opened.identity.peer(), &opened.store_key), (made.identity.peer(), &made.store_key));
    assert!(matches!(open_key_file(&folder, "correct horse batterz"), Err(CustodyError::WrongPassphrase)));
    assert!(matches!(create(&folder, key_file(PASSPHRASE)), Err(CustodyError::AlreadyExists)));
    assert!(matches!(create(&folder, Choice::Keychain), Err(CustodyError::AlreadyExists)), "and no keychain was asked");
    assert!(matches!(open_keychain(&folder), Err(CustodyError::Io(_))));
}

#[cfg(unix)]
#[test]
fn only_the_owner_may_read_what_custody_writes() {
    use std::os::unix::fs::PermissionsExt;
    let profile = profile();
    let folder = profile.path().join("ana");
    make_cheaply(&folder);
    let mode = |path: PathBuf| fs::metadata(path).expect("just written").permissions().mode() & 0o777;
    assert_eq!(mode(folder.clone()), 0o700);
    let mut names: Vec<_> = fs::read_dir(&folder).expect("just made").map(|e| e.expect("readable").file_name()).collect();
    names.sort();
    assert_eq!(names, ["identity.json", "identity.key"]);
    for name in names {
        assert_eq!(mode(folder.join(name)), 0o600);
    }
}

#[test]
fn a_leftover_of_a_crash_is_not_written_into() {
    let profile = profile();
    fs::write(profile.path().join(".identity.json.new"), "left by a crash").expect("writable");
    make_cheaply(profile.path());
    assert_eq!(found(profile.path()).expect("whole"), Found::KeyFile);
    assert!(!profile.path().join(".identity.json.new").exists());
}

#[test]
fn a_weak_passphrase_is_refused_and_leaves_nothing() {
    let profile = profile();
    for weak in ["", "short", "nine char", "aaaaaaaaaaaaaaaa", "12121212121212"] {
        assert!(matches!(create(profile.path(), key_file(weak)), Err(CustodyError::WeakPassphrase)), "{weak:?}");
    }
    assert_eq!(fs::read_dir(profile.path()).expect("exists").count(), 0);
    assert!(passphrase_suffices("ten chars!") && passphrase_suffices("пароль из слов"));
}

#[test]
fn a_key_file_without_a_marker_still_counts_and_gets_one() {
    let profile = profile();
    let peer = make_cheaply(profile.path());
    fs::remove_file(profile.path().join("identity.json")).expect("was written");
    assert_eq!(found(profile.path()).expect("readable"), Found::KeyFile);
    assert!(matches!(create(profile.path(), key_file(PASSPHRASE)), Err(CustodyError::AlreadyExists)));
    open_key_file(profile.path(), PASSPHRASE).expect("the file is whole");
    assert_eq!(marker::read(profile.path()).expect("readable"), Some(Marker::KeyFile { peer }));
}

#[test]
fn a_lost_key_file_is_wiped_and_a_foreign_one_is_the_wrong_identity() {
    let (ana, ben) = (profile(), profile());
    make_cheaply(ana.path());
    make_cheaply(ben.path());
    fs::copy(ben.path().join("identity.key"), ana.path().join("identity.key")).expect("both exist");
    assert!(matches!(open_key_file(ana.path(), PASSPHRASE), Err(CustodyError::WrongIdentity)));
    fs::remove_file(ana.path().join("identity.key")).expect("exists");
    assert_eq!(found(ana.path()).expect("readable"), Found::KeyFile, "the marker is not forgotten");
    assert!(matches!(open_key_file(ana.path(), PASSPHRASE), Err(CustodyError::Wiped)));
}

#[test]
fn a_marker_that_makes_no_sense_is_damage_and_never_nothing() {
    let id = "ab".repeat(32);
    let cases = [
        String::new(),
        "{}".to_owned(),
        "null".to_owned(),
        format!(r#"{{"version":2,"custody":"key_file","peer":"{id}"}}"#),
        format!(r#"{{"version":1,"custody":"paper","peer":"{id}"}}"#),
        r#"{"version":1,"custody":"key_file","peer":"ab"}"#.to_owned(),
        format!(r#"{{"version":1,"custody":"keychain","peer":"{id}"}}"#),
        format!(r#"{{"version":1,"custody":"keychain","peer":"{id}","keychain_entry":""}}"#),
        format!(r#"{{"version":1,"custody":"key_file","peer":"{id}","keychain_entry":"x"}}"#),
        " ".repeat(4097),
    ];
    for text in cases {
        let profile = profile();
        fs::write(profile.path().join("identity.json"), &text).expect("writable");
        let error = found(profile.path()).expect_err("not a marker");
        assert_eq!(error.kind(), io::ErrorKind::InvalidData, "{text}");
        assert!(matches!(create(profile.path(), key_file(PASSPHRASE)), Err(CustodyError::DamagedFile { .. })), "{text}");
        assert!(matches!(open_keychain(profile.path()), Err(CustodyError::DamagedFile { .. })), "{text}");
    }
}

#[test]
fn nothing_made_yet_opens_as_not_found() {
    let profile = profile();
    assert!(matches!(open_keychain(profile.path()), Err(CustodyError::Io(e)) if e.kind() == io::ErrorKind::NotFound));
    assert!(matches!(open_key_file(profile.path(), PASSPHRASE), Err(CustodyError::Wiped)));
}

#[test]
fn debug_shows_no_secret() {
    let secrets = Secrets::generate();
    assert_eq!(format!("{secrets:?}"), format!("Secrets({})", secrets.identity.peer().short()));
    assert_eq!(format!("{:?}", key_file(PASSPHRASE)), "KeyFile(…)");
}

/// What `create` leaves behind, made without the 64 MiB.
fn make_cheaply(folder: &Path) -> crate::PeerId {
    let secrets = Secrets::generate();
    let peer = secrets.identity.peer();
    let sealed = key_file::seal(&secrets, PASSPHRASE, key_file::CHEAP).expect("cheap parameters are valid");
    super::key_file::write(folder, &sealed).expect("writable");
    marker::write(folder, &Marker::KeyFile { peer }).expect("writable");
    peer
}
