//! What a peer has said on its standard output, and waiting for more of it.

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Read};
use std::sync::{Condvar, Mutex, MutexGuard};
use std::time::Instant;

use serde_json::Value;

/// Shared by the thread that reads and the test that waits.
#[derive(Default)]
pub(crate) struct Inbox {
    heard: Mutex<Heard>,
    more: Condvar,
}

#[derive(Default)]
pub(crate) struct Heard {
    /// Answers by the id of their call.
    answers: HashMap<u64, Value>,
    /// Answers to lines that had no id that could be read.
    pub(crate) strays: Vec<Value>,
    /// Notices with their numbers, in order.
    pub(crate) notices: Vec<Value>,
    /// Lines that were neither.
    pub(crate) unreadable: Vec<String>,
    /// The program has closed its output.
    pub(crate) over: bool,
    /// Nothing is read while this holds, as by a client that hangs.
    deaf: bool,
}

impl Inbox {
    /// Reads until the output ends.
    pub(crate) fn fill(&self, output: impl Read) {
        for line in BufReader::new(output).lines() {
            let Ok(line) = line else { break };
            let mut heard = self.lock();
            while heard.deaf {
                heard = self.more.wait(heard).expect("no thread panics while it holds this");
            }
            match serde_json::from_str::<Value>(&line) {
                Ok(value) => heard.take(value),
                Err(_) => heard.unreadable.push(line),
            }
            self.more.notify_all();
        }
        self.lock().over = true;
        self.more.notify_all();
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, Heard> {
        self.heard.lock().expect("no thread panics while it holds this")
    }

    /// Stops listening, or goes on.
    pub(crate) fn set_deaf(&self, deaf: bool) {
        self.lock().deaf = deaf;
        self.more.notify_all();
    }

    /// Waits until `find` finds something; None when the output ended or the time is up before
    /// that.
    pub(crate) fn wait<T>(&self, end: Instant, mut find: impl FnMut(&mut Heard) -> Option<T>) -> Option<T> {
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

    pub(crate) fn answer(&self, id: u64, end: Instant) -> Option<Value> {
        self.wait(end, |heard| heard.answers.remove(&id))
    }

    /// Waits until the program has closed its output.
    pub(crate) fn ended(&self, end: Instant) -> bool {
        self.wait(end, |heard| heard.over.then_some(())).is_some() || self.lock().over
    }
}

impl Heard {
    fn take(&mut self, value: Value) {
        match (value.get("id"), value.get("id").and_then(Value::as_u64)) {
            (_, Some(id)) => {
                self.answers.insert(id, value);
            }
            (Some(_), None) => self.strays.push(value),
            (None, _) => self.notices.push(value),
        }
    }
}
