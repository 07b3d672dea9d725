import { describe, expect, it } from 'vitest';
import { ANA, BEN, invite } from '../test/people';
import { endWords, sinceWords, usesWords } from './roomSettings';
import { timeOf } from './time';

const NOW = new Date(2026, 4, 14, 15, 0).getTime();
describe('an invite to a room', () => {
  it('says how many it still lets in, and until when', () => {
    expect(usesWords(invite())).toBe('3 of 5 uses left');
    expect(usesWords(invite({ uses: 1, used: 0 }))).toBe('for one person');
    expect(endWords(invite(), NOW, 'UTC')).toBe('never expires');
    expect(endWords(invite({ expires_ms: NOW + 60_000 }), NOW, 'UTC')).toBe(`until today, ${timeOf(NOW + 60_000)}`);
  });
});

describe('what new members see', () => {
  it('says who set it, and since when', () => {
    const set = { peer: BEN, name: 'Ben', at_ms: NOW };
    expect(sinceWords(null, ANA, NOW)).toBe('It has been so since the room was made.');
    expect(sinceWords(set, ANA, NOW)).toBe(`Set by Ben today, ${timeOf(NOW)}.`);
    expect(sinceWords(set, BEN, NOW)).toBe(`Set by you today, ${timeOf(NOW)}.`);
  });
});
