//! Custody with a real keychain: gnome-keyring on a private message bus.
//!
//! Each test starts itself again inside `session.sh`, so that it has a keyring of its own and can
//! lock, stop or lose it, whatever session it was started from. Needs the Debian packages dbus,
//! gnome-keyring and libsecret-tools; without them the tests fail, and say so.
#![cfg(target_os = "linux")]

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use identity::custody::{create_within, open_keychain_within, probe_within};
use identity::{Choice, CustodyError, Found, PeerId, Secrets, Zeroizing, custody};
use tempfile::TempDir;

/// Far more than any answer takes here, and less than a person's patience with a hanging test.
const PATIENCE: Duration = Duration::from_secs(30);

/// What stands on the test's private bus.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Keyring {
    Unlocked,
    Fresh,
    None,
}

#[test]
fn an_identity_in_the_keychain_survives_a_restart_and_is_nowhere_else() {
    inside(Keyring::Unlocked, "an_identity_in_the_keychain_survives_a_restart_and_is_nowhere_else", || {
        let profile = profile();
        custody::probe().expect("the session has a keychain");
        let made = custody::create(profile.path(), Choice::Keychain).expect("the keychain is unlocked");
        assert_eq!(custody::found(profile.path()).expect("readable"), Found::Keychain);
        assert_same(&custody::open_keychain(profile.path()).expect("the keychain is unlocked"), &made);
        assert_same(&open_keychain_within(PATIENCE, profile.path()).expect("the keychain is unlocked"), &made);

        let seen = secret_tool(&["search", "service", "Grapevine", "username", &token(profile.path())]);
        assert!(seen.contains(&format!("label = Grapevine identity ({})", made.identity.peer().short())), "{seen}");
        assert!(matches!(custody::create(profile.path(), Choice::Keychain), Err(CustodyError::AlreadyExists)));
        assert!(matches!(custody::open_key_file(profile.path(), "any passphrase"), Err(CustodyError::Io(_))));
        assert_no_secret_in(profile.path(), &made);
    });
}

#[test]
fn probing_leaves_no_junk() {
    inside(Keyring::Unlocked, "probing_leaves_no_junk", || {
        let before = secret_tool(&["search", "--all", "service", "Grapevine"]);
        for _ in 0..3 {
            probe_within(PATIENCE).expect("the session has a keychain");
        }
        assert_eq!(secret_tool(&["search", "--all", "service", "Grapevine"]), before);
    });
}

#[test]
fn two_profiles_have_two_items() {
    inside(Keyring::Unlocked, "two_profiles_have_two_items", || {
        let (ana, ben) = (profile(), profile());
        let made = [&ana, &ben].map(|profile| create_within(PATIENCE, profile.path(), Choice::Keychain).expect("unlocked"));
        assert_ne!(made[0].identity.peer(), made[1].identity.peer());
        assert_same(&custody::open_keychain(ana.path()).expect("unlocked"), &made[0]);
        assert_same(&custody::open_keychain(ben.path()).expect("unlocked"), &made[1]);
    });
}

#[test]
fn a_wiped_item_and_a_foreign_one_are_told_apart() {
    inside(Keyring::Unlocked, "a_wiped_item_and_a_foreign_one_are_told_apart", || {
        let (ana, ben) = (profile(), profile());
        for profile in [&ana, &ben] {
            custody::create(profile.path(), Choice::Keychain).expect("unlocked");
        }
        let (of_ana, of_ben) = (token(ana.path()), token(ben.path()));
        let marker = fs::read_to_string(ana.path().join("identity.json")).expect("written by create");
        fs::write(ana.path().join("identity.json"), marker.replace(&of_ana, &of_ben)).expect("writable");
        assert!(matches!(custody::open_keychain(ana.path()), Err(CustodyError::WrongIdentity)));

        fs::write(ana.path().join("identity.json"), marker).expect("writable");
        secret_tool(&["clear", "service", "Grapevine", "username", &of_ana]);
        assert!(matches!(custody::open_keychain(ana.path()), Err(CustodyError::Wiped)));
        assert_eq!(custody::found(ana.path()).expect("readable"), Found::Keychain, "and it is not forgotten that there was one");
        custody::open_keychain(ben.path()).expect("ben's item is untouched");
    });
}

#[test]
fn a_locked_keychain_that_nobody_unlocks_is_denied() {
    inside(Keyring::Unlocked, "a_locked_keychain_that_nobody_unlocks_is_denied", || {
        let (ana, ben) = (profile(), profile());
        custody::create(ana.path(), Choice::Keychain).expect("unlocked");
        lock_the_keyring();
        custody::probe().expect("a locked keychain is one that can be asked");
        assert!(matches!(open_keychain_within(PATIENCE, ana.path()), Err(CustodyError::Denied { .. })));
        assert!(matches!(create_within(PATIENCE, ben.path(), Choice::Keychain), Err(CustodyError::Denied { .. })));
        assert_eq!(custody::found(ben.path()).expect("readable"), Found::Nothing);
    });
}

#[test]
fn without_a_default_keyring_the_keychain_is_absent_and_nothing_is_made() {
    inside(Keyring::Fresh, "without_a_default_keyring_the_keychain_is_absent_and_nothing_is_made", || {
        let profile = profile();
        assert_absent(probe_within(PATIENCE));
        assert_absent(create_within(PATIENCE, profile.path(), Choice::Keychain));
        assert_eq!(custody::found(profile.path()).expect("readable"), Found::Nothing);
    });
}

#[test]
fn trying_again_sees_a_keyring_that_was_started_meanwhile() {
    inside(Keyring::None, "trying_again_sees_a_keyring_that_was_started_meanwhile", || {
        let profile = profile();
        assert_absent(probe_within(PATIENCE));
        assert_absent(create_within(PATIENCE, profile.path(), Choice::Keychain));
        let _daemon = Daemon::unlocked();
        let begun = Instant::now();
        while let Err(error) = probe_within(PATIENCE) {
            assert!(begun.elapsed() < PATIENCE, "{error}");
        }
        create_within(PATIENCE, profile.path(), Choice::Keychain).expect("the keyring is there now");
    });
}

#[test]
fn without_a_bus_the_keychain_is_absent_at_once() {
    const NAME: &str = "without_a_bus_the_keychain_is_absent_at_once";
    if std::env::var_os("GRAPEVINE_KEYCHAIN_TEST").is_none() {
        let mut command = Command::new(std::env::current_exe().expect("a test has a path"));
        command.args(["--exact", NAME, "--nocapture"]);
        command.env("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nonexistent/bus").env("GRAPEVINE_KEYCHAIN_TEST", NAME);
        return assert_one_passes(command);
    }
    let profile = profile();
    let begun = Instant::now();
    assert_absent(custody::probe());
    assert_absent(custody::create(profile.path(), Choice::Keychain));
    assert!(begun.elapsed() < Duration::from_secs(3), "the first screen has three seconds");
    assert_eq!(custody::found(profile.path()).expect("readable"), Found::Nothing);

    let passphrase = "an explicit choice";
    custody::create(profile.path(), Choice::KeyFile(Zeroizing::new(passphrase.to_owned()))).expect("needs no keychain");
    let secrets = custody::open_key_file(profile.path(), passphrase).expect("the same passphrase");
    assert_no_secret_in(profile.path(), &secrets);
}

#[test]
fn a_keychain_that_never_answers_is_silent_and_asking_again_joins() {
    inside(Keyring::Fresh, "a_keychain_that_never_answers_is_silent_and_asking_again_joins", || {
        let profile = profile();
        signal("STOP");
        for _ in 0..3 {
            let waited = Duration::from_millis(150);
            assert!(matches!(probe_within(waited), Err(CustodyError::Silent { waited: w }) if w == waited));
            assert!(matches!(create_within(waited, profile.path(), Choice::Keychain), Err(CustodyError::Silent { .. })));
        }
        assert_eq!(keychain_threads(), 1);
        signal("CONT");
        assert_absent(probe_within(PATIENCE));
    });
}

#[test]
fn an_attempt_that_outlives_its_caller_gives_way_to_a_key_file() {
    inside(Keyring::Unlocked, "an_attempt_that_outlives_its_caller_gives_way_to_a_key_file", || {
        let profile = profile();
        signal("STOP");
        assert!(matches!(create_within(Duration::from_millis(150), profile.path(), Choice::Keychain), Err(CustodyError::Silent { .. })));
        let passphrase = "an explicit choice";
        custody::create(profile.path(), Choice::KeyFile(Zeroizing::new(passphrase.to_owned()))).expect("nothing is made yet");
        signal("CONT");
        assert!(matches!(create_within(PATIENCE, profile.path(), Choice::Keychain), Err(CustodyError::AlreadyExists)));
        assert_eq!(custody::found(profile.path()).expect("readable"), Found::KeyFile);
        custody::open_key_file(profile.path(), passphrase).expect("the key file was not touched");
        assert_eq!(secret_tool(&["search", "--all", "service", "Grapevine"]), "", "its item was taken out again");
    });
}

/// Runs the body in a session of its own: first call outside, second call (by the first) inside.
fn inside(keyring: Keyring, name: &str, body: impl FnOnce()) {
    if std::env::var("GRAPEVINE_KEYCHAIN_TEST").is_ok_and(|inside| inside == name) {
        return body();
    }
    let mut command = Command::new(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/session.sh"));
    command.arg(match keyring {
        Keyring::Unlocked => "unlocked",
        Keyring::Fresh => "fresh",
        Keyring::None => "none",
    });
    command.arg(std::env::current_exe().expect("a test has a path")).args(["--exact", name, "--nocapture"]);
    command.env("GRAPEVINE_KEYCHAIN_TEST", name);
    assert_one_passes(command);
}

fn assert_one_passes(mut command: Command) {
    let output = command.stdin(Stdio::null()).output().expect("needs bash, dbus-run-session, gnome-keyring-daemon, secret-tool");
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success() && out.contains("1 passed"), "{}\n{out}\n{err}", output.status);
}

fn profile() -> TempDir {
    TempDir::new().expect("the system has a place for temporary files")
}

fn assert_same(one: &Secrets, other: &Secrets) {
    assert_eq!(one.identity.peer(), other.identity.peer());
    assert_eq!(one.store_key, other.store_key);
}

fn assert_absent<T: std::fmt::Debug>(answer: Result<T, CustodyError>) {
    assert!(matches!(answer, Err(CustodyError::Absent { .. })), "{answer:?}");
}

/// Neither raw nor in the writings that a careless line of code would choose.
fn assert_no_secret_in(folder: &Path, secrets: &Secrets) {
    let (seed, peer) = (secrets.identity.seed(), secrets.identity.peer());
    for entry in fs::read_dir(folder).expect("the profile exists") {
        let path = entry.expect("readable").path();
        let bytes = fs::read(&path).expect("readable");
        let holds = |needle: &[u8]| bytes.windows(needle.len()).any(|window| window == needle);
        for secret in [&*seed, &*secrets.store_key] {
            for part in secret.chunks(8) {
                assert!(!holds(part), "{} holds a secret", path.display());
            }
            let hex = PeerId::from_bytes(*secret).to_string();
            let base64 = data_encoding::BASE64.encode(secret);
            for text in [hex.as_str(), hex.to_uppercase().as_str(), &base64[..40]] {
                assert!(!holds(text.as_bytes()), "{} holds a secret as text", path.display());
            }
        }
        if path.ends_with("identity.json") {
            assert!(holds(peer.to_string().as_bytes()), "the search would find something");
        }
    }
}

/// The keychain entry that the profile's marker names.
fn token(folder: &Path) -> String {
    let marker = fs::read(folder.join("identity.json")).expect("the marker exists");
    let marker: serde_json::Value = serde_json::from_slice(&marker).expect("the marker is JSON");
    marker["keychain_entry"].as_str().expect("a keychain entry").to_owned()
}

/// What `secret-tool` prints, both ways out, as it shows attributes on stderr. It fails when it
/// finds nothing.
fn secret_tool(args: &[&str]) -> String {
    let output = Command::new("secret-tool").args(args).stdin(Stdio::null()).output().expect("libsecret-tools is installed");
    [output.stdout, output.stderr].map(|text| String::from_utf8_lossy(&text).into_owned()).concat()
}

fn lock_the_keyring() {
    let status = Command::new("dbus-send")
        .args(["--session", "--print-reply", "--dest=org.freedesktop.secrets", "/org/freedesktop/secrets"])
        .args(["org.freedesktop.Secret.Service.Lock", "array:objpath:/org/freedesktop/secrets/collection/login"])
        .stdout(Stdio::null())
        .status();
    assert!(status.expect("dbus is installed").success());
}

/// Sends a signal to this test's own keyring daemon.
fn signal(name: &str) {
    let daemon = std::env::var("KEYRING_PID").expect("session.sh says which process is the daemon");
    let status = Command::new("bash").arg("-c").arg(format!("kill -{name} {daemon}")).status();
    assert!(status.expect("bash is installed").success());
}

fn keychain_threads() -> usize {
    let threads = fs::read_dir("/proc/self/task").expect("Linux");
    threads
        .filter(|thread| {
            let path = thread.as_ref().expect("readable").path().join("comm");
            fs::read_to_string(path).is_ok_and(|name| name.trim() == "keychain")
        })
        .count()
}

/// A keyring daemon that ends with the test.
struct Daemon(std::process::Child);

impl Daemon {
    fn unlocked() -> Self {
        use std::io::Write;
        let mut child = Command::new("gnome-keyring-daemon")
            .args(["--unlock", "--foreground", "--components=secrets"])
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("gnome-keyring is installed");
        let mut stdin = child.stdin.take().expect("piped");
        stdin.write_all(b"test").expect("the daemon reads its password");
        Self(child)
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        // Failing here could only hide the test's own failure.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
