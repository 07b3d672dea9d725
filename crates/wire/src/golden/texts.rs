//! What shows, what is a name, where an invite is in a text, and what an address is:
//! `docs/vectors/texts.json`.

use serde_json::{Value, json};

use super::{check, invites, list};
use crate::address::Address;
use crate::invite::find;
use crate::text::{Likeness, check_name, shows, tidy_name};

const SHOWS: [&str; 12] = ["a", "א", "李", "ा", "\u{301}", "7", ".", "€", "🍇", "❤\u{fe0f}", "\u{f8ff}", "\u{200b}x\u{200b}"];
const SHOWS_NOTHING: [&str; 18] = [
    "",
    " ",
    "\n",
    "\0",
    "\u{a0}\u{3000}",
    "\u{200b}",
    "\u{2060}",
    "\u{ad}",
    "\u{fe0f}",
    "\u{200d}",
    "\u{feff}",
    "\u{3164}",
    "\u{115f}",
    "\u{e0020}",
    "\u{2800}",
    "\u{202e}",
    "\u{fffc}",
    "\u{ffff}",
];
const NAMES: [(&str, &str); 12] = [
    (" Ana\u{a0}", "Ana"),
    ("A\u{200b}na", "Ana"),
    ("A\u{ad}n\u{2060}a\u{feff}", "Ana"),
    ("A\u{fe0f}na", "Ana"),
    ("Ana\u{200e}", "Ana"),
    ("A\u{301}na", "Ána"),
    ("علی\u{200c}رضا", "علی\u{200c}رضا"),
    ("क्\u{200d}ष", "क्\u{200d}ष"),
    ("葛\u{e0100}城", "葛\u{e0100}城"),
    ("👩\u{200d}👩\u{200d}👧", "👩\u{200d}👩\u{200d}👧"),
    ("❤\u{fe0f}", "❤\u{fe0f}"),
    ("אנה\u{200f}!", "אנה\u{200f}!"),
];
const REFUSED_NAMES: [&str; 7] = ["", " ", "\u{200b}", "\u{7}", "a\nb", "\u{202e}ana", "\u{2066}ana\u{2069}"];
const ALIKE: [(&str, &str); 3] = [("Ana", "Аnа"), ("Ivan", "lvan"), ("Carmen", "carrnen")];
const ADDRESSES: [(&str, &str); 5] = [
    ("bücher.example:4747", "xn--bcher-kva.example:4747"),
    ("BÜCHER。example.:4747", "xn--bcher-kva.example:4747"),
    ("[2001:DB8::1]:4747", "[2001:db8::1]:4747"),
    ("[::ffff:10.0.0.1]:4747", "10.0.0.1:4747"),
    ("[fe80::1%25eth0]:4747", "[fe80::1%eth0]:4747"),
];

/// Texts around invites, and what is found in them.
fn pasted() -> Vec<Value> {
    let texts: Vec<String> = invites().iter().map(crate::Invite::to_text).collect();
    let (one, two) = (&texts[0], &texts[1]);
    let wrapped = one.as_bytes().chunks(60).map(String::from_utf8_lossy).collect::<Vec<_>>().join("\r\n> ");
    let hidden: String = one.chars().map(|c| format!("{c}\u{200b}")).collect();
    [
        format!("Join us: {one} see you!"),
        format!("> {wrapped}\r\n> see you"),
        hidden,
        format!("[{one}](grapevine://join/{one})."),
        format!("“{}”", one.to_uppercase()),
        format!("{one}\n{two}"),
    ]
    .iter()
    .map(|text| {
        let found = find(text).expect("invites");
        json!({ "text": text, "found": found.iter().map(crate::Invite::to_text).collect::<Vec<_>>() })
    })
    .collect()
}

fn pairs(pairs: &[(&str, &str)], keys: [&str; 2]) -> Vec<Value> {
    pairs.iter().map(|(one, two)| json!({ keys[0]: one, keys[1]: two })).collect()
}

#[test]
fn golden_texts() {
    let fresh = json!({
        "about": "Texts as people write them; see docs/PROTOCOL.md §1.2 and §4.",
        "shows": SHOWS,
        "shows_nothing": SHOWS_NOTHING,
        "names": pairs(&NAMES, ["written", "kept"]),
        "refused_names": REFUSED_NAMES,
        "names_that_look_alike": pairs(&ALIKE, ["one", "other"]),
        "addresses": pairs(&ADDRESSES, ["written", "dialled"]),
        "pasted": pasted(),
    });
    let committed = check("texts.json", &fresh);
    let text = |value: &Value| value.as_str().expect("a text").to_owned();
    assert!(list(&committed, "shows").iter().all(|value| shows(&text(value))));
    assert!(!list(&committed, "shows_nothing").iter().any(|value| shows(&text(value))));
    for name in list(&committed, "names") {
        assert_eq!(tidy_name(&text(&name["written"])), text(&name["kept"]));
        assert_eq!(check_name(&text(&name["written"])), Ok(()));
    }
    assert!(list(&committed, "refused_names").iter().all(|value| check_name(&text(value)).is_err()));
    for pair in list(&committed, "names_that_look_alike") {
        assert!(Likeness::of(&text(&pair["one"])).is_like(&Likeness::of(&text(&pair["other"]))), "{pair}");
    }
    for address in list(&committed, "addresses") {
        let read: Address = text(&address["written"]).parse().expect("an address");
        assert_eq!(read.to_string(), text(&address["dialled"]));
    }
    for pasted in list(&committed, "pasted") {
        let found = find(&text(&pasted["text"])).expect("invites");
        assert_eq!(
            found.iter().map(crate::Invite::to_text).collect::<Vec<_>>(),
            list(pasted, "found").iter().map(text).collect::<Vec<_>>()
        );
    }
}
