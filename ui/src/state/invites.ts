import type { Invite, RoomInvite } from '../gen/api';
import { model } from './store.svelte';
import { call } from './wire';

/** Invites that were made in this window, to a room with their id. */
const made = new Map<string, { invite: Invite; id: string | undefined }>();

/**
 * An invite: the earlier one for the same purpose and the same addresses, unless a fresh one is
 * wanted or nobody could come in by the earlier one.
 */
export async function invite(room: string | null, uses: number, fresh: boolean): Promise<Invite> {
  const key = [room ?? '', uses, ...(model.me?.addresses ?? [])].join(' ');
  const before = await ownStanding(room);
  const known = made.get(key);
  if (known && !fresh && (room === null || (known.id !== undefined && before.has(known.id)))) return known.invite;
  const answer = await call('create_invite', room ? { room, uses } : { uses });
  const id = [...(await ownStanding(room))].find((one) => !before.has(one));
  made.set(key, { invite: answer, id });
  return answer;
}

/** All invites to a room that its members know of. */
export function roomInvites(room: string): Promise<RoomInvite[]> {
  return call('room_invites', { room });
}

/** Whether somebody can come in with it now. */
export function stands({ revoked, used, uses, expires_ms: end }: RoomInvite, now: number): boolean {
  return !revoked && used < uses && (end === 0 || now < end);
}

async function ownStanding(room: string | null): Promise<ReadonlySet<string>> {
  const all = room === null ? [] : await roomInvites(room);
  const own = all.filter((one) => one.author === model.me?.peer && stands(one, Date.now()));
  return new Set(own.map((one) => one.id));
}
