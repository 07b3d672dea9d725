//! A router that opens doors: miniupnpd.

use std::cell::RefCell;
use std::fmt::Write as _;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use crate::lab::Lab;
use crate::nat::Nat;
use crate::programs;

/// It is ready after this time.
const STARTED_WITHIN: Duration = Duration::from_secs(10);

/// miniupnpd at one router of [`Nat::Upnp`]. It is ended when this is dropped.
pub struct Upnp {
    router: String,
    folder: std::path::PathBuf,
    child: RefCell<Option<Child>>,
}

impl Upnp {
    /// At the router of this place. `settings` are lines of its configuration, which overrule the
    /// usual ones.
    pub fn start(lab: &Lab, place: &str, settings: &[&str]) -> Upnp {
        assert!(lab.plan.sides.iter().any(|side| side.name == place && side.nat == Nat::Upnp), "{place} has no such router");
        let folder = lab.folder().join(format!("upnp-{place}"));
        std::fs::create_dir_all(&folder).expect("the folder is ours");
        let upnp = Upnp { router: format!("r{place}"), folder, child: RefCell::default() };
        let mut lines = String::new();
        let usual = [
            "ext_ifname=wan0",
            "listening_ip=dn",
            "http_port=5000",
            "enable_natpmp=yes",
            "enable_upnp=yes",
            "secure_mode=yes",
            "system_uptime=no",
            "uuid=00000000-0000-0000-0000-000000000001",
            "upnp_table_name=miniupnpd",
            "upnp_nat_table_name=miniupnpd",
            "upnp_forward_chain=upnp_forward",
            "upnp_nat_chain=upnp_pre",
            "upnp_nat_postrouting_chain=upnp_post",
            "clean_ruleset_interval=60",
        ];
        let key = |line: &str| line.split('=').next().unwrap_or_default().to_owned();
        let kept = usual.iter().filter(|line| !settings.iter().any(|other| key(other) == key(line)));
        for line in kept.chain(settings) {
            let _ = writeln!(lines, "{line}");
        }
        if lab.plan.ipv6 {
            lines += "ext_ifname6=wan0\n";
        }
        let _ = writeln!(lines, "lease_file={}", upnp.folder.join("leases").display());
        lines += "allow 1024-65535 192.168.0.0/16 1024-65535\ndeny 0-65535 0.0.0.0/0 0-65535\n";
        std::fs::write(upnp.folder.join("conf"), lines).expect("the folder is ours");
        upnp.run();
        upnp
    }

    fn run(&self) {
        let log = self.folder.join("log");
        let output = std::fs::File::create(&log).expect("the folder is ours");
        let errors = output.try_clone().expect("a file can be shared");
        let mut command = programs::at(&self.router, "miniupnpd");
        command.arg("-d").arg("-f").arg(self.folder.join("conf")).arg("-P").arg(self.folder.join("pid"));
        let child = command.stdin(Stdio::null()).stdout(output).stderr(errors).spawn().expect("ip starts");
        self.child.replace(Some(child));
        let end = Instant::now() + STARTED_WITHIN;
        // Its first words; they come when it listens.
        while !std::fs::read_to_string(&log).is_ok_and(|said| said.to_lowercase().contains("listening")) {
            assert!(Instant::now() < end, "miniupnpd did not start:\n{}", self.log());
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// What it has said.
    pub fn log(&self) -> String {
        let bytes = std::fs::read(self.folder.join("log")).unwrap_or_default();
        String::from_utf8_lossy(&bytes).into_owned()
    }

    /// Doors that are open to the inside now, as the rules say: IPv4 and IPv6.
    pub fn doors(&self) -> usize {
        let chain = |name: &str, word: &str| {
            let list = programs::run(programs::at(&self.router, "nft").args(["list", "chain", "inet", "miniupnpd", name]), "");
            list.lines().filter(|line| line.contains(word)).count()
        };
        chain("upnp_pre", "dnat") + chain("upnp_forward", "2a00")
    }

    /// Stops it; its rules stay.
    pub fn stop(&self) {
        let Some(mut child) = self.child.take() else { return };
        let _gone = child.kill();
        let _reaped = child.wait();
    }

    /// The router is switched off and on: rules and leases are lost.
    pub fn restart(&self) {
        self.stop();
        let _none = std::fs::remove_file(self.folder.join("leases"));
        for chain in ["upnp_pre", "upnp_forward", "upnp_post"] {
            programs::run(programs::at(&self.router, "nft").args(["flush", "chain", "inet", "miniupnpd", chain]), "");
        }
        self.run();
    }
}

impl Drop for Upnp {
    fn drop(&mut self) {
        self.stop();
    }
}
