import { expect, it } from 'vitest';
import { BURST_MS, hands } from './hands';

it('lets keys through until a place to write goes or comes by itself', () => {
  expect([0, 100, 200].map((at) => hands.onKey(at))).toEqual([false, false, false]);
});

it('keeps the rest of a burst from both places, and what comes after a pause goes through', () => {
  hands.onKey(1_000);
  hands.cut();
  expect([1_100, 1_400, 1_400 + BURST_MS - 1].map((at) => hands.onKey(at))).toEqual([true, true, true]);
  expect(hands.onKey(1_400 + 2 * BURST_MS)).toBe(false);
  expect(hands.onKey(1_401 + 2 * BURST_MS)).toBe(false);
});

it('takes nothing from hands that rested', () => {
  hands.onKey(10_000);
  hands.cut();
  expect(hands.onKey(10_000 + BURST_MS)).toBe(false);
});
