import type { RoomKind } from '../gen/api';
import type { Progress } from '../state/delivery';

/** Names listed one by one; more than these are counted. */
const NAMED = 3;

/**
 * Where an own message is now: "sending", "saved · waiting for Taiwo, Blessing", "delivered to 5 of
 * 5".
 */
export function deliveryWords(progress: Progress, kind: RoomKind): string {
  switch (progress.at) {
    case 'sending':
      return 'sending';
    case 'saved':
      return progress.waitingFor.length === 0 ? 'saved' : `saved · waiting for ${waiting(progress.waitingFor)}`;
    case 'delivered': {
      if (kind === 'direct') return 'delivered';
      const count = `delivered to ${progress.to} of ${progress.of}`;
      const few = progress.waitingFor.length > 0 && progress.waitingFor.length <= NAMED;
      return few ? `${count} · waiting for ${waiting(progress.waitingFor)}` : count;
    }
  }
}

function waiting(names: readonly string[]): string {
  return names.length <= NAMED
    ? names.join(', ')
    : `${names.slice(0, NAMED - 1).join(', ')} and ${names.length - NAMED + 1} more`;
}
