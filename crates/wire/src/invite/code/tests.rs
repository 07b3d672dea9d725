use proptest::prelude::*;

use super::*;
use crate::fixtures::ana;
use crate::limits::MAX_PASTED_TEXT;

fn invite() -> Invite {
    let addresses = ["192.168.1.20:4000", "[2001:db8::1]:4000", "ana.example.org:4000"];
    let addresses = addresses.map(|text| text.parse().expect("an address"));
    Invite::from_seed(InviteKind::Room { hint: [7; 16] }, Zeroizing::new([9; 16]), ana().peer(), addresses)
}

/// The text of an invite with these bytes before the checksum, which is right.
fn text_of(content: &[u8]) -> String {
    let bytes = [content, &checksum(content)].concat();
    format!("{PREFIX}{}", BASE32_NOPAD.encode(&bytes).to_ascii_lowercase())
}

/// Everything before the addresses.
fn content(version: u8, flags: u8, hint: [u8; 16], count: u8) -> Vec<u8> {
    [[version, flags].as_slice(), &hint, &[9; 16], ana().peer().as_bytes(), &[count]].concat()
}

fn check(text: &str, expected: InviteFault) {
    assert_eq!(Invite::parse(text), Err(expected), "{}", text.chars().take(60).collect::<String>());
}

#[test]
fn text_and_link_read_back_as_the_same_invite() {
    let invite = invite();
    for text in [invite.to_text(), invite.to_link()] {
        assert_eq!(Invite::parse(&text), Ok(invite.clone()));
    }
    assert_eq!(invite.hint(), [7; 16]);
    assert_eq!(invite.inviter(), ana().peer());
}

#[test]
fn upper_case_white_space_and_hyphens_do_not_matter() {
    let (invite, link) = (invite(), invite().to_link());
    let grouped: Vec<String> = link.as_bytes().chunks(5).map(|five| String::from_utf8_lossy(five).into_owned()).collect();
    for text in [
        link.to_ascii_uppercase(),
        format!("\n\t {link} \r\n"),
        grouped.join("-"),
        grouped.join(" "),
        grouped.join("\n"),
        grouped.join("\u{a0}"),
    ] {
        assert_eq!(Invite::parse(&text).as_ref(), Ok(&invite), "{text}");
    }
}

#[test]
fn an_invite_with_one_address_is_128_characters() {
    let one = ["192.168.1.20:4000".parse().expect("an address")];
    assert_eq!(Invite::new(InviteKind::Contact, ana().peer(), one).to_text().len(), 128);
}

#[test]
fn the_same_secret_gives_the_same_keys_and_another_one_others() {
    let keys = invite().keys().peer();
    assert_eq!(Invite::parse(&invite().to_text()).map(|read| read.keys().peer()), Ok(keys));
    let other = Invite::new(invite().kind(), ana().peer(), []);
    assert_ne!(other.keys().peer(), keys);
}

#[test]
fn debug_shows_no_secret() {
    assert_eq!(format!("{:?}", invite()), format!("Invite(room, by {:?}, 3 addresses)", ana().peer()));
}

#[test]
fn nothing_and_other_text_are_told_apart() {
    check("", InviteFault::Empty);
    check(" \n - ", InviteFault::Empty);
    check("hello", InviteFault::NotAnInvite);
    check("https://example.org/join/gv1abc", InviteFault::NotAnInvite);
    check("grapevine://join/", InviteFault::NotAnInvite);
    check("grapevine://room/gv1abc", InviteFault::NotAnInvite);
    check("gvx", InviteFault::NotAnInvite);
}

#[test]
fn hostile_checksum_any_changed_character_is_damage() {
    let text = invite().to_text();
    for index in PREFIX.len()..text.len() {
        let mut changed = text.clone().into_bytes();
        changed[index] = if changed[index] == b'a' { b'b' } else { b'a' };
        check(&String::from_utf8(changed).expect("still ASCII"), InviteFault::Damaged);
    }
}

#[test]
fn hostile_text_cut_short_is_damage() {
    let text = invite().to_text();
    for len in PREFIX.len()..text.len() {
        check(&text[..len], InviteFault::Damaged);
    }
}

#[test]
fn what_follows_an_invite_is_not_taken_for_a_part_of_it() {
    let text = invite().to_text();
    for tail in ["a", "aa", "aaaaaaaa", "é", "0", "1", "8", "=", "\0", " see you", ". see you!", "gv1", "\n\n--\nana"] {
        assert_eq!(Invite::parse(&format!("{text}{tail}")), Ok(invite()), "{tail:?}");
    }
}

#[test]
fn hostile_version_is_named_newer_and_not_guessed_at() {
    check("gv2abc", InviteFault::TooNew);
    check("grapevine://join/gv9abc", InviteFault::TooNew);
    for version in [2, 255] {
        check(&text_of(&content(version, 0, [7; 16], 0)), InviteFault::TooNew);
    }
    check(&text_of(&content(1, 2, [7; 16], 0)), InviteFault::TooNew);
    check(&text_of(&content(0, 0, [7; 16], 0)), InviteFault::Damaged);
}

#[test]
fn a_hint_that_contradicts_the_flags_is_damage() {
    check(&text_of(&content(1, 1, [7; 16], 0)), InviteFault::Damaged);
    check(&text_of(&content(1, 0, [0; 16], 0)), InviteFault::Damaged);
    assert_eq!(Invite::parse(&text_of(&content(1, 1, [0; 16], 0))).map(|invite| invite.kind()), Ok(InviteKind::Contact));
}

#[test]
fn hostile_300_addresses_are_too_many() {
    let address = [4, 10, 0, 0, 1, 0x0f, 0xa0];
    let many = [content(1, 1, [0; 16], (300 % 256) as u8), address.repeat(300)].concat();
    check(&text_of(&many), InviteFault::TooLong);
    let nine = [content(1, 1, [0; 16], 9), address.repeat(9)].concat();
    check(&text_of(&nine), InviteFault::TooLong);
    let uncounted = [content(1, 1, [0; 16], 1), address.repeat(9)].concat();
    check(&text_of(&uncounted), InviteFault::Damaged);
    let missing = [content(1, 1, [0; 16], 8), address.repeat(7)].concat();
    check(&text_of(&missing), InviteFault::Damaged);
}

#[test]
fn hostile_multicast_and_unspecified_addresses_are_refused_and_loopback_is_not() {
    let with = |address: &[u8]| text_of(&[content(1, 1, [0; 16], 1), address.to_vec()].concat());
    assert!(Invite::parse(&with(&[4, 127, 0, 0, 1, 0x0f, 0xa0])).is_ok());
    for (address, fault) in [
        (vec![4, 224, 0, 0, 1, 0x0f, 0xa0], AddressFault::NotUnicast),
        (vec![4, 0, 0, 0, 0, 0x0f, 0xa0], AddressFault::NotUnicast),
        (vec![4, 255, 255, 255, 255, 0x0f, 0xa0], AddressFault::NotUnicast),
        (vec![4, 10, 0, 0, 1, 0, 0], AddressFault::BadPort),
        ([&[6], [0; 16].as_slice(), &[1, 1]].concat(), AddressFault::NotUnicast),
        ([&[6, 0xff], [2; 15].as_slice(), &[1, 1]].concat(), AddressFault::NotUnicast),
        (vec![1, 0, 1, 1], AddressFault::BadHost),
        (vec![1, 3, b'a', b' ', b'b', 1, 1], AddressFault::BadHost),
        (vec![1, 2, 0xc3, 0x28, 1, 1], AddressFault::BadHost),
        (vec![1, 5, b'1', b'2', b'7', b'.', b'1', 1, 1], AddressFault::BadHost),
    ] {
        check(&with(&address), InviteFault::BadAddress(fault));
    }
    for unknown in [vec![9, 1, 1, 1, 1, 1, 1], vec![1, 200, b'a', 1, 1], vec![4, 1]] {
        check(&with(&unknown), InviteFault::Damaged);
    }
}

#[test]
fn hostile_megabyte_of_text_is_refused_by_its_length() {
    check(&"a".repeat(MAX_PASTED_TEXT + 1), InviteFault::TooLong);
    check(&format!("gv1{}", "a".repeat(1 << 19)), InviteFault::TooLong);
    check(&" ".repeat(MAX_PASTED_TEXT + 1), InviteFault::TooLong);
    check(&format!("gv1{}", "a".repeat(MAX_INVITE_CHARS)), InviteFault::TooLong);
}

#[test]
fn as_many_addresses_are_kept_as_fit() {
    let long = |index: u8| Address::host(&format!("{}.x{index}", "a.".repeat(120).trim_end_matches('.')), 4000).expect("a host");
    let kept = Invite::new(InviteKind::Contact, ana().peer(), (0..8).map(long));
    assert_eq!(kept.addresses(), [long(0), long(1)]);
    assert!(kept.to_text().len() <= MAX_INVITE_CHARS);
    assert_eq!(Invite::parse(&kept.to_text()), Ok(kept));
    let short = |index: u8| Address::ip(SocketAddr::from(([10, 0, 0, index], 4000))).expect("an address");
    assert_eq!(Invite::new(InviteKind::Contact, ana().peer(), (0..20).map(short)).addresses().len(), MAX_ADDRESSES);
}

#[test]
fn an_address_with_a_zone_is_left_out() {
    let addresses = ["[fe80::1%eth0]:4000", "10.0.0.1:4000"].map(|text| text.parse().expect("an address"));
    let invite = Invite::new(InviteKind::Contact, ana().peer(), addresses);
    assert_eq!(invite.addresses().iter().map(ToString::to_string).collect::<Vec<_>>(), ["10.0.0.1:4000"]);
    assert_eq!(Invite::parse(&invite.to_text()), Ok(invite));
}

fn any_address() -> impl Strategy<Value = Address> {
    let ip = any::<std::net::SocketAddr>().prop_filter_map("unicast", |address| Address::ip(address).ok());
    let host =
        ("[a-z][a-z0-9]{0,20}(\\.[a-z]{1,10}){0,3}", 1u16..).prop_filter_map("a host", |(name, port)| Address::host(&name, port).ok());
    prop_oneof![ip, host]
}

proptest! {
    #[test]
    fn any_invite_round_trips(
        hint: [u8; 16],
        contact: bool,
        seed: [u8; 16],
        inviter: [u8; 32],
        addresses in prop::collection::vec(any_address(), 0..10),
    ) {
        prop_assume!(hint != [0; 16]);
        let kind = if contact { InviteKind::Contact } else { InviteKind::Room { hint } };
        let invite = Invite::from_seed(kind, Zeroizing::new(seed), PeerId::from_bytes(inviter), addresses);
        let text = invite.to_text();
        prop_assert!(text.len() <= MAX_INVITE_CHARS);
        prop_assert_eq!(Invite::parse(&text), Ok(invite.clone()));
        prop_assert_eq!(Invite::parse(&invite.to_link()), Ok(invite));
    }

    #[test]
    fn random_text_never_panics(text in "\\PC{0,200}|gv1[a-z2-7]{0,300}|grapevine://join/\\PC{0,50}") {
        if let Ok(invite) = Invite::parse(&text) {
            prop_assert_eq!(Invite::parse(&invite.to_text()), Ok(invite));
        }
    }

    #[test]
    fn random_content_with_a_right_checksum_never_panics(tail in prop::collection::vec(any::<u8>(), 0..200), flags in 0u8..3) {
        let hint = if flags == 1 { [0; 16] } else { [7; 16] };
        let mut bytes = content(1, flags, hint, 0);
        bytes.pop();
        bytes.extend_from_slice(&tail);
        if let Ok(invite) = Invite::parse(&text_of(&bytes)) {
            prop_assert_eq!(Invite::parse(&invite.to_text()), Ok(invite));
        }
    }
}
