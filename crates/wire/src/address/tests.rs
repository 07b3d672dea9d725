use proptest::prelude::*;

use super::*;
use crate::codec::{decode, encode};

fn check(text: &str, expected: Result<&str, AddressFault>) {
    assert_eq!(text.parse::<Address>().map(|address| address.to_string()).as_deref(), expected.as_ref().copied(), "{text:?}");
}

#[test]
fn numbers_and_names_with_a_port_are_addresses() {
    check("192.168.1.20:4000", Ok("192.168.1.20:4000"));
    check("  [2001:DB8::1]:4000\n", Ok("[2001:db8::1]:4000"));
    check("Home.Example.org:65535", Ok("home.example.org:65535"));
    check("ana-laptop:1", Ok("ana-laptop:1"));
    check("ana_s.local:80", Ok("ana_s.local:80"));
    check("4you:80", Ok("4you:80"));
}

#[test]
fn loopback_is_an_address_for_two_profiles_on_one_machine() {
    check("127.0.0.1:4000", Ok("127.0.0.1:4000"));
    check("[::1]:4000", Ok("[::1]:4000"));
    check("localhost:4000", Ok("localhost:4000"));
}

#[test]
fn nobody_is_at_unspecified_multicast_and_broadcast_addresses() {
    for text in [
        "0.0.0.0:4000",
        "[::]:4000",
        "224.0.0.251:5353",
        "[ff02::fb]:5353",
        "255.255.255.255:4000",
        "[::ffff:224.0.0.1]:9",
        "[::ffff:0.0.0.0]:9",
    ] {
        check(text, Err(AddressFault::NotUnicast));
    }
}

#[test]
fn ipv4_inside_ipv6_is_written_as_ipv4() {
    check("[::ffff:10.0.0.1]:9", Ok("10.0.0.1:9"));
}

#[test]
fn ports_are_1_to_65535() {
    for text in ["10.0.0.1:0", "10.0.0.1:65536", "host:", "host:+1", "host:-1", "host:1 2", "[::1]:", "host:99999999999999999999"] {
        check(text, Err(AddressFault::BadPort));
    }
}

#[test]
fn a_missing_port_is_named_as_such() {
    for text in ["10.0.0.1", "host", "::1", "fe80::1:4000", "[::1]"] {
        check(text, Err(AddressFault::NoPort));
    }
    check(" \t ", Err(AddressFault::Empty));
}

#[test]
fn what_a_resolver_could_take_for_a_number_is_no_name() {
    for text in ["127.1:80", "2130706433:80", "0x7f000001:80", "a.0X7f:80", "256.256.256.256:80", "1.2.3.4.5:80", "010.0.0.1:80", "0:80"] {
        check(text, Err(AddressFault::BadHost));
    }
}

#[test]
fn names_have_the_form_of_names() {
    for text in [
        "a..b:80",
        ".a:80",
        "a..:80",
        "-a:80",
        "a-:80",
        "a b:80",
        "b\u{fffd}cher.example:80",
        "[fe80::1%]:80",
        "[fe80::1%eth 0]:80",
        "[2001:db8::1%eth0]:80",
        "fe80%eth0:80",
        "a%b:80",
        "a/b:80",
        "u@h:80",
        ":80",
        "[::1%3]:80",
        "[10.0.0.1]:80",
        "a\0:80",
    ] {
        check(text, Err(AddressFault::BadHost));
    }
    let label = "a".repeat(63);
    let longest = format!("{label}.{label}.{label}.{}", "b".repeat(MAX_HOST - 3 * 64));
    assert_eq!(Address::host(&longest, 65_535).map(|address| address.to_string().len()), Ok(crate::limits::MAX_ADDRESS));
    assert_eq!(Address::host(&format!("{longest}b"), 1), Err(AddressFault::BadHost));
    assert_eq!(Address::host(&"a".repeat(64), 1), Err(AddressFault::BadHost));
}

#[test]
fn a_name_in_any_script_is_an_address_and_is_shown_as_it_is_written() {
    for (typed, dialled, shown) in [
        ("bücher.example:4747", "xn--bcher-kva.example:4747", "bücher.example:4747"),
        ("BÜCHER.Example:4747", "xn--bcher-kva.example:4747", "bücher.example:4747"),
        ("bu\u{308}cher。example。:4747", "xn--bcher-kva.example:4747", "bücher.example:4747"),
        ("xn--bcher-kva.example:4747", "xn--bcher-kva.example:4747", "bücher.example:4747"),
        ("例え.テスト:1", "xn--r8jz45g.xn--zckzah:1", "例え.テスト:1"),
        ("straße.example:1", "xn--strae-oqa.example:1", "straße.example:1"),
        ("home.example.org.:80", "home.example.org:80", "home.example.org:80"),
        ("１９２．１６８．１．２０：４０００", "192.168.1.20:4000", "192.168.1.20:4000"),
        ("192。168。1。20:4000", "192.168.1.20:4000", "192.168.1.20:4000"),
        ("home\u{200b}.example.org\u{ad}:80\u{feff}", "home.example.org:80", "home.example.org:80"),
        // Latin letters with a Cyrillic one among them: shown as what it is.
        ("аpple.example:80", "xn--pple-43d.example:80", "xn--pple-43d.example:80"),
    ] {
        check(typed, Ok(dialled));
        assert_eq!(typed.parse::<Address>().map(|address| address.shown()).as_deref(), Ok(shown), "{typed}");
        check(shown, Ok(dialled));
    }
    for number in ["１２７．１:80", "0。0。0。0。0:80", "２１３０７０６４３３:80", "⓪:80"] {
        check(number, Err(AddressFault::BadHost));
    }
    check("０．０．０．０:80", Err(AddressFault::NotUnicast));
}

#[test]
fn a_link_local_number_keeps_its_zone() {
    for typed in
        ["[fe80::1%eth0]:4747", "[FE80::1%eth0]:4747", "[fe80::1%25eth0]:4747", "fe80::1%eth0:4747", "fe80::1%eth0", "[fe80::1%eth0]"]
    {
        check(typed, Ok("[fe80::1%eth0]:4747"));
    }
    check("[fe80::1%3]:80", Ok("[fe80::1%3]:80"));
    check("[fe80::1%25]:80", Ok("[fe80::1%25]:80"));
    check("[fe80::1%2525a]:80", Ok("[fe80::1%a]:80"));
    check("[fe80::1%eth0]:0", Err(AddressFault::BadPort));
    check("[ff02::1%eth0]:80", Err(AddressFault::BadHost));
}

proptest! {
    #[test]
    fn any_text_is_refused_or_reads_back_as_it_is_shown(text in "\\PC{0,40}|\\[?fe80::[0-9a-f]%[0-9a-z%]{0,8}\\]?(:[0-9]{1,5})?|[a-züあ。.]{1,20}:[0-9]{1,4}|[0-9a-f.:\\[\\]]{0,30}|[a-z0-9.-]{1,20}:[0-9]{1,5}") {
        if let Ok(address) = text.parse::<Address>() {
            prop_assert_eq!(address.to_string().parse(), Ok(address.clone()));
            prop_assert_eq!(address.shown().parse(), Ok(address));
        }
    }
}

#[test]
fn what_was_announced_is_written_as_it_was_and_is_dialled_if_it_can_be() {
    for (text, dialled) in [
        ("192.168.1.20:4000", Ok("192.168.1.20:4000")),
        ("[2001:DB8::1]:4000", Ok("[2001:db8::1]:4000")),
        (" Home.Example.org:80", Ok("home.example.org:80")),
        ("bücher.example:1", Ok("xn--bcher-kva.example:1")),
        ("[fe80::1%eth0]:4747", Ok("[fe80::1%eth0]:4747")),
        ("quic://ana.example:4747", Err(AddressFault::NoPort)),
        ("", Err(AddressFault::Empty)),
        ("0.0.0.0:4747", Err(AddressFault::NotUnicast)),
    ] {
        let address = Address::announced(text.to_owned());
        assert_eq!(address.to_string(), text);
        assert_eq!(encode(&address), encode(&text.to_owned()));
        assert_eq!(decode::<Address>(&encode(&address)), Ok(address.clone()));
        assert_eq!(address.dialable().map(|address| address.to_string()).as_deref(), dialled.as_ref().copied(), "{text:?}");
    }
}

#[test]
fn an_address_of_a_socket_is_written_as_the_socket_is() {
    for text in ["10.0.0.1:9", "[2001:db8::1]:4747", "[fe80::1%3]:4747", "0.0.0.0:0", "[::ffff:10.0.0.1]:9"] {
        let socket: SocketAddr = text.parse().expect("a socket's address");
        assert_eq!(Address::from(socket).to_string(), text);
    }
    let scoped: SocketAddr = "[fe80::1%3]:4747".parse().expect("a socket's address");
    assert!(matches!(Address::from(scoped), Address::Zoned(_)));
}
