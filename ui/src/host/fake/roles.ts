import type { Member, Role, RoomMay } from '../../gen/api';
import type { FakeRoom } from './room';

const RANKS: readonly Role[] = ['member', 'admin', 'owner'];

/** What somebody is in a room; none who is not in it. */
export function roleIn(room: FakeRoom, peer: string): Role | null {
  if (!room.people.includes(peer)) return null;
  return room.roles.get(peer) ?? (room.creator === peer && room.row.kind === 'group' ? 'owner' : 'member');
}

/** Who stands above whom: by role, and who made the room above all. */
function outranks(room: FakeRoom, one: string, other: string): boolean {
  const rank = (peer: string) => RANKS.indexOf(roleIn(room, peer) ?? 'member');
  return one !== other && (rank(one) > rank(other) || (rank(one) === rank(other) && room.creator === one));
}

const isAdmin = (room: FakeRoom, peer: string): boolean => ['admin', 'owner'].includes(roleIn(room, peer) ?? '');

/** What somebody may do in a room. */
export function mayIn(room: FakeRoom, peer: string): RoomMay {
  const inside = room.row.kind === 'group' && room.people.includes(peer);
  const admin = inside && isAdmin(room, peer);
  return { add: admin || (inside && !room.row.only_admins_add), rename: admin };
}

/** What one may do with another. */
export function mayWith(room: FakeRoom, me: string, peer: string): Member['may'] {
  if (room.row.kind === 'direct' || !isAdmin(room, me) || !outranks(room, me, peer))
    return { remove: false, set_role: [] };
  const mine = RANKS.indexOf(roleIn(room, me) ?? 'member');
  return { remove: true, set_role: RANKS.filter((role, rank) => rank <= mine && role !== roleIn(room, peer)) };
}
