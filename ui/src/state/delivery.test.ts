import { describe, expect, it } from 'vitest';
import { BEN, CHI, delivery, member, own, THREE } from '../test/people';
import { deliveryWords } from '../text/delivery';
import { DeliveryBook, progressOf } from './delivery';

const words = (saved: number, acks: [string, number][], people = OTHERS, kind: 'group' | 'direct' = 'group') =>
  deliveryWords(progressOf(own(1, 4), DeliveryBook.from(delivery(saved, ...acks)), people), kind);
const OTHERS = THREE.filter((m) => !m.me);

describe('delivery in words', () => {
  it('says sending until it is on disk, whatever others have', () => {
    expect(words(3, [])).toBe('sending');
    expect(words(3, [[BEN, 9]])).toBe('sending');
  });

  it('says saved and for whom it waits', () => {
    expect(words(4, [])).toBe('saved · waiting for Ben, Chi');
    expect(words(4, [[BEN, 3]])).toBe('saved · waiting for Ben, Chi');
  });

  it('counts who has it', () => {
    expect(words(4, [[BEN, 4]])).toBe('delivered to 1 of 2 · waiting for Chi');
    expect(
      words(4, [
        [BEN, 4],
        [CHI, 7],
      ]),
    ).toBe('delivered to 2 of 2');
  });

  it('does not list a crowd', () => {
    const crowd = [...Array.from({ length: 9 }, (_, i) => member(String(i).repeat(64), `P${i}`))];
    expect(words(4, [], crowd)).toBe('saved · waiting for P0, P1 and 7 more');
    expect(words(4, [['0'.repeat(64), 4]], crowd)).toBe('delivered to 1 of 9');
  });

  it('is short between two', () => {
    expect(words(4, [[BEN, 4]], OTHERS.slice(0, 1), 'direct')).toBe('delivered');
  });

  it('says just saved when nobody else is there', () => {
    expect(words(4, [], [])).toBe('saved');
  });
});
