//! Five people in a line, each linked with the next only: messages travel hops.

use crate::peer::{Launch, Peer};
use crate::talk::numbered;

#[test]
fn a_message_travels_the_whole_line_and_back() {
    let names = ["ana", "ben", "chi", "dan", "eve"];
    let line = names.map(|name| Peer::start_with(name, Launch { peer_exchange: false, ..Launch::default() }));
    let ids: Vec<String> = line.iter().map(Peer::id).collect();
    let room = line[0].create_room("Whispers");
    for (before, next) in line.iter().zip(line.iter().skip(1)) {
        next.join(&before.invite(Some(&room), 1));
    }
    for peer in &line {
        peer.until_members(&room, &names);
    }
    let neighbours = |at: usize| {
        let room = line[at].room(&room);
        let people = room["people"].as_array().expect("a list").iter();
        let linked = people.filter(|person| person["link"]["state"] == "connected").filter_map(|person| person["name"].as_str());
        let mut linked: Vec<String> = linked.map(str::to_owned).collect();
        linked.sort();
        linked
    };
    let check = |when: &str| {
        assert_eq!(neighbours(0), ["ben"], "{when}");
        assert_eq!(neighbours(1), ["ana", "chi"], "{when}");
        assert_eq!(neighbours(2), ["ben", "dan"], "{when}");
        assert_eq!(neighbours(3), ["chi", "eve"], "{when}");
        assert_eq!(neighbours(4), ["dan"], "{when}");
    };
    for (at, peer) in line.iter().enumerate() {
        let wanted = if at == 0 || at + 1 == line.len() { 1 } else { 2 };
        peer.watch("linked with the next", |_| (neighbours(at).len() == wanted).then_some(()));
    }
    check("before anything is said");

    let [ana, ben, chi, dan, eve] = &line;
    ana.say(&room, "psst");
    eve.until_texts(&room, &["psst"]);
    eve.say(&room, "what?");
    ana.until_texts(&room, &["psst", "what?"]);

    ana.say_all(&room, &numbered("ana", 100));
    eve.say_all(&room, &numbered("eve", 100));
    for peer in [ana, ben, chi, dan, eve] {
        peer.watch("has all", |peer| (peer.texts(&room).len() == 202).then_some(()));
    }
    let order = ana.history(&room, None);
    for peer in [ben, chi, dan, eve] {
        assert_eq!(peer.history(&room, None), order, "{}'s order is ana's", peer.name);
    }
    check("after everything was said");
    assert!(ana.call("person", serde_json::json!({"peer": ids[4]}))["addresses"] == serde_json::json!([]), "nobody told ana where eve is");
}

#[test]
fn when_one_in_the_middle_goes_the_rest_waits_and_catches_up() {
    let names = ["ana", "ben", "chi"];
    let [ana, mut ben, chi] = names.map(|name| Peer::start_with(name, Launch { peer_exchange: false, ..Launch::default() }));
    ben.keep_port();
    let room = ana.create_room("Whispers");
    ben.join(&ana.invite(Some(&room), 1));
    chi.join(&ben.invite(Some(&room), 1));
    ana.until_members(&room, &names);
    assert!(ben.stop().success());
    ana.say_all(&room, &numbered("ana", 50));
    chi.say_all(&room, &numbered("chi", 50));
    ben.start_again();
    for peer in [&ana, &ben, &chi] {
        peer.watch("has all", |peer| (peer.texts(&room).len() == 100).then_some(()));
    }
    assert_eq!(ana.history(&room, None), chi.history(&room, None));
}
