//! Messages and pages of history.

use node::view;

use crate::types as dto;

pub(super) fn message(room: &str, message: view::Message) -> dto::Message {
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
            view::Body::Waiting { lost } => dto::Body::Waiting { lost },
            view::Body::Deleted => dto::Body::Deleted,
            view::Body::RoomCreated { name } => dto::Body::RoomCreated { name },
            view::Body::MemberAdded { peer, name } => dto::Body::MemberAdded { peer: peer.to_string(), name },
            view::Body::MemberLeft => dto::Body::MemberLeft,
            view::Body::MemberRemoved { peer, name } => dto::Body::MemberRemoved { peer: peer.to_string(), name },
            view::Body::RoleGiven { peer, name, role } => dto::Body::RoleGiven { peer: peer.to_string(), name, role },
            view::Body::RoomRenamed { name } => dto::Body::RoomRenamed { name },
            view::Body::TopicSet { text } => dto::Body::TopicSet { text },
            view::Body::OnlyAdminsAdd { on } => dto::Body::OnlyAdminsAdd { on },
            view::Body::HistorySet { on } => dto::Body::HistorySet { on },
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

pub(crate) fn sent(said: view::Said) -> dto::Sent {
    dto::Sent { id: said.id.to_string(), position: said.position.to_text(), log: said.log.to_string(), seq: said.seq }
}
