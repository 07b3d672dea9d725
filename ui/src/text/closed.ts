import type { RoomRow } from '../gen/api';
import { people } from './people';
import { whenWords } from './time';

/** How one's own membership of a room ended; `null` as long as it has not. */
export function endedWords({ standing, closed }: Pick<RoomRow, 'standing' | 'closed'>): string | null {
  switch (standing) {
    case 'left':
      return 'You left this room';
    case 'removed':
      return `${closed?.by_name || people.somebody} removed you from this room`;
    case 'member':
    case 'requested':
      return null;
  }
}

/** Why nothing can be written, and since when; `null` when it can. */
export function closedWords(room: Pick<RoomRow, 'standing' | 'closed'>, now: number, zone?: string): string | null {
  const ended = endedWords(room);
  if (ended === null) return null;
  const at = room.closed?.at_ms ?? 0;
  return at > 0 ? `${ended} ${whenWords(at, now, zone)}.` : `${ended}.`;
}
