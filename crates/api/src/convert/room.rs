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
        my_role: row.my_role,
        topic: row.topic,
        only_admins_add: row.only_admins_add,
        shows_history: row.shows_history,
        may: dto::RoomMay { add: row.may.add, rename: row.may.rename },
        closed: row.closed.map(|closed| dto::Closed {
            why: closed.why,
            by: closed.by.map(|peer| peer.to_string()),
            by_name: closed.by_name,
            at_ms: closed.at_ms,
        }),
    }
}

pub(crate) fn setter(setter: view::Setter) -> dto::Setter {
    dto::Setter { peer: setter.peer.to_string(), name: setter.name, at_ms: setter.at_ms }
}

pub(crate) fn invite(invite: &view::RoomInvite) -> dto::RoomInvite {
    dto::RoomInvite {
        id: invite.id.to_string(),
        author: invite.author.to_string(),
        uses: invite.uses,
        used: invite.used,
        expires_ms: invite.expires_ms,
        revoked: invite.revoked,
        may_revoke: invite.may_revoke,
    }
}

pub(crate) fn delivery(delivery: view::Delivery) -> dto::Delivery {
    dto::Delivery {
        saved: delivery.saved.into_iter().map(|(log, seq)| (log.to_string(), seq)).collect(),
        acks: delivery.acks.into_iter().map(|(peer, log, seq)| dto::Ack { peer: peer.to_string(), log: log.to_string(), seq }).collect(),
    }
}
