import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { Reach } from '../gen/api';
import type { Host } from '../host/host';
import { BEN, CHI, reach, ROOM } from '../test/people';
import { network } from './network.svelte';
import { connect } from './wire';

let asked: number;
let answer: Reach[];

beforeEach(() => {
  vi.useFakeTimers();
  asked = 0;
  answer = [reach(BEN, 'Ben'), reach(CHI, 'Chi', { rooms: [] })];
  connect({ call: () => Promise.resolve((asked++, { me: {}, people: answer })) } as unknown as Host);
});

afterEach(() => {
  network.hide();
  vi.useRealTimers();
});

const names = () => network.people.map((r) => r.name);

it('asks while it is shown, again and again, and never after', async () => {
  network.show();
  await vi.advanceTimersByTimeAsync(0);
  expect([asked, names()]).toEqual([1, ['Ben', 'Chi']]);
  await vi.advanceTimersByTimeAsync(25_000);
  expect(asked).toBe(3);
  network.hide();
  await vi.advanceTimersByTimeAsync(60_000);
  expect(asked).toBe(3);
});

it('takes what changed and lets go of who is gone', async () => {
  network.show();
  await vi.advanceTimersByTimeAsync(0);
  network.onChanged([reach(BEN, 'Benjamin')], [CHI]);
  expect(names()).toEqual(['Benjamin']);
  network.hide();
  network.onChanged([reach(CHI, 'Chi')], []);
  expect(names(), 'nobody looks').toEqual(['Benjamin']);
});

it('shows one room’s people when asked for from there', async () => {
  network.show(ROOM);
  await vi.advanceTimersByTimeAsync(0);
  expect(names()).toEqual(['Ben']);
  network.room = null;
  expect(names()).toEqual(['Ben', 'Chi']);
});
