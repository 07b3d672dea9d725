import type { Reach } from '../gen/api';

/** How a person is reached: by a link of our own, through another person, or not now. */
export type Way = 'direct' | 'through' | 'none';

export const WAYS: readonly Way[] = ['direct', 'through', 'none'];

export function wayOf(reach: Reach): Way {
  if (reach.link.state === 'connected') return 'direct';
  return reach.through ? 'through' : 'none';
}

/** Events on their way between the two of us, all rooms together. */
export function owedOf(reach: Reach): { theirs: number; ours: number } {
  return reach.owed.reduce((sum, o) => ({ theirs: sum.theirs + o.theirs, ours: sum.ours + o.ours }), {
    theirs: 0,
    ours: 0,
  });
}

/**
 * The linked first, then those reached through others, then the rest. Each group is in order of
 * names, so that nothing jumps when a number changes.
 */
export function inOrder(people: readonly Reach[]): Reach[] {
  return [...people].sort(
    (a, b) =>
      WAYS.indexOf(wayOf(a)) - WAYS.indexOf(wayOf(b)) || a.name.localeCompare(b.name) || (a.peer < b.peer ? -1 : 1),
  );
}

export function countWays(people: readonly Reach[]): Record<Way, number> {
  const count = { direct: 0, through: 0, none: 0 };
  for (const reach of people) count[wayOf(reach)] += 1;
  return count;
}
