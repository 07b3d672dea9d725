import { drafts } from './drafts.svelte';
import { hands } from './hands';
import { settled } from './wire';

/** Keys that were pressed before come one by one through the web view: when none came for so long, none is on its way. */
const QUIET_MS = 100;
/** Whoever types on and on does not stop the end. Together with the calls this stays below the shell's patience. */
const MOST_QUIETS = 6;

/** Puts everything down that is typed and only here, before the program ends. */
export async function rest(): Promise<void> {
  for (let n = 0; n < MOST_QUIETS; n++) {
    const { keys } = hands;
    await new Promise((later) => setTimeout(later, QUIET_MS));
    if (hands.keys === keys) break;
  }
  await settled();
  // What was refused is back in its box after this.
  await new Promise((later) => setTimeout(later));
  await drafts.flushAll();
}
