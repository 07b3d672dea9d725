import { describe, expect, it } from 'vitest';
import { buildingWords, percentOf, unusableWords } from './first';

describe('a history that is put in order', () => {
  it('is told in full hundredths, and is not done before it is', () => {
    expect([0, 419_999, 420_000, 999_999, 1_000_000].map((done) => percentOf({ done, of: 1_000_000 }))).toEqual([
      0, 41, 42, 99, 100,
    ]);
    expect(percentOf({ done: 0, of: 0 })).toBe(0);
    expect(buildingWords(42)).toBe('Putting your history in order: 42\u00a0%');
  });
});

describe('a profile that cannot be opened', () => {
  it('is told apart by what wrote it', () => {
    expect(unusableWords('data_too_old').happened).toMatch(/^An older version .* Nothing was changed\.$/);
    expect(unusableWords('data_too_new').happened).toMatch(/^A newer version .* Nothing was changed\.$/);
    expect(unusableWords('data_too_old').todo).not.toBe(unusableWords('data_too_new').todo);
  });
});
