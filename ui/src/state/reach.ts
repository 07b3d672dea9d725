import type { Reach } from '../gen/api';

/**
 * How a person is reached: by a link of our own, by one that a friend carries, without a link by
 * what others pass on, or not now.
 */
export type Way = 'direct' | 'carried' | 'through' | 'none';

export const WAYS: readonly Way[] = ['direct', 'carried', 'through', 'none'];

export function wayOf({ link, through }: Reach): Way {
  if (link.state === 'connected') return link.path.kind === 'through' ? 'carried' : 'direct';
  return through ? 'through' : 'none';
}

/** The person through whom they are reached, if it is through somebody. */
export function gateOf({ link, through }: Reach): string | null {
  if (link.state === 'connected') return link.path.kind === 'through' ? link.path.peer : null;
  return through?.peer ?? null;
}

/** Events on their way between the two of us, all rooms together. */
export function owedOf(reach: Reach): { theirs: number; ours: number } {
  return reach.owed.reduce((sum, o) => ({ theirs: sum.theirs + o.theirs, ours: sum.ours + o.ours }), {
    theirs: 0,
    ours: 0,
  });
}

/**
 * The linked first, directly and through a friend, then those reached through others, then the
 * rest. Each group is in order of names, so that nothing jumps when a number changes.
 */
export function inOrder(people: readonly Reach[]): Reach[] {
  return [...people].sort(
    (a, b) =>
      WAYS.indexOf(wayOf(a)) - WAYS.indexOf(wayOf(b)) || a.name.localeCompare(b.name) || (a.peer < b.peer ? -1 : 1),
  );
}

export function countWays(people: readonly Reach[]): Record<Way, number> {
  const count = { direct: 0, carried: 0, through: 0, none: 0 };
  for (const reach of people) count[wayOf(reach)] += 1;
  return count;
}
