/** One emoji with the words by which it is found. */
export interface Emoji {
  symbol: string;
  label: string;
  tags: string;
}

/** A shelf of the picker. */
export interface Shelf {
  key: string;
  label: string;
  emoji: Emoji[];
}

/** Modifiers and the like, which are no emoji by themselves. */
const COMPONENTS = 2;
const SHELVES = ['Smileys', 'People', '', 'Nature', 'Food', 'Travel', 'Activities', 'Objects', 'Symbols', 'Flags'];

/** For quick reactions, before any have been chosen. */
export const OFTEN = ['👍', '❤️', '😂', '🙌', '😮', '😢', '🙏', '🎉'];

let loaded: Promise<Shelf[]> | null = null;

/** All emoji, fetched from the bundle on first use. */
export function shelves(): Promise<Shelf[]> {
  loaded ??= load();
  return loaded;
}

async function load(): Promise<Shelf[]> {
  const { default: list } = await import('emojibase-data/en/compact.json');
  const result = SHELVES.map((label, group): Shelf => ({ key: String(group), label, emoji: [] }));
  const sorted = list
    .filter((e) => e.group !== undefined && e.group !== COMPONENTS)
    .sort((a, b) => (a.order ?? 0) - (b.order ?? 0));
  for (const entry of sorted) {
    result[entry.group ?? 0]?.emoji.push({
      symbol: entry.unicode,
      label: entry.label,
      tags: (entry.tags ?? []).join(' '),
    });
  }
  return result.filter((shelf) => shelf.emoji.length > 0);
}

/** Emoji whose name or words contain every word of the query. */
export function find(all: readonly Shelf[], query: string, limit = 96): Emoji[] {
  const words = query
    .toLowerCase()
    .split(/\s+/)
    .filter((w) => w !== '');
  const hits: Emoji[] = [];
  for (const shelf of all) {
    for (const emoji of shelf.emoji) {
      const text = `${emoji.label} ${emoji.tags}`;
      if (words.every((w) => text.includes(w)) && hits.push(emoji) >= limit) return hits;
    }
  }
  return hits;
}
