import type { Calls, Code, Numbered, Refusal as RefusalData } from '../gen/api';

/** The one door of the window: everything outside of it is reached through this. */
export interface Host {
  /** Makes a call of the contract; rejects with a {@link Refusal}. */
  call<K extends keyof Calls>(call: K, args: Calls[K]['args']): Promise<Calls[K]['reply']>;
  /** Notices from now on, in batches and in order; the promise resolves once none can be missed. */
  subscribe(onNotices: (batch: Numbered[]) => void): Promise<() => void>;
  copyText(text: string): Promise<void>;
  /** Opens a web or mail address outside the window. */
  openExternal(url: string): Promise<void>;
  /** Tells the shell that the first real content stands on the screen. */
  painted(): void;
  /** Has this done before the program ends, which waits for it a little. */
  beforeEnd(save: () => Promise<void>): void;
}

/**
 * Why a call was not carried out. `message` is for reports; for each code the window has its own
 * words.
 */
export class Refusal extends Error {
  readonly code: Code | 'broken';

  constructor(code: Code | 'broken', message: string) {
    super(message);
    this.name = 'Refusal';
    this.code = code;
  }

  /** Anything that was thrown, as a refusal: `broken` stands for a fault of our own. */
  static from(thrown: unknown): Refusal {
    if (thrown instanceof Refusal) return thrown;
    if (isRefusalData(thrown)) return new Refusal(thrown.code, thrown.message);
    if (typeof thrown === 'string') return Refusal.fromText(thrown);
    return new Refusal('broken', thrown instanceof Error ? thrown.message : String(thrown));
  }

  private static fromText(text: string): Refusal {
    try {
      const parsed: unknown = JSON.parse(text);
      if (isRefusalData(parsed)) return new Refusal(parsed.code, parsed.message);
    } catch {
      // Not JSON: plain words of the shell.
    }
    return new Refusal('broken', text);
  }
}

function isRefusalData(value: unknown): value is RefusalData {
  return (
    typeof value === 'object' &&
    value !== null &&
    'code' in value &&
    'message' in value &&
    typeof value.code === 'string' &&
    typeof value.message === 'string'
  );
}
