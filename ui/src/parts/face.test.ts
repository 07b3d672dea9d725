import { expect, it } from 'vitest';
import { HUES, hueOf, initials } from './face';

it('takes initials from any name', () => {
  const cases: [string, string][] = [
    ['Ada', 'Ad'],
    ['Sunday Cooks', 'SC'],
    ['  bayo ', 'Ba'],
    ['', '?'],
    ['…', '?'],
    ['🍇 Vine', '🍇V'],
    ['Five-a-side', 'Fi'],
    ['نور', 'نو'],
  ];
  for (const [name, want] of cases) expect(initials(name), name).toBe(want);
});

it('never shows more than two letters with a mark each', () => {
  const stacked = `Z${'\u0351'.repeat(40)} a${'\u0489'.repeat(40)}`;
  expect([...initials(stacked)].length).toBeLessThanOrEqual(4);
});

it('gives a seed the same colour always', () => {
  expect(hueOf('ana')).toBe(hueOf('ana'));
  for (const seed of ['', 'ana', 'ben', 'c'.repeat(64)]) expect(hueOf(seed)).toBeLessThan(HUES);
});
