import { Refusal } from '../host/host';
import type { RefusalCode } from './refusal';

/** Something to tell in passing: a refusal, or that something was done. */
export type Note = { id: number; kind: 'refused'; code: RefusalCode; detail: string } | { id: number; kind: 'copied' };

/** Notes that stand at once; older ones leave. */
const MAX_NOTES = 3;
const SHOWN_MS = { refused: 9_000, copied: 2_200 };

class Notes {
  list: readonly Note[] = $state.raw([]);
  #next = 1;

  refused(thrown: unknown): void {
    const refusal = Refusal.from(thrown);
    this.#add({ id: this.#next++, kind: 'refused', code: refusal.code, detail: refusal.message });
  }

  copied(): void {
    this.#add({ id: this.#next++, kind: 'copied' });
  }

  dismiss(id: number): void {
    this.list = this.list.filter((n) => n.id !== id);
  }

  #add(note: Note): void {
    this.list = [...this.list, note].slice(-MAX_NOTES);
    setTimeout(() => this.dismiss(note.id), SHOWN_MS[note.kind]);
  }
}

export const notes = new Notes();
