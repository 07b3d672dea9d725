import { drafts } from './drafts.svelte';
import { settled } from './wire';

/** Puts everything down that is typed and only here, before the program ends. */
export async function rest(): Promise<void> {
  await settled();
  // What was refused is back in its box after this, and keys that were on their way have come.
  await new Promise((later) => setTimeout(later));
  await drafts.flushAll();
}
