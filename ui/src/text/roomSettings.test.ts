import { describe, expect, it } from 'vitest';
import { invite } from '../test/people';
import { endWords, usesWords } from './roomSettings';
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
