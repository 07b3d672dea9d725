//! What people do with their peers.

use serde_json::{Value, json};

use crate::peer::{Peer, text};

/// Messages in one page of history, as many as are given at once.
const PAGE: usize = 200;

/// One entry of a room's history, as far as tests look at it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Entry {
    pub(crate) id: String,
    pub(crate) position: String,
    pub(crate) log: String,
    pub(crate) seq: u64,
    pub(crate) kind: String,
    pub(crate) text: String,
}

impl Entry {
    fn of(message: &Value) -> Entry {
        Entry {
            id: text(&message["id"]),
            position: text(&message["position"]),
            log: text(&message["log"]),
            seq: message["seq"].as_u64().expect("a number"),
            kind: text(&message["body"]["kind"]),
            text: text(&message["body"]["text"]),
        }
    }
}

impl Peer {
    pub(crate) fn snapshot(&self) -> Value {
        self.call("snapshot", json!({}))
    }

    pub(crate) fn id(&self) -> String {
        text(&self.snapshot()["me"]["peer"])
    }

    /// Where this peer listens.
    pub(crate) fn address(&self) -> String {
        self.watch("listens", |peer| peer.snapshot()["me"]["addresses"][0].as_str().map(str::to_owned))
    }

    pub(crate) fn create_room(&self, name: &str) -> String {
        text(&self.call("create_room", json!({"name": name}))["id"])
    }

    /// Text of an invite that can be followed.
    pub(crate) fn invite(&self, room: Option<&str>, uses: u32) -> String {
        self.address();
        let args = room.map_or_else(|| json!({"uses": uses}), |room| json!({"room": room, "uses": uses}));
        let invite = self.call("create_invite", args);
        assert!(!invite["addresses"].as_array().expect("a list").is_empty(), "{invite}");
        text(&invite["text"])
    }

    /// Follows an attempt to its end: the room that opened, or why none did.
    pub(crate) fn outcome(&self, joining: &Value) -> Result<String, String> {
        let id = joining["id"].clone();
        self.notice("the attempt ends", |notice| {
            let state = &notice["joining"]["state"];
            match (notice["joining"]["id"] == id, state["state"].as_str()) {
                (true, Some("joined")) => Some(Ok(text(&state["room"]))),
                (true, Some("refused")) => Some(Err(text(&state["why"]))),
                _ => None,
            }
        })
    }

    /// Uses an invite; after it this person may write at once.
    pub(crate) fn join(&self, invite: &str) -> String {
        let joining = self.call("accept_invite", json!({"text": invite}));
        let room = self.outcome(&joining).unwrap_or_else(|why| self.fail(&format!("joins, but: {why}")));
        assert!(self.row(&room)["standing"] == "member" && self.row(&room)["members"].as_u64() >= Some(2), "{}", self.row(&room));
        room
    }

    pub(crate) fn room(&self, room: &str) -> Value {
        self.call("room", json!({"room": room}))
    }

    /// Names of the members.
    pub(crate) fn members(&self, room: &str) -> Vec<String> {
        let room = self.room(room);
        let mut names: Vec<String> = room["people"].as_array().expect("a list").iter().map(|member| text(&member["name"])).collect();
        names.sort();
        names
    }

    pub(crate) fn until_members(&self, room: &str, names: &[&str]) {
        self.watch(&format!("the members are {names:?}"), |peer| (peer.members(room) == names).then_some(()));
    }

    /// The state of the link with a person, as the address book shows it.
    pub(crate) fn link(&self, peer: &str) -> String {
        let snapshot = self.snapshot();
        let person = snapshot["people"].as_array().expect("a list").iter().find(|person| person["peer"] == peer);
        person.map(|person| text(&person["link"]["state"])).unwrap_or_default()
    }

    pub(crate) fn until_link(&self, peer: &str, state: &str) {
        self.watch(&format!("the link is {state}"), |this| (this.link(peer) == state).then_some(()));
    }

    pub(crate) fn say(&self, room: &str, words: &str) -> Value {
        self.call("send", json!({"room": room, "text": words}))
    }

    /// Sends many, as fast as they are taken.
    pub(crate) fn say_all(&self, room: &str, words: &[String]) {
        let (ids, lines): (Vec<u64>, Vec<String>) = words.iter().map(|w| self.line("send", &json!({"room": room, "text": w}))).unzip();
        self.write(lines.concat().as_bytes());
        for id in ids {
            let answer = self.inbox().answer(id, std::time::Instant::now() + crate::peer::PATIENCE);
            if answer.is_none_or(|answer| answer.get("reply").is_none()) {
                self.fail("takes every message");
            }
        }
    }

    /// The history after a position, or all of it, oldest first.
    pub(crate) fn messages(&self, room: &str, after: Option<&str>) -> Vec<Value> {
        // Every position comes after this one.
        let mut place = after.map_or_else(|| "0".repeat(112), str::to_owned);
        let mut messages = Vec::new();
        loop {
            let page = self.call("timeline", json!({"room": room, "anchor": {"at": "after", "position": place}, "limit": PAGE}));
            messages.extend_from_slice(page["messages"].as_array().expect("a list"));
            match messages.last() {
                Some(last) if page["more_after"] == true => place = text(&last["position"]),
                _ => return messages,
            }
        }
    }

    /// The same, as far as it is the same at every member.
    pub(crate) fn history(&self, room: &str, after: Option<&str>) -> Vec<Entry> {
        self.messages(room, after).iter().map(Entry::of).collect()
    }

    /// All texts of a room, in its order.
    pub(crate) fn texts(&self, room: &str) -> Vec<String> {
        self.history(room, None).into_iter().filter(|entry| entry.kind == "text").map(|entry| entry.text).collect()
    }

    pub(crate) fn until_texts(&self, room: &str, texts: &[impl AsRef<str>]) {
        let wanted: Vec<&str> = texts.iter().map(AsRef::as_ref).collect();
        self.watch(&format!("the room holds {wanted:.400?}"), |peer| (peer.texts(room) == wanted).then_some(()));
    }

    /// A message with this text, as the timeline shows it.
    pub(crate) fn message(&self, room: &str, words: &str) -> Value {
        let found = |peer: &Peer| peer.messages(room, None).into_iter().find(|message| message["body"]["text"] == words);
        self.watch(&format!("the message {words:?}"), found)
    }

    /// The row of a room.
    pub(crate) fn row(&self, room: &str) -> Value {
        self.room(room)["room"].clone()
    }
}

/// A room of these people, each let in by the first.
pub(crate) fn room_of(name: &str, people: &[&Peer]) -> String {
    let (first, others) = people.split_first().expect("somebody");
    let room = first.create_room(name);
    let invite = first.invite(Some(&room), 100);
    for other in others {
        assert_eq!(other.join(&invite), room);
    }
    let mut names: Vec<&str> = people.iter().map(|peer| peer.name).collect();
    names.sort_unstable();
    people.iter().for_each(|peer| peer.until_members(&room, &names));
    room
}

/// `count` numbered texts.
pub(crate) fn numbered(word: &str, count: usize) -> Vec<String> {
    (1..=count).map(|n| format!("{word} {n}")).collect()
}
