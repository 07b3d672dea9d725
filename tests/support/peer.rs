//! A person with a real `grapevine-node` process, talking its JSON lines.

use std::cell::{Cell, RefCell};
use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{ChildStdin, Command, ExitStatus, Stdio};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::child::Owned;
use crate::inbox::Inbox;

/// No wait here takes longer on a busy machine; what takes longer hangs.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);
/// Opens the key files of all people here.
pub(crate) const PASSPHRASE: &str = "correct horse battery staple";

/// How a peer is started.
#[derive(Clone)]
pub(crate) struct Launch {
    /// The passphrase of the key file; none uses the keychain.
    pub(crate) passphrase: Option<&'static str>,
    /// Begin at once under the person's name.
    pub(crate) begin: bool,
    /// Addresses of others are learnt and passed on.
    pub(crate) peer_exchange: bool,
    /// Where to listen.
    pub(crate) listen: String,
    /// Looks around on the local network, and is announced there.
    pub(crate) nearby: bool,
    /// The session bus, for the keychain.
    pub(crate) env: Vec<(&'static str, String)>,
}

impl Default for Launch {
    fn default() -> Self {
        let listen = "127.0.0.1:0".to_owned();
        Launch { passphrase: Some(PASSPHRASE), begin: true, peer_exchange: true, listen, nearby: false, env: Vec::new() }
    }
}

/// A person, over all runs of their program.
pub(crate) struct Peer {
    pub(crate) name: &'static str,
    pub(crate) launch: Launch,
    home: Arc<TempDir>,
    run: Option<Run>,
    last_call: Cell<u64>,
}

struct Run {
    child: Owned,
    input: RefCell<Option<ChildStdin>>,
    inbox: Arc<Inbox>,
    reader: Option<JoinHandle<()>>,
}

impl Peer {
    /// A new person whose profile is open.
    pub(crate) fn start(name: &'static str) -> Peer {
        Peer::start_with(name, Launch::default())
    }

    pub(crate) fn start_with(name: &'static str, launch: Launch) -> Peer {
        let peer = Peer::launch(name, launch);
        peer.opened();
        peer
    }

    /// A new person; nothing is waited for.
    pub(crate) fn launch(name: &'static str, launch: Launch) -> Peer {
        let home = tempfile::Builder::new().prefix(&format!("grapevine-{name}-")).tempdir().expect("a folder for the profile");
        let mut peer = Peer { name, launch, home: Arc::new(home), run: None, last_call: Cell::new(0) };
        peer.run_program();
        peer
    }

    pub(crate) fn profile(&self) -> PathBuf {
        self.home.path().join("profile")
    }

    /// The program with this person's arguments; also for a second process on the profile.
    pub(crate) fn command(&self) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_grapevine-node"));
        command.arg("--profile").arg(self.profile()).args(["--listen", &self.launch.listen]);
        command.env_remove("GRAPEVINE_PASSPHRASE").envs(self.launch.env.iter().cloned());
        if let Some(passphrase) = self.launch.passphrase {
            command.arg("--key-file").env("GRAPEVINE_PASSPHRASE", passphrase);
        }
        if self.launch.begin {
            command.args(["--name", self.name]);
        }
        if !self.launch.nearby {
            command.arg("--no-nearby");
        }
        if !self.launch.peer_exchange {
            command.arg("--no-peer-exchange");
        }
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        command
    }

    fn run_program(&mut self) {
        let errors = File::options().create(true).append(true).open(self.errors()).expect("a file for stderr");
        let mut child = Owned::start(self.command().stderr(errors), "grapevine-node");
        let input = RefCell::new(child.0.stdin.take());
        let output = child.0.stdout.take().expect("stdout is piped");
        let inbox = Arc::<Inbox>::default();
        let fills = inbox.clone();
        let reader = Some(std::thread::spawn(move || fills.fill(output)));
        self.run = Some(Run { child, input, inbox, reader });
    }

    fn errors(&self) -> PathBuf {
        self.home.path().join("stderr.txt")
    }

    /// What the program wrote to stderr so far.
    pub(crate) fn stderr(&self) -> String {
        String::from_utf8_lossy(&fs::read(self.errors()).unwrap_or_default()).into_owned()
    }

    /// Memory of the process that is resident, in KiB.
    pub(crate) fn memory(&self) -> u64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.pid())).unwrap_or_default();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        line.and_then(|line| line.trim().trim_end_matches(" kB").trim().parse().ok()).unwrap_or(0)
    }

    fn running(&self) -> &Run {
        self.run.as_ref().unwrap_or_else(|| panic!("{} is not running", self.name))
    }

    pub(crate) fn inbox(&self) -> &Inbox {
        &self.running().inbox
    }

    pub(crate) fn pid(&self) -> u32 {
        self.running().child.0.id()
    }

    /// Waits until the profile is open.
    pub(crate) fn opened(&self) {
        self.watch("the profile is open", |peer| (peer.call("status", json!({}))["stage"] == "open").then_some(()));
    }

    /// Writes lines as they are.
    pub(crate) fn write(&self, lines: &[u8]) {
        let mut input = self.running().input.borrow_mut();
        let input = input.as_mut().expect("the input is open");
        input.write_all(lines).and_then(|()| input.flush()).unwrap_or_else(|error| self.fail(&format!("takes input: {error}")));
    }

    /// A call as a line, and its id.
    pub(crate) fn line(&self, call: &str, args: &Value) -> (u64, String) {
        let id = self.last_call.get() + 1;
        self.last_call.set(id);
        (id, format!("{}\n", json!({"id": id, "call": call, "args": args})))
    }

    pub(crate) fn ask(&self, call: &str, args: Value) -> Result<Value, Value> {
        let (id, line) = self.line(call, &args);
        self.write(line.as_bytes());
        let answer = self.inbox().answer(id, Instant::now() + PATIENCE);
        let mut answer = answer.unwrap_or_else(|| self.fail(&format!("answers {call}")));
        match answer.get("refusal") {
            Some(refusal) => Err(refusal.clone()),
            None => Ok(answer["reply"].take()),
        }
    }

    /// The reply to a call that is carried out.
    pub(crate) fn call(&self, call: &str, args: Value) -> Value {
        self.ask(call, args).unwrap_or_else(|refusal| self.fail(&format!("carries out {call}: {refusal}")))
    }

    /// The code of a refusal, which has words too.
    pub(crate) fn refused(&self, call: &str, args: Value) -> String {
        match self.ask(call, args) {
            Ok(reply) => self.fail(&format!("refuses {call}, but: {reply}")),
            Err(refusal) => {
                assert!(!text(&refusal["message"]).is_empty(), "a refusal without words: {refusal}");
                text(&refusal["code"])
            }
        }
    }

    /// The first thing that `find` finds in the notices of this run, past or to come.
    pub(crate) fn notice<T>(&self, what: &str, mut find: impl FnMut(&Value) -> Option<T>) -> T {
        let mut looked = 0;
        let found = self.inbox().wait(Instant::now() + PATIENCE, |heard| {
            let found = heard.notices.iter().skip(looked).find_map(|numbered| find(&numbered["notice"]));
            looked = heard.notices.len();
            found
        });
        found.unwrap_or_else(|| self.fail(what))
    }

    /// Asks now, and again after each notice, until there is something.
    pub(crate) fn watch<T>(&self, what: &str, mut ask: impl FnMut(&Peer) -> Option<T>) -> T {
        let end = Instant::now() + PATIENCE;
        loop {
            let heard = self.inbox().lock().notices.len();
            if let Some(found) = ask(self) {
                return found;
            }
            let more = self.inbox().wait(end, |now| (now.notices.len() > heard).then_some(()));
            more.unwrap_or_else(|| self.fail(what));
        }
    }

    /// Ends in order, and says how.
    pub(crate) fn stop(&mut self) -> ExitStatus {
        self.call("shutdown", json!({}));
        self.exited()
    }

    /// Waits until the program has ended by itself.
    pub(crate) fn exited(&mut self) -> ExitStatus {
        if !self.inbox().ended(Instant::now() + PATIENCE) {
            self.fail("ends");
        }
        let mut run = self.run.take().expect("it was running");
        drop(run.input);
        if let Some(reader) = run.reader.take() {
            reader.join().expect("the reader does not panic");
        }
        run.child.0.wait().expect("a child can be waited for")
    }

    /// The same of a program whose output nobody reads.
    pub(crate) fn process_ended(&mut self) -> ExitStatus {
        let end = Instant::now() + PATIENCE;
        let mut run = self.run.take().expect("it was running");
        loop {
            if let Some(status) = run.child.0.try_wait().expect("a child can be waited for") {
                run.inbox.set_deaf(false);
                return status;
            }
            assert!(Instant::now() < end, "{} did not end\n{}", self.name, self.log());
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// kill −9. Gives what it had said, to the last byte.
    pub(crate) fn kill9(&mut self) -> Arc<Inbox> {
        let mut run = self.run.take().expect("it was running");
        run.child.kill();
        if let Some(reader) = run.reader.take() {
            reader.join().expect("the reader does not panic");
        }
        run.inbox
    }

    /// Starts the program again and waits until the profile is open.
    pub(crate) fn start_again(&mut self) {
        assert!(self.run.is_none(), "{} is running", self.name);
        self.run_program();
        self.opened();
    }

    /// Starts the program again, as `launch` says now; nothing is waited for.
    pub(crate) fn relaunched(mut self) -> Peer {
        assert!(self.run.is_none(), "{} is running", self.name);
        self.run_program();
        self
    }

    /// The same with another passphrase.
    pub(crate) fn relaunched_with(mut self, passphrase: Option<&'static str>) -> Peer {
        self.launch.passphrase = passphrase;
        self.relaunched()
    }

    /// Another process on the same profile.
    pub(crate) fn second(&self) -> Peer {
        let mut second = Peer { name: "second", launch: self.launch.clone(), home: self.home.clone(), run: None, last_call: Cell::new(0) };
        second.run_program();
        second
    }

    /// A copy of the profile of a person whose program has ended.
    pub(crate) fn profile_copied(&self) -> TempDir {
        assert!(self.run.is_none(), "{} is running", self.name);
        let copy = tempfile::Builder::new().prefix("grapevine-copy-").tempdir().expect("a folder for the copy");
        copy_folder(&self.profile(), &copy.path().join("profile"));
        copy
    }

    /// Puts a copy in the place of the profile.
    pub(crate) fn restore(&self, copy: &TempDir) {
        assert!(self.run.is_none(), "{} is running", self.name);
        fs::remove_dir_all(self.profile()).expect("the profile is there");
        copy_folder(&copy.path().join("profile"), &self.profile());
    }

    /// The same person on a second computer, not started yet.
    pub(crate) fn twin(&self) -> Peer {
        let launch = Launch { listen: Launch::default().listen, ..self.launch.clone() };
        Peer { name: self.name, launch, home: Arc::new(self.profile_copied()), run: None, last_call: Cell::new(0) }
    }

    /// Nobody writes to it any more; it ends.
    pub(crate) fn input_ended(&mut self) -> ExitStatus {
        let run = self.run.as_mut().expect("it was running");
        run.input.get_mut().take();
        self.exited()
    }

    /// Listens where it listens now, in later runs too.
    pub(crate) fn keep_port(&mut self) {
        self.launch.listen = self.address();
    }

    /// Ends the test with all that is known about this peer.
    pub(crate) fn fail(&self, what: &str) -> ! {
        let mut report = format!("{}: never happened within {PATIENCE:?}: {what}\n", self.name);
        if let Some(run) = &self.run {
            let heard = run.inbox.lock();
            let state = if heard.over { "ended" } else { "running" };
            report += &format!("the program is {state}; its last notices of {}:\n", heard.notices.len());
            for notice in heard.notices.iter().rev().take(12).rev() {
                report += &format!("  {:.300}\n", notice.to_string());
            }
        }
        report += &format!("stderr:\n{}\nlog:\n{}", tail(&self.errors()), self.log());
        panic!("{report}");
    }

    fn log(&self) -> String {
        let files = fs::read_dir(self.profile().join("logs")).into_iter().flatten().flatten();
        files.map(|file| tail(&file.path())).collect()
    }
}

fn copy_folder(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("a folder for the copy");
    for entry in fs::read_dir(from).expect("the folder is there").flatten() {
        let (from, to) = (entry.path(), to.join(entry.file_name()));
        if from.is_dir() {
            copy_folder(&from, &to);
        } else {
            fs::copy(&from, &to).expect("the disk has room");
        }
    }
}

/// A JSON string, or nothing.
pub(crate) fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

fn tail(path: &Path) -> String {
    let whole = fs::read(path).map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).unwrap_or_default();
    let lines: Vec<&str> = whole.lines().collect();
    lines.iter().skip(lines.len().saturating_sub(40)).map(|line| format!("  {line}\n")).collect()
}
