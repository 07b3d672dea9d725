//! A session bus of one's own, with or without a real keyring on it.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::child::Owned;

/// A bus and a keyring are there after this time, even on a busy machine.
const STARTED_WITHIN: Duration = Duration::from_secs(30);

/// Nobody is started by being called: what is on the bus was put there by the test.
const CONFIG: &str = r#"<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN" "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>session</type>
  <listen>unix:tmpdir=/tmp</listen>
  <auth>EXTERNAL</auth>
  <policy context="default">
    <allow send_destination="*" eavesdrop="true"/>
    <allow eavesdrop="true"/>
    <allow own="*"/>
  </policy>
</busconfig>
"#;

/// Ends with everything on it when dropped.
pub(crate) struct Bus {
    // In the order in which they end.
    _keyring: Option<Owned>,
    _bus: Owned,
    address: String,
    home: TempDir,
}

impl Bus {
    /// With gnome-keyring, unlocked, empty.
    pub(crate) fn with_keyring() -> Bus {
        let mut bus = Bus::start();
        let mut daemon = Command::new("gnome-keyring-daemon");
        daemon.args(["--unlock", "--foreground", "--components=secrets", "--control-directory"]).arg(bus.home.path().join("run"));
        daemon.envs(bus.env()).stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
        let mut daemon = Owned::start(&mut daemon, "gnome-keyring");
        daemon.0.stdin.take().expect("stdin is piped").write_all(b"word").expect("the daemon reads its word");
        bus._keyring = Some(daemon);
        bus.until_owned("org.freedesktop.secrets");
        bus
    }

    /// Nothing on it is a keychain.
    pub(crate) fn without_keyring() -> Bus {
        Bus::start()
    }

    fn start() -> Bus {
        let home = tempfile::Builder::new().prefix("grapevine-bus-").tempdir().expect("a folder for the session");
        for folder in ["run", "data", "config", "cache"] {
            fs::create_dir(home.path().join(folder)).expect("the folder is new");
        }
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            fs::set_permissions(home.path().join("run"), fs::Permissions::from_mode(0o700)).expect("it is ours");
        }
        let config = home.path().join("bus.conf");
        fs::write(&config, CONFIG).expect("the folder is new");
        let mut command = Command::new("dbus-daemon");
        command.args(["--nofork", "--print-address=1", "--config-file"]).arg(config).envs(folders(&home));
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut bus = Bus { _keyring: None, _bus: Owned::start(&mut command, "dbus"), address: String::new(), home };
        let output = bus._bus.0.stdout.take().expect("stdout is piped");
        BufReader::new(output).read_line(&mut bus.address).expect("the bus says where it is");
        bus.address.truncate(bus.address.trim_end().len());
        assert!(!bus.address.is_empty(), "the session bus did not start");
        bus
    }

    /// What a program in this session has in its environment.
    pub(crate) fn env(&self) -> Vec<(&'static str, String)> {
        let mut env = folders(&self.home).to_vec();
        env.push(("DBUS_SESSION_BUS_ADDRESS", self.address.clone()));
        env
    }

    /// What `secret-tool` prints.
    pub(crate) fn secret_tool(&self, args: &[&str]) -> Vec<u8> {
        let mut command = Command::new("secret-tool");
        command.args(args).envs(self.env()).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut tool = Owned::start(&mut command, "libsecret-tools");
        let mut output = Vec::new();
        std::io::Read::read_to_end(&mut tool.0.stdout.take().expect("stdout is piped"), &mut output).expect("it can be read");
        assert!(tool.0.wait().expect("a child can be waited for").success(), "secret-tool {args:?} found nothing");
        output
    }

    /// Waits for a name without starting anybody who could own it.
    fn until_owned(&self, name: &str) {
        let end = Instant::now() + STARTED_WITHIN;
        while !self.is_owned(name) {
            assert!(Instant::now() < end, "{name} did not come to the bus");
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    fn is_owned(&self, name: &str) -> bool {
        let mut ask = Command::new("dbus-send");
        ask.args(["--session", "--print-reply=literal", "--dest=org.freedesktop.DBus", "/", "org.freedesktop.DBus.NameHasOwner"]);
        let answer = ask.arg(format!("string:{name}")).envs(self.env()).stdin(Stdio::null()).output();
        answer.is_ok_and(|answer| String::from_utf8_lossy(&answer.stdout).contains("true"))
    }
}

fn folders(home: &TempDir) -> [(&'static str, String); 4] {
    let at = |name: &str| home.path().join(name).display().to_string();
    [("XDG_RUNTIME_DIR", at("run")), ("XDG_DATA_HOME", at("data")), ("XDG_CONFIG_HOME", at("config")), ("XDG_CACHE_HOME", at("cache"))]
}
