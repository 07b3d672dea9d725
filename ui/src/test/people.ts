import type { Ack, Delivery, Level, Member, Message, Reach, RoomInvite, RoomRow } from '../gen/api';

// Fixed people and rows for unit tests.

export const ANA = 'a'.repeat(64);
export const BEN = 'b'.repeat(64);
export const CHI = 'c'.repeat(64);
export const ROOM = '0'.repeat(64);
export const LOG = '1'.repeat(16);

/** Ana is oneself, and made the room. */
export function member(peer: string, name: string, change: Partial<Member> = {}): Member {
  return {
    peer,
    name,
    me: peer === ANA,
    creator: peer === ANA,
    link: peer === ANA ? { state: 'own' } : { state: 'unreachable', last_seen: null },
    role: peer === ANA ? 'owner' : 'member',
    added_by: peer === ANA ? null : ANA,
    may: { remove: false, set_role: [] },
    ...change,
  };
}

export const THREE: Member[] = [member(ANA, 'Ana'), member(BEN, 'Ben'), member(CHI, 'Chi')];

const MINUTE = 60_000;
const START = new Date(2026, 4, 12, 9, 0).getTime();

/** The message with this number: one a minute, positions in that order. */
export function message(n: number, change: Partial<Message> = {}): Message {
  return {
    id: `m${n}`,
    room: ROOM,
    position: String(n).padStart(6, '0'),
    author: BEN,
    author_name: 'Ben',
    mine: false,
    at: START + n * MINUTE,
    early: false,
    late: false,
    log: 'b'.repeat(16),
    seq: n,
    body: { kind: 'text', text: `message ${n}`, edited: null, reply: null, reactions: [] },
    ...change,
  };
}

export function own(n: number, seq: number): Message {
  return message(n, { author: ANA, author_name: 'Ana', mine: true, log: LOG, seq });
}

export function delivery(saved: number, ...acks: [string, number][]): Delivery {
  return { saved: { [LOG]: saved }, acks: acks.map(([peer, seq]): Ack => ({ peer, log: LOG, seq })) };
}

export function row(change: Partial<RoomRow> = {}): RoomRow {
  return {
    id: ROOM,
    kind: 'group',
    name: 'Sunday Cooks',
    peer: null,
    standing: 'member',
    members: 3,
    connected: 1,
    last: null,
    unread: 0,
    late: null,
    read_up_to: null,
    draft: '',
    lacking: 0,
    active_at: START,
    level: level(),
    my_role: 'owner',
    topic: '',
    only_admins_add: false,
    shows_history: true,
    may: { add: true, rename: true },
    closed: null,
    ...change,
  };
}

export function level(change: Partial<Level> = {}): Level {
  return { up_to: null, heard: 0, unheard: 0, through: 0, away: 0, behind: [], behind_in_all: 0, ...change };
}

/** A person without a link, unless changed. */
export function reach(peer: string, name: string, change: Partial<Reach> = {}): Reach {
  return {
    peer,
    name,
    contact: true,
    link: { state: 'unreachable', last_seen: null },
    through: null,
    last_seen: null,
    wrote_at: null,
    rooms: [ROOM],
    owed: [],
    queued: 0,
    ...change,
  };
}

/** Ana's, to a room, for five. */
export const invite = (change: Partial<RoomInvite> = {}): RoomInvite => ({
  id: '0'.repeat(64),
  author: ANA,
  uses: 5,
  used: 2,
  expires_ms: 0,
  revoked: false,
  may_revoke: true,
  ...change,
});
