import { drafts } from './drafts.svelte';
import { hands } from './hands';
import { settled } from './wire';

// All waits together stay below the patience of the shell.
/**
 * Earlier key presses come one by one through the web view. After so long without one, none is on
 * its way.
 */
const QUIET_MS = 100;
/** Typing on and on does not stop the end. */
const MOST_QUIETS = 5;
/** Nor does a call that hangs. */
const CALLS_MS = 250;

/** Saves everything that is typed and only here, before the program ends. */
export async function saveBeforeEnd(): Promise<void> {
  // At once: in a hidden window timers may sleep.
  void drafts.flushAll();
  for (let n = 0; n < MOST_QUIETS; n++) {
    const { keys } = hands;
    await pause(QUIET_MS);
    if (hands.keys === keys) break;
  }
  await Promise.race([settled(), pause(CALLS_MS)]);
  // What was refused is back in its box after this.
  await pause(0);
  await drafts.flushAll();
}

function pause(ms: number): Promise<void> {
  return new Promise((later) => setTimeout(later, ms));
}
