//! People, and how this device is connected with them.

use node::view;

use super::me::fingerprint;
use crate::types as dto;

/// An address as people write it; anything else stays as it is.
pub(super) fn address(text: String) -> String {
    // What others than names in ASCII look like on the wire.
    if !text.contains("xn--") {
        return text;
    }
    match text.parse::<node::Address>() {
        Ok(address) => address.shown(),
        Err(_) => text,
    }
}

pub(super) fn link(state: view::LinkState) -> dto::LinkState {
    match state {
        view::LinkState::Own => dto::LinkState::Own,
        view::LinkState::Connected { path, address, latency_us, since } => {
            dto::LinkState::Connected { path: link_path(path), address, latency_us, since }
        }
        view::LinkState::Connecting { address: text } => dto::LinkState::Connecting { address: address(text) },
        view::LinkState::Waiting { address: text, retry_at, reason } => {
            dto::LinkState::Waiting { address: address(text), retry_at, reason }
        }
        view::LinkState::Unreachable { last_seen } => dto::LinkState::Unreachable { last_seen },
    }
}

fn link_path(path: view::LinkPath) -> dto::LinkPath {
    match path {
        view::LinkPath::Direct => dto::LinkPath::Direct,
        view::LinkPath::Door => dto::LinkPath::Door,
        view::LinkPath::Through { peer, name } => dto::LinkPath::Through { peer: peer.to_string(), name },
    }
}

pub(crate) fn member(member: view::Member) -> dto::Member {
    dto::Member {
        peer: member.peer.to_string(),
        name: member.name,
        me: member.me,
        creator: member.creator,
        link: link(member.link),
        role: member.role,
        added_by: member.added_by.map(|peer| peer.to_string()),
        may: dto::MemberMay { remove: member.may.remove, set_role: member.may.set_role },
    }
}

pub(super) fn person(person: view::Person) -> dto::Person {
    dto::Person { peer: person.peer.to_string(), name: person.name, contact: person.contact, link: link(person.link) }
}

pub(crate) fn person_details(details: view::PersonDetails) -> dto::PersonDetails {
    dto::PersonDetails {
        fingerprint: fingerprint(&details.person.peer),
        person: person(details.person),
        addresses: details.addresses.into_iter().map(address).collect(),
        rooms: details.rooms.iter().map(ToString::to_string).collect(),
        looks_like: details.looks_like,
    }
}

pub(super) fn request(request: view::Request) -> dto::Request {
    dto::Request {
        peer: request.peer.to_string(),
        name: request.name,
        fingerprint: fingerprint(&request.peer),
        at: request.at,
        looks_like: request.looks_like,
    }
}

pub(super) fn nearby(seen: view::Nearby) -> dto::Nearby {
    dto::Nearby {
        id: seen.id,
        name: seen.name,
        address: seen.address,
        peer: seen.peer.map(|peer| peer.to_string()),
        join: seen.join.map(|join| join.to_string()),
    }
}
