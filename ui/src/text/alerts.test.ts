import { describe, expect, it } from 'vitest';
import { alertWords } from './alerts';

describe('a damaged history', () => {
  const words = (detail: string) => alertWords({ kind: 'history_repaired', detail, clock: null }).words;

  it('tells how much of it comes again', () => {
    expect(words('15229')).toContain('the rest, at most 15,229 messages, comes again from the others.');
    expect(words('1')).toContain('the rest, one message, comes again from the others.');
  });

  it('says no number that is none', () => {
    for (const detail of ['0', '', 'many']) expect(words(detail)).toContain('the rest comes again from the others.');
  });
});
