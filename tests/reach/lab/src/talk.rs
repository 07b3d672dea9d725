//! What people do with their programs.

use std::time::Duration;

use serde_json::{Value, json};

use crate::person::{PATIENCE, Person, text};

/// How a link goes, in the contract's words.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Path {
    /// From device to device.
    Direct,
    /// Direct, by a door that a router has opened.
    Door,
    /// Carried by a member of this name.
    Through(String),
}

impl Path {
    /// None while no link is up. Programs before paths were told had direct links only.
    fn of(link: &Value) -> Option<Path> {
        if link["state"] != "connected" {
            return None;
        }
        let path = &link["path"];
        match path["kind"].as_str() {
            None if path.is_null() => Some(Path::Direct),
            Some("direct") => Some(Path::Direct),
            Some("door") => Some(Path::Door),
            Some("through") => Some(Path::Through(text(&path["name"]))),
            _ => panic!("a path that is not in the contract: {link}"),
        }
    }

    /// Nobody carries it.
    pub fn is_direct(&self) -> bool {
        match self {
            Path::Direct | Path::Door => true,
            Path::Through(_) => false,
        }
    }
}

impl Person {
    /// Everything that an open profile shows first.
    pub fn snapshot(&self) -> Value {
        self.call("snapshot", json!({}))
    }

    /// Their public key.
    pub fn id(&self) -> String {
        text(&self.snapshot()["me"]["peer"])
    }

    /// The addresses at which this device says that it may be reached.
    pub fn addresses(&self) -> Vec<String> {
        let snapshot = self.snapshot();
        snapshot["me"]["addresses"].as_array().into_iter().flatten().map(text).collect()
    }

    /// From where it is reachable, in the contract's word.
    pub fn reach(&self) -> String {
        text(&self.snapshot()["me"]["reach"])
    }

    /// A new room; its id.
    pub fn create_room(&self, name: &str) -> String {
        text(&self.call("create_room", json!({"name": name}))["id"])
    }

    /// Text of an invite to a room, or to become contacts.
    pub fn invite(&self, room: Option<&str>, uses: u32) -> String {
        let args = room.map_or_else(|| json!({"uses": uses}), |room| json!({"room": room, "uses": uses}));
        text(&self.call("create_invite", args)["text"])
    }

    /// Uses an invite and follows it to its end: the room, or why not; none when the time is up.
    pub fn join(&self, invite: &str, limit: Duration) -> Option<Result<String, String>> {
        let skip = self.heard();
        let joining = self.call("accept_invite", json!({"text": invite}));
        let id = joining["id"].clone();
        self.notice(limit, skip, |notice| {
            let state = &notice["joining"]["state"];
            match (notice["joining"]["id"] == id, state["state"].as_str()) {
                (true, Some("joined")) => Some(Ok(text(&state["room"]))),
                (true, Some("refused")) => Some(Err(text(&state["why"]))),
                _ => None,
            }
        })
    }

    /// The same for what must succeed.
    pub fn must_join(&self, invite: &str, limit: Duration) -> String {
        match self.join(invite, limit) {
            Some(Ok(room)) => room,
            Some(Err(why)) => panic!("{} does not get in: {why}", self.name),
            None => panic!("{} does not get in within {limit:?}: {}", self.name, self.snapshot()["joining"]),
        }
    }

    /// How another person is reached, as the Network view shows it; `watch`ed, notices follow.
    pub fn row(&self, peer: &str) -> Option<Value> {
        let network = self.call("network", json!({"watch": true}));
        network["people"].as_array()?.iter().find(|row| row["peer"] == peer).cloned()
    }

    /// The link with another person, if it is up.
    pub fn path_to(&self, peer: &str) -> Option<Path> {
        Path::of(&self.row(peer)?["link"])
    }

    /// Who passes on what is said, if there is no link.
    pub fn through(&self, peer: &str) -> Option<String> {
        self.row(peer)?["through"]["name"].as_str().map(str::to_owned)
    }

    /// Says something in a room.
    pub fn say(&self, room: &str, words: &str) {
        self.call("send", json!({"room": room, "text": words}));
    }

    /// All texts of a room, oldest first.
    pub fn texts(&self, room: &str) -> Vec<String> {
        // Every position comes after this one.
        let mut place = "0".repeat(112);
        let mut texts = Vec::new();
        loop {
            let anchor = json!({"at": "after", "position": place});
            let page = self.call("timeline", json!({"room": room, "anchor": anchor, "limit": 200}));
            let messages = page["messages"].as_array().map(Vec::as_slice).unwrap_or_default();
            texts.extend(messages.iter().filter(|message| message["body"]["kind"] == "text").map(|message| text(&message["body"]["text"])));
            match messages.last() {
                Some(last) if page["more_after"] == true => place = text(&last["position"]),
                _ => return texts,
            }
        }
    }

    /// Becomes a contact of this person, who must be a member of a common room: the direct room.
    pub fn befriend(&self, other: &Person) -> String {
        let (mine, theirs) = (self.id(), other.id());
        let room = text(&self.call("open_direct", json!({"peer": theirs}))["id"]);
        other.watch("a request comes", PATIENCE, |other| {
            let requests = other.snapshot()["requests"].clone();
            requests.as_array()?.iter().any(|request| request["peer"] == mine).then_some(())
        });
        other.call("answer_request", json!({"peer": mine, "accept": true}));
        let accepted = |person: &Person| (person.call("room", json!({"room": room}))["room"]["standing"] == "member").then_some(());
        self.watch("the request is accepted", PATIENCE, accepted);
        room
    }

    /// What the doctor has found, the contract's words for it, troubles first.
    pub fn findings(&self) -> Vec<String> {
        let doctor = self.call("doctor", json!({"watch": true}));
        doctor["rows"].as_array().into_iter().flatten().map(|row| text(&row["finding"])).collect()
    }

    /// Waits until the doctor has found this.
    pub fn finds(&self, finding: &str, limit: Duration) {
        let found = self.until(limit, |person| person.findings().iter().any(|known| known == finding).then_some(()));
        found.unwrap_or_else(|| panic!("{}: not found within {limit:?}: {finding}; but: {:?}", self.name, self.findings()));
    }
}
