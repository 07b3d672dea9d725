//! What is shown first, and what happens then.

use node::view;

use super::invite::joining;
use super::me::me;
use super::message::message;
use super::network::reach;
use super::person::{member, nearby, person, request};
use super::room::{delivery, room};
use crate::types as dto;

pub(crate) fn snapshot(all: view::Snapshot, custody: dto::Custody) -> dto::Snapshot {
    dto::Snapshot {
        seq: all.seq,
        me: me(all.me, custody),
        rooms: all.rooms.into_iter().map(room).collect(),
        people: all.people.into_iter().map(person).collect(),
        requests: all.requests.into_iter().map(request).collect(),
        nearby: all.nearby.into_iter().map(nearby).collect(),
        joining: all.joining.into_iter().map(joining).collect(),
        alerts: all.alerts.into_iter().map(alert).collect(),
    }
}

pub(crate) fn notice(notice: view::Notice, custody: dto::Custody) -> dto::Notice {
    use view::Notice as N;
    match notice {
        N::Me(row) => dto::Notice::MeChanged { me: me(row, custody) },
        N::Room(row) => dto::Notice::RoomChanged { room: Box::new(room(*row)) },
        N::RoomGone(id) => dto::Notice::RoomGone { room: id.to_string() },
        N::Messages(id, messages) => {
            let id = id.to_string();
            dto::Notice::Messages { messages: messages.into_iter().map(|m| message(&id, m)).collect(), room: id }
        }
        N::MessagesGone(id, gone) => {
            dto::Notice::MessagesGone { room: id.to_string(), messages: gone.iter().map(ToString::to_string).collect() }
        }
        N::Delivery(id, progress) => dto::Notice::DeliveryChanged { room: id.to_string(), delivery: delivery(progress) },
        N::Members(id, people) => dto::Notice::MembersChanged { room: id.to_string(), people: people.into_iter().map(member).collect() },
        N::Person(row) => dto::Notice::PersonChanged { person: person(row) },
        N::RequestAdded(row) => dto::Notice::RequestAdded { request: request(row) },
        N::RequestGone(peer) => dto::Notice::RequestGone { peer: peer.to_string() },
        N::Nearby(list) => dto::Notice::NearbyChanged { nearby: list.into_iter().map(nearby).collect() },
        N::Join(row) => dto::Notice::JoinChanged { joining: joining(row) },
        N::JoinGone(id) => dto::Notice::JoinGone { id: id.to_string() },
        N::Network { people, gone } => dto::Notice::NetworkChanged {
            people: people.into_iter().map(reach).collect(),
            gone: gone.iter().map(ToString::to_string).collect(),
        },
        N::Doctor(doctor) => dto::Notice::DoctorChanged { doctor: *doctor },
        N::AlertGone(row) => dto::Notice::AlertGone { alert: alert(row) },
        N::Alert(row) => dto::Notice::AlertRaised { alert: alert(row) },
    }
}

pub(super) fn alert(alert: view::Alert) -> dto::Alert {
    dto::Alert { kind: alert.kind, detail: alert.detail, clock: alert.clock.map(clock_off), fork: alert.fork.map(forked) }
}

fn forked(fork: view::Forked) -> dto::Forked {
    dto::Forked { peer: fork.peer.to_string(), name: fork.name, room: fork.room.to_string(), room_name: fork.room_name }
}

pub(super) fn clock_off(off: view::ClockOff) -> dto::ClockOff {
    let (whose, person) = match off.whose {
        view::Whose::Own => (dto::ClockOwner::Own, None),
        view::Whose::Theirs(person) => (dto::ClockOwner::Theirs, Some(person)),
        view::Whose::Unclear(person) => (dto::ClockOwner::Unclear, Some(person)),
    };
    let (peer, name) = person.map(|(peer, name)| (peer.to_string(), name)).unzip();
    dto::ClockOff { whose, peer, name: name.unwrap_or_default(), fast: off.fast, minutes: off.minutes }
}
