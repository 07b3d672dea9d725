import type { Joining } from '../gen/api';
import { chats } from './chats.svelte';
import { dialogs } from './dialogs.svelte';
import { hands } from './hands';
import { model } from './store.svelte';

/** Ended attempts that are remembered: the notice of an end may overtake the reply to its call. */
const REMEMBERED_ENDS = 32;

/** Attempts that began in this window, with what had been typed until then. */
const mine = new Map<string, number>();
const ended: { id: string; room: string | null }[] = [];

/** Takes the reply to a call that began an attempt here: its room opens when it succeeds. */
export function beganJoin(joining: Joining): Joining {
  const end = ended.find((e) => e.id === joining.id);
  if (end?.room) arrive(end.room, hands.inputs);
  if (end) return joining;
  mine.set(joining.id, hands.inputs);
  if (!model.joining.some((j) => j.id === joining.id)) model.joining = [...model.joining, joining];
  joinChanged(joining);
  return joining;
}

/** An attempt moved on. */
export function joinChanged(joining: Joining): void {
  if (joining.state.state !== 'joined') return;
  const { room } = joining.state;
  const typed = mine.get(joining.id);
  if (mine.delete(joining.id) && typed !== undefined) arrive(room, typed);
  else remember(joining.id, room);
}

/** An attempt is no longer listed. */
export function joinGone(id: string): void {
  if (!mine.delete(id) && !ended.some((e) => e.id === id)) remember(id, null);
}

function remember(id: string, room: string | null): void {
  ended.push({ id, room });
  if (ended.length > REMEMBERED_ENDS) ended.shift();
}

/** Opens the room, unless something was typed since: words begun elsewhere must not end up here. */
function arrive(room: string, typed: number): void {
  if (hands.inputs !== typed) return;
  if (dialogs.open?.kind === 'add') dialogs.close();
  void chats.open(room);
}
