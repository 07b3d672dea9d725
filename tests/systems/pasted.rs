//! What people paste and type: texts with invites in them, addresses in any script, names that look
//! like others'.

use serde_json::json;

use crate::peer::{Peer, text};
use crate::talk::room_of;

#[test]
fn of_several_invites_in_one_text_one_is_chosen_and_followed() {
    let (ana, ben, chi) = (Peer::start("ana"), Peer::start("ben"), Peer::start("chi"));
    let garden = ana.create_room("Garden");
    let (to_garden, to_chi) = (ana.invite(Some(&garden), 1), chi.invite(None, 1));
    let letter = format!("Hi!\r\n> [join](grapevine://join/{to_garden})\r\n> {}\r\nor “{to_chi}”. See you!", to_garden.to_uppercase());
    let reading = ben.call("read_invite", json!({"text": letter}));
    assert_eq!(reading["kind"], "several", "{reading}");
    let found = reading["found"].as_array().expect("a list");
    let kinds: Vec<_> = found.iter().map(|one| text(&one["reading"]["kind"])).collect();
    assert_eq!(kinds, ["room", "contact"]);
    assert_eq!(ben.refused("accept_invite", json!({"text": letter})), "bad_invite");
    assert_eq!(ana.call("read_invite", json!({"text": letter}))["kind"], "contact", "one's own is left out");
    assert_eq!(ben.join(&text(&found[0]["text"])), garden);
    assert_eq!(chi.call("read_invite", json!({"text": to_chi}))["kind"], "own");
}

#[test]
fn addresses_in_any_script_and_with_a_zone_are_read() {
    let ana = Peer::start("ana");
    for (typed, read) in [
        ("BÜCHER。example:4747", "bücher.example:4747"),
        (" 192.168.1.7:4747\u{200b}\n", "192.168.1.7:4747"),
        ("[fe80::1%eth0]:4747", "[fe80::1%eth0]:4747"),
        ("fe80::1%eth0", "[fe80::1%eth0]:4747"),
    ] {
        assert_eq!(ana.call("read_invite", json!({"text": typed})), json!({"kind": "address", "address": read}), "{typed}");
    }
    let joining = ana.call("add_address", json!({"address": "[fe80::1%nowhere0]:4747"}));
    assert_eq!(joining["target"], "[fe80::1%nowhere0]:4747");
}

#[test]
fn a_name_that_looks_like_somebody_elses_is_told() {
    // The second one's name has a Cyrillic letter.
    let (ana, ben, other) = (Peer::start("ana"), Peer::start("ben"), Peer::start("b\u{435}n"));
    let room = room_of("Garden", &[&ana, &ben, &other]);
    ana.until_members(&room, &["ana", "ben", "b\u{435}n"]);
    for (who, looks_like) in [(&ben, json!("b\u{435}n")), (&other, json!("ben")), (&ana, json!(null))] {
        let asks = if std::ptr::eq(who, &ana) { &ben } else { &ana };
        assert_eq!(asks.call("person", json!({"peer": who.id()}))["looks_like"], looks_like);
    }
}
