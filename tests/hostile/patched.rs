//! The process in which a changed program ([`crate::client`]) runs: the test binary, started again
//! for the test that started it. It is told what to do in JSON lines, and answers in some.

use std::collections::BTreeSet;
use std::io::{BufRead, Write};
use std::net::TcpListener;
use std::path::PathBuf;
use std::process::{ChildStdin, Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use data_encoding::BASE64;
use identity::PeerId;
use rooms::keys::{ControlSecret, EpochSecret, Held, Keyring};
use serde_json::{Value, json};
use wire::ids::{EpochId, EventId, RoomId};
use wire::message::Message;

use crate::child::Owned;
use crate::client::{Client, keep_door, lock, visit_for_everything};
use crate::inbox::Inbox;
use crate::peer::{PATIENCE, Peer, text};

/// Says to a process that it is that of a changed program, and whose.
const TASK: &str = "GRAPEVINE_CHANGED_CLIENT";
/// Rounds of visits at everybody between a question and its answer. One of them was begun before
/// the question.
const ROUNDS: usize = 2;

/// The process, for the test.
pub(crate) struct Patched {
    _process: Owned,
    input: ChildStdin,
    inbox: Arc<Inbox>,
    room: RoomId,
    calls: u64,
}

/// What she got.
pub(crate) struct Haul {
    /// All that was said to her, as it came.
    pub(crate) records: Vec<Vec<u8>>,
    /// What could be opened of the events in it.
    pub(crate) contents: Vec<Vec<u8>>,
    /// Who dialled her.
    pub(crate) callers: Vec<PeerId>,
    /// All keys that she has by now.
    pub(crate) keyring: Keyring,
}

impl Patched {
    /// Goes on as somebody whose own program has ended, and listens where it did.
    pub(crate) fn start(test: &str, whose: &Peer, room: &str) -> Patched {
        let this = std::env::current_exe().expect("this program is a file");
        let mut command = Command::new(this);
        command.args(["--exact", test, "--nocapture"]).stdin(Stdio::piped()).stdout(Stdio::piped());
        command.env(TASK, json!({"profile": whose.profile(), "room": room, "door": whose.launch.listen}).to_string());
        let mut process = Owned::start(&mut command, "this test");
        let input = process.0.stdin.take().expect("stdin is piped");
        let output = process.0.stdout.take().expect("stdout is piped");
        let inbox = Arc::<Inbox>::default();
        let fills = inbox.clone();
        std::thread::spawn(move || fills.fill(output));
        Patched { _process: process, input, inbox, room: room.parse().expect("an id"), calls: 0 }
    }

    fn call(&mut self, what: Value) -> Value {
        self.calls += 1;
        let line = format!("{}\n", json!({"id": self.calls, "what": what}));
        self.input.write_all(line.as_bytes()).and_then(|()| self.input.flush()).expect("she listens");
        self.inbox.answer(self.calls, Instant::now() + PATIENCE).expect("she answers")
    }

    /// Visits this node too, from now on, again and again.
    pub(crate) fn visits(&mut self, whom: &Peer) {
        self.call(json!({"visit": whom.address()}));
    }

    /// Shows this invite too.
    pub(crate) fn shows(&mut self, invite: &str) {
        self.call(json!({"invite": invite}));
    }

    /// Her words begin with this from now on.
    pub(crate) fn says(&mut self, label: &str) {
        self.call(json!({"label": label}));
    }

    /// What she got since she was last asked, after she has tried everything at everybody.
    pub(crate) fn haul(&mut self) -> Haul {
        let answer = self.call(json!("haul"));
        let bytes = |name: &str| -> Vec<Vec<u8>> {
            let list = answer[name].as_array().expect("a list");
            list.iter().map(|one| BASE64.decode(text(one).as_bytes()).expect("it is base64")).collect()
        };
        let keyring = Keyring::default();
        for key in bytes("keys") {
            let (whole, rest) = key.split_first().expect("a key");
            let (epoch, secret) = rest.split_first_chunk::<16>().expect("an id");
            let secret = secret.try_into().expect("32 bytes");
            let held =
                if *whole == 1 { Held::Whole(EpochSecret::from_bytes(secret)) } else { Held::Control(ControlSecret::from_bytes(secret)) };
            keyring.put(&self.room, EpochId(*epoch), held).expect("it is its secret");
        }
        let callers = bytes("callers").into_iter().map(|id| PeerId::from_bytes(id.try_into().expect("an id"))).collect();
        Haul { records: bytes("records"), contents: bytes("contents"), callers, keyring }
    }
}

impl Haul {
    pub(crate) fn messages(&self) -> impl Iterator<Item = Message> + '_ {
        self.records.iter().map(|record| Message::decode(record).expect("it was read before").expect("it was known"))
    }

    /// The events in it, whether she could open them or not.
    pub(crate) fn events(&self) -> BTreeSet<EventId> {
        let of = |message| match message {
            Message::Run(run) => run.events,
            Message::Data(data) => data.events,
            _ => Vec::new(),
        };
        let events = self.messages().flat_map(of).map(|raw| rooms::Event::decode(raw).expect("an event"));
        events.map(|event| event.id()).collect()
    }

    /// Their device is named somewhere in it, sealed or not, or has dialled her.
    pub(crate) fn names(&self, who: &PeerId) -> bool {
        let holds = |bytes: &Vec<u8>| bytes.windows(PeerId::LEN).any(|part| part == who.as_bytes());
        self.callers.contains(who) || self.records.iter().chain(&self.contents).any(holds)
    }
}

/// Runs the changed program if this process was started for that, until the test ends; false if it
/// was not.
pub(crate) fn is_this_process() -> bool {
    let Ok(task) = std::env::var(TASK) else { return false };
    // No answer would come of a thread that is gone: the test is told at once.
    let tell = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        tell(panic);
        std::process::exit(1);
    }));
    let task: Value = serde_json::from_str(&task).expect("JSON");
    let profile = PathBuf::from(text(&task["profile"]));
    let room: RoomId = text(&task["room"]).parse().expect("an id");
    let client = Arc::new(Mutex::new(Client::new(&profile, room)));
    let door = TcpListener::bind(text(&task["door"])).expect("her port is free");
    let inside = client.clone();
    std::thread::spawn(move || keep_door(&inside, &door));
    let mut visited: Vec<Arc<AtomicUsize>> = Vec::new();
    for line in std::io::stdin().lock().lines() {
        let call: Value = serde_json::from_str(&line.expect("the test writes text")).expect("JSON");
        let what = &call["what"];
        let mut answer = json!({"id": call["id"]});
        if let Some(address) = what["visit"].as_str() {
            let (client, address, rounds) = (client.clone(), address.to_owned(), Arc::<AtomicUsize>::default());
            visited.push(rounds.clone());
            std::thread::spawn(move || {
                loop {
                    visit_for_everything(&client, &address);
                    rounds.fetch_add(1, Ordering::Relaxed);
                }
            });
        } else if let Some(invite) = what["invite"].as_str() {
            lock(&client).invites.push(invite.to_owned());
        } else if let Some(label) = what["label"].as_str() {
            lock(&client).label = label.to_owned();
        } else {
            tries_everything(&visited);
            let mut client = lock(&client);
            let base64 = |list: Vec<Vec<u8>>| list.iter().map(|bytes| BASE64.encode(bytes)).collect::<Vec<_>>();
            answer["records"] = json!(base64(std::mem::take(&mut client.records)));
            answer["contents"] = json!(base64(std::mem::take(&mut client.contents)));
            let callers = std::mem::take(&mut client.callers);
            answer["callers"] = json!(base64(callers.iter().map(|peer| peer.as_bytes().to_vec()).collect()));
            let keys = client.secrets.iter().map(|(epoch, held)| match held {
                Held::Whole(secret) => [&[1][..], &epoch.0, &secret.to_bytes()].concat(),
                Held::Control(secret) => [&[0][..], &epoch.0, &secret.to_bytes()].concat(),
            });
            answer["keys"] = json!(base64(keys.collect()));
        }
        // On a line of its own, whatever the test harness has written.
        println!("\n{answer}");
    }
    true
}

fn tries_everything(visited: &[Arc<AtomicUsize>]) {
    let until: Vec<usize> = visited.iter().map(|rounds| rounds.load(Ordering::Relaxed) + ROUNDS).collect();
    while visited.iter().zip(&until).any(|(rounds, until)| rounds.load(Ordering::Relaxed) < *until) {
        std::thread::sleep(Duration::from_millis(20));
    }
}
