import { describe, expect, it } from 'vitest';
import type { Reach } from '../../gen/api';
import { countWays, inOrder } from '../../state/reach';
import { reach } from '../../test/people';
import { arrange, MAX_DRAWN } from './arrange';

const peer = (n: number) => n.toString(16).padStart(64, '0');
const linked = (n: number): Reach =>
  reach(peer(n), `Ben ${n}`, {
    link: { state: 'connected', path: { kind: 'direct' }, address: 'x:1', latency_us: 900, since: 0 },
  });
const beyond = (n: number, gate: number): Reach =>
  reach(peer(n), `Chi ${n}`, { through: { peer: peer(gate), name: `Ben ${gate}`, others: 0 } });
const away = (n: number): Reach => reach(peer(n), `Dan ${n}`);
const many = (n: number, make: (n: number) => Reach, from = 0) => Array.from({ length: n }, (_, i) => make(from + i));
const [WIDTH, HEIGHT] = [652, 702];

describe('the drawing', () => {
  it('keeps everybody inside and apart, from one person to forty', () => {
    for (const people of [
      many(1, linked),
      [...many(3, linked), beyond(10, 0), beyond(11, 0), away(20)],
      many(MAX_DRAWN, linked),
      many(MAX_DRAWN, away),
    ]) {
      const { spots, face } = arrange(people, WIDTH, HEIGHT);
      expect(spots).toHaveLength(people.length);
      for (const [i, a] of spots.entries()) {
        expect(
          a.x > face / 2 && a.x < WIDTH - face / 2 && a.y > face / 2 && a.y < HEIGHT - face / 2,
          `${a.x}, ${a.y}`,
        ).toBe(true);
        for (const b of spots.slice(i + 1))
          expect(Math.hypot(a.x - b.x, a.y - b.y), `${people.length} people`).toBeGreaterThan(face);
      }
    }
  });

  it('ties those without a link to whom they are reached through', () => {
    const { spots, me } = arrange([linked(0), linked(1), beyond(2, 1), away(3)], WIDTH, HEIGHT);
    const gate = spots.find((s) => s.reach.peer === peer(1));
    expect(spots.find((s) => s.reach.peer === peer(2))?.from).toEqual({ x: gate?.x, y: gate?.y });
    expect(spots.find((s) => s.reach.peer === peer(3))?.from).toEqual(me);
  });

  it('draws a carried link through whoever carries it', () => {
    const carried: Reach = reach(peer(2), 'Chi', {
      link: {
        state: 'connected',
        path: { kind: 'through', peer: peer(1), name: 'Ben 1' },
        address: null,
        latency_us: 900,
        since: 0,
      },
    });
    const { spots, me } = arrange([linked(0), linked(1), carried], WIDTH, HEIGHT);
    const [gate, chi] = [spots.find((s) => s.reach.peer === peer(1)), spots.find((s) => s.reach.peer === peer(2))];
    expect(chi?.way).toBe('carried');
    expect(chi?.from).toEqual({ x: gate?.x, y: gate?.y });
    const lone = arrange([carried], WIDTH, HEIGHT).spots[0];
    expect(lone?.from, 'their carrier is not to be seen').toEqual(me);
  });

  it('draws the linked of a crowd and counts the rest', () => {
    const people = inOrder([...many(30, linked), ...many(460, (n) => beyond(n, 0), 100), ...many(9, away, 1000)]);
    const { spots, more } = arrange(people, WIDTH, HEIGHT);
    expect(spots.length).toBeGreaterThan(8);
    expect(spots.every((s) => s.way === 'direct')).toBe(true);
    expect(more).toEqual({ direct: 30 - spots.length, carried: 0, through: 460, none: 9 });
    const low = arrange(people, WIDTH, 300);
    expect([low.spots.length, low.more.direct]).toEqual([6, 24]);
    expect(countWays(people)).toEqual({ direct: 30, carried: 0, through: 460, none: 9 });
  });
});

it('orders by way and name, whatever numbers change', () => {
  const people = [away(1), beyond(2, 3), linked(4), linked(3)];
  expect(inOrder(people).map((r) => r.peer)).toEqual([peer(3), peer(4), peer(2), peer(1)]);
});
