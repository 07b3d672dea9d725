use proptest::prelude::*;

use super::*;

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
        "a.:80",
        "-a:80",
        "a-:80",
        "a b:80",
        "bücher.example:80",
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

proptest! {
    #[test]
    fn any_text_is_refused_or_reads_back_as_it_is_shown(text in "\\PC{0,40}|[0-9a-f.:\\[\\]]{0,30}|[a-z0-9.-]{1,20}:[0-9]{1,5}") {
        if let Ok(address) = text.parse::<Address>() {
            prop_assert_eq!(address.to_string().parse(), Ok(address));
        }
    }
}
