import type { Person, RoomRow } from '../gen/api';
import { model } from './store.svelte';

/** Rooms as the rail shows them: by last activity, newest first. */
export function roomOrder(): RoomRow[] {
  return Object.values(model.rooms).sort((a, b) => b.active_at - a.active_at || (a.id < b.id ? -1 : 1));
}

/** People of the address book with whom there is no direct room yet. */
export function peopleWithoutRoom(): Person[] {
  const known = new Set(Object.values(model.rooms).map((room) => room.peer));
  return Object.values(model.people)
    .filter((p) => p.contact && !known.has(p.peer))
    .sort((a, b) => a.name.localeCompare(b.name));
}

/** What matches a query: every word begins some word of the name, or stands in it. */
export function matches(name: string, query: string): boolean {
  const plain = fold(name);
  return fold(query)
    .split(/\s+/)
    .every((word) => plain.includes(word));
}

function fold(text: string): string {
  return text.normalize('NFKD').replace(/\p{M}/gu, '').toLocaleLowerCase();
}
