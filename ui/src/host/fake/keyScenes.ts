import type { Message } from '../../gen/api';
import { setHistory } from './membership';
import type { Somebody } from './people';
import type { FakeRoom } from './room';
import type { World } from './world';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** What waiting messages say once their keys are here, by room. */
const sealed = new WeakMap<FakeRoom, Map<string, string>>();

/** Rooms whose keys are not all here, as somebody who lacks them or came in later sees them. */
export function withKeys(world: World, scene: string): World {
  const who = (name: string) => [...world.folk.values()].find((s) => s.name === name);
  const [bayo, dice, ana] = [who('Bayo'), who('Dice'), who('Ana')];
  const cooks = roomNamed(world, 'Sunday Cooks');
  if (!bayo || !dice || !ana) throw new Error('the scene lacks somebody');
  switch (scene) {
    case 'keys-newcomer':
      newcomer(world, dice, [bayo, ana], 'Hello! We just set the table.');
      break;
    case 'keys-newcomer-quiet':
      newcomer(world, dice, [bayo, ana]);
      break;
    case 'keys-fork':
      cooks.row.topic = '';
      world.alerts = [
        {
          kind: 'fork',
          detail: `${dice.peer} in ${cooks.row.id}`,
          clock: null,
          fork: { peer: dice.peer, name: dice.name, room: cooks.row.id, room_name: cooks.row.name },
        },
      ];
      break;
    default:
      waiting(world, cooks, [bayo, dice, ana], scene === 'keys-lost');
  }
  return world;
}

/** Messages that wait, among others that do not, in a room and in a direct one. */
function waiting(
  world: World,
  cooks: FakeRoom,
  [bayo, dice, ana]: [Somebody, Somebody, Somebody],
  lost: boolean,
): void {
  const now = Date.now();
  if (lost)
    for (const [i, words] of ['The old table is sold', 'Nobody wanted the chairs'].entries())
      shut(world, cooks, ana, words, now - 8 * DAY + i * MINUTE, true);
  setHistory(world, cooks, bayo, false, now - 3 * HOUR);
  shut(world, cooks, dice, 'Who has my big knife?', now - 130_000);
  shut(world, cooks, dice, 'Found it.', now - 120_000);
  shut(world, cooks, ana, 'It was in the soup again, was it not', now - 110_000);
  world.say(cooks, bayo, 'I have the **green** plates with me', now - 60_000);
  world.read(cooks);
  shut(world, cooks, dice, 'And who brings the chairs?', now - 30_000);
  shut(world, roomNamed(world, 'Bayo'), bayo, 'Platform four', now - 50_000);
}

/** A room into which somebody let oneself in, and which keeps what was said before. */
function newcomer(world: World, host: Somebody, others: Somebody[], ...said: string[]): void {
  const at = Date.now() - 10 * MINUTE;
  const room = world.room('Long table', [host, ...others], { at });
  room.creator = host.peer;
  world.say(room, host, { kind: 'room_created', name: 'Long table' }, at - 30 * DAY);
  if (said.length > 0)
    for (const { peer, name } of others) world.say(room, host, { kind: 'member_added', peer, name }, at - 30 * DAY);
  setHistory(world, room, host, false, at - 29 * DAY);
  world.say(room, host, { kind: 'member_added', peer: world.me.peer, name: world.me.name }, at);
  for (const [i, words] of said.entries()) world.say(room, host, words, at + (i + 1) * MINUTE);
  world.read(room);
}

function shut(world: World, room: FakeRoom, who: Somebody, words: string, at: number, lost = false): void {
  const { id } = world.say(room, who, { kind: 'waiting', lost }, at);
  sealed.set(room, (sealed.get(room) ?? new Map<string, string>()).set(id, words));
}

/** The keys of a room come: what waited for them says what it said. */
export function openAll(world: World, room: FakeRoom): void {
  const opened: Message[] = [...(sealed.get(room) ?? [])].flatMap(([id, text]) => {
    const was = room.history.find((m) => m.id === id);
    return was ? [{ ...was, body: { kind: 'text', text, edited: null, reply: null, reactions: [] } }] : [];
  });
  for (const message of opened) {
    message.late = message.position <= (room.row.read_up_to ?? '');
    if (message.late) room.late.add(message.position);
    room.history.replace(message);
  }
  sealed.delete(room);
  world.refresh(room);
  world.emit({ notice: 'messages', room: room.row.id, messages: opened }, { notice: 'room_changed', room: room.row });
}

function roomNamed(world: World, name: string): FakeRoom {
  const room = [...world.rooms.values()].find((r) => r.row.name === name);
  if (!room) throw new Error(`no ${name} in this scene`);
  return room;
}
