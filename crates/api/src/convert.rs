//! From the node's view, with typed ids, to the plain data of the contract.

mod network;

use identity::{Fingerprint, PeerId};
use node::view;

use crate::types as dto;
pub(crate) use network::network;

pub(crate) fn fingerprint(peer: &PeerId) -> dto::Fingerprint {
    let print = Fingerprint::of(peer);
    dto::Fingerprint {
        words: print.words.iter().map(|w| (*w).to_owned()).collect(),
        emoji: print.emoji.iter().map(|e| dto::FingerprintEmoji { symbol: e.symbol.to_owned(), name: e.name.to_owned() }).collect(),
    }
}

pub(crate) fn me(me: view::Me, custody: dto::Custody) -> dto::Me {
    dto::Me {
        fingerprint: fingerprint(&me.peer),
        peer: me.peer.to_string(),
        name: me.name,
        custody,
        addresses: me.addresses,
        reach: me.reach,
        not_listening: me.not_listening,
        nearby_visible: me.nearby_visible,
        links: me.links,
        friends: me.friends,
    }
}

pub(crate) fn room(row: view::RoomRow) -> dto::RoomRow {
    dto::RoomRow {
        id: row.id.to_string(),
        kind: row.kind,
        name: row.name,
        peer: row.peer.map(|p| p.to_string()),
        standing: row.standing,
        members: row.members,
        connected: row.connected,
        last: row.last.map(|p| dto::Preview {
            author: p.author.to_string(),
            author_name: p.author_name,
            mine: p.mine,
            text: p.text,
            at: p.at,
        }),
        unread: row.unread,
        late: row.late.map(|late| dto::Late { count: late.count, first: late.first.to_text() }),
        read_up_to: row.read_up_to.map(|p| p.to_text()),
        draft: row.draft,
        lacking: row.lacking,
        level: network::level(row.level),
        active_at: row.active_at,
    }
}

/// An address as people write it; anything else stays as it is.
fn address(text: String) -> String {
    // What others than names in ASCII look like on the wire.
    if !text.contains("xn--") {
        return text;
    }
    match text.parse::<node::Address>() {
        Ok(address) => address.shown(),
        Err(_) => text,
    }
}

fn link(state: view::LinkState) -> dto::LinkState {
    match state {
        view::LinkState::Own => dto::LinkState::Own,
        view::LinkState::Connected { address, latency_us, since } => dto::LinkState::Connected { address, latency_us, since },
        view::LinkState::Connecting { address: text } => dto::LinkState::Connecting { address: address(text) },
        view::LinkState::Waiting { address: text, retry_at, reason } => {
            dto::LinkState::Waiting { address: address(text), retry_at, reason }
        }
        view::LinkState::Unreachable { last_seen } => dto::LinkState::Unreachable { last_seen },
    }
}

pub(crate) fn member(member: view::Member) -> dto::Member {
    dto::Member { peer: member.peer.to_string(), name: member.name, me: member.me, creator: member.creator, link: link(member.link) }
}

pub(crate) fn person(person: view::Person) -> dto::Person {
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

fn request(request: view::Request) -> dto::Request {
    dto::Request {
        peer: request.peer.to_string(),
        name: request.name,
        fingerprint: fingerprint(&request.peer),
        at: request.at,
        looks_like: request.looks_like,
    }
}

fn nearby(seen: view::Nearby) -> dto::Nearby {
    dto::Nearby {
        id: seen.id,
        name: seen.name,
        address: seen.address,
        peer: seen.peer.map(|peer| peer.to_string()),
        join: seen.join.map(|join| join.to_string()),
    }
}

pub(crate) fn joining(joining: view::Joining) -> dto::Joining {
    dto::Joining {
        id: joining.id.to_string(),
        target: address(joining.target),
        state: match joining.state {
            view::JoinState::Connecting { address: text } => dto::JoinState::Connecting { address: address(text) },
            view::JoinState::Waiting { retry_at, reason } => dto::JoinState::Waiting { retry_at, reason },
            view::JoinState::Asked { name } => dto::JoinState::Asked { name: address(name) },
            view::JoinState::Joined { room } => dto::JoinState::Joined { room: room.to_string() },
            view::JoinState::Refused(why) => dto::JoinState::Refused { why },
        },
    }
}

fn message(room: &str, message: view::Message) -> dto::Message {
    dto::Message {
        id: message.id.to_string(),
        room: room.to_owned(),
        position: message.position.to_text(),
        author: message.author.to_string(),
        author_name: message.author_name,
        mine: message.mine,
        at: message.position.hlc.ms(),
        early: message.early,
        late: message.late,
        log: message.log.to_string(),
        seq: message.seq,
        body: match message.body {
            view::Body::Text { text, edited, reply, reactions } => dto::Body::Text {
                text,
                edited,
                reply: reply.map(|q| dto::Quote {
                    id: q.id.to_string(),
                    position: q.position.to_text(),
                    author_name: q.author_name,
                    text: q.text,
                }),
                reactions: reactions.into_iter().map(|r| dto::Reaction { emoji: r.emoji, people: r.people, mine: r.mine }).collect(),
            },
            view::Body::Deleted => dto::Body::Deleted,
            view::Body::RoomCreated { name } => dto::Body::RoomCreated { name },
            view::Body::MemberAdded { peer, name } => dto::Body::MemberAdded { peer: peer.to_string(), name },
            view::Body::MemberLeft => dto::Body::MemberLeft,
        },
    }
}

pub(crate) fn page(room: &str, page: view::Page) -> dto::Page {
    dto::Page {
        messages: page.messages.into_iter().map(|m| message(room, m)).collect(),
        more_before: page.more_before,
        more_after: page.more_after,
    }
}

pub(crate) fn delivery(delivery: view::Delivery) -> dto::Delivery {
    dto::Delivery {
        saved: delivery.saved.into_iter().map(|(log, seq)| (log.to_string(), seq)).collect(),
        acks: delivery.acks.into_iter().map(|(peer, log, seq)| dto::Ack { peer: peer.to_string(), log: log.to_string(), seq }).collect(),
    }
}

pub(crate) fn sent(said: view::Said) -> dto::Sent {
    dto::Sent { id: said.id.to_string(), position: said.position.to_text(), log: said.log.to_string(), seq: said.seq }
}

fn alert(alert: view::Alert) -> dto::Alert {
    dto::Alert { kind: alert.kind, detail: alert.detail, clock: alert.clock.map(clock_off) }
}

fn clock_off(off: view::ClockOff) -> dto::ClockOff {
    let (whose, person) = match off.whose {
        view::Whose::Own => (dto::ClockOwner::Own, None),
        view::Whose::Theirs(person) => (dto::ClockOwner::Theirs, Some(person)),
        view::Whose::Unclear(person) => (dto::ClockOwner::Unclear, Some(person)),
    };
    let (peer, name) = person.map(|(peer, name)| (peer.to_string(), name)).unzip();
    dto::ClockOff { whose, peer, name: name.unwrap_or_default(), fast: off.fast, minutes: off.minutes }
}

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
        N::Room(row) => dto::Notice::RoomChanged { room: room(*row) },
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
            people: people.into_iter().map(network::reach).collect(),
            gone: gone.iter().map(ToString::to_string).collect(),
        },
        N::AlertGone(row) => dto::Notice::AlertGone { alert: alert(row) },
        N::Alert(row) => dto::Notice::AlertRaised { alert: alert(row) },
    }
}

pub(crate) fn reading(read: view::Reading) -> dto::InviteReading {
    match read {
        view::Reading::Room { inviter, addresses, member } => {
            let addresses = addresses.into_iter().map(address).collect();
            dto::InviteReading::Room { inviter: fingerprint(&inviter), addresses, member: member.map(|r| r.to_string()) }
        }
        view::Reading::Contact { inviter, addresses, known } => {
            let addresses = addresses.into_iter().map(address).collect();
            dto::InviteReading::Contact { inviter: fingerprint(&inviter), addresses, known: known.then(|| inviter.to_string()) }
        }
        view::Reading::Address(text) => dto::InviteReading::Address { address: address(text) },
        view::Reading::Own => dto::InviteReading::Own,
        view::Reading::Several(found) => dto::InviteReading::Several {
            found: found.into_iter().map(|one| dto::FoundInvite { text: one.text, reading: reading(one.reading) }).collect(),
        },
    }
}

pub(crate) fn invite_fault(fault: view::InviteFault) -> dto::InviteFault {
    use view::InviteFault as F;
    match fault {
        F::Empty => dto::InviteFault::Empty,
        F::Damaged => dto::InviteFault::Damaged,
        F::TooNew => dto::InviteFault::TooNew,
        F::TooLong => dto::InviteFault::TooLong,
        F::NotAnInvite | F::BadAddress(_) => dto::InviteFault::Unknown,
    }
}
