import { giveRole, happen, throwOut } from './membership';
import { hexOf, somebody, type Somebody } from './people';
import type { FakeRoom } from './room';
import type { World } from './world';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;

/** A room with roles, settings and invites, as its owner, a member or somebody removed sees it. */
export function withRoles(world: World, scene: string): World {
  const room = [...world.rooms.values()].find((r) => r.row.name === 'Sunday Cooks');
  const who = (name: string) => [...world.folk.values()].find((s) => s.name === name);
  const [bayo, dice, ana] = [who('Bayo'), who('Dice'), who('Ana')];
  if (!room || !bayo || !dice || !ana) throw new Error('the scene lacks somebody');
  const now = Date.now();
  room.row.topic = 'Soup in winter, salad in summer, and who brings the pot';
  room.addedBy.set(dice.peer, bayo.peer);
  invites(world, room, bayo, now);
  giveRole(world, room, null, bayo, 'admin');
  if (scene !== 'roles') {
    // Somebody else made it.
    room.creator = ana.peer;
    room.addedBy.set(world.me.peer, bayo.peer);
  }
  const zed = world.meet(somebody('Zed', { state: 'unreachable', last_seen: now - 2 * DAY }), false);
  happen(world, room, bayo, { kind: 'member_added', peer: zed.peer, name: zed.name }, () => {});
  happen(world, room, bayo, { kind: 'member_removed', peer: zed.peer, name: zed.name }, () => {});
  happen(world, room, null, { kind: 'topic_set', text: room.row.topic }, () => {});
  if (scene === 'roles-member')
    happen(world, room, bayo, { kind: 'only_admins_add', on: true }, () => (room.row.only_admins_add = true));
  if (scene === 'roles-removed') throwOut(world, room, bayo);
  world.read(room);
  return world;
}

function invites(world: World, room: FakeRoom, bayo: Somebody, now: number): void {
  const one = (word: string, author: string, uses: number, used: number, expires_ms = 0, revoked = false) => ({
    id: hexOf(word),
    author,
    uses,
    used,
    expires_ms,
    revoked,
    may_revoke: true,
  });
  room.invites = [
    one('five', world.me.peer, 5, 2),
    one('single', bayo.peer, 1, 0, now + 6 * HOUR),
    one('used up', world.me.peer, 1, 1),
    one('over', bayo.peer, 20, 3, now - DAY),
    one('revoked', bayo.peer, 20, 3, 0, true),
  ];
}
