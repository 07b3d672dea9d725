//! A real headless peer in a process of its own, spoken to over its JSON lines.

use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, sync_channel};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

/// Nothing takes longer than this, or something is wrong.
const PATIENCE: Duration = Duration::from_secs(60);
/// Lines that wait to be looked at; more than any measurement leaves.
const MAX_WAITING: usize = 1 << 18;
/// Wait for a line where none may come.
const HEARD_EVERY: Duration = Duration::from_millis(100);
const PASSPHRASE: &str = "correct horse battery staple";

/// A line of output, and when it came.
pub(crate) struct Line {
    pub(crate) at: Instant,
    pub(crate) bytes: Vec<u8>,
}

/// One person's process. Killed when dropped.
pub(crate) struct Peer {
    child: Child,
    stdin: ChildStdin,
    lines: Receiver<Line>,
    next: u64,
}

/// A program that was built beside this one.
pub(crate) fn beside(name: &str) -> PathBuf {
    let here = std::env::current_exe().expect("this program has a path");
    here.with_file_name(name)
}

impl Peer {
    /// Starts a peer, begins its profile if it is new, and waits until it is open.
    pub(crate) fn start(name: &str, profile: &Path) -> Self {
        Self::start_as(name, profile, &["--key-file"])
    }

    /// The same with the key in the system keychain.
    pub(crate) fn start_with_keychain(name: &str, profile: &Path) -> Self {
        Self::start_as(name, profile, &[])
    }

    fn start_as(name: &str, profile: &Path, custody: &[&str]) -> Self {
        let program = beside("grapevine-node");
        let mut child = Command::new(&program)
            .args(custody)
            .args(["--listen", "127.0.0.1:0", "--no-nearby", "--name", name, "--profile"])
            .arg(profile)
            .env("GRAPEVINE_PASSPHRASE", PASSPHRASE)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| panic!("{} does not start: {error}", program.display()));
        let stdin = child.stdin.take().expect("stdin is piped");
        let mut stdout = BufReader::with_capacity(256 * 1024, child.stdout.take().expect("stdout is piped"));
        let (send, lines) = sync_channel(MAX_WAITING);
        std::thread::spawn(move || {
            loop {
                let mut bytes = Vec::new();
                match stdout.read_until(b'\n', &mut bytes) {
                    Ok(read) if read > 0 => {}
                    Ok(_) | Err(_) => return,
                }
                if send.send(Line { at: Instant::now(), bytes }).is_err() {
                    return;
                }
            }
        });
        let mut peer = Peer { child, stdin, lines, next: 0 };
        peer.wait_for(|line| line.get("notice").is_some_and(|n| n["stage"]["stage"] == "open"));
        peer
    }

    /// Process id.
    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Writes raw lines.
    pub(crate) fn write(&mut self, lines: &[u8]) {
        self.stdin.write_all(lines).expect("the peer reads");
        self.stdin.flush().expect("the peer reads");
    }

    /// Input and output apart, for writing from another thread.
    pub(crate) fn halves(&mut self) -> (&mut ChildStdin, impl FnMut() -> Line + '_) {
        (&mut self.stdin, || self.lines.recv_timeout(PATIENCE).expect("the peer answers in time"))
    }

    /// Calls and waits for the reply; notices on the way are dropped.
    pub(crate) fn call(&mut self, call: &str, args: Value) -> Value {
        self.next += 1;
        let id = self.next;
        let line = format!("{}\n", json!({ "id": id, "call": call, "args": args }));
        self.write(line.as_bytes());
        let answer = self.wait_for(|line| line.get("id").is_some_and(|found| *found == id));
        answer.get("reply").cloned().unwrap_or_else(|| panic!("{call} was refused: {answer}"))
    }

    /// Waits for a line; those before it are dropped.
    pub(crate) fn wait_for(&mut self, fits: impl Fn(&Value) -> bool) -> Value {
        loop {
            let line: Value = serde_json::from_slice(&self.line().bytes).expect("output is JSON");
            if fits(&line) {
                return line;
            }
        }
    }

    /// The next line of output.
    pub(crate) fn line(&mut self) -> Line {
        self.lines.recv_timeout(PATIENCE).expect("the peer answers in time")
    }

    /// Forgets the output so far.
    pub(crate) fn skip(&mut self) {
        while self.lines.try_recv().is_ok() {}
    }

    /// An invite of this peer that can be followed: it has an address in it.
    pub(crate) fn invite(&mut self, room: Option<&str>, uses: u32) -> String {
        let until = Instant::now() + PATIENCE;
        loop {
            let args = match room {
                Some(room) => json!({ "room": room, "uses": uses }),
                None => json!({ "uses": uses }),
            };
            let invite = self.call("create_invite", args);
            if invite["addresses"].as_array().is_some_and(|a| !a.is_empty()) {
                return invite["text"].as_str().expect("an invite has text").to_owned();
            }
            assert!(Instant::now() < until, "the peer listens nowhere");
        }
    }

    /// Drops what it says as long as `meanwhile`, which gets its process id, takes.
    pub(crate) fn hear_while(&mut self, meanwhile: impl FnOnce(u32) + Send) {
        let pid = self.pid();
        let lines = &self.lines;
        std::thread::scope(|scope| {
            let meanwhile = scope.spawn(move || meanwhile(pid));
            while !meanwhile.is_finished() {
                let _nothing = lines.recv_timeout(HEARD_EVERY);
            }
        });
    }

    /// Resident memory, bytes.
    pub(crate) fn rss(&self) -> u64 {
        rss(self.pid())
    }

    /// Orderly end.
    pub(crate) fn stop(mut self) {
        self.call("shutdown", json!({}));
        self.child.wait().expect("the peer ends");
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _gone = self.child.kill();
        let _reaped = self.child.wait();
    }
}

/// Resident memory of a process, bytes.
pub(crate) fn rss(pid: u32) -> u64 {
    let status = std::fs::read_to_string(Path::new("/proc").join(pid.to_string()).join("status")).expect("Linux tells");
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).expect("Linux tells");
    let kib: u64 = line.split_whitespace().nth(1).and_then(|n| n.parse().ok()).expect("a number");
    kib * 1024
}

/// Two people in one room.
pub(crate) fn pair(folder: &Path) -> (Peer, Peer, String) {
    let mut ana = Peer::start("Ana", &folder.join("ana"));
    let mut ben = Peer::start("Ben", &folder.join("ben"));
    let room = ana.call("create_room", json!({ "name": "Bench" }))["id"].as_str().expect("a room has an id").to_owned();
    let invite = ana.invite(Some(&room), 1);
    ben.call("accept_invite", json!({ "text": invite }));
    ben.wait_for(|line| line["notice"]["notice"] == "room_changed" && line["notice"]["room"]["members"] == 2);
    ana.call("send", json!({ "room": room, "text": "ready" }));
    ben.wait_for(|line| line["notice"]["messages"][0]["body"]["text"] == "ready");
    (ana, ben, room)
}
