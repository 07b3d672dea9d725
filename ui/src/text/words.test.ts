import { describe, expect, it } from 'vitest';
import type { Me, OwnReach } from '../gen/api';
import { BEN, level, row } from '../test/people';
import { headSentence, type HeadFacts } from './conversation';
import { joinWords, latencyWords, linkWords, pathWords } from './links';
import { friendsWords, inviteFault, reachable, reachSentence, visibleWords } from './reachable';
import { alertWords } from './alerts';
import { datedWords, timeOf, untilWords } from './time';

const NOW = 1_000_000;

describe('connections in words', () => {
  it('names the path and its latency', () => {
    const link = (latency: number | null) =>
      linkWords({ state: 'connected', path: { kind: 'direct' }, address: 'x:1', latency_us: latency, since: 0 }, NOW);
    expect(link(31_000)).toBe('direct · 31 ms');
    expect(link(420)).toBe('direct · 0.4 ms');
    expect(link(null)).toBe('direct');
    expect(latencyWords(3)).toBe('0.1 ms');
    expect(pathWords({ kind: 'door' })).toBe('direct through your router’s door');
    const carried = { kind: 'through', peer: BEN, name: 'Dice' } as const;
    expect(linkWords({ state: 'connected', path: carried, address: null, latency_us: 45_000, since: 0 }, NOW)).toBe(
      'through Dice · 45 ms',
    );
  });

  it('counts down to the next attempt and tells why', () => {
    const link = (inMs: number) =>
      linkWords({ state: 'waiting', address: 'x:1', retry_at: NOW + inMs, reason: 'refused' }, NOW);
    expect(link(8_000)).toBe('trying again in 8 s — refused');
    expect(link(7_001)).toBe('trying again in 8 s — refused');
    expect(link(-5)).toBe('trying again now — refused');
    expect(link(240_000)).toBe('trying again in 4 min — refused');
    expect(untilWords(NOW + 2 * 3_600_000, NOW)).toBe('in 2 h');
  });

  it('says that somebody was never reached', () => {
    expect(linkWords({ state: 'unreachable', last_seen: null }, NOW)).toBe('not reached yet');
  });

  it('has words for every end of an attempt', () => {
    expect(joinWords({ state: 'asked', name: 'Ben' }, NOW)).toBe('Connected. Waiting for Ben to answer.');
    expect(joinWords({ state: 'refused', why: 'used_up' }, NOW)).toContain('used up');
  });
});

describe('the sentence under a room’s name', () => {
  const sentence = (facts: Partial<HeadFacts>) =>
    headSentence({ room: row(), link: null, ...facts }, NOW)
      .map((p) => p.words)
      .join('');

  it('says only what is known', () => {
    expect(sentence({ room: row({ members: 1 }) })).toBe('Only you so far');
    expect(sentence({ room: row({ connected: 0 }) })).toBe(
      '3 people · nobody else of this room is here now; what you write goes out when somebody is',
    );
    expect(
      sentence({
        room: row({ level: level({ heard: 2, behind_in_all: 1, behind: [{ peer: BEN, name: 'Ben', count: 1 }] }) }),
      }),
    ).toBe('3 people · Ben is missing 1 message');
    expect(sentence({ room: row({ lacking: 12 }) })).toBe('3 people · 12 messages still to come');
    expect(sentence({ room: row({ level: level({ heard: 2, up_to: NOW }) }) })).toMatch(
      /^3 people · everyone has everything up to /,
    );
    expect(sentence({ room: row({ standing: 'left' }) })).toContain('You left this room');
  });

  it('tells how one is connected in a direct room', () => {
    const direct = row({ kind: 'direct', name: 'Ben', members: 2 });
    expect(
      sentence({
        room: direct,
        link: { state: 'connected', path: { kind: 'direct' }, address: 'x:1', latency_us: 900, since: 0 },
      }),
    ).toBe('Connected · direct · 0.9 ms');
    expect(sentence({ room: direct, link: { state: 'unreachable', last_seen: null } })).toBe('Not reached yet');
    expect(sentence({ room: { ...direct, standing: 'requested' } })).toBe('Waiting for Ben to accept');
  });
});

describe('from where one can be reached', () => {
  const all = Object.entries(reachable);

  it('is said in one line in the rail, and nowhere otherwise', () => {
    for (const [state, { rail, brief, means }] of all) {
      expect(rail.length, state).toBeLessThanOrEqual(26);
      expect(brief === rail || brief.startsWith(`${rail}:`) || state === 'not_known', state).toBe(true);
      expect(means, state).toMatch(/^[A-Z].*\.$/);
    }
    expect(reachSentence('this_network')).toBe('Reachable on this network. From elsewhere nobody has come in so far.');
  });

  it('is called reachable only after somebody has come in', () => {
    expect(all.filter(([, { tone }]) => tone === 'ok').map(([state]) => state)).toEqual(['this_network', 'reachable']);
    expect(all.filter(([, { brief }]) => brief === 'Reachable').map(([state]) => state)).toEqual(['reachable']);
    expect(reachable.reachable.means).toContain('has come in');
    expect(reachable.only_outward.brief).toBe('Only outward: others cannot come in by themselves');
    expect(reachable.not_known.brief).toBe('Not yet known whether others can reach you');
  });

  it('says that one is seen nearby only where one is announced', () => {
    const me = (reach: OwnReach, nearby_visible: boolean) => visibleWords({ reach, nearby_visible } as Me);
    expect(me('this_network', true)).toBe('you are visible here');
    expect(me('this_network', false)).toBe('you are hidden here');
    for (const reach of ['closed', 'no_network', 'this_computer'] as const)
      expect(me(reach, true)).toBe('nobody can see you here');
  });

  it('says of an invite that nobody can follow it, and why', () => {
    const fault = (reach: OwnReach, addresses: string[], internet = false) =>
      inviteFault({ reach, internet }, addresses);
    expect(fault('this_network', ['192.168.1.5:4747'])).toBeNull();
    expect(fault('reachable', ['203.0.113.9:4747'])).toBeNull();
    expect(fault('this_computer', ['127.0.0.1:4747'])).toContain('Only programs on this computer');
    expect(fault('closed', [])).toContain('cannot call you');
    expect(fault('closed', [], true), 'they meet by the public network').toBeNull();
    expect(fault('no_network', [])).toContain('Connect, and make another');
    expect(fault('no_network', [], true)).toContain('Connect, and make another');
    expect(fault('this_network', [])).toContain('Make another');
  });

  it('counts friends', () => {
    expect([0, 1, 2].map(friendsWords)).toEqual(['nobody here', '1 friend here', '2 friends here']);
  });
});

describe('clocks in words', () => {
  const words = (whose: 'own' | 'theirs' | 'unclear', fast: boolean, minutes: number): string =>
    alertWords({
      kind: 'clock_off',
      detail: '',
      clock: { whose, peer: null, name: whose === 'own' ? '' : 'Ben', fast, minutes },
      fork: null,
    }).words;

  it('says whose clock is off and by how much', () => {
    expect(words('own', true, 3)).toContain('Your computer’s clock is 3 minutes fast.');
    expect(words('own', false, 600)).toContain('Your computer’s clock is 10 hours slow.');
    expect(words('theirs', true, 43_200)).toContain('Ben’s clock is 30 days fast.');
    expect(words('theirs', false, 4)).toContain('Ben’s clock is 4 minutes slow.');
    expect(words('unclear', true, 3)).toContain('Your clock and Ben’s differ by 3 minutes; one of them is wrong.');
  });

  it('dates what lies ahead', () => {
    const now = new Date(2026, 4, 12, 9, 0).getTime();
    const at = (day: number) => new Date(2026, 4, day, 14, 2).getTime();
    expect(datedWords(at(12), now)).toBe(`today, ${timeOf(at(12))}`);
    expect(datedWords(at(13), now)).toBe(`tomorrow, ${timeOf(at(13))}`);
    expect(datedWords(at(20), now)).toContain('20');
  });
});
