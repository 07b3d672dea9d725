import type { Anchor, Body, Message, Page } from '../../gen/api';
import { hexOf } from './people';

/** Where a message of the fake world comes from. */
export interface Said {
  room: string;
  author: string;
  authorName: string;
  mine: boolean;
  at: number;
  log: string;
  seq: number;
  body: Body;
}

let counter = 0;

/** A place in the order: time first, then a number that never repeats. */
export function positionOf(at: number, n: number): string {
  return at.toString(16).padStart(12, '0') + n.toString(16).padStart(8, '0');
}

export function message(said: Said): Message {
  const n = ++counter;
  return {
    id: hexOf(`message ${n} ${said.room}`),
    room: said.room,
    position: positionOf(said.at, n),
    author: said.author,
    author_name: said.authorName,
    mine: said.mine,
    at: said.at,
    early: false,
    late: false,
    log: said.log,
    seq: said.seq,
    body: said.body,
  };
}

/**
 * A room's messages: a long past that is made up only where it is looked at, and what was said
 * since.
 */
export class History {
  readonly #past: number;
  readonly #make: (i: number) => Message;
  readonly #changed = new Map<number, Message>();
  #recent: Message[] = [];

  constructor(
    past = 0,
    make: (i: number) => Message = () => {
      throw new Error('no past');
    },
  ) {
    this.#past = past;
    this.#make = make;
  }

  get length(): number {
    return this.#past + this.#recent.length;
  }

  at(i: number): Message {
    const recent = this.#recent[i - this.#past];
    return recent ?? this.#changed.get(i) ?? this.#make(i);
  }

  last(): Message | null {
    return this.length === 0 ? null : this.at(this.length - 1);
  }

  /** The newest of which this is so. */
  findLast(is: (m: Message) => boolean): Message | null {
    for (let i = this.length - 1; i >= 0; i--) if (is(this.at(i))) return this.at(i);
    return null;
  }

  add(...messages: Message[]): void {
    this.#recent = [...this.#recent, ...messages].sort((a, b) => (a.position < b.position ? -1 : 1));
  }

  find(is: (m: Message) => boolean): Message | null {
    const recent = this.#recent.find(is);
    if (recent) return recent;
    for (let i = this.#past - 1; i >= 0; i--) if (is(this.at(i))) return this.at(i);
    return null;
  }

  replace(next: Message): void {
    const i = this.#recent.findIndex((m) => m.id === next.id);
    if (i !== -1) this.#recent[i] = next;
    else this.#changed.set(this.#lowerBound(next.position), next);
  }

  page(anchor: Anchor, limit: number): Page {
    const [from, to] = this.#range(anchor, limit);
    const messages = Array.from({ length: to - from }, (_, i) => structuredClone(this.at(from + i)));
    return { messages, more_before: from > 0, more_after: to < this.length };
  }

  /** Messages after a position, at most so many. */
  countAfter(position: string, most: number, counts: (m: Message) => boolean): number {
    let n = 0;
    for (let i = this.length - 1; i >= 0 && n < most; i--) {
      const m = this.at(i);
      if (m.position <= position) break;
      if (counts(m)) n++;
    }
    return n;
  }

  #range(anchor: Anchor, limit: number): [number, number] {
    switch (anchor.at) {
      case 'latest':
        return [Math.max(0, this.length - limit), this.length];
      case 'before': {
        const to = this.#lowerBound(anchor.position);
        return [Math.max(0, to - limit), to];
      }
      case 'after': {
        const bound = this.#lowerBound(anchor.position);
        const from = bound < this.length && this.at(bound).position === anchor.position ? bound + 1 : bound;
        return [from, Math.min(this.length, from + limit)];
      }
      case 'around': {
        const from = Math.max(0, this.#lowerBound(anchor.position) - Math.floor(limit / 2));
        return [from, Math.min(this.length, from + limit)];
      }
    }
  }

  /** First index whose position is not before the given one. */
  #lowerBound(position: string): number {
    let low = 0;
    let high = this.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.at(middle).position < position) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
