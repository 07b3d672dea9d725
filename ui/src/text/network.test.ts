import { describe, expect, it } from 'vitest';
import { BEN, CHI, reach } from '../test/people';
import { moreWords, owedBrief, owedWords, reachWords, restWords, summaryWords } from './network';

const NOW = new Date(2026, 4, 12, 15, 30).getTime();
const SEEN = new Date(2026, 4, 12, 14, 2).getTime();
const linked = { state: 'connected', address: 'x:1', latency_us: 12_000, since: SEEN } as const;

describe('how somebody is reached', () => {
  it('is said in plain words', () => {
    expect(reachWords(reach(BEN, 'Ben', { link: linked }), NOW)).toBe('Linked directly, 12 ms');
    expect(reachWords(reach(BEN, 'Ben', { link: { ...linked, latency_us: null } }), NOW)).toBe('Linked directly');
    expect(reachWords(reach(CHI, 'Chi', { through: { peer: BEN, name: 'Ben' } }), NOW)).toBe('Reached through Ben');
    const waits = reach(CHI, 'Chi', { link: { state: 'waiting', address: 'x:1', retry_at: NOW + 20_000, reason: 'refused' }, last_seen: SEEN });
    expect(reachWords(waits, NOW)).toMatch(/^Offline, last seen .*2.*; trying again in 20 s$/);
    expect(reachWords({ ...waits, last_seen: null }, NOW)).toMatch(/^Offline, never seen yet; /);
    expect(reachWords(reach(CHI, 'Chi'), NOW)).toBe('Not linked yet');
  });

  it('is explained on request, with what it means for what is written', () => {
    expect(moreWords(reach(CHI, 'Chi', { through: { peer: BEN, name: 'Ben' } }), NOW)).toContain('passed on by Ben');
    const waits = reach(CHI, 'Chi', { link: { state: 'waiting', address: 'x:1', retry_at: NOW, reason: 'refused' } });
    expect(moreWords(waits, NOW)).toBe('The last try ended so: refused. What you write is kept and reaches Chi when they are back.');
  });
});

it('tells what is on its way, and to whom', () => {
  expect(owedWords('Ana', { theirs: 12, ours: 3 }, 0)).toEqual(['Missing 12 messages', 'Waiting for 3 messages from Ana']);
  expect(owedWords('Ana', { theirs: 0, ours: 0 }, 900)).toEqual([]);
  expect(owedWords('Ana', { theirs: 0, ours: 0 }, 300 * 1024)).toEqual(['300 KB on the way to them']);
  expect([owedBrief({ theirs: 12, ours: 3 }), owedBrief({ theirs: 0, ours: 3 }), owedBrief({ theirs: 0, ours: 0 })]).toEqual(['missing 12', '3 to come', '']);
});

it('counts those who are not drawn', () => {
  expect(restWords({ direct: 0, through: 462, none: 12 })).toEqual(['+462 others, reached through them', '+12 not linked now']);
  expect(summaryWords({ direct: 0, through: 0, none: 2 })).toBe('nobody linked directly · 2 not linked now');
});
