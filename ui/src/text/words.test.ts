import { describe, expect, it } from 'vitest';
import { BEN, level, row } from '../test/people';
import { headSentence, type HeadFacts } from './conversation';
import { isLocal } from './details';
import { joinWords, latencyWords, linkWords } from './links';
import { untilWords } from './time';

const NOW = 1_000_000;

describe('connections in words', () => {
  it('names the path and its latency', () => {
    const link = (latency: number | null) => linkWords({ state: 'connected', address: 'x:1', latency_us: latency, since: 0 }, NOW);
    expect(link(31_000)).toBe('direct · 31 ms');
    expect(link(420)).toBe('direct · 0.4 ms');
    expect(link(null)).toBe('direct');
    expect(latencyWords(3)).toBe('0.1 ms');
  });

  it('counts down to the next attempt and tells why', () => {
    const link = (inMs: number) => linkWords({ state: 'waiting', address: 'x:1', retry_at: NOW + inMs, reason: 'refused' }, NOW);
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
    headSentence({ room: row(), link: null, ...facts }, NOW).map((p) => p.words).join('');

  it('says only what is known', () => {
    expect(sentence({ room: row({ members: 1 }) })).toBe('Only you so far');
    expect(sentence({ room: row({ connected: 0 }) })).toBe('3 people · nobody else connected now');
    expect(sentence({ room: row({ level: level({ heard: 2, behind_in_all: 1, behind: [{ peer: BEN, name: 'Ben', count: 1 }] }) }) })).toBe('3 people · Ben is missing 1 message');
    expect(sentence({ room: row({ lacking: 12 }) })).toBe('3 people · 12 messages still to come');
    expect(sentence({ room: row({ level: level({ heard: 2, up_to: NOW }) }) })).toMatch(/^3 people · everyone has everything up to /);
    expect(sentence({ room: row({ standing: 'left' }) })).toContain('You left this room');
  });

  it('tells how one is connected in a direct room', () => {
    const direct = row({ kind: 'direct', name: 'Ben', members: 2 });
    expect(sentence({ room: direct, link: { state: 'connected', address: 'x:1', latency_us: 900, since: 0 } })).toBe('Connected · direct · 0.9 ms');
    expect(sentence({ room: direct, link: { state: 'unreachable', last_seen: null } })).toBe('Not reached yet');
    expect(sentence({ room: { ...direct, standing: 'requested' } })).toBe('Waiting for Ben to accept');
  });
});

it('tells addresses of the house from those of the world', () => {
  for (const local of ['192.168.1.7:4747', '10.0.0.1:1', '172.20.0.1:1', '[fe80::1]:4747', '[fd00::1]:1', '127.0.0.1:9', 'box.local:1']) expect(isLocal(local), local).toBe(true);
  for (const outside of ['203.0.113.7:4747', '[2001:db8::7]:4747', '172.33.0.1:1', 'example.org:4747']) expect(isLocal(outside), outside).toBe(false);
});
