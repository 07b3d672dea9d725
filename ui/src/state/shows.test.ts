import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { OFTEN, shelves } from '../parts/emoji/data';
import { shows } from './shows';

interface Vectors {
  shows: string[];
  shows_nothing: string[];
}

const vectors = JSON.parse(
  readFileSync(join(import.meta.dirname, '../../../docs/vectors/texts.json'), 'utf8'),
) as Vectors;

it('agrees with the node about what shows and what does not', () => {
  expect(vectors.shows.length).toBeGreaterThan(5);
  expect(vectors.shows_nothing.length).toBeGreaterThan(10);
  for (const text of vectors.shows) expect(shows(text), JSON.stringify(text)).toBe(true);
  for (const text of vectors.shows_nothing) expect(shows(text), JSON.stringify(text)).toBe(false);
});

it('offers every emoji in the form in which reactions are kept', async () => {
  const qualified = new RegExp('^\\p{RGI_Emoji}$', 'v');
  const offered = [...OFTEN, ...(await shelves()).flatMap((shelf) => shelf.emoji.map((emoji) => emoji.symbol))];
  // Emoji younger than this engine are not known to it in any form.
  const unqualified = offered.filter((symbol) => !qualified.test(symbol) && qualified.test(`${symbol}\ufe0f`));
  expect(unqualified).toEqual([]);
});
