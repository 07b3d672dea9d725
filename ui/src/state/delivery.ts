import type { Delivery, Message } from '../gen/api';

/** Another member of a room, as far as delivery has to know. */
export interface Other {
  peer: string;
  name: string;
}

/** How far one of one's own messages has come. */
export type Progress =
  | { at: 'sending' }
  | { at: 'saved'; waitingFor: string[] }
  | { at: 'delivered'; to: number; of: number; waitingFor: string[] };

/**
 * What is on disk and who has what of one's own logs in one room. Each change gives a new book over
 * the same maps: a crowd acknowledges in thousands of notices, and a copy for each would stop the
 * window.
 */
export class DeliveryBook {
  readonly #saved: Map<string, number>;
  readonly #acks: Map<string, Map<string, number>>;

  private constructor(saved: Map<string, number>, acks: Map<string, Map<string, number>>) {
    this.#saved = saved;
    this.#acks = acks;
  }

  static empty(): DeliveryBook {
    return new DeliveryBook(new Map(), new Map());
  }

  static from(delivery: Delivery): DeliveryBook {
    return DeliveryBook.empty().merged(delivery);
  }

  /** Takes in a change. Sequence numbers never fall, so a late or repeated notice does no harm. */
  merged(change: Delivery): DeliveryBook {
    for (const [log, seq] of Object.entries(change.saved))
      this.#saved.set(log, Math.max(this.#saved.get(log) ?? 0, seq));
    for (const { peer, log, seq } of change.acks) {
      const page = this.#acks.get(log) ?? new Map<string, number>();
      page.set(peer, Math.max(page.get(peer) ?? 0, seq));
      this.#acks.set(log, page);
    }
    return new DeliveryBook(this.#saved, this.#acks);
  }

  /** Highest number of a log that is on disk. */
  saved(log: string): number {
    return this.#saved.get(log) ?? 0;
  }

  /** Highest number of a log that this peer has. */
  held(peer: string, log: string): number {
    return this.#acks.get(log)?.get(peer) ?? 0;
  }
}

/** Derives the state of an own message from what is on disk and what others said they have. */
export function progressOf(
  message: Pick<Message, 'log' | 'seq'>,
  book: DeliveryBook,
  others: readonly Other[],
): Progress {
  if (book.saved(message.log) < message.seq) return { at: 'sending' };
  const waitingFor = others.filter((o) => book.held(o.peer, message.log) < message.seq).map((o) => o.name);
  const to = others.length - waitingFor.length;
  return to === 0 ? { at: 'saved', waitingFor } : { at: 'delivered', to, of: others.length, waitingFor };
}
