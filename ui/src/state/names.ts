import { model } from './store.svelte';

/** How somebody is called, as far as it is known here: in this room, or at all. */
export function nameIn(room: string, peer: string): string | null {
  if (model.me?.peer === peer) return model.me.name;
  return model.members[room]?.find((m) => m.peer === peer)?.name ?? model.people[peer]?.name ?? null;
}
