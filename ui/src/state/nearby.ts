import type { Joining, Nearby } from '../gen/api';
import type { Model } from './model';

/** How one stands with somebody nearby, and so what can be done about them. */
export type NearbyStanding =
  | { kind: 'stranger' }
  | { kind: 'contact'; peer: string }
  /** They would like to talk, and wait for an answer. */
  | { kind: 'asks'; peer: string }
  /** They were asked; what comes of it is up to them. */
  | { kind: 'asked'; room: string | null; joining: Joining | null };

export function nearbyStanding(
  near: Nearby,
  model: Pick<Model, 'people' | 'rooms' | 'requests' | 'joining'>,
): NearbyStanding {
  const { peer } = near;
  if (peer !== null && model.people[peer]?.contact) return { kind: 'contact', peer };
  if (peer !== null && model.requests.some((request) => request.peer === peer)) return { kind: 'asks', peer };
  const joining = model.joining.find((j) => j.id === near.join) ?? null;
  const room =
    peer === null ? undefined : Object.values(model.rooms).find((r) => r.peer === peer && r.standing === 'requested');
  return room || joining ? { kind: 'asked', room: room?.id ?? null, joining } : { kind: 'stranger' };
}
