import type { Body, Calls, Message, Role } from '../../gen/api';
import { Refusal } from '../host';
import type { Somebody } from './people';
import { mayIn, mayWith, roleIn } from './roles';
import type { FakeRoom } from './room';
import type { World } from './world';

type Handled =
  'leave_room' | 'remove_member' | 'set_role' | 'add_member' | 'set_room' | 'room_invites' | 'revoke_invite';

/** The calls about who is in a room and what is set of it. */
export function membershipAnswers(world: World): { [K in Handled]: (args: Calls[K]['args']) => Calls[K]['reply'] } {
  const find = (id: string): FakeRoom => world.rooms.get(id) ?? refuse('unknown_room');
  const known = (peer: string): Somebody => world.folk.get(peer) ?? refuse('unknown_peer');
  const mayWithIn = (room: FakeRoom, peer: string) => mayWith(room, world.me.peer, peer);

  return {
    leave_room: ({ room: id }) => {
      const room = find(id);
      const line = world.say(room, null, { kind: 'member_left' });
      close(world, room, { why: 'left', by: null, by_name: '', at_ms: line.at });
      tell(world, room, line);
      return {};
    },
    remove_member: ({ room: id, peer }) => {
      const [room, who] = [find(id), known(peer)];
      if (!mayWithIn(room, peer).remove) refuse('not_allowed');
      happen(world, room, null, { kind: 'member_removed', peer, name: who.name }, () => {
        put(room, peer, false);
        room.invites = room.invites.map((one) => (one.author === peer ? { ...one, revoked: true } : one));
      });
      return {};
    },
    set_role: ({ room: id, peer, role }) => {
      const [room, who] = [find(id), known(peer)];
      if (!mayWithIn(room, peer).set_role.includes(role)) refuse('not_allowed');
      giveRole(world, room, null, who, role);
      return {};
    },
    add_member: ({ room: id, peer }) => {
      const [room, who] = [find(id), known(peer)];
      if (!mayIn(room, world.me.peer).add) refuse('not_allowed');
      happen(world, room, null, { kind: 'member_added', peer, name: who.name }, () => {
        put(room, peer, true);
        room.addedBy.set(peer, world.me.peer);
      });
      return {};
    },
    set_room: ({ room: id, name, topic, only_admins_add: on, history }) => {
      const room = find(id);
      if (name?.trim() === '') refuse('bad_name');
      if (!mayIn(room, world.me.peer).rename) refuse('not_allowed');
      if (name !== undefined) happen(world, room, null, { kind: 'room_renamed', name }, () => (room.row.name = name));
      if (topic !== undefined)
        happen(world, room, null, { kind: 'topic_set', text: topic }, () => (room.row.topic = topic));
      if (on !== undefined)
        happen(world, room, null, { kind: 'only_admins_add', on }, () => (room.row.only_admins_add = on));
      if (history !== undefined) setHistory(world, room, null, history);
      return {};
    },
    room_invites: ({ room: id }) => {
      const room = find(id);
      const admin = mayIn(room, world.me.peer).rename;
      return room.invites
        .filter((one) => mayIn(room, one.author).add)
        .map((one) => ({ ...one, may_revoke: admin || one.author === world.me.peer }));
    },
    revoke_invite: ({ room: of, id }) => {
      const room = find(of);
      room.invites = room.invites.map((one) => (one.id === id ? { ...one, revoked: true } : one));
      world.emit({ notice: 'room_changed', room: room.row });
      return {};
    },
  };
}

/** Somebody (without: oneself) does something to a room; all see a line. */
export function happen(world: World, room: FakeRoom, who: Somebody | null, body: Body, act: () => void): void {
  act();
  tell(world, room, world.say(room, who, body));
}

/** Somebody (without: oneself) gives a member another role. */
export function giveRole(world: World, room: FakeRoom, by: Somebody | null, whom: Somebody, role: Role): void {
  const body: Body = { kind: 'role_given', peer: whom.peer, name: whom.name, role };
  happen(world, room, by, body, () => room.roles.set(whom.peer, role));
}

/** Somebody (without: oneself) says whether new members see what was said before. */
export function setHistory(world: World, room: FakeRoom, by: Somebody | null, on: boolean, at = Date.now()): void {
  const { peer, name } = by ?? world.me;
  room.row.shows_history = on;
  room.historySet = { peer, name, at_ms: at };
  tell(world, room, world.say(room, by, { kind: 'history_set', on }, at));
}

/** An admin removes oneself. */
export function throwOut(world: World, room: FakeRoom, by: Somebody): void {
  const line = world.say(room, by, { kind: 'member_removed', peer: world.me.peer, name: world.me.name });
  close(world, room, { why: 'removed', by: by.peer, by_name: by.name, at_ms: line.at });
  tell(world, room, line);
}

function put(room: FakeRoom, peer: string, inside: boolean): void {
  room.people = [...room.people.filter((p) => p !== peer), ...(inside ? [peer] : [])];
  room.roles.delete(peer);
}

function close(world: World, room: FakeRoom, closed: NonNullable<FakeRoom['row']['closed']>): void {
  put(room, world.me.peer, false);
  room.row = { ...room.row, standing: closed.why, closed };
  world.refresh(room);
}

function tell(world: World, room: FakeRoom, line: Message): void {
  world.refresh(room);
  room.row = { ...room.row, members: room.people.length, my_role: roleIn(room, world.me.peer) };
  world.emit(
    { notice: 'messages', room: room.row.id, messages: [line] },
    { notice: 'members_changed', room: room.row.id, people: world.members(room) },
    { notice: 'room_changed', room: room.row },
  );
}

function refuse(code: Refusal['code']): never {
  throw new Refusal(code, `fake: ${code}`);
}
