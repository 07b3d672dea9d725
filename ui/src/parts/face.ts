/** Number of colours for faces; each is checked for contrast in tokens.css. */
export const HUES = 8;

/** The colour of a face, always the same for the same seed. */
export function hueOf(seed: string): number {
  let hash = 0;
  for (const char of seed) hash = (Math.imul(hash, 31) + (char.codePointAt(0) ?? 0)) >>> 0;
  return hash % HUES;
}

const segmenter = new Intl.Segmenter(undefined, { granularity: 'grapheme' });

/** One or two characters for a name: the first of two words, or the first two of one. */
export function initials(name: string): string {
  const words = name
    .trim()
    .split(/\s+/u)
    .filter((w) => /[\p{L}\p{N}\p{Extended_Pictographic}]/u.test(w));
  const [first = '', second] = words;
  const chars = graphemes(first);
  const joined = second ? (chars[0] ?? '') + (graphemes(second)[0] ?? '') : chars.slice(0, 2).join('');
  if (joined === '') return '?';
  return second ? joined.toLocaleUpperCase() : joined.charAt(0).toLocaleUpperCase() + joined.slice(1);
}

/** Stacked marks are cut: one letter with its first two marks is enough for a face. */
function graphemes(word: string): string[] {
  return [...segmenter.segment(word)]
    .slice(0, 2)
    .map((s) =>
      /\p{Extended_Pictographic}/u.test(s.segment) ? s.segment : [...s.segment.normalize('NFC')].slice(0, 2).join(''),
    );
}
