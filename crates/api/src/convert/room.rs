//! Rooms, and how far own messages have come.

use node::view;

use super::network::level;
use crate::types as dto;

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
        level: level(row.level),
        active_at: row.active_at,
    }
}

pub(crate) fn delivery(delivery: view::Delivery) -> dto::Delivery {
    dto::Delivery {
        saved: delivery.saved.into_iter().map(|(log, seq)| (log.to_string(), seq)).collect(),
        acks: delivery.acks.into_iter().map(|(peer, log, seq)| dto::Ack { peer: peer.to_string(), log: log.to_string(), seq }).collect(),
    }
}
