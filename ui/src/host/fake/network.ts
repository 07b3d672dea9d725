import type { Reach } from '../../gen/api';
import { somebody, type Somebody } from './people';
import type { World } from './world';

const MINUTE = 60_000;
/** Changes of the network are told in this rhythm while it is watched. */
const BEAT_MS = 1_000;
const BEATS = 20;

export function reachOf(world: World, who: Somebody): Reach {
  const via = who.via ? world.folk.get(who.via) : undefined;
  const { link } = who;
  const seen =
    link.state === 'unreachable' ? link.last_seen : link.state === 'connected' ? link.since : (who.lastSeen ?? null);
  return {
    peer: who.peer,
    name: who.name,
    contact: world.contacts.has(who.peer),
    link,
    last_seen: seen,
    wrote_at: null,
    queued: 0,
    through:
      via && link.state !== 'connected' ? { peer: via.peer, name: via.name, others: othersOf(world, who, via) } : null,
    rooms: [...world.rooms.values()].filter((r) => r.people.includes(who.peer)).map((r) => r.row.id),
    owed: world.owed.get(who.peer) ?? [],
  };
}

/** Other linked people with whom they share a room. */
function othersOf(world: World, who: Somebody, via: Somebody): number {
  const rooms = [...world.rooms.values()].filter((r) => r.people.includes(who.peer));
  const linked = [...world.folk.values()].filter((p) => p !== via && p.link.state === 'connected');
  return linked.filter((p) => rooms.some((r) => r.people.includes(p.peer))).length;
}

const beating = new WeakMap<World, number>();

/** For a while round-trip times change a little, as real ones do; only where friends answer too. */
export function beat(world: World): void {
  if (!world.answers) return;
  const already = beating.has(world);
  beating.set(world, BEATS);
  if (!already) setTimeout(() => next(world), BEAT_MS);
}

function next(world: World): void {
  const left = beating.get(world) ?? 0;
  if (left === 0) {
    beating.delete(world);
    return;
  }
  beating.set(world, left - 1);
  const linked = [...world.folk.values()].filter((who) => who.link.state === 'connected');
  const who = linked[left % Math.max(1, linked.length)];
  if (who?.link.state === 'connected' && who.link.latency_us !== null) {
    who.link = { ...who.link, latency_us: Math.round(who.link.latency_us * (0.8 + ((left * 7) % 5) / 10)) };
    world.emit({ notice: 'network_changed', people: [reachOf(world, who)], gone: [] });
  }
  setTimeout(() => next(world), BEAT_MS);
}

/** Few people, each reached in another way, and something on its way. */
export function severalWays(world: World): World {
  const now = Date.now();
  const of = (name: string) => [...world.folk.values()].find((who) => who.name === name);
  const [bayo, dice, taiwo] = [of('Bayo'), of('Dice'), of('Taiwo')];
  const cooks = [...world.rooms.values()].find((room) => room.row.name === 'Sunday Cooks');
  if (!bayo || !dice || !taiwo || !cooks) return world;
  taiwo.lastSeen = now - 95 * MINUTE;
  const far = ['Chidi', 'Folake', 'Maximilian-Alexander von Hohenzollern'].map((name, i) => {
    const who = world.meet(
      somebody(name, { state: 'unreachable', last_seen: i === 0 ? now - 30 * MINUTE : null }),
      false,
    );
    who.via = i === 2 ? bayo.peer : dice.peer;
    return who;
  });
  cooks.people.push(...far.map((who) => who.peer));
  cooks.row.members = cooks.people.length;
  world.owed.set(bayo.peer, [{ room: cooks.row.id, theirs: 12, ours: 0 }]);
  world.owed.set(dice.peer, [{ room: cooks.row.id, theirs: 0, ours: 3 }]);
  world.refresh(cooks);
  return world;
}

/** The same, with a link for each path. */
export function everyPath(world: World): World {
  const now = Date.now();
  const of = (name: string) => [...world.folk.values()].find((who) => who.name === name);
  const [ana, dice, folake] = [of('Ana'), of('Dice'), of('Folake')];
  if (ana?.link.state !== 'connected' || !dice || !folake) return world;
  ana.link = { ...ana.link, path: { kind: 'door' } };
  folake.link = {
    state: 'connected',
    path: { kind: 'through', peer: dice.peer, name: dice.name },
    address: null,
    latency_us: 64_000,
    since: now - 2 * MINUTE,
  };
  world.count();
  for (const room of world.rooms.values()) world.refresh(room);
  return world;
}

const NAMES =
  'Ada Bo Chidi Dara Efe Folake Gbenga Hadiza Ife Jide Kemi Lola Musa Ngozi Obi Peju Rotimi Sade Temi Uche Vera Wale Yemi Zainab Amara Bisi Chike Dele Emeka Femi Grace Habib Ini Joke Kunle Lanre Mercy Nkem Ola Precious'.split(
    ' ',
  );

/** As many as are drawn one by one, in a large window. */
export function atForty(world: World): World {
  const now = Date.now();
  const all = NAMES.map((name, i) =>
    world.meet(
      somebody(
        name,
        i % 4 === 0
          ? {
              state: 'connected',
              path: { kind: 'direct' },
              address: `10.1.0.${i}:4747`,
              latency_us: 700 + ((i * 7919) % 60_000),
              since: now - i * MINUTE,
            }
          : { state: 'unreachable', last_seen: i % 9 === 5 ? now - i * 9 * MINUTE : null },
      ),
      false,
    ),
  );
  const gates = all.filter((who) => who.link.state === 'connected');
  for (const [i, who] of all.entries())
    if (who.link.state === 'unreachable' && i % 9 !== 5) who.via = gates[i % gates.length]?.peer;
  world.read(world.room('Choir', all));
  return world;
}

/** Five hundred people in one room, few of them linked. */
export function inHundreds(world: World): World {
  const now = Date.now();
  const all = Array.from({ length: 499 }, (_, i) => {
    const linked = i % 62 === 3;
    const who = world.meet(
      somebody(
        `Person ${String(i + 1).padStart(3, '0')}`,
        linked
          ? {
              state: 'connected',
              path: { kind: 'direct' },
              address: `10.1.${i >> 8}.${i & 255}:4747`,
              latency_us: 600 + ((i * 7919) % 90_000),
              since: now - i * MINUTE,
            }
          : i % 41 === 7
            ? { state: 'waiting', address: '10.1.0.9:4747', retry_at: now + 20_000 + i * 1000, reason: 'timed_out' }
            : { state: 'unreachable', last_seen: null },
      ),
      false,
    );
    who.lastSeen = now - i * MINUTE;
    return who;
  });
  const gates = all.filter((who) => who.link.state === 'connected');
  for (const [i, who] of all.entries()) if (who.link.state === 'unreachable') who.via = gates[i % gates.length]?.peer;
  const room = world.room('Whole village', all);
  for (const [i, who] of all.slice(0, 12).entries())
    world.say(room, who, `Hello from number ${i + 1}`, now - (12 - i) * MINUTE);
  world.settle(room, []);
  world.read(room);
  return world;
}

/** Nobody is there. */
export function inTrouble(world: World): World {
  for (const [i, who] of [...world.folk.values()].entries())
    if (i !== 2) who.lastSeen = Date.now() - (i + 1) * 37 * MINUTE;
  for (const room of world.rooms.values()) world.refresh(room);
  return world;
}

/** Three thousand people in one room. */
export function crowd(world: World): World {
  const now = Date.now();
  const all = Array.from({ length: 3000 }, (_, i) =>
    world.meet(
      somebody(
        `Person ${i + 1}`,
        i % 3 === 0
          ? {
              state: 'connected',
              path: { kind: 'direct' },
              address: `10.1.${i >> 8}.${i & 255}:4747`,
              latency_us: 900 + i * 37,
              since: now,
            }
          : { state: 'unreachable', last_seen: now - i * MINUTE },
      ),
      false,
    ),
  );
  const room = world.room('Whole village', all);
  for (const [i, who] of all.slice(0, 40).entries())
    world.say(room, who, `Hello from number ${i + 1}`, now - (40 - i) * MINUTE);
  world.say(room, null, 'Good evening, all of you.', now - 20_000);
  world.settle(room, all.slice(0, 1200));
  world.read(room);
  return world;
}
