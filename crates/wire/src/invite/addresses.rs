//! Which addresses go into an invite, so that it stays short enough to be read out.

use super::code::{ADDRESS_BYTES_USUALLY, encoded_len};
use crate::address::Address;

/// Of these, best first, as many as fit into an invite of usual length: of IPv6 only the best,
/// which is as long as three others.
pub fn pick(addresses: impl IntoIterator<Item = Address>) -> Vec<Address> {
    let (mut left, mut has_v6, mut picked) = (ADDRESS_BYTES_USUALLY, false, Vec::new());
    for address in addresses {
        let is_v6 = matches!(&address, Address::Ip(number) if number.is_ipv6());
        if (is_v6 && has_v6) || picked.contains(&address) {
            continue;
        }
        if let Some(rest) = encoded_len(&address).and_then(|len| left.checked_sub(len)) {
            (left, has_v6) = (rest, has_v6 || is_v6);
            picked.push(address);
        }
    }
    picked
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::fixtures::ana;
    use crate::invite::{Invite, InviteKind};
    use crate::limits::USUAL_INVITE_CHARS;

    fn check(addresses: &[&str], expected: &[&str]) {
        let read = |texts: &[&str]| texts.iter().map(|text| text.parse().expect("an address")).collect::<Vec<Address>>();
        assert_eq!(pick(read(addresses)), read(expected));
    }

    #[test]
    fn the_best_go_first_with_one_of_ipv6() {
        let door = "203.0.113.9:4747";
        let near = "192.168.1.5:4747";
        check(&[door, "[2001:db8::1]:4747", "[2001:db8::2]:4747", near], &[door, "[2001:db8::1]:4747", near]);
        check(&[door, door, near], &[door, near]);
        check(&["[2001:db8::1]:1", "[fd00::1]:1"], &["[2001:db8::1]:1"]);
    }

    #[test]
    fn what_does_not_fit_leaves_room_for_what_does() {
        let long = format!("{}.example:4747", "a".repeat(60));
        check(&[&long, "192.168.1.5:4747"], &["192.168.1.5:4747"]);
    }

    proptest! {
        #[test]
        fn an_invite_with_what_was_picked_is_of_usual_length(numbers in prop::collection::vec(any::<std::net::SocketAddr>(), 0..12)) {
            let addresses = numbers.into_iter().filter_map(|number| Address::ip(number).ok());
            let text = Invite::new(InviteKind::Contact, ana().peer(), pick(addresses)).to_text();
            prop_assert!(text.len() <= USUAL_INVITE_CHARS, "{} characters", text.len());
        }
    }
}
