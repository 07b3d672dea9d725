//! A person with a real `grapevine-node` at a place of the lab, talking its JSON lines.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::fs::File;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Stdio};
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::programs;

/// For what has nothing to do with the internet between: opening a profile, answering a call.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);
/// Asked again after so long even if nothing was heard.
const ASKED_EVERY: Duration = Duration::from_millis(500);
/// Opens the key files of all people here. Key files, because a keychain is asked over a session
/// bus, which does not believe users that are mapped.
const PASSPHRASE: &str = "correct horse battery staple";

/// How the program is started.
#[derive(Clone, Debug, Default)]
pub struct Launch {
    /// More arguments, such as `--dht`.
    pub arguments: Vec<String>,
}

/// What is told of a person after they are gone.
pub(crate) struct Trace {
    pub(crate) name: &'static str,
    pub(crate) place: String,
    pub(crate) errors: PathBuf,
    pub(crate) inbox: Inbox,
}

/// What a program has said on its standard output.
#[derive(Default)]
pub(crate) struct Inbox {
    heard: Mutex<Heard>,
    more: Condvar,
}

#[derive(Default)]
pub(crate) struct Heard {
    answers: HashMap<u64, Value>,
    /// Notices with their numbers, in order, over all runs.
    pub(crate) notices: Vec<Value>,
    /// The program has closed its output.
    pub(crate) over: bool,
}

impl Inbox {
    fn fill(&self, output: impl Read) {
        for line in BufReader::new(output).lines().map_while(Result::ok) {
            let Ok(value) = serde_json::from_str::<Value>(&line) else { continue };
            let mut heard = self.lock();
            match value.get("id").and_then(Value::as_u64) {
                Some(id) => drop(heard.answers.insert(id, value)),
                None => heard.notices.push(value),
            }
            self.more.notify_all();
        }
        self.lock().over = true;
        self.more.notify_all();
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, Heard> {
        self.heard.lock().expect("no thread panics while it holds this")
    }

    /// None when the output ended or the time is up before `find` finds something.
    fn wait<T>(&self, end: Instant, mut find: impl FnMut(&mut Heard) -> Option<T>) -> Option<T> {
        let mut heard = self.lock();
        loop {
            if let Some(found) = find(&mut heard) {
                return Some(found);
            }
            let left = end.saturating_duration_since(Instant::now());
            if heard.over || left.is_zero() {
                return None;
            }
            heard = self.more.wait_timeout(heard, left).expect("no thread panics while it holds this").0;
        }
    }
}

/// A person, over all runs of their program. It is killed when this is dropped.
pub struct Person {
    /// Their name.
    pub name: &'static str,
    /// How they are started the next time.
    pub launch: Launch,
    program: PathBuf,
    profile: PathBuf,
    trace: Arc<Trace>,
    run: RefCell<Option<Run>>,
    last_call: Cell<u64>,
}

struct Run {
    child: Child,
    input: ChildStdin,
    reader: std::thread::JoinHandle<()>,
}

impl Person {
    pub(crate) fn start(name: &'static str, place: &str, launch: Launch, program: &Path, folder: &Path) -> Person {
        let trace = Trace { name, place: place.to_owned(), errors: folder.join(format!("{name}.stderr")), inbox: Inbox::default() };
        let profile = folder.join(name);
        let person = Person {
            name,
            launch,
            program: program.to_owned(),
            profile,
            trace: Arc::new(trace),
            run: RefCell::default(),
            last_call: Cell::new(0),
        };
        person.start_program();
        person
    }

    fn start_program(&self) {
        let mut command = programs::command("ip");
        command.args(["netns", "exec", &self.trace.place]).arg(&self.program);
        command.arg("--profile").arg(&self.profile).args(["--key-file", "--no-nearby", "--name", self.name]).args(&self.launch.arguments);
        // The unpacked libraries are for the programs of the lab alone.
        command.env_remove("LD_LIBRARY_PATH").env("GRAPEVINE_PASSPHRASE", PASSPHRASE).env("GRAPEVINE_LOG", log_filter());
        let errors = File::options().create(true).append(true).open(&self.trace.errors).expect("a file for stderr");
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(errors).spawn().expect("ip starts");
        let input = child.stdin.take().expect("stdin is piped");
        let output = child.stdout.take().expect("stdout is piped");
        self.trace.inbox.lock().over = false;
        let trace = self.trace.clone();
        let reader = std::thread::spawn(move || trace.inbox.fill(output));
        self.run.replace(Some(Run { child, input, reader }));
    }

    pub(crate) fn trace(&self) -> &Arc<Trace> {
        &self.trace
    }

    /// Process id, as this process sees it.
    pub fn pid(&self) -> u32 {
        self.run.borrow().as_ref().map_or(0, |run| run.child.id())
    }

    /// Waits until the profile is open.
    pub(crate) fn opened(&self) {
        self.watch("the profile is open", PATIENCE, |person| (person.call("status", json!({}))["stage"] == "open").then_some(()));
    }

    /// Says a call and gives its id; the answer may be waited for later.
    pub fn begin_call(&self, call: &str, args: &Value) -> u64 {
        let id = self.last_call.get() + 1;
        self.last_call.set(id);
        let line = format!("{}\n", json!({"id": id, "call": call, "args": args}));
        let mut run = self.run.borrow_mut();
        let run = run.as_mut().unwrap_or_else(|| panic!("{} is not running", self.name));
        run.input
            .write_all(line.as_bytes())
            .and_then(|()| run.input.flush())
            .unwrap_or_else(|error| panic!("{} takes input: {error}", self.name));
        id
    }

    /// The answer to a call that was said: its reply, or the refusal.
    pub fn answer(&self, id: u64) -> Result<Value, Value> {
        let answer = self.trace.inbox.wait(Instant::now() + PATIENCE, |heard| heard.answers.remove(&id));
        let mut answer = answer.unwrap_or_else(|| panic!("{} does not answer", self.name));
        match answer.get("refusal") {
            Some(refusal) => Err(refusal.clone()),
            None => Ok(answer["reply"].take()),
        }
    }

    /// A call: its reply, or the refusal.
    pub fn ask(&self, call: &str, args: Value) -> Result<Value, Value> {
        let id = self.begin_call(call, &args);
        self.answer(id)
    }

    /// The reply to a call that is carried out.
    pub fn call(&self, call: &str, args: Value) -> Value {
        self.ask(call, args).unwrap_or_else(|refusal| panic!("{} carries out {call}: {refusal}", self.name))
    }

    /// The first thing that `find` finds in the notices after the first `skip`, past or to come.
    pub fn notice<T>(&self, limit: Duration, skip: usize, mut find: impl FnMut(&Value) -> Option<T>) -> Option<T> {
        let mut looked = skip;
        self.trace.inbox.wait(Instant::now() + limit, |heard| {
            let found = heard.notices.iter().skip(looked).find_map(|numbered| find(&numbered["notice"]));
            looked = heard.notices.len();
            found
        })
    }

    /// How many notices there were so far.
    pub fn heard(&self) -> usize {
        self.trace.inbox.lock().notices.len()
    }

    /// Asks now, after each notice and twice a second, until there is something or the time is up.
    pub fn until<T>(&self, limit: Duration, mut ask: impl FnMut(&Person) -> Option<T>) -> Option<T> {
        let end = Instant::now() + limit;
        loop {
            let heard = self.heard();
            if let Some(found) = ask(self) {
                return Some(found);
            }
            if Instant::now() >= end || self.trace.inbox.lock().over {
                return None;
            }
            let next = end.min(Instant::now() + ASKED_EVERY);
            let _nothing = self.trace.inbox.wait(next, |now| (now.notices.len() > heard).then_some(()));
        }
    }

    /// The same for what must happen.
    pub fn watch<T>(&self, what: &str, limit: Duration, ask: impl FnMut(&Person) -> Option<T>) -> T {
        self.until(limit, ask).unwrap_or_else(|| panic!("{}: did not happen within {limit:?}: {what}", self.name))
    }

    /// Orderly end.
    pub fn stop(&self) {
        self.call("shutdown", json!({}));
        let Some(mut run) = self.run.take() else { return };
        run.child.wait().expect("a child can be waited for");
        let _over = run.reader.join();
    }

    /// kill −9.
    pub fn kill9(&self) {
        let Some(mut run) = self.run.take() else { return };
        let _gone = run.child.kill();
        let _reaped = run.child.wait();
        let _over = run.reader.join();
    }

    /// Starts the program again and waits until the profile is open.
    pub fn start_again(&self) {
        self.start_program();
        self.opened();
    }

    /// Lines of the program's log that hold this.
    pub fn logged(&self, word: &str) -> Vec<String> {
        let whole = std::fs::read(&self.trace.errors).unwrap_or_default();
        String::from_utf8_lossy(&whole).lines().filter(|line| line.contains(word)).map(str::to_owned).collect()
    }
}

impl Drop for Person {
    fn drop(&mut self) {
        self.kill9();
    }
}

fn log_filter() -> String {
    std::env::var("GRAPEVINE_LOG").unwrap_or_else(|_| "net=debug,info".to_owned())
}

/// A JSON string, or nothing.
pub fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}
