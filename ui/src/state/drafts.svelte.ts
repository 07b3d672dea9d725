import { model } from './store.svelte';
import { call } from './wire';

/** A draft is kept once typing has paused for so long. */
const PAUSE_MS = 400;

/** What is typed and not sent, by room. The node keeps it; this holds it while it changes. */
class Drafts {
  #texts: Record<string, string> = $state({});
  #timers = new Map<string, ReturnType<typeof setTimeout>>();

  text(room: string): string {
    return this.#texts[room] ?? '';
  }

  /** Takes over what the node kept, unless something newer is typed here. */
  adopt(room: string): void {
    this.#texts[room] ??= model.rooms[room]?.draft ?? '';
  }

  set(room: string, text: string): void {
    this.#texts[room] = text;
    clearTimeout(this.#timers.get(room));
    this.#timers.set(room, setTimeout(() => this.flush(room), PAUSE_MS));
  }

  /** Has the node keep the draft now. */
  flush(room: string): void {
    if (!this.#timers.has(room)) return;
    clearTimeout(this.#timers.get(room));
    this.#timers.delete(room);
    const text = this.text(room);
    call('set_draft', { room, text }).catch(() => {
      // The text still stands in the box; it goes with the next change.
    });
  }

  flushAll(): void {
    for (const room of [...this.#timers.keys()]) this.flush(room);
  }
}

export const drafts = new Drafts();
