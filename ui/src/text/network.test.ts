import { describe, expect, it } from 'vitest';
import { BEN, CHI, reach, ROOM } from '../test/people';
import { moreWords, owedBrief, owedWords, pictureWords, reachWords, restWords, summaryWords } from './network';

const NOW = new Date(2026, 4, 12, 15, 30).getTime();
const SEEN = new Date(2026, 4, 12, 14, 2).getTime();
const linked = {
  state: 'connected',
  path: { kind: 'direct' },
  address: 'x:1',
  latency_us: 12_000,
  since: SEEN,
} as const;

describe('how somebody is reached', () => {
  it('is said in plain words', () => {
    expect(reachWords(reach(BEN, 'Ben', { link: linked }), NOW)).toBe('Linked directly, 12 ms');
    expect(reachWords(reach(BEN, 'Ben', { link: { ...linked, latency_us: null } }), NOW)).toBe('Linked directly');
    expect(reachWords(reach(BEN, 'Ben', { link: { ...linked, path: { kind: 'door' } } }), NOW)).toBe(
      'Linked directly through your router’s door, 12 ms',
    );
    const carried = { ...linked, path: { kind: 'through', peer: BEN, name: 'Ben' } } as const;
    expect(reachWords(reach(CHI, 'Chi', { link: carried }), NOW)).toBe('Linked through Ben, 12 ms');
    expect(moreWords(reach(CHI, 'Chi', { link: carried }), NOW)).toContain('sees only how much, never what');
    expect(reachWords(reach(CHI, 'Chi', { through: { peer: BEN, name: 'Ben', others: 0 } }), NOW)).toBe(
      'Reached through Ben',
    );
    expect(reachWords(reach(CHI, 'Chi', { through: { peer: BEN, name: 'Ben', others: 7 } }), NOW)).toBe(
      'Reached through Ben and 7 others',
    );
    const waits = reach(CHI, 'Chi', {
      link: { state: 'waiting', address: 'x:1', retry_at: NOW + 20_000, reason: 'refused' },
      last_seen: SEEN,
    });
    expect(reachWords(waits, NOW)).toMatch(/^Offline, last seen .*2.*; trying again in 20 s$/);
    expect(reachWords({ ...waits, last_seen: null }, NOW)).toMatch(/^Offline, never seen yet; /);
    expect(reachWords(reach(CHI, 'Chi'), NOW)).toBe('Not linked yet');
  });

  it('is explained on request, with what it means for what is written', () => {
    expect(moreWords(reach(CHI, 'Chi', { through: { peer: BEN, name: 'Ben', others: 0 } }), NOW)).toContain(
      'passed on by Ben',
    );
    const waits = reach(CHI, 'Chi', { link: { state: 'waiting', address: 'x:1', retry_at: NOW, reason: 'refused' } });
    expect(moreWords(waits, NOW)).toBe(
      'The last try ended so: refused. What you write is kept and reaches Chi when they are back.',
    );
  });
});

it('tells what is on its way, and to whom', () => {
  expect(owedWords('Ana', { theirs: 12, ours: 3 }, 0)).toEqual([
    'Missing 12 messages',
    'Waiting for 3 messages from Ana',
  ]);
  expect(owedWords('Ana', { theirs: 0, ours: 0 }, 900)).toEqual([]);
  expect(owedWords('Ana', { theirs: 0, ours: 0 }, 300 * 1024)).toEqual(['300 KB on the way to them']);
  expect([
    owedBrief({ theirs: 12, ours: 3 }),
    owedBrief({ theirs: 0, ours: 3 }),
    owedBrief({ theirs: 0, ours: 0 }),
  ]).toEqual(['missing 12', '3 to come', '']);
});

it('sums up who waits for what', () => {
  const ben = (theirs: number, ours: number) =>
    reach(BEN, 'Ben', { link: linked, owed: [{ room: ROOM, theirs, ours }] });
  const chi = reach(CHI, 'Chi', { link: linked, owed: [{ room: ROOM, theirs: 2, ours: 0 }] });
  expect(summaryWords([ben(0, 0)])).toBe('1 person linked with you · nobody is waiting for anything');
  expect(summaryWords([ben(12, 3)])).toBe(
    '1 person linked with you · Ben is missing 12 messages · 3 messages on the way to you',
  );
  expect(summaryWords([ben(12, 0), chi])).toBe('2 people linked with you · Ben and Chi are missing messages');
  expect(summaryWords([reach(CHI, 'Chi')])).toBe('Nobody is linked with you now');
});

it('counts those who are not drawn', () => {
  expect(restWords({ direct: 0, carried: 0, through: 462, none: 12 })).toEqual([
    '+462 others, reached through them',
    '+12 not linked now',
  ]);
  expect(restWords({ direct: 2, carried: 1, through: 27, none: 3 })).toEqual([
    '+27 others, reached through them',
    '+1 linked through a friend · +2 more linked directly · +3 not linked now',
  ]);
  expect(restWords({ direct: 0, carried: 0, through: 0, none: 0 })).toEqual([]);
  expect(pictureWords({ direct: 0, carried: 1, through: 0, none: 2 })).toContain(
    'nobody linked directly · 1 linked through a friend · 2 not linked now',
  );
});
