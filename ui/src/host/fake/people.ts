import type { Fingerprint, LinkState } from '../../gen/api';

/** A person of the fake world. */
export interface Somebody {
  peer: string;
  name: string;
  fingerprint: Fingerprint;
  link: LinkState;
  /** Peer through whom they are reached when there is no link. */
  via?: string;
  lastSeen?: number;
}

const WORDS =
  'acorn bridge candle dune ember fern glacier harbor island juniper kettle lantern meadow nutmeg orchard pebble quilt river saddle thistle'.split(
    ' ',
  );
const EMOJI: readonly (readonly [string, string])[] = [
  ['🐢', 'turtle'],
  ['🌲', 'pine'],
  ['🎈', 'balloon'],
  ['🍋', 'lemon'],
  ['🚲', 'bicycle'],
  ['🌙', 'moon'],
  ['🔑', 'key'],
  ['🦊', 'fox'],
  ['⚓', 'anchor'],
  ['🎻', 'violin'],
  ['🍄', 'mushroom'],
  ['🐝', 'bee'],
  ['☂️', 'umbrella'],
  ['🏔️', 'mountain'],
  ['🥨', 'pretzel'],
  ['🪁', 'kite'],
];

/** A stable stand-in for a key: 64 hex digits from a word. */
export function hexOf(word: string): string {
  let hash = 0x811c9dc5;
  let hex = '';
  while (hex.length < 64) {
    for (const char of `${word}${hex.length}`) hash = Math.imul(hash ^ (char.codePointAt(0) ?? 0), 0x01000193) >>> 0;
    hex += hash.toString(16).padStart(8, '0');
  }
  return hex;
}

export function fingerprintOf(peer: string): Fingerprint {
  const digit = (i: number) => Number.parseInt(peer.slice(i * 2, i * 2 + 2), 16);
  return {
    words: Array.from({ length: 8 }, (_, i) => WORDS[digit(i) % WORDS.length] ?? 'acorn'),
    emoji: Array.from({ length: 8 }, (_, i) => {
      const [symbol, name] = EMOJI[digit(i + 8) % EMOJI.length] ?? ['🐢', 'turtle'];
      return { symbol, name };
    }),
  };
}

export function somebody(name: string, link: LinkState): Somebody {
  const peer = hexOf(name);
  return { peer, name, fingerprint: fingerprintOf(peer), link };
}

const MINUTE = 60_000;

/** The friends, each with another kind of connection. */
export function friends(now: number) {
  return {
    bayo: somebody('Bayo', {
      state: 'connected',
      path: { kind: 'direct' },
      address: '192.168.1.20:4747',
      latency_us: 420,
      since: now - 40 * MINUTE,
    }),
    dice: somebody('Dice', {
      state: 'connected',
      path: { kind: 'direct' },
      address: '192.168.1.31:4747',
      latency_us: 31_000,
      since: now - 12 * MINUTE,
    }),
    ana: somebody('Ana', {
      state: 'connected',
      path: { kind: 'direct' },
      address: '[2001:db8::7]:4747',
      latency_us: 18_400,
      since: now - 200 * MINUTE,
    }),
    taiwo: somebody('Taiwo', {
      state: 'waiting',
      address: '192.168.1.7:4747',
      retry_at: now + 9_000,
      reason: 'refused',
    }),
    blessing: somebody('Blessing', { state: 'unreachable', last_seen: now - 26 * 60 * MINUTE }),
  };
}
