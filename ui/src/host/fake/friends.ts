import type { Message } from '../../gen/api';
import type { Somebody } from './people';
import type { FakeRoom } from './room';
import type { World } from './world';

const ANSWERS = [
  'Good idea.',
  'I was just about to say that.',
  'Seven works for me.',
  'Ha, *never again*.',
  'Bring bread, please.',
  'Who has the big pot?',
  'On my way 🚲',
  'That is the plan, then.',
  'Let me ask at home and tell you.',
];

/** What friends do when one has spoken: get it, and now and then answer or react. */
export function react(world: World, room: FakeRoom, message: Message): void {
  setTimeout(() => save(world, room, message.seq), 120);
  const present = room.people.flatMap((peer) => world.folk.get(peer) ?? []).filter((p) => p.link.state === 'connected');
  for (const [i, friend] of present.entries())
    setTimeout(() => acknowledge(world, room, friend, message.seq), 350 + 250 * i);
  const friend = present[message.seq % Math.max(1, present.length)];
  if (friend && world.answers) setTimeout(() => answer(world, room, friend, message), 1600);
}

function save(world: World, room: FakeRoom, seq: number): void {
  room.delivery.saved[room.log] = Math.max(room.delivery.saved[room.log] ?? 0, seq);
  world.emit({ notice: 'delivery_changed', room: room.row.id, delivery: { saved: { [room.log]: seq }, acks: [] } });
}

function acknowledge(world: World, room: FakeRoom, friend: Somebody, seq: number): void {
  const ack = { peer: friend.peer, log: room.log, seq };
  const known = room.delivery.acks.find((a) => a.peer === friend.peer);
  if (known) known.seq = Math.max(known.seq, seq);
  else room.delivery.acks.push({ ...ack });
  world.emit({ notice: 'delivery_changed', room: room.row.id, delivery: { saved: {}, acks: [ack] } });
}

function answer(world: World, room: FakeRoom, friend: Somebody, message: Message): void {
  if (message.seq % 3 === 0) {
    const said = room.history.find((m) => m.id === message.id);
    if (said?.body.kind === 'text') {
      const next: Message = {
        ...said,
        body: { ...said.body, reactions: [{ emoji: '👍', people: [friend.name], mine: false }] },
      };
      room.history.replace(next);
      world.emit({ notice: 'messages', room: room.row.id, messages: [next] });
    }
    return;
  }
  hear(world, room, friend, ANSWERS[(message.seq + friend.name.length) % ANSWERS.length] ?? 'Yes.');
}

/** A message of a friend arrives. */
export function hear(world: World, room: FakeRoom, friend: Somebody, text: string, at = Date.now()): Message {
  const said = world.say(room, friend, text, at);
  world.emit({ notice: 'messages', room: room.row.id, messages: [said] }, { notice: 'room_changed', room: room.row });
  return said;
}

/**
 * A linked person has been asked: the room is there, and nothing can be said in it until they
 * accept.
 */
export function ask(world: World, friend: Somebody): FakeRoom {
  const who = world.meet(
    {
      ...friend,
      link: {
        state: 'connected',
        path: { kind: 'direct' },
        address: '192.168.1.44:4747',
        latency_us: 2_300,
        since: Date.now(),
      },
    },
    false,
  );
  const room = world.room(friend.name, [who], { direct: true });
  room.row.standing = 'requested';
  world.count();
  world.emit(
    { notice: 'person_changed', person: world.person(who) },
    { notice: 'room_changed', room: room.row },
    { notice: 'me_changed', me: world.me },
  );
  return room;
}

/** A person who was asked accepts: the direct room opens. */
export function befriend(world: World, friend: Somebody): FakeRoom {
  const known = [...world.rooms.values()].find((r) => r.row.peer === friend.peer);
  if (known?.row.standing === 'member') return known;
  const room = known ?? ask(world, friend);
  room.row.standing = 'member';
  const who = world.meet(world.folk.get(friend.peer) ?? friend);
  world.emit(
    { notice: 'person_changed', person: world.person(who) },
    { notice: 'room_changed', room: room.row },
    { notice: 'me_changed', me: world.me },
  );
  return room;
}
