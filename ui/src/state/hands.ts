/** What is typed without such a pause is one burst: it belongs to where it began. */
export const BURST_MS = 400;

/**
 * What is being typed. When a place to write comes or goes by itself, words must not end in another
 * place than where they began.
 */
class Hands {
  /** Keys so far. */
  keys = 0;
  /** Changes of any field so far. */
  inputs = 0;
  #last = -Infinity;
  #cut = false;

  /** Takes note of a key; true if nobody may have it. */
  onKey(now: number): boolean {
    this.#cut = this.#cut && now - this.#last < BURST_MS;
    this.#last = now;
    this.keys += 1;
    return this.#cut;
  }

  onInput(): void {
    this.inputs += 1;
  }

  /**
   * A place to write went or came by itself. The rest of the burst under way belongs to neither
   * place.
   */
  cut(): void {
    this.#cut = true;
  }
}

export const hands = new Hands();
