import type { Notice, Numbered } from '../gen/api';

/**
 * Notices held while a snapshot is under way; beyond this they are dropped, and another snapshot is
 * asked for.
 */
export const MAX_HELD_NOTICES = 20_000;

/** What to do with a batch. */
export interface Step {
  apply: Notice[];
  /** Something was missed: ask for a snapshot. */
  ask: boolean;
}

/**
 * Keeps notices in order around snapshots. Those that come while a snapshot is under way are held,
 * those that it contains are dropped, and a gap in the numbers means that something was missed.
 */
export class Sequence {
  #last: number | null = null;
  #held: Numbered[] = [];
  #overflown = false;

  /** Takes a batch; before the first snapshot (and during any) everything is held. */
  take(batch: Numbered[]): Step {
    if (this.#last === null) {
      this.#hold(batch);
      return { apply: [], ask: false };
    }
    const apply: Notice[] = [];
    for (const [at, numbered] of batch.entries()) {
      if (numbered.seq <= this.#last) continue;
      if (numbered.seq !== this.#last + 1) {
        this.#last = null;
        this.#hold(batch.slice(at));
        return { apply, ask: true };
      }
      this.#last = numbered.seq;
      apply.push(numbered.notice);
    }
    return { apply, ask: false };
  }

  /** A snapshot is being asked for: hold what comes. */
  pause(): void {
    this.#last = null;
  }

  /** A snapshot came; what was held and is newer applies on top of it. */
  resume(snapshotSeq: number): Step {
    const held = this.#held;
    const overflown = this.#overflown;
    this.#held = [];
    this.#overflown = false;
    if (overflown) return { apply: [], ask: true };
    this.#last = snapshotSeq;
    return this.take(held);
  }

  #hold(batch: Numbered[]): void {
    if (this.#held.length + batch.length > MAX_HELD_NOTICES) {
      this.#held = [];
      this.#overflown = true;
      return;
    }
    this.#held.push(...batch);
  }
}
