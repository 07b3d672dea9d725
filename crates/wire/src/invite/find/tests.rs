use std::time::{Duration, Instant};

use identity::PeerId;
use proptest::prelude::*;

use super::*;
use crate::fixtures::{ana, ben};
use crate::invite::InviteKind;

fn invite(seed: u8) -> Invite {
    let addresses = ["192.168.1.20:4000", "ana.example.org:4000"].map(|text| text.parse().expect("an address"));
    Invite::from_seed(InviteKind::Contact, Zeroizing::new([seed; 16]), ana().peer(), addresses)
}

fn check(text: &str, expected: Result<Vec<Invite>, InviteFault>) {
    assert_eq!(find(text), expected, "{}", text.chars().take(300).collect::<String>().escape_debug());
}

fn with_between(text: &str, between: &str) -> String {
    text.chars().map(|c| format!("{c}{between}")).collect()
}

#[test]
fn an_invite_is_found_with_anything_invisible_in_it() {
    for text in [invite(1).to_text(), invite(1).to_link()] {
        for hidden in [
            "\u{200b}",
            "\u{2060}",
            "\u{ad}",
            "\u{200e}",
            "\u{200f}",
            "\u{2066}",
            "\u{2067}",
            "\u{2068}",
            "\u{2069}",
            "\u{202a}",
            "\u{feff}",
            "\u{fe0f}",
            "\u{200d}",
            "\u{34f}",
            "\u{e0020}",
            "\u{fff9}",
        ] {
            check(&with_between(&text, hidden), Ok(vec![invite(1)]));
            check(&format!("{hidden}{text}{hidden}"), Ok(vec![invite(1)]));
            let (begin, end) = text.split_at(text.len() / 2);
            check(&format!("{begin}{hidden}{hidden}{end}"), Ok(vec![invite(1)]));
        }
        for space in [
            " ", "\u{a0}", "\u{3000}", "\t", "\r\n", "\u{2028}", "-", "\u{2010}", "\u{2011}", "\u{2013}", "\u{2212}", "=\r\n", "\n> ",
            "\n> > ", "\r\n | ",
        ] {
            check(&with_between(&text, space), Ok(vec![invite(1)]));
        }
        check(&text.to_uppercase(), Ok(vec![invite(1)]));
        let wide: String = text.chars().map(|c| char::from_u32(u32::from(c) + 0xfee0).expect("full width")).collect();
        check(&wide, Ok(vec![invite(1)]));
    }
}

#[test]
fn an_invite_is_found_in_the_text_around_it() {
    let (text, link) = (invite(1).to_text(), invite(1).to_link());
    for pasted in [
        format!("{text}."),
        format!("({text})"),
        format!("\"{text}\""),
        format!("“{text}”"),
        format!("„{text}“"),
        format!("'{text}'"),
        format!("«{text}»"),
        format!("`{text}`"),
        format!("```\n{text}\n```"),
        format!("**{text}**"),
        format!("Join us: {text}"),
        format!("{text} see you!"),
        format!("{text}see you!"),
        format!("{text}, see you at seven or at two"),
        format!("> {text}"),
        format!("> > {text}\n> see you"),
        format!("<{text}>"),
        format!("[join]({link})"),
        format!("[{link}]({link})"),
        format!("<a href=\"{link}\">join</a>"),
        format!("https://example.org/?to={text}&from=mail"),
        format!("grapevine%3A%2F%2Fjoin%2F{text}"),
        format!("加入{text}谢谢"),
        format!("Ana wrote on gv1 and gv2: try\n\n{link}\n\nor\n\n{text}\n-- \nAna"),
        format!("gv1{}. Sorry, this one: {text}", &text[3..60]),
        format!("gv1gv1 {text}"),
        format!("gv2abcdefghijklmnopqrstuvw {text}"),
    ] {
        check(&pasted, Ok(vec![invite(1)]));
    }
}

#[test]
fn an_invite_wrapped_by_a_mail_program_is_found_and_the_words_behind_it_are_left_alone() {
    let link = invite(1).to_link();
    for width in [20, 60, 72] {
        let lines: Vec<String> = link.as_bytes().chunks(width).map(|line| String::from_utf8_lossy(line).into_owned()).collect();
        for (begin, between) in [("", "\n"), ("> ", "\r\n> "), (">> ", "\n>> "), ("  ", "\n  "), ("", "=\r\n"), ("", "-\n")] {
            check(&format!("Hi Ben,\n\n{begin}{}\n{begin}see you there\n", lines.join(between)), Ok(vec![invite(1)]));
        }
    }
}

#[test]
fn each_of_several_invites_is_found_once() {
    let (one, two) = (invite(1), invite(2));
    check(&format!("{}\n{}", one.to_text(), two.to_text()), Ok(vec![one.clone(), two.clone()]));
    check(&format!("{}{}", one.to_text(), two.to_link()), Ok(vec![one.clone(), two.clone()]));
    check(&format!("{} {} {}", one.to_text(), two.to_link(), one.to_link()), Ok(vec![one.clone(), two]));
    let moved = Invite::from_seed(one.kind(), one.seed().clone(), one.inviter(), []);
    check(&format!("{} {}", one.to_text(), moved.to_text()), Ok(vec![one.clone()]));
    let others = Invite::from_seed(one.kind(), one.seed().clone(), ben().peer(), []);
    check(&format!("{} {}", one.to_text(), others.to_text()), Ok(vec![one, others]));
    let many: String = (0..100).map(|seed| invite(seed).to_text()).collect();
    assert_eq!(find(&many).map(|found| found.len()), Ok(MAX_INVITES_FOUND));
}

#[test]
fn what_was_meant_as_an_invite_and_is_not_whole_is_damaged_and_other_words_are_no_invite() {
    let text = invite(1).to_text();
    for pasted in [
        &text[..40],
        &format!("Join us: {}…", &text[..60]),
        &format!("`{}` see you", &text[..100]),
        "gv1",
        "“gv1broken”",
        "gv1.gv1",
        "GV1-2",
    ] {
        check(pasted, Err(InviteFault::Damaged));
    }
    for pasted in ["I like gv1 best", "the gv1 and the gv1abc", "big v1.2 is out", "Join us!", "https://example.org/gv1"] {
        check(pasted, Err(InviteFault::NotAnInvite));
    }
    check("look: gv3abcdefghijklmnopqrstuvwxyz", Err(InviteFault::TooNew));
    for nothing in ["", " \n", "\u{200b}\u{feff}", "> \n> "] {
        check(nothing, Err(InviteFault::Empty));
    }
}

/// A bound that only work beyond proportion to the text misses, however busy the machine.
#[test]
fn hostile_megabyte_is_searched_in_proportion_to_its_length() {
    let text = invite(1).to_text();
    for piece in
        ["gv1", "gv1 ", "g v 1 a ", "gv1aaaa", "!", "-", "\u{200b}", "gv", "> \n", &text[..120], "gv1a\u{301}", "gv9", "grapevine://join/"]
    {
        let many = piece.repeat((1 << 20) / piece.len());
        let before = Instant::now();
        assert!(find(&many).is_err(), "{piece:?}");
        assert!(before.elapsed() < Duration::from_secs(10), "{piece:?}: {:?}", before.elapsed());
    }
}

proptest! {
    #[test]
    fn an_invite_in_any_text_is_found(
        before in "\\PC{0,60}|[gv1-3 \n>a-z]{0,60}", after in "\\PC{0,60}|[gv1-3 \n>a-z]{0,60}",
        seed: [u8; 16], inviter: [u8; 32], width in 1usize..200,
    ) {
        let invite = Invite::from_seed(InviteKind::Contact, Zeroizing::new(seed), PeerId::from_bytes(inviter), []);
        let text = invite.to_text();
        let wrapped = text.as_bytes().chunks(width).map(|line| String::from_utf8_lossy(line).into_owned()).collect::<Vec<_>>().join("\n> ");
        prop_assert_eq!(find(&format!("{before}{wrapped}{after}")), Ok(vec![invite]));
    }

    #[test]
    fn in_a_text_without_an_invite_none_is_found(text in "\\PC{0,200}|([gv1-3]|\\s|[a-z2-7]{1,20}){0,40}") {
        prop_assert!(find(&text).is_err());
    }
}
