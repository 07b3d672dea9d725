import type { Reach } from '../gen/api';
import { doctor } from './doctor.svelte';
import { notes } from './notes.svelte';
import { inOrder } from './reach';
import { call } from './wire';

/**
 * Changes are told for 20 s after each question. Asking in time keeps them coming and mends what
 * was missed.
 */
const ASK_EVERY_MS = 10_000;

/** The picture of who is linked with whom; kept up to date for as long as it is shown. */
class Network {
  shown = $state(false);
  /** Only the people of this room, if it was asked for from there. */
  room: string | null = $state(null);
  loaded = $state(false);
  #rows: ReadonlyMap<string, Reach> = $state.raw(new Map());
  #timer: ReturnType<typeof setInterval> | null = null;
  people: readonly Reach[] = $derived.by(() => {
    const { room } = this;
    const all = [...this.#rows.values()];
    return inOrder(room === null ? all : all.filter((reach) => reach.rooms.includes(room)));
  });

  show(room: string | null = null): void {
    doctor.hide();
    this.room = room;
    if (this.shown) return;
    this.shown = true;
    this.#timer = setInterval(() => void this.#ask(), ASK_EVERY_MS);
    void this.#ask();
  }

  hide(): void {
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#timer = null;
    this.shown = false;
    this.room = null;
  }

  onChanged(people: readonly Reach[], gone: readonly string[]): void {
    if (!this.shown || !this.loaded) return;
    const rows = new Map(this.#rows);
    for (const reach of people) rows.set(reach.peer, reach);
    for (const peer of gone) rows.delete(peer);
    this.#rows = rows;
  }

  /** Notices were missed. */
  onGap(): void {
    if (this.shown) void this.#ask();
  }

  async #ask(): Promise<void> {
    try {
      const { people } = await call('network', { watch: true });
      this.#rows = new Map(people.map((reach) => [reach.peer, reach]));
      this.loaded = true;
    } catch (thrown) {
      notes.refused(thrown);
    }
  }
}

export const network = new Network();
