import { describe, expect, it } from 'vitest';
import { BEN, ROOM } from '../test/people';
import { alertWords } from './alerts';

describe('a damaged history', () => {
  const words = (detail: string) => alertWords({ kind: 'history_repaired', detail, clock: null, fork: null }).words;

  it('tells how much of it comes again', () => {
    expect(words('15229')).toContain('the rest, at most 15,229 messages, comes again from the others.');
    expect(words('1')).toContain('the rest, one message, comes again from the others.');
  });

  it('says no number that is none', () => {
    for (const detail of ['0', '', 'many']) expect(words(detail)).toContain('the rest comes again from the others.');
  });
});

describe('a device that signed two histories', () => {
  it('is told with whose it is, which room, what became of it, and what to do', () => {
    const fork = { peer: BEN, name: 'Ben', room: ROOM, room_name: 'Sunday Cooks' };
    const { tone, words } = alertWords({ kind: 'fork', detail: `${BEN} in ${ROOM}`, clock: null, fork });
    expect(tone).toBe('bad');
    expect(words).toMatch(/^Ben’s device .* who is in Sunday Cooks\./);
    expect(words).toContain('does not count');
    expect(words).toContain('Ask Ben');
    expect(words).toContain('let an admin remove them');
    expect(words).not.toContain(BEN);
  });
});
