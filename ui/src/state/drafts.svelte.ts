import { model } from './store.svelte';
import { call } from './wire';

/** A draft is kept once typing has paused for so long. */
const PAUSE_MS = 400;
/** And, when typing does not pause, so long after its first change: what a crash may cost. */
const LONGEST_MS = 2_000;

interface Change {
  since: number;
  timer: ReturnType<typeof setTimeout> | undefined;
}

/** What is typed and not sent, by room. The node keeps it; this holds it while it changes. */
class Drafts {
  #texts: Record<string, string> = $state({});
  /** Rooms whose draft the node does not have yet. */
  #changed = new Map<string, Change>();
  /** One at a time, so that no older text overtakes a newer one. */
  #calls: Promise<void> = Promise.resolve();

  text(room: string): string {
    return this.#texts[room] ?? '';
  }

  /** Takes over what the node kept, unless something newer is typed here. */
  adopt(room: string): void {
    this.#texts[room] ??= model.rooms[room]?.draft ?? '';
  }

  set(room: string, text: string): void {
    this.#texts[room] = text;
    const now = Date.now();
    const earlier = this.#changed.get(room);
    clearTimeout(earlier?.timer);
    const since = earlier?.since ?? now;
    const wait = Math.max(0, Math.min(PAUSE_MS, since + LONGEST_MS - now));
    this.#changed.set(room, { since, timer: setTimeout(() => this.flush(room), wait) });
  }

  /** Has the node keep the draft now. */
  flush(room: string): void {
    const change = this.#changed.get(room);
    if (!change) return;
    clearTimeout(change.timer);
    this.#changed.delete(room);
    this.#calls = this.#calls.then(() => this.#keep(room));
  }

  /** Has the node keep all that changed; resolves once it has answered. */
  async flushAll(): Promise<void> {
    for (const room of [...this.#changed.keys()]) this.flush(room);
    await this.#calls;
  }

  async #keep(room: string): Promise<void> {
    try {
      await call('set_draft', { room, text: this.text(room) });
    } catch {
      // The text still stands in the box; it goes with the next change, or at the end.
      if (!this.#changed.has(room)) this.#changed.set(room, { since: Date.now(), timer: undefined });
    }
  }
}

export const drafts = new Drafts();
