//! Which addresses others can reach over the internet.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Whether this is one address of one device on the internet.
pub(super) fn is_public(ip: IpAddr) -> bool {
    match ip.to_canonical() {
        IpAddr::V4(v4) => is_public_v4(v4),
        IpAddr::V6(v6) => is_public_v6(v6),
    }
}

fn is_public_v4(ip: Ipv4Addr) -> bool {
    let [first, second, third, _] = ip.octets();
    let special = ip.is_private() || ip.is_loopback() || ip.is_link_local() || ip.is_documentation();
    let shared = first == 100 && second & 0xc0 == 64;
    let protocols = first == 192 && second == 0 && third == 0;
    let benchmarks = first == 198 && second & 0xfe == 18;
    let reserved = first == 0 || first >= 224;
    !(special || shared || protocols || benchmarks || reserved)
}

/// In 2000::/3, and neither for documents nor an IPv4 address in disguise (6to4, Teredo).
fn is_public_v6(ip: Ipv6Addr) -> bool {
    let [first, second, ..] = ip.segments();
    first & 0xe000 == 0x2000 && first != 0x2002 && !(first == 0x2001 && (second == 0x0db8 || second == 0))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(public: bool, texts: &[&str]) {
        for text in texts {
            assert_eq!(is_public(text.parse().expect("an address")), public, "{text}");
        }
    }

    #[test]
    fn only_addresses_of_single_devices_on_the_internet_are_public() {
        check(
            true,
            &["11.99.0.2", "100.63.0.1", "100.128.0.1", "172.32.0.1", "198.20.0.1", "223.255.255.1", "2a00:99:a::2", "2001:470::1"],
        );
        let private = [
            "10.0.0.1",
            "192.168.1.1",
            "172.16.0.1",
            "100.64.0.7",
            "100.127.255.255",
            "169.254.1.1",
            "127.0.0.1",
            "fd00::1",
            "fe80::1",
            "::1",
        ];
        check(false, &private);
        let nowhere = [
            "0.0.0.0",
            "0.1.2.3",
            "255.255.255.255",
            "224.0.0.1",
            "240.0.0.1",
            "192.0.0.8",
            "198.18.0.1",
            "203.0.113.9",
            "::",
            "ff02::1",
            "2001:db8::1",
        ];
        check(false, &nowhere);
        check(false, &["::ffff:10.0.0.1", "2002:a00:1::1", "2001::1", "64:ff9b::1"]);
        check(true, &["::ffff:11.99.0.2"]);
    }
}
