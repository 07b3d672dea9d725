/** Things of this window that the node need not know, kept in the browser's storage. */
function remembered<T extends string | number | boolean>(key: string, fallback: T, valid: (value: T) => boolean) {
  let value = $state(read());

  function read(): T {
    try {
      const text = localStorage.getItem(`grapevine.${key}`);
      if (text === null) return fallback;
      const parsed: unknown = JSON.parse(text);
      return typeof parsed === typeof fallback && valid(parsed as T) ? (parsed as T) : fallback;
    } catch {
      return fallback;
    }
  }

  return {
    get value(): T {
      return value;
    },
    set value(next: T) {
      value = next;
      try {
        localStorage.setItem(`grapevine.${key}`, JSON.stringify(next));
      } catch {
        // Without storage it holds until the window closes.
      }
    },
  };
}

export type Theme = 'system' | 'light' | 'dark';

export const RAIL_MIN = 220;
export const RAIL_MAX = 440;

export const theme = remembered<Theme>('theme', 'system', (t) => ['system', 'light', 'dark'].includes(t));
export const railWidth = remembered<number>('rail', 288, (w: number) => w >= RAIL_MIN && w <= RAIL_MAX);
/** The room that was open last, to begin there next time; empty for none. */
export const lastRoom = remembered<string>('room', '', (id) => id.length <= 64);
export const detailsShown = remembered<boolean>('details', true, () => true);
